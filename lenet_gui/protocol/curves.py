"""What is drawn over the steps of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Array = NDArray[float32]


@dataclass(frozen=True, slots=True)
class Series:
    """Rows of the step log: `rows` [n, len(names)] for the steps from `first` on (step 0 is the first taken).

    `first` below what was sent before means that the run went back: what lies behind it is dropped.
    """

    run: int
    names: tuple[str, ...]
    first: int
    rows: Array


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Test accuracy, measured after `step` steps in epoch `epoch`."""

    step: int
    epoch: int
    correct: int
    total: int


@dataclass(frozen=True, slots=True)
class WatchSeries:
    """A watch over the steps of a branch: its values for the steps from `first` on, NaN where it has none."""

    watch: int
    expression: str
    run: int
    branch: str
    first: int
    values: Array
