"""The hits of one breakpoint, counted along a branch from where it was set. Whether one is, is not told here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from lenet_gui.engine.branch import Branch
from lenet_gui.protocol import Command

Position = tuple[int, int]
"""Commands done, and items of the next."""
END = 2**31
"""Behind all items of a command."""


def before(position: Position) -> Position:
    """A position behind which this one is the first."""
    place, item = position
    return (place, item - 1) if item else (place - 1, END)


@dataclass(slots=True)
class _Along:
    """One branch: the hits known, ascending, and the place up to which all are.

    `open` is the newest place with hits whose command was still to come, with the command that was expected there:
    when another is done instead, these hits have never been.
    """

    seen_to: Position
    hits: list[Position] = field(default_factory=list)
    open: tuple[int, Command] | None = None


class Hits:
    def __init__(self, branch: Branch, set_at: Position, at_commands: bool) -> None:
        """`at_commands`: a hit lies before a command or one of its items, and is none before another command."""
        self.set_at = branch, set_at
        self._at_commands = at_commands
        self._along = {branch: _Along(set_at)}

    def add(self, position: Position, branch: Branch, coming: Command) -> int:
        """Count a hit; which one it is, from 1. 0: it lies not behind the place where the breakpoint was set."""
        along = self._on(branch)
        if position <= self._start(branch):
            return 0
        if not along.hits or position > along.hits[-1]:
            along.hits.append(position)
            index = len(along.hits)
        else:
            index = bisect_right(along.hits, position)
            if along.hits[index - 1 : index] != [position]:
                along.hits.insert(index, position)
                index += 1
        if self._at_commands and position[0] >= len(branch.journal):
            along.open = position[0], coming
        return index

    def up_to(self, position: Position, branch: Branch) -> int:
        """The number of known hits up to a place."""
        return bisect_right(self._on(branch).hits, position)

    def before(self, position: Position, branch: Branch, wanted: Callable[[int], bool]) -> Position | None:
        """The last known hit before a place whose number is `wanted`."""
        hits = self._on(branch).hits
        return next(
            (hits[index] for index in range(bisect_left(hits, position) - 1, -1, -1) if wanted(index + 1)), None
        )

    def saw(self, start: Position, end: Position, branch: Branch) -> None:
        """All between two places was looked at."""
        along = self._on(branch)
        if start <= along.seen_to:
            along.seen_to = max(along.seen_to, end)

    def seen_to(self, branch: Branch) -> Position:
        return self._on(branch).seen_to

    def _start(self, branch: Branch) -> Position:
        """Where counting begins: of another branch at the latest where the two part."""
        on, position = self.set_at
        return position if branch is on else min(position, (branch.shared_with(on), 0))

    def _on(self, branch: Branch) -> _Along:
        along = self._along.get(branch)
        if along is None:
            along = self._along[branch] = self._shared(branch)
        if along.open is not None and len(branch.journal) > along.open[0]:
            place, expected = along.open
            along.open = None
            if branch.journal.at(place) != expected:
                _cut(along, before((place, 0)))
        return along

    def _shared(self, branch: Branch) -> _Along:
        """Of a branch that is new here: what it shares with the one that is known furthest stays."""
        found = _Along((-1, 0))
        for other in [*self._along]:
            shared = branch.shared_with(other), 0
            known = self._on(other)
            # What is hit before a command is not where the two part: there another one is done.
            copy = _Along(known.seen_to, [*known.hits])
            _cut(copy, before(shared) if self._at_commands else shared)
            if copy.seen_to > found.seen_to or len(copy.hits) > len(found.hits):
                found = copy
        return found


def _cut(along: _Along, last: Position) -> None:
    del along.hits[bisect_right(along.hits, last) :]
    along.seen_to = min(along.seen_to, last)
