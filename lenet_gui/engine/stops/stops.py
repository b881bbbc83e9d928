"""The breakpoints of a session: running on to where one stops, and back. How one is told is `walk`'s to know."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.engine import running, travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.stops import log_scan, walk
from lenet_gui.engine.stops.armed import Armed, Position
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.protocol import Budget, Command
from lenet_gui.protocol_trace import Breakpoint, BreakpointRow

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

LOOK = 0.02
"""Seconds of looking back between two looks at whether it is still wanted."""
Between = Callable[[], bool]


class Stops:
    """Of one session. They stand beside its journal and change nothing of the training."""

    def __init__(self, session: Session, tell: Callable[[str], None] = lambda _: None) -> None:
        """`tell` takes the messages of those that log."""
        self._session = session
        self.tell = tell
        self._armed: dict[int, Armed] = {}
        self._ids = count(1)
        self.stopped: list[Armed] = []
        """Those that ended the last run."""
        self._scout: Session | None = None

    # ------------------------------------------------------------------------------------------------ what there is

    def set(self, breakpoint: Breakpoint) -> int:
        """Add it, or put it in the place of the one with its id; the id. Raises ValueError in one sentence."""
        session = self._session
        armed = Armed(breakpoint, session, self._here())
        number = breakpoint.id if breakpoint.id in self._armed else next(self._ids)
        armed.breakpoint = Breakpoint(
            number, *(getattr(breakpoint, name) for name in ("kind", "at", "condition", "hits", "log", "enabled"))
        )
        self._armed[number] = armed
        return number

    def drop(self, number: int) -> None:
        """Remove one; 0 removes all."""
        if number:
            self._armed.pop(number, None)
        else:
            self._armed.clear()

    def rows(self) -> tuple[BreakpointRow, ...]:
        """How they stand at the session's place."""
        return tuple(one.row(self._here(), self._session.branch) for one in self._armed.values())

    @property
    def all(self) -> list[Breakpoint]:
        return [one.breakpoint for one in self._armed.values()]

    @property
    def words(self) -> str:
        """Why the last run stopped: the breakpoint, and its problem if it has one."""
        return "; ".join(f"{one.words}: {one.problem}" if one.problem else one.words for one in self.stopped)

    # ----------------------------------------------------------------------------------------------------- running

    def run(self, steps: int, between: Between = lambda: True) -> int:
        """`Session.run` that pauses where a breakpoint holds; whole steps taken."""
        session, self.stopped = self._session, []
        armed = self._enabled()
        if not armed:
            return session.run(steps, between)
        self._count(armed, between)
        start = session.steps
        bare = not any(one.inside or one.breakpoint.kind == "parameter" for one in armed)
        look = time.perf_counter() + LOOK
        while (left := start + steps - session.steps) > 0:
            going = not bare or self._bare(left - 1, armed, between)
            if not going or session.steps == start + steps:
                break
            self.stopped = walk.command_on(session, armed, self.tell)
            if self.stopped:
                break
            if time.perf_counter() > look:
                if not between():
                    break
                look = time.perf_counter() + LOOK
        return session.steps - start

    def on(self, do: Callable[[Command], None]) -> bool:
        """One command on by hand, which `do` does, or to a breakpoint before one of its items; whether one stopped."""
        self.stopped = walk.command_on(self._session, self._enabled(), self.tell, do=do)
        return bool(self.stopped)

    def _bare(self, steps: int, armed: list[Armed], between: Between) -> bool:
        """Whole steps as fast as they go; False where they ended, by a breakpoint or by `between`."""
        session = self._session
        try:
            if session.ahead:
                there = session.branch.journal
                end = there.place_of_step(min(session.steps + steps, there.steps))
                try:
                    return travel.follow(session, end, between, watch=walk.watch(session, armed, self.tell))
                except running.Paused:
                    travel.settle(session)
                    raise
            if session.next_phase != session.journal.cycle[0].name:
                return True
            looks = walk.looks(session, armed, session.journal.cycle, self.tell)
            return running.bare(session, session.steps + steps, between, looks)
        except travel.Differs:
            travel.fork(session, len(session.journal) - 1, differs=True)
            return True
        except running.Paused as paused:
            self.stopped = paused.why
            return False
        finally:
            for one in armed:
                one.seen(self._here(), session.branch)

    # ---------------------------------------------------------------------------------------------------- going back

    def run_back(self, between: Between = lambda: True) -> bool:
        """To the last place before this one at which a breakpoint stops, or to the start; False where it was ended."""
        session = self._session
        here, branch = self._here(), session.branch
        armed = [one for one in self._enabled() if one.message is None]
        if not self._count(armed, between):
            return False
        found: dict[Position, list[Armed]] = {}
        rest: list[Armed] = []
        for one in armed:
            position = self._told_before(one, here)
            if position is NotImplemented:
                rest.append(one)
            elif position is not None:
                found.setdefault(position, []).append(one)
        if rest:
            last = max(found, default=(0, 0))
            scanned = self._scan_back(rest, last, here, between)
            if scanned is None:
                return False
            for position, one in scanned:
                found.setdefault(position, []).append(one)
        target = max(found, default=(0, 0))
        self.stopped = found.get(target, [])
        if not session.seek(target[0], branch=branch.name, between=between):
            return False
        session.stepper.go(*target)
        return True

    def _told_before(self, one: Armed, here: Position) -> Position | None:
        """Where it stops last before `here`, where that can be told without going there; else NotImplemented."""
        branch, kind = self._session.branch, one.breakpoint.kind
        if one.counts:
            return one.stops_before(here, branch)
        if kind == "phase" and one.condition is None:
            place = here[0] + (here[1] > 0)
            found = (at for at, command in branch.journal.backwards(place) if command.name == one.breakpoint.at)
            return next(((at, 0) for at in found if (at, 0) < here), None)
        if kind == "when" and one.condition is not None and one.after in ("loss", "step"):
            steps = branch.journal.steps_at(here[0])
            log = branch.log.rows(0)[:steps, 0] if steps else np.empty(0, np.float32)
            told = log_scan.holds(one.condition, log, np.arange(steps) + (one.after == "step"))
            if told is not None:
                for step in np.flatnonzero(told)[::-1]:
                    position = self._position(int(step), one.after)
                    if position < here:
                        return position
                return None
        return NotImplemented

    def _position(self, step: int, phase: str) -> Position:
        """Behind the last such phase of a step, counted from 0."""
        journal = self._session.branch.journal
        end = journal.place_of_step(step + 1)
        return next((at + 1, 0) for at, command in journal.backwards(end) if command.name == phase)

    def _count(self, armed: list[Armed], between: Between) -> bool:
        """Know all hits of those that count them, up to here; False where that was ended."""
        session, here = self._session, self._here()
        counted = [one for one in armed if one.counts and one.seen_to(session.branch) < here]
        if not counted:
            return True
        first = min(one.seen_to(session.branch) for one in counted)
        return self._scan(counted, first, here, between, until=False) is not None

    def _scan_back(
        self, armed: list[Armed], last: Position, here: Position, between: Between
    ) -> list[tuple[Position, Armed]] | None:
        """Where one of them stops last between two places: step by step back, in growing pieces."""
        journal = self._session.branch.journal
        step, piece = journal.steps_at(here[0]), 1
        end = here
        while end > last:
            step = max(0, step - piece)
            start = max((journal.place_of_step(step), 0), last)
            found = self._scan(armed, start, end, between, until=end is here)
            if found is None:
                return None
            if found:
                newest = max(position for position, _ in found)
                return [(position, one) for position, one in found if position == newest]
            if start[0] == 0 or start == last:
                break
            end, piece = start, min(2 * piece, 256)
        return []

    def _scan(
        self, armed: list[Armed], start: Position, end: Position, between: Between, until: bool
    ) -> list[tuple[Position, Armed]] | None:
        """The places behind `start` at which one stops, on a session of its own; `None`: it was ended.

        `until`: only those before `end`; else `end` itself may be one.
        """
        session = self._session
        scout, branch = self._scouting(), session.branch
        scout.stepper = Stepper(scout, lambda place: session.history.start_for(branch, place))
        checkpoint = session.history.start_for(branch, start[0])
        travel.restore(scout, checkpoint, Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log))
        look = time.perf_counter() + LOOK
        while not travel.follow(scout, start[0], between=lambda: False, compare=False):
            if not between():
                return None
        found: list[tuple[Position, Armed]] = []
        scout.item = start[1]
        while (len(scout.journal), scout.item) < end:
            stopping = walk.command_on(scout, armed, lambda _: None, branch)
            position = len(scout.journal), scout.item
            if position < end or (position == end and not until):
                found += [(position, one) for one in stopping]
            if time.perf_counter() > look:
                if not between():
                    return None
                look = time.perf_counter() + LOOK
        return found

    def _scouting(self) -> Session:
        if self._scout is None:
            session = self._session
            self._scout = type(session)(session.journal.settings, session.make_model, budget=Budget(0, 0))
        return self._scout

    def _enabled(self) -> list[Armed]:
        return [one for one in self._armed.values() if one.breakpoint.enabled]

    def _here(self) -> Position:
        return len(self._session.journal), self._session.item
