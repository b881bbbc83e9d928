"""What was measured along the branches of a session, by place. Kept as long as the program runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.measures.measured import Measured, sides
from lenet_gui.protocol import Accuracy
from lenet_gui.protocol.measures import COLUMNS, MOST_TRAINED, EpochTable

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SHARE = 0.03
"""Of the time of a run, what measuring the training side may take."""


class Figures(NamedTuple):
    """Of one side at one place. `current` is the epoch that is under way, from 0."""

    step: int
    epoch: float
    current: int
    loss: float
    correct: int
    total: int

    @property
    def accuracy(self) -> Accuracy:
        return Accuracy(self.step, self.current, self.correct, self.total)


class ByEpoch:
    """Of one session."""

    def __init__(self) -> None:
        # By the branch that came to a place first, and the place; then by the side.
        self._found: dict[tuple[Branch, int], dict[str, Figures]] = {}
        self._told: tuple[Branch, int] | None = None
        self._changes = 0
        # The seconds of training that were done when the training side was measured last.
        self._trained_until = 0.0

    def note(self, branch: Branch, found: Measured, current: int) -> Figures:
        """Keep the figures of what was measured while the epoch `current` was under way, not its many outputs."""
        loss = math.nan if found.loss is None else found.loss
        figures = Figures(found.step, found.epoch, current, loss, found.correct, len(found.labels))
        self._found.setdefault((branch.owner(found.place), found.place), {})[found.side] = figures
        self._changes += 1
        return figures

    def missing(self, branch: Branch, place: int, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the `wanted` sides that were not measured at a place."""
        known = self._found.get((branch.owner(place), place), {})
        return tuple(side for side in wanted if side not in known)

    def due(self, session: Session, seconds: float) -> tuple[str, ...]:
        """The sides to measure at an epoch's end in a run. `seconds` is how long the training side takes, about.

        That one is left out where it would take more than its share of the time; measuring every epoch makes up for it.
        """
        wanted = self.missing(session.branch, len(session.journal), sides(session))
        if "train" in wanted and (session.seconds - self._trained_until) * SHARE < seconds:
            return tuple(side for side in wanted if side != "train")
        if "train" in wanted:
            self._trained_until = session.seconds
        return wanted

    def newest(self, session: Session) -> Accuracy | None:
        """The test accuracy that was measured last on the way to this place."""
        here, limits = len(session.journal), session.branch.limits()
        known = [
            (place, found["test"])
            for (owner, place), found in self._found.items()
            if "test" in found and place <= min(limits.get(owner, -1), here)
        ]
        return max(known, key=lambda one: one[0])[1].accuracy if known else None

    def news(self, session: Session, run: int) -> EpochTable | None:
        """The table of this branch, places ahead of this one too; `None` where it was told already."""
        now = session.branch, self._changes
        if now == self._told or not (self._changes or self._told):
            return None
        self._told = now
        limits = session.branch.limits()
        rows = [_row(place, found) for (owner, place), found in self._found.items() if place <= limits.get(owner, -1)]
        array = np.array(sorted(rows, key=lambda row: row[2]), np.float64).reshape(-1, len(COLUMNS))
        array.flags.writeable = False
        size = session.source.size or 0
        return EpochTable(run, session.branch.name, array, min(size, MOST_TRAINED), size)


def _row(place: int, found: dict[str, Figures]) -> tuple[float, ...]:
    first = next(iter(found.values()))
    nothing = (math.nan,) * 3
    train, test = (
        (one.loss, one.correct, one.total) if (one := found.get(side)) else nothing for side in ("train", "test")
    )
    return (first.step, first.epoch, place, *train, *test)
