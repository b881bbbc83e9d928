"""The learning-rate range test: a loss over learning rates that grow from step to step, on a second session.

Smith, "Cyclical Learning Rates for Training Neural Networks" (2017), https://arxiv.org/abs/1506.01186. Nothing of the
run changes: the steps are taken on a copy of its state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.protocol.rate_range import RangeReport, StartRangeTest

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SMOOTHING = 0.9
"""The share of what was before in the running mean of the loss."""
DIVERGED = 4.0
"""How many times its lowest the smoothed loss may be before the test ends."""
MOST = 10_000
SKIPPED = 3
"""Steps whose slope is not looked at: the running mean is still of few losses."""


def check(message: StartRangeTest) -> None:
    """Raises ValueError, in a sentence that says what to do, for a range that is none."""
    low, high = message.low, message.high
    if not (math.isfinite(low) and math.isfinite(high) and 0 < low < high):
        raise ValueError(f"the learning rates must go from above 0 to a larger number, not from {low:g} to {high:g}")
    if type(message.batches) is not int or not 10 <= message.batches <= MOST:
        raise ValueError(f"a range test takes 10 to {MOST:,} batches, not {message.batches!r}")


def range_test(
    session: Session, message: StartRangeTest, run: int, between: Callable[[], bool]
) -> Iterator[RangeReport]:
    """How it stands behind each step. `between` is called before each and may end it. Raises what the model raises."""
    check(message)
    second = _second(session, between)
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean, words = 0.0, ""
    while not words:
        if second is None or not between():
            words = "It was cancelled."
        elif len(rates) == message.batches:
            words = f"All {message.batches:,} batches were taken; the loss has not run away."
        else:
            rate = message.low * (message.high / message.low) ** (len(rates) / (message.batches - 1))
            loss = _step(second, rate)
            if not math.isfinite(loss):
                words = f"The loss is {loss} at {rate:.3g}: that is too fast."
            else:
                rates.append(rate)
                losses.append(loss)
                mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
                smoothed.append(mean / (1 - SMOOTHING ** len(losses)))
                if abs(smoothed[-1]) > DIVERGED * max(abs(min(smoothed)), 1e-12) and smoothed[-1] > min(smoothed):
                    words = f"The loss runs away from {rate:.3g} on: that is too fast."
        found = suggestion(rates, smoothed)
        yield RangeReport(run, _array(rates), _array(losses), _array(smoothed), session.lr, found, words)


def suggestion(rates: list[float], smoothed: list[float]) -> float | None:
    """The rate at which the smoothed loss falls most steeply over the logarithm of the rate; `None`: it never falls."""
    if len(rates) < SKIPPED + 3:
        return None
    slopes = np.gradient(np.array(smoothed), np.log(np.array(rates)))[SKIPPED:]
    at = int(slopes.argmin())
    return rates[SKIPPED + at] if slopes[at] < 0 else None


def _second(session: Session, between: Callable[[], bool]) -> Session | None:
    """Another session where this one stands; `None` where it was ended on the way."""
    branch, place = session.branch, len(session.journal)
    second = session.twin()
    copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
    travel.restore(second, session.history.start_for(branch, place), copy)
    return second if travel.follow(second, place, between, compare=False) else None


def _step(second: Session, rate: float) -> float:
    """One step of the cycle at this rate, without a scheduler; its loss, before the parameters move."""
    for group in second.optimizer.param_groups:
        group["lr"] = rate
    with second.undisturbed():
        for command in second.journal.cycle:
            if command.name != "schedule":
                second.commands[command.name](second, **dict(command.arguments))
    assert second.last_loss is not None
    return second.last_loss.item()


def _array(numbers: list[float]) -> np.ndarray:
    found = np.array(numbers, np.float64)
    found.flags.writeable = False
    return found
