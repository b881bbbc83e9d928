"""The answer to why one number of a parameter moves, as of the cursor: the samples' shares and the arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine.digest import same
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.moved import samples
from lenet_gui.engine.moved.arithmetic import arithmetic
from lenet_gui.engine.trace.trace import Update
from lenet_gui.engine.trial.batch_loss import BatchLoss
from lenet_gui.engine.trial.rehearsal import Before, Rehearsal, State
from lenet_gui.protocol.moved import Arithmetic, MovedReply, MovedRequest, SampleShares

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session
    from lenet_gui.protocol.moved import Doubles

UNDER_WAY = "A backward is under way: the step comes behind it."
NO_GRADIENT = "Its gradient is None, and PyTorch leaves such a parameter alone."
NO_BACKWARD = "No backward came before this step."
NOT_REACHED = "This backward has not come to it yet."


def moved(session: Session, request: MovedRequest) -> MovedReply:
    """What is no number of a parameter is said in its `words`."""
    name, index = request.name, request.index
    parameter = dict(session.model.named_parameters()).get(name)
    if parameter is None:
        words = f"{name!r} is no parameter of this model: only parameters are moved by a step."
        return MovedReply(request.id, name, index, None, None, words)
    size = parameter.numel()
    if not -size <= index < size:
        words = f"{name} has {size:,} numbers, counted from 0: there is no number {index:,}."
        return MovedReply(request.id, name, index, None, None, words)
    try:
        return _reply(session, request.id, name, index % size)
    except NotYet as not_yet:
        words = str(not_yet)
    except Exception as error:  # whatever the model raises when it is asked once more
        words = f"This step cannot be gone over again: {error}"
    return MovedReply(request.id, name, index, None, None, words)


def _reply(session: Session, id: int, name: str, index: int) -> MovedReply:
    rehearsal = session.rehearsals.of_step()
    words = NO_BACKWARD if rehearsal.batch is None else ""
    reached = _reached(session, name)
    shares = _shares(session, rehearsal, name, index) if reached and not words else None
    before = rehearsal.before
    words = words or ("" if reached else NOT_REACHED) or (UNDER_WAY if before is None else "")
    found = None if before is None else _arithmetic(session, rehearsal, before, name, index)
    return MovedReply(id, name, index, shares, found, words)


def _reached(session: Session, name: str) -> bool:
    """Whether a backward that is under way has come to this parameter; true where none is."""
    inside = session.stepper.inside()
    if inside is None or inside.command.name != "backward":
        return True
    return f"{name}.grad" in session.trace().changes(len(session.journal), session.item)


def _shares(session: Session, rehearsal: Rehearsal, name: str, index: int) -> SampleShares:
    batch, added = rehearsal.batch, _number(rehearsal.added[name], index)
    assert batch is not None
    # A gradient that is already gone was that of the step.
    kept = session.stepper.state()[f"{name}.grad"] if rehearsal.before is None else rehearsal.before.gradients[name]
    earlier, now = _number(rehearsal.earlier[name], index), _number(kept, index)
    if added is None:
        return SampleShares(earlier, None, now, _doubles(torch.empty(0)), None, (), "")
    if batch.samples > 1 and batch.modes not in rehearsal.mixed:
        rehearsal.mixed[batch.modes] = samples.mixed(batch)
    found = _doubles(samples.shares(batch, name, index))
    return SampleShares(
        earlier,
        added,
        now,
        found,
        _in_double(batch, name, index),
        _targets(batch),
        rehearsal.mixed.get(batch.modes, ""),
    )


def _in_double(batch: BatchLoss, name: str, index: int) -> float | None:
    """The sum of the shares in double precision; `None` where the model insists on its own."""
    try:
        return samples.shares(batch, name, index, torch.double).sum().item()
    except (RuntimeError, TypeError):
        return None


def _targets(batch: BatchLoss) -> tuple[int, ...]:
    labels = batch.labels
    if labels is None and batch.target is not None and not batch.target.is_floating_point():
        labels = batch.target.reshape(-1)
    if labels is None:
        return ()
    return (
        (int(labels[batch.sample]),)
        if batch.sample is not None and batch.labels is not None
        else tuple(labels.tolist())
    )


def _arithmetic(session: Session, rehearsal: Rehearsal, before: Before, name: str, index: int) -> Arithmetic:
    value, after = _cell(before.values[name], index), _cell(before.after[name], index)
    gradient, state = before.gradients[name], _state(before.states[name], before.values[name], index)
    lines, words, equal = (), "", same(value, after)
    if gradient is None:
        words = NO_GRADIENT
    else:
        try:
            lines, found = arithmetic(before.optimizer, value, _cell(gradient, index), state)
            equal = same(found, after)
        except ValueError as error:  # what happens is known from PyTorch, and not how
            equal = True
            words = f"{str(error)[0].upper()}{str(error)[1:]}."
    taken = rehearsal.plan.taken or _passed(session, name)
    return Arithmetic(taken, before.steps + 1, _rule(before), lines, words, value.item(), after.item(), equal)


def _rule(before: Before) -> str:
    """The optimizer as one makes it in PyTorch, with the learning rate of then."""
    settings = before.settings
    options = "".join(f", {name}={value}" for name, value in settings.of("optimizer").items())
    return f"{settings.optimizer}(lr={before.rate:g}{options})"


def _passed(session: Session, name: str) -> bool:
    """Whether a step that is under way has moved this parameter, as far as the cursor has come."""
    inside = session.stepper.inside()
    items = [] if inside is None else inside.items[: session.item]
    return any(isinstance(one, Update) and one.parameter == name for one in items)


def _state(state: State, parameter: Tensor, index: int) -> State:
    """What the optimizer keeps for one number; a counter of steps is of all of them."""
    return {
        key: _cell(kept, index) if kept is not None and kept.shape == parameter.shape and key != "step" else kept
        for key, kept in state.items()
    }


def _cell(tensor: Tensor, index: int) -> Tensor:
    return tensor.reshape(-1)[index : index + 1].clone()


def _number(tensor: Tensor | None, index: int) -> float | None:
    return None if tensor is None else tensor.reshape(-1)[index].item()


def _doubles(tensor: Tensor) -> Doubles:
    array = np.array(tensor.tolist(), np.float64)
    array.flags.writeable = False
    return array
