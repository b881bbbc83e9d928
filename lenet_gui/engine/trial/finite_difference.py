"""Checks a gradient: the loss with one number a little larger and a little smaller, in double precision."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.expressions.expression import ExpressionError, NotYet
from lenet_gui.engine.trace.names import lookup
from lenet_gui.engine.trial.batch_loss import BatchLoss
from lenet_gui.engine.trial.nudge import Nudged, one_hot, switched
from lenet_gui.engine.trial.rehearsal import Rehearsal
from lenet_gui.protocol.moved import CheckReply, CheckRequest

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

STEP = 2.0**-17
"""About the cube root of double precision, where rounding and curvature cost alike; of a number of size 1 or less."""
AGREES = 1e-3
"""How far, as a share, the loss in double precision may be from the run's own: beyond that it is another function."""


class _NoNumber(ValueError):
    """The message says what there is instead, in one sentence."""


@dataclass(frozen=True, slots=True)
class _Nudge:
    """One number of a parameter or of an operation's output."""

    batch: BatchLoss
    name: str
    index: int

    def loss(self, by: Tensor) -> tuple[Tensor, Nudged]:
        """The loss in double precision with this much added to the number."""
        batch, parameters = self.batch, self.batch.parameters
        if self.name in parameters:
            value = parameters[self.name].double()
            parameters = {**parameters, self.name: value + one_hot(value, self.index) * by}
        run = Nudged(batch.model, batch.criterion, self.name, self.index, by)
        with run.recording():
            run.new_command()
            output = batch.output(parameters, torch.double)
        return batch.loss(output), run


def check(session: Session, request: CheckRequest) -> CheckReply:
    """A central difference beside the gradient. A number that there is not is said in its `words`."""
    try:
        rehearsal = session.rehearsals.of_loss()
        batch = rehearsal.batch
        assert batch is not None
        request, shown = _shown(session, rehearsal, batch, request)
        return _check(batch, request, shown)
    except NotYet as not_yet:
        return _refused(request, str(not_yet))
    except _NoNumber as problem:
        return _refused(request, str(problem))
    except Exception as error:  # whatever a model raises that insists on its own precision
        return _refused(request, f"It cannot be computed in double precision: {error}")


def _check(batch: BatchLoss, request: CheckRequest, shown: float | None) -> CheckReply:
    nudge = _Nudge(batch, request.name, request.index)
    with batch.at_work():
        by = torch.zeros((), dtype=torch.double, device=batch.input().device, requires_grad=True)
        with torch.enable_grad():
            loss, run = nudge.loss(by)
            gradient = torch.autograd.grad(loss, by, allow_unused=True)[0] if loss.requires_grad else None
        if request.name not in batch.parameters and run.value is None:
            return _refused(request, f"{request.name} is no single output of this forward that could be moved.")
        with torch.no_grad():
            if not abs(batch.value - loss.item()) <= AGREES * (1 + abs(batch.value)):
                words = f"In double precision this model has another loss: {loss.item():g}, not {batch.value:g}."
                return _refused(request, words)
            value = run.value if request.name not in batch.parameters else _value(batch, request)
            h = STEP * max(1.0, 2.0 ** math.ceil(math.log2(abs(value)))) if value else STEP
            (above, up), (below, down) = (nudge.loss(torch.full_like(by, side)) for side in (h, -h))
    difference = (above - below).item() / (2 * h)
    switches = switched(up.decisions, down.decisions)
    double = 0.0 if gradient is None else gradient.item()
    return CheckReply(request.id, request.name, request.index, h, difference, double, shown, switches)


def _value(batch: BatchLoss, request: CheckRequest) -> float:
    return batch.parameters[request.name].reshape(-1)[request.index].item()


def _shown(
    session: Session, rehearsal: Rehearsal, batch: BatchLoss, request: CheckRequest
) -> tuple[CheckRequest, float | None]:
    """The request with its number counted from 0, and PyTorch's own gradient of the newest backward alone.

    Raises NotYet, and _NoNumber for what is not there.
    """
    name, index = request.name, request.index
    if name in batch.parameters:
        tensor, gradient = batch.parameters[name], rehearsal.added.get(name)
    else:
        try:
            tensor, gradient = lookup(session, name), _gradient(session, name)
        except ExpressionError as error:
            raise _NoNumber(str(error)) from error
    count = tensor.numel() if isinstance(tensor, Tensor) else 1
    if not isinstance(tensor, Tensor) or not -count <= index < count:
        raise _NoNumber(f"{name} has {count:,} numbers, counted from 0: there is no number {index:,}")
    found = gradient.reshape(-1)[index].item() if isinstance(gradient, Tensor) else None
    return replace(request, index=index % count), found


def _gradient(session: Session, operation: str) -> Tensor | float | None:
    try:
        return lookup(session, f"{operation}.grad")
    except NotYet:
        return None


def _refused(request: CheckRequest, words: str) -> CheckReply:
    nan = math.nan
    return CheckReply(request.id, request.name, request.index, nan, nan, nan, None, (), words)
