"""Two branches in lock-step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Long, NewestOnly

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Array = NDArray[float32]


@dataclass(frozen=True, slots=True)
class StartRace(Long):
    """Run two branches in lock-step, from where they part to the end of the shorter one. Changes nothing."""

    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a parameter of one branch is from the other's: the norm of the difference, beside the first one's."""

    name: str
    difference: float
    norm: float


@dataclass(frozen=True, slots=True)
class RaceReport(NewestOnly):
    """How a race stands: `losses` [n, 2] for the steps behind `start`; it ends at step `end`.

    `differs_at` is the first step, counted from 1, behind which any parameter differs in a bit; `None`: none so far.
    """

    one: str
    other: str
    start: int
    end: int
    losses: Array
    differs_at: int | None
    distances: tuple[Distance, ...]
