"""The runs that are compared, as values: which there are, their curves, and the settings in which they differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet_gui.protocol.compare import ComparedBranch

Floats = NDArray[np.float32]
NOTHING = 1e-9
"""A weight that no longer moves the mean."""
LIVING = ""
"""The path of the session that is open."""


@dataclass(slots=True)
class Run:
    """A branch of a session. `colour` is counted as `theme.series` does; `None` where its curve is not drawn."""

    path: str
    branch: ComparedBranch
    colour: int | None = None

    @property
    def final_loss(self) -> float | None:
        """Of the last step; `None` where there is none."""
        losses = self.branch.losses
        return float(losses[-1]) if len(losses) else None


@dataclass(slots=True)
class Runs:
    """All of them in the order in which they came, the living session's first."""

    most_curves: int
    paths: list[str] = field(default_factory=list)
    all: list[Run] = field(default_factory=list)

    def put(self, path: str, branches: tuple[ComparedBranch, ...]) -> None:
        """A session's branches, in place of those that it had before. Each keeps its colour."""
        colours = {run.branch.name: run.colour for run in self.all if run.path == path}
        if path not in self.paths:
            self.paths.insert(0 if path == LIVING else len(self.paths), path)
        others = [run for run in self.all if run.path != path]
        new = [Run(path, branch, colours.get(branch.name)) for branch in branches]
        self.all = sorted([*others, *new], key=lambda run: self.paths.index(run.path))
        for run in new:
            if run.branch.name not in colours:
                self.draw(run, True)

    def drop(self, path: str) -> None:
        self.paths = [one for one in self.paths if one != path]
        self.all = [run for run in self.all if run.path != path]

    def draw(self, run: Run, wanted: bool) -> bool:
        """Give a run a colour, or take it away. False where all colours are taken."""
        taken = {one.colour for one in self.all if one is not run}
        free = [colour for colour in range(self.most_curves) if colour not in taken]
        run.colour = free[0] if wanted and free else None
        return not wanted or bool(free)

    def title(self, run: Run) -> str:
        """The file's name, with its folder where two have the same, and the branch where there are several."""
        session = "this run" if run.path == LIVING else _short(run.path, self.paths)
        alone = sum(one.path == run.path for one in self.all) == 1
        return session if alone else f"{session} · {run.branch.name}"

    def differing(self) -> list[tuple[str, list[str]]]:
        """The settings that are not the same in all runs, each with its value in every one of them."""
        tables = [dict(run.branch.settings) for run in self.all]
        names = dict.fromkeys(name for table in tables for name in table)
        rows = [(name, [table.get(name, "default") for table in tables]) for name in names]
        return [(name, values) for name, values in rows if len(set(values)) > 1]


def smoothed(losses: Floats, weight: float) -> Floats:
    """The weighted mean of each loss and those before it, the weight falling by `weight` (0 to below 1) with each step.

    So the start is not drawn towards 0. What is not finite stays so, and counts for no other step.
    """
    finite = np.isfinite(losses)
    sums, counts = np.where(finite, losses, 0).astype(np.float64), finite.astype(np.float64)
    shift = 1
    # Each pass doubles how far back the sums reach.
    while shift < len(losses) and weight**shift > NOTHING:
        for one in (sums, counts):
            one[shift:] += weight**shift * one[:-shift].copy()
        shift *= 2
    with np.errstate(invalid="ignore"):
        return np.where(finite, sums / counts, losses).astype(np.float32)


def _short(path: str, paths: list[str]) -> str:
    name = Path(path).name
    alone = sum(Path(one).name == name for one in paths) == 1
    return name if alone else f"{Path(path).parent.name}/{name}"
