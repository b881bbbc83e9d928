"""A learning rate that is too high: steps that end beyond the valley, seen along the direction in which they went.

For each of the next steps, taken on a copy: the loss of its batch before and after, and the slope at its start. A
parabola through these three has its lowest point at some share of the step; what lies beyond 1/2 of a step that ends
higher than it began has overshot (the normalised step of Cockpit: Schneider, Dangel and Hennig, NeurIPS 2021).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from lenet_gui.engine.commands import COMMANDS, load_batch
from lenet_gui.engine.diagnoses.aside import aside
from lenet_gui.engine.diagnoses.cycle import optimizer_line
from lenet_gui.engine.diagnoses.moment import Moment, number
from lenet_gui.engine.diagnoses.progress import guess
from lenet_gui.protocol.diagnoses import Diagnosis, Show

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

STEPS = 20
MOST = 0.3
"""Share of the steps that overshoot from which on it is a problem: up to a fifth do where all is well."""
TWICE = 2.0
SMALL = 0.1
"""Or a single one that ends more than twice as high as it began, and by more than a tenth of the loss of guessing."""
RISE = 1e-3
"""By how much, as a share of the loss before, a step has to end higher to count."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One step: the loss of its batch before and after, and the slope of the loss along it (per whole step)."""

    before: float
    after: float
    slope: float

    @property
    def overshot(self) -> bool:
        """It began downhill and ended higher."""
        return self.slope < 0 and not self.after <= self.before * (1 + RISE)

    @property
    def lowest(self) -> float:
        """Where the parabola is lowest, as a share of the step; infinite where it only falls."""
        bend = self.after - self.before - self.slope
        return -self.slope / (2 * bend) if bend > 0 else math.inf


def look(moment: Moment, between: Callable[[], bool]) -> Iterator[Diagnosis]:
    """`between` is called behind each step; where it returns false nothing is said."""
    tried: list[Tried] = []
    copy = aside(moment.session)
    for _ in range(STEPS):
        if not between():
            return
        one = try_step(copy)
        if not (math.isfinite(one.before) and math.isfinite(one.slope)):
            break
        tried.append(one)
    over = [one for one in tried if one.overshot]
    far = [one for one in over if not one.after - SMALL * guess(moment.session) < TWICE * one.before]
    if not (far or len(over) > MOST * len(tried)):
        return
    over = far or over
    share = statistics.median(one.lowest if math.isfinite(one.after) else 0.0 for one in over)
    rate = moment.session.lr
    first = over[0]
    yield Diagnosis(
        "overshoot",
        "The steps overshoot: the learning rate is too high",
        f"{len(over)} of the next {len(tried)} steps begin downhill and leave their own batch with a higher loss"
        f"{', more than twice as high' if far else ''}; the lowest point lay at {number(share)} of the step.",
        (
            ("steps that overshoot" + (" by far" if far else ""), f"{len(over)} of {len(tried)}"),
            ("first of them, loss before → after", f"{number(first.before)} → {number(first.after)}"),
            ("slope along it", number(first.slope)),
            ("lowest point, as a share of the step", number(share)),
            ("learning rate", f"{rate:g}"),
        ),
        "A step goes as far as slope times learning rate says, and this is past the bottom of the valley and up the "
        "other side. A smaller one gets lower on the same batch.",
        optimizer_line(moment, rate * min(max(share, 1e-3), 0.5)),
        Show(tensor=next(iter(moment.weights), "loss"), part="update" if moment.weights else "value"),
    )


def try_step(copy: Session) -> Tried:
    """Take one whole step on a session, and compute the loss of its batch again with the same random numbers."""
    with copy.undisturbed():
        COMMANDS["zero_grad"](copy)
        if copy.due:  # here, so that both forwards begin with the same random numbers
            load_batch(copy)
        generators = copy.generators.state
        buffers = [(one, one.clone()) for one in copy.model.buffers()]
        COMMANDS["forward"](copy)
        before = COMMANDS["loss"](copy).item()
        COMMANDS["backward"](copy)
        pairs = [(one, one.grad, one.detach().clone()) for one in copy.parameters if one.grad is not None]
        COMMANDS["step"](copy)
        with torch.no_grad():
            slope = sum(torch.sum(grad * (one - was)).item() for one, grad, was in pairs)
            onwards, kept = copy.generators.state, [(one, one.clone()) for one, _ in buffers]
            copy.generators.state = generators
            for one, was in buffers:
                one.copy_(was)
            after = copy.criterion(copy.model(copy.input), copy.target).item()
            copy.generators.state = onwards
            for one, was in kept:
                one.copy_(was)
    return Tried(before, after, slope)
