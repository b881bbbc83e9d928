"""Parameters and gradients here and at the branch's checkpoints, gone over on a second session. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MOST = 40
"""Checkpoints that are looked at, evenly over the branch."""

Found = dict[str, Tensor]


def over_checkpoints(session: Session, between: Callable[[], bool]) -> Iterator[tuple[int, Found | None]]:
    """Steps that were done, with copies of parameters and gradients (`NAME.grad`), the last ones those of this place.

    At a checkpoint they are those right before the update of the step that follows. `None` where `between` ended it.
    """
    branch, other = session.branch, session.twin()
    copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
    before = {name for name, _ in session.model.named_parameters()}
    for place in _places(session):
        if not between():
            yield 0, None
            return
        update = next((at for at in _updates(branch, place)), None)
        if update is None or update >= len(session.journal):
            continue
        travel.restore(other, session.history.start_for(branch, place), copy)
        arrived = travel.follow(other, update, between, compare=False)
        yield other.steps, _of(other.tensors(), before) if arrived else None
        if not arrived:
            return
    yield session.steps, _of(session.stepper.state(), before)


def _places(session: Session) -> list[int]:
    """Where there are checkpoints on the way to this place, a bounded number of them, evenly by their steps."""
    branch, here = session.branch, len(session.journal)
    limits = branch.limits()
    keys = {*session.history._kept, *session.history.far.all}
    places = sorted({0, *(place for owner, place in keys if place <= min(limits.get(owner, -1), here))})
    if len(places) <= MOST:
        return places
    steps = [branch.journal.steps_at(place) for place in places]
    wanted = [round(at * steps[-1] / (MOST - 1)) for at in range(MOST)]
    chosen = {min(range(len(places)), key=lambda index, step=step: abs(steps[index] - step)) for step in wanted}
    return [places[index] for index in sorted(chosen)]


def _updates(branch: Branch, place: int) -> Iterator[int]:
    """The places before each step phase behind a place."""
    for at, command in enumerate(branch.journal.commands(place), place):
        if command.name == "step":
            yield at


def _of(tensors: dict[str, Tensor | None], parameters: set[str]) -> Found:
    return {
        name: tensor.detach().clone()
        for name, tensor in tensors.items()
        if tensor is not None and name.removesuffix(".grad") in parameters
    }
