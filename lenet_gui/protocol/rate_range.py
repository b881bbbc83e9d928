"""The learning-rate range test: what it is asked and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer, Long, NewestOnly

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Doubles = NDArray[float64]


@dataclass(frozen=True, slots=True)
class StartRangeTest(Long):
    """Take up to `batches` steps from here aside, with learning rates from `low` to `high`. Changes nothing."""

    low: float
    high: float
    batches: int


@dataclass(frozen=True, slots=True)
class RangeReport(Answer, NewestOnly):
    """How a range test of a run stands: `rates` [n] ascend, with the `losses` [n] before each step, and smoothed.

    `current` is the learning rate in force. `suggestion` is where the smoothed loss falls most steeply; `None` where it
    never falls. `words` say how it ended; they are empty while it goes on.
    """

    run: int
    rates: Doubles
    losses: Doubles
    smoothed: Doubles
    current: float
    suggestion: float | None
    words: str
