"""Overfitting: the loss on what it is trained on falls, the loss on what is held out rises."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.choices import losses
from lenet_gui.engine.data import Images
from lenet_gui.engine.diagnoses.moment import Moment
from lenet_gui.protocol.diagnoses import Diagnosis, Show

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

PLACES = 5
"""Steps at which it is measured, evenly from a fifth of the run to here."""
EPOCHS = 2.0
"""Before so many there is nothing that it could have learned by heart."""
RISE = 0.1
"""By how much, as a share of its lowest, the loss on the held-out images has risen. Prechelt ("Early Stopping, But
When?", 1998) calls this the generalization loss, and stops from 5 % on; here it is a card and not a stop."""
FALL = 0.05
"""And by how much the loss on the training images has fallen since then."""
MOST = 2000
"""Images of either kind that it is measured on: the first ones."""

Losses = tuple[int, float, float]
"""Steps, the loss on the training images and on the held-out ones."""


def look(moment: Moment, between: Callable[[], bool]) -> Iterator[Diagnosis]:
    """Goes to earlier steps on a second session. `between` is called on the way, and may end it."""
    session, source = moment.session, moment.session.source
    if not isinstance(source, Images) or not source.test_size:
        return
    if session.steps * session.settings.batch_size < EPOCHS * source.size:
        return
    found = list(_measure(session, source, between))
    if len(found) < PLACES or not all(map(math.isfinite, found[-1])):
        return
    _, train, test = found[-1]
    at, train_then, lowest = min(found, key=lambda one: one[2])
    if test < lowest * (1 + RISE) or train > train_then * (1 - FALL):
        return
    yield Diagnosis(
        "overfitting",
        "It learns the training images by heart",
        f"Since step {at:,} the loss on the held-out images rose from {lowest:.3f} to {test:.3f}, while that on the "
        f"training images fell from {train_then:.3f} to {train:.3f}.",
        tuple((f"step {step:,}: train, held out", f"{one:.3f}, {other:.3f}") for step, one, other in found),
        "What still improves is only right for these images. More data, a smaller network, dropout or weight decay "
        "help, or the weights of the best step.",
        f"if steps == {at}: break  # or optimizer = torch.optim.{session.settings.optimizer}(…, weight_decay=1e-3)",
        Show(session.journal.place_of_step(at)),
    )


def _measure(session: Session, source: Images, between: Callable[[], bool]) -> Iterator[Losses]:
    branch = session.branch
    train, test = next(source.train_batches(MOST, MOST)), next(source.test_batches(MOST))
    scout = session.twin()
    copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
    for part in range(1, PLACES + 1):
        step = session.steps * part // PLACES
        place = session.journal.place_of_step(step)
        start = session.history.start_for(branch, place)
        if part == 1 or start.place > len(scout.journal):
            travel.restore(scout, start, copy)
        if not (travel.follow(scout, place, between, compare=False) and between()):
            return
        yield step, _loss(scout, train), _loss(scout, test)


def _loss(scout: Session, data: tuple[Tensor, Tensor]) -> float:
    """In eval mode, of a session that is nobody else's; its generators and buffers stay as they are."""
    images, labels = data
    buffers = [(one, one.clone()) for one in scout.model.buffers()]
    modes = [(one, one.training) for one in scout.model.modules()]
    generators = scout.generators.state
    with scout.undisturbed(), torch.no_grad():
        output = scout.model.eval()(images.clone())
        targets = losses.target(losses.nature(scout.settings.loss).kind, labels, output)
        loss = scout.criterion(output, targets).item()
        scout.generators.state = generators
        for module, training in modes:
            module.training = training
        for one, was in buffers:
            one.copy_(was)
    return loss
