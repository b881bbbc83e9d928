"""The way back to a breakpoint: read off the journal and the log where they tell it, else gone over again.

All of that happens on a second session; the first one is not touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.stops import log_scan, walk
from lenet_gui.engine.stops.armed import Armed
from lenet_gui.engine.stops.hits import Position, before
from lenet_gui.engine.trace.stepper import Stepper

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

LOOK = 0.02
"""Seconds of looking between two looks at whether it is still wanted."""
LARGEST = 256
"""Steps that are gone over at once."""
START = 0, 0

Between = Callable[[], bool]
Stretch = tuple[Position, Position]
"""Of places behind the first, up to the second."""
Stop = tuple[Position, list[Armed]]


class Scout:
    """Looks on a session's branch for where breakpoints stop."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._second: Session | None = None

    def last_stop(self, armed: list[Armed], here: Position, between: Between) -> Stop | None:
        """The last place before `here` at which a run from the start would have stopped, and why; else the start.

        `None`: it was ended.
        """
        found: dict[Position, list[Armed]] = {START: []}
        unsure: dict[Stretch, list[Armed]] = {}
        for one in armed:
            position, stretches = self._told(one, here)
            if position is not None:
                found.setdefault(position, []).append(one)
            for stretch in stretches:
                unsure.setdefault(stretch, []).append(one)
        # The short ones first: what is found there need not be gone over in the long ones.
        for stretch, those in sorted(unsure.items(), key=lambda item: item[0][1][0] - item[0][0][0]):
            stop = self._last_in(those, stretch, max(found), between)
            if stop is None:
                return None
            found.setdefault(stop[0], []).extend(stop[1])
        last = max(found)
        return last, found[last]

    def scan(self, armed: list[Armed], start: Position, end: Position, between: Between) -> list[Stop] | None:
        """The places behind `start` and up to `end` at which one stops, in order; `None`: it was ended."""
        session, scout = self._session, self._at_hand()
        branch, found = session.branch, list[Stop]()
        scout.stepper = Stepper(scout, lambda place: session.history.start_for(branch, place))
        journal = branch.journal.until(len(branch.journal))
        travel.restore(
            scout, session.history.start_for(branch, max(0, start[0])), Branch(branch.name, journal, branch.log)
        )
        if not travel.follow(scout, max(0, start[0]), between, compare=False):
            return None
        if all(walk.is_bare(one) for one in armed):
            look = walk.watch(scout, armed, _silent, branch, lambda *stop: found.append(stop))
            if not travel.follow(scout, end[0], between, compare=False, watch=look):
                return None
        else:
            scout.item = start[1] if start[0] >= 0 else 0
            due = time.perf_counter() + LOOK
            while (len(scout.journal), scout.item) < end:
                stopping = walk.command_on(scout, armed, _silent, branch)
                if stopping and (position := (len(scout.journal), scout.item)) <= end:
                    found.append((position, stopping))
                if time.perf_counter() > due:
                    if not between():
                        return None
                    due = time.perf_counter() + LOOK
        for one in armed:
            one.hits.saw(start, end, branch)
        return found

    # --------------------------------------------------------------------------------------------------- inside

    def _told(self, one: Armed, here: Position) -> tuple[Position | None, list[Stretch]]:
        """Where it stops last before `here`, as far as that is known, and where that has to be looked for."""
        branch, kind = self._session.branch, one.breakpoint.kind
        if one.counts:
            return one.stops_before(here, branch), []
        if kind == "phase" and one.condition is None:
            place = here[0] + (here[1] > 0)
            found = ((at, 0) for at, command in branch.journal.backwards(place) if command.name == one.breakpoint.at)
            return next((at for at in found if START < at < here), None), []
        everything: list[Stretch] = [(START, before(here))]
        if kind != "when" or one.condition is None or one.after not in ("loss", "step"):
            return None, everything
        steps = branch.journal.steps_at(here[0])
        losses = branch.log.rows(0)[:steps, 0] if steps else np.empty(0, np.float32)
        told = log_scan.holds(one.condition, losses, np.arange(steps) + (one.after == "step"))
        if told is None:
            return None, everything
        return self._in_log(told.copy(), one.after, here)

    def _in_log(self, told: log_scan.Told, phase: str, here: Position) -> tuple[Position | None, list[Stretch]]:
        """`told` is by step whether it holds behind its `phase`."""
        journal, steps, stretches = self._session.branch.journal, len(told), list[Stretch]()
        if phase == "loss":
            # The log has one loss a step. A step by hand may have taken none, or more than one.
            for step, losses in log_scan.uneven(journal, steps).items():
                told[step] &= losses > 0
                if losses > 1:
                    stretches.append(((journal.place_of_step(step), 0), (journal.place_of_step(step + 1), 0)))
            stretches.append(((journal.place_of_step(steps), 0), before(here)))
        for step in np.flatnonzero(told)[::-1]:
            end = journal.place_of_step(int(step) + 1)
            at = next(place + 1 for place, command in journal.backwards(end) if command.name == phase)
            if (at, 0) < here:
                return (at, 0), [one for one in stretches if one[1] > (at, 0)]
        return None, stretches

    def _last_in(self, armed: list[Armed], stretch: Stretch, last: Position, between: Between) -> Stop | None:
        """The last stop in a stretch, not before `last`: step by step back, in growing pieces. Else `last`."""
        for start, end in self._pieces(max(stretch[0], before(last)), stretch[1]):
            found = self.scan(armed, start, end, between)
            if found is None:
                return None
            if found and found[-1][0] > START:
                return found[-1]
        return last, []

    def _pieces(self, start: Position, end: Position) -> Iterator[Stretch]:
        journal, most = self._session.branch.journal, 1
        step = journal.steps_at(max(0, end[0]))
        while start < end:
            begin = max(start, (journal.place_of_step(step), 0))
            if begin < end:
                yield begin, end
                end, most = begin, min(2 * most, LARGEST)
            step = max(0, step - most)

    def _at_hand(self) -> Session:
        if self._second is None:
            session = self._session
            self._second = session.twin()
        return self._second


def _silent(_: str) -> None:
    pass
