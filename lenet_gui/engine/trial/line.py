"""The loss of the same batch along the step that comes next, over the learning rate: each a step of the real optimizer.

It is taken a slice at a time, on copies. Nothing of the run changes.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from lenet_gui.engine.choices import optimizers
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.trial.batch_loss import BatchLoss
from lenet_gui.engine.trial.rehearsal import Before, Rehearsal
from lenet_gui.protocol.moved import LineReply, LineRequest

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SIDE = 12
"""Learning rates on either side of the current one."""
SPAN = 100.0
"""How many times smaller and larger than it they go."""
SLICE = 0.03
"""Seconds that one answer may take; the loss that is under way then is finished."""

NOT_BEFORE_STEP = "A step is tried before it is taken: press Forward, Loss and Backward, and look here before Step."


class Line:
    """Of one rehearsal whose step comes next."""

    def __init__(self, batch: BatchLoss, before: Before) -> None:
        self._batch, self._before = batch, before
        self.rate = before.rate
        factors = np.logspace(-math.log10(SPAN), math.log10(SPAN), 2 * SIDE + 1)
        factors[SIDE] = 1.0
        self.rates = [0.0, *(self.rate * factors).tolist()]
        self.losses: dict[float, float] = {}
        # The current one first, and from there outwards: what matters is seen first.
        current = math.log(self.rate)
        self._left = sorted(self.rates, key=lambda rate: abs(math.log(rate) - current) if rate else 0.0, reverse=True)

    @property
    def done(self) -> bool:
        return not self._left

    def go_on(self) -> None:
        """Take losses until the slice is over, at least one."""
        end = time.perf_counter() + SLICE
        while self._left:
            self.loss_at(self._left.pop())
            if time.perf_counter() > end:
                return

    def loss_at(self, rate: float) -> float:
        """The loss behind a step with this learning rate. Raises what the model raises."""
        if rate not in self.losses:
            with self._batch.at_work(), torch.no_grad():
                self.losses[rate] = self._batch.loss(self._batch.output(self._behind(rate))).item()
        return self.losses[rate]

    def _behind(self, rate: float) -> dict[str, torch.Tensor]:
        """The parameters that the optimizer's own step makes of copies."""
        before = self._before
        moved = {name: torch.nn.Parameter(value.clone()) for name, value in before.values.items()}
        optimizer = optimizers.optimizer(before.settings, moved.values())
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, parameter in moved.items():
            gradient = before.gradients[name]
            parameter.grad = None if gradient is None else gradient.clone()
            if before.states[name]:
                optimizer.state[parameter] = {
                    key: None if kept is None else kept.clone() for key, kept in before.states[name].items()
                }
        optimizer.step()
        return {name: parameter.detach() for name, parameter in moved.items()}


def line(session: Session, request: LineRequest) -> LineReply:
    """One more slice of the line, and the loss at a rate that is asked for. Raises ValueError for no such rate."""
    if request.rate is not None and not (math.isfinite(request.rate) and request.rate >= 0):
        raise ValueError(f"a learning rate is 0 or more and finite, not {request.rate!r}")
    try:
        return _slice(session, request)
    except NotYet as not_yet:
        words = str(not_yet)
    except Exception as error:  # whatever the model raises when it is asked once more
        words = f"This step cannot be tried: {error}"
    return LineReply(request.id, 0, session.lr, _doubles([]), _doubles([]), True, None, words)


def _slice(session: Session, request: LineRequest) -> LineReply:
    rehearsal = session.rehearsals.of_step()
    found = _line(rehearsal)
    exact = None if request.rate is None else (request.rate, found.loss_at(request.rate))
    if exact is None:
        found.go_on()
    losses = [found.losses.get(rate, math.nan) for rate in found.rates]
    return LineReply(
        request.id, rehearsal.number, found.rate, _doubles(found.rates), _doubles(losses), found.done, exact
    )


def _line(rehearsal: Rehearsal) -> Line:
    if rehearsal.line is None:
        batch, before, plan = rehearsal.batch, rehearsal.before, rehearsal.plan
        if batch is None or before is None or plan.taken or plan.loss is None:
            raise NotYet(NOT_BEFORE_STEP)
        if optimizers.takes_closure(before.settings.optimizer):
            raise NotYet(f"{before.settings.optimizer} takes the loss again in its step: no other rate is tried.")
        rehearsal.line = Line(batch, before)
    return rehearsal.line


def _doubles(numbers: list[float]) -> np.ndarray:
    array = np.array(numbers, np.float64)
    array.flags.writeable = False
    return array
