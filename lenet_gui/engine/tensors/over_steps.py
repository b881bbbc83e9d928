"""Histograms of a tensor over the last steps, on a session of their own: the first one is not touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.expressions.expression import ExpressionError, NotYet
from lenet_gui.engine.stops.armed import is_live, ready
from lenet_gui.engine.tensors.figures import frozen, histogram, numbers
from lenet_gui.engine.trace import names
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.protocol import Command
from lenet_gui.protocol.tensors import Histogram, HistogramSeries, PlotHistograms, Which

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

CHUNK = 32
"""Histograms that are told at once."""
MOST = 4096
"""Histograms, and bins of each, that are made at most."""

Between = Callable[[], bool]


def histograms(session: Session, wanted: PlotHistograms, between: Between = lambda: True) -> Iterator[HistogramSeries]:
    """Of the last steps up to here, each behind the phase that makes the tensor. Where `between` ends it, of fewer.

    Raises ValueError for what there is not, and for what has no numbers.
    """
    end = session.steps
    first = max(0, end - max(1, wanted.steps))
    count = min(end - first, max(1, min(wanted.most, MOST)))
    if not count:
        raise ValueError("no step has been taken yet: there is nothing to go over")
    chosen = {int(step) for step in np.linspace(first, end - 1, count).round()}
    second = _at(session, first)
    name = f"{wanted.tensor.name}.grad" if wanted.tensor.part == "grad" else wanted.tensor.name
    moved = wanted.tensor.part == "update" or ": " in name
    phase = "step" if moved else ready(frozenset([name]), session)
    found: list[tuple[int, Histogram]] = []
    began = True
    for step in range(first, end):
        take = _Take(wanted.tensor, name, phase) if step in chosen else None
        if not _one_step(second, session.journal.place_of_step(step + 1), take, between):
            break
        if take is not None and take.found is not None:
            found.append((step + 1, histogram(take.found, max(1, min(wanted.bins, MOST)))))
        if len(found) >= CHUNK:
            yield _series(session, wanted, began, found)
            found, began = [], False
    if found or began:
        yield _series(session, wanted, began, found)


class _Take:
    """Takes one tensor of one step, behind the phase that makes it."""

    def __init__(self, which: Which, name: str, phase: str) -> None:
        self._which, self.name, self._phase = which, name, phase
        self._before: Tensor | None = None
        self.found: np.ndarray | None = None

    def look(self, second: Session, command: Command, lookup: names.Lookup) -> None:
        if self._which.part == "update":
            now = second.model.get_parameter(self.name).detach()
            if command.name == "step" and self._before is not None:
                self.found = numbers(now - self._before)
            elif command.name != "step":
                self._before = now.clone()
        elif command.name == self._phase:
            try:
                value = lookup(self.name)
            except NotYet:
                return
            if isinstance(value, Tensor):
                self.found = numbers(value).copy()
            elif value is not None:
                self.found = np.array([value])


def _at(session: Session, step: int) -> Session:
    """A second session where so many steps of the branch are done."""
    branch, place = session.branch, session.journal.place_of_step(step)
    second = session.twin()
    second.stepper = Stepper(second, lambda place: session.history.start_for(branch, place))
    journal = branch.journal.until(len(branch.journal))
    travel.restore(second, session.history.start_for(branch, place), Branch(branch.name, journal, branch.log))
    return second


def _one_step(second: Session, end: int, take: _Take | None, between: Between) -> bool:
    """Go on to a place behind a step. False where `between` ended it."""
    if take is None or take._which.part == "update" or _lives(take.name, second):

        def watch(command: Command, _: int) -> None:
            if take is not None:
                take.look(second, command, lambda name: _live(second, name))

        return travel.follow(second, end, between, compare=False, watch=watch) and between()
    while len(second.journal) < end:
        if not between():
            return False
        command = second.next_command
        second.apply(command)
        take.look(second, command, lambda name: names.lookup(second, name))
    return True


def _lives(name: str, session: Session) -> bool:
    return is_live([name], session) or ": " in name


def _live(session: Session, name: str) -> Tensor | float | None:
    if ": " in name:
        # The optimizer makes what it keeps in its first step.
        return session.tensors().get(name)
    try:
        return names.live(session, name)
    except KeyError as error:
        raise ExpressionError(f"there is no {name[:80]}") from error


def _series(
    session: Session, wanted: PlotHistograms, first: bool, found: list[tuple[int, Histogram]]
) -> HistogramSeries:
    kept = [(step, one) for step, one in found if np.isfinite(one.low)]
    counts = [one.counts for _, one in kept]
    return HistogramSeries(
        wanted.id,
        wanted.tensor,
        session.branch.name,
        first,
        frozen(np.array([step for step, _ in kept], np.int64)),
        frozen(np.array([one.low for _, one in kept], np.float32)),
        frozen(np.array([one.high for _, one in kept], np.float32)),
        frozen(np.array(counts, np.int64).reshape(len(kept), max(1, min(wanted.bins, MOST)))),
    )
