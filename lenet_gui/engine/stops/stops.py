"""The breakpoints of a session, and running on to where one stops. How one is told is `walk`'s to know, the way back
`back`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from lenet_gui.engine import running, travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.stops import back, walk
from lenet_gui.engine.stops.armed import Armed
from lenet_gui.engine.stops.back import LOOK, Between
from lenet_gui.engine.stops.hits import Position
from lenet_gui.protocol import Command
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MOST = 1_000
"""Breakpoints of a session."""


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
        self._scout = back.Scout(session)
        # Since the run began that goes on, or its last piece.
        self._changed = False

    # ------------------------------------------------------------------------------------------------ what there is

    def set(self, breakpoint: Breakpoint, since: tuple[Branch, Position] | None = None) -> int:
        """Add it, or put it in the place of the one with its id; the id. Raises ValueError in one sentence.

        Where only its hit count, its message or whether it is on has changed, it keeps the hits that it has.
        Others are counted from here on, or from the place `since`.
        """
        before = self._armed.get(breakpoint.id)
        if before is None and len(self._armed) >= MOST:
            raise ValueError(f"there are {MOST:,} breakpoints already: remove some first")
        branch, position = since or (self._session.branch, self._here())
        armed = Armed(breakpoint, self._session, branch, position)
        number = breakpoint.id if before is not None else next(self._ids)
        armed.breakpoint = replace(breakpoint, id=number)
        if before is not None and _where(before.breakpoint) == _where(breakpoint):
            armed.hits = before.hits
        self._armed[number] = armed
        self._changed = True
        return number

    def drop(self, number: int) -> None:
        """Remove one; 0 removes all."""
        self._changed = True
        if number:
            self._armed.pop(number, None)
        else:
            self._armed.clear()

    def rows(self) -> tuple[BreakpointRow, ...]:
        """How they stand at the session's place.

        Hits are those that a run came by; one that counts them goes over what it has missed when the next run begins.
        """
        return tuple(one.row(self._here(), self._session.branch) for one in self._armed.values())

    @property
    def all(self) -> list[Breakpoint]:
        return [one.breakpoint for one in self._armed.values()]

    @property
    def since(self) -> list[tuple[Breakpoint, Branch, Position]]:
        """All, each with the place where it was set."""
        return [(one.breakpoint, *one.hits.set_at) for one in self._armed.values()]

    @property
    def words(self) -> str:
        """Why the last run stopped: the breakpoint, and its problem if it has one."""
        return "; ".join(f"{one.words}: {one.problem}" if one.problem else one.words for one in self.stopped)

    # ----------------------------------------------------------------------------------------------------- running

    def run(self, steps: int, between: Between = lambda: True) -> int:
        """`Session.run` that pauses where a breakpoint holds; whole steps taken. One set meanwhile holds at once."""
        start, going = self._session.steps, True
        self.stopped = []

        def still() -> bool:
            nonlocal going
            going = between()
            return going and not self._changed

        while going and not self.stopped and (left := start + steps - self._session.steps) > 0:
            self._changed = False
            self._run(left, still)
            if not self._changed:
                break
        return self._session.steps - start

    def _run(self, steps: int, between: Between) -> None:
        session, armed, start = self._session, self._enabled(), self._session.steps
        if not armed:
            session.run(steps, between)
            return
        if not self._count(armed, between):
            return
        bare = all(walk.is_bare(one) for one in armed)
        look = time.perf_counter() + LOOK
        while (left := start + steps - session.steps) > 0:
            going = session.item > 0 or not bare or self._bare(left - 1, armed, between)
            if not going or session.steps == start + steps:
                break
            self.stopped = walk.command_on(session, armed, self.tell)
            if self.stopped:
                break
            if time.perf_counter() > look:
                if not between():
                    break
                look = time.perf_counter() + LOOK

    def on(self, do: Callable[[Command], None], between: Between = lambda: True) -> bool:
        """One command on by hand, which `do` does, or to a breakpoint before one of its items; whether one stopped."""
        self.stopped, armed = [], self._enabled()
        if self._count(armed, between):
            self.stopped = walk.command_on(self._session, armed, self.tell, do=do)
        return bool(self.stopped)

    def _bare(self, steps: int, armed: list[Armed], between: Between) -> bool:
        """Whole steps as fast as they go; False where they ended, by a breakpoint or by `between`."""
        session, start = self._session, self._here()
        if steps == 0:
            return True
        try:
            if session.ahead:
                return self._along(steps, armed, between)
            if session.next_phase != session.journal.cycle[0].name:
                return True
            looks = walk.looks(session, armed, session.journal.cycle, self.tell)
            return running.bare(session, session.steps + steps, between, looks)
        except running.Paused as paused:
            self.stopped = paused.why
            return False
        finally:
            for one in armed:
                one.hits.saw(start, self._here(), session.branch)

    def _along(self, steps: int, armed: list[Armed], between: Between) -> bool:
        """What the branch has ahead."""
        session = self._session
        there = session.branch.journal
        end = there.place_of_step(min(session.steps + steps, there.steps))
        try:
            try:
                return travel.follow(session, end, between, watch=walk.watch(session, armed, self.tell))
            except travel.Differs:
                place = len(session.journal)
                command = there.at(place - 1)
                travel.fork(session, place - 1, differs=True)
                walk.watch(session, armed, self.tell)(command, place)
                return True
        except running.Paused:
            travel.settle(session)
            raise

    # ---------------------------------------------------------------------------------------------------- going back

    def run_back(self, between: Between = lambda: True) -> bool:
        """To the last place before this one at which a breakpoint stops, or to the start; False where it was ended.

        One whose expression fails on the way stops there; one that could not count its hits stops where one is.
        """
        session, here = self._session, self._here()
        self.stopped = []
        armed = [one for one in self._enabled() if one.message is None]
        if not self._count(armed, between):
            return bool(self.stopped)
        found = self._scout.last_stop(armed, here, between)
        if found is None or not session.seek(found[0][0], between=between):
            return False
        session.stepper.go(*found[0])
        self.stopped = found[1]
        return True

    def _count(self, armed: list[Armed], between: Between) -> bool:
        """Know all hits of those that count them, up to here; False where that was ended, or where one failed."""
        branch, here = self._session.branch, self._here()
        counted = [one for one in armed if one.counts and not one.problem and one.hits.seen_to(branch) < here]
        if not counted:
            return True
        first = min(one.hits.seen_to(branch) for one in counted)
        known = self._scout.scan(counted, first, here, between)
        self.stopped = [one for one in counted if one.problem]
        return known is not None and not self.stopped

    def _enabled(self) -> list[Armed]:
        """What has failed has had its stop."""
        return [one for one in self._armed.values() if one.breakpoint.enabled and not one.problem]

    def _here(self) -> Position:
        return len(self._session.journal), self._session.item


def _where(breakpoint: Breakpoint) -> tuple[str, str, str]:
    return breakpoint.kind, breakpoint.at, breakpoint.condition
