"""One line of a run: all of its commands from the start, those ahead of where one is too, and the log of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lenet_gui.engine.journal import Journal
from lenet_gui.engine.steplog import StepLog


class Branch:
    """Grows where something else was done in the past of `parent`: up to the place `leaves` the two are the same."""

    def __init__(
        self,
        name: str,
        journal: Journal,
        log: StepLog | None,
        parent: Branch | None = None,
        leaves: int = 0,
        differs: bool = False,
    ) -> None:
        self.name = name
        self.journal = journal
        # A branch that is only looked at has none.
        self.log: StepLog = log  # pyright: ignore[reportAttributeAccessIssue]
        self.parent = parent
        self.leaves = leaves
        self.differs = differs
        """Whether it grew because the commands of its parent gave other bits when they were done again."""

    def limits(self) -> dict[Branch, int]:
        """This branch and those it grew from, each with the place up to which it is this branch's past."""
        found: dict[Branch, int] = {self: len(self.journal)}
        branch, limit = self, len(self.journal)
        while branch.parent is not None:
            limit = min(limit, branch.leaves)
            branch = branch.parent
            found[branch] = limit
        return found

    def owner(self, place: int) -> Branch:
        """The branch that did the command before a place first."""
        branch: Branch = self
        while branch.parent is not None and place <= branch.leaves:
            branch = branch.parent
        return branch

    def shared_with(self, other: Branch) -> int:
        """The place up to which the two are the same."""
        mine, theirs = self.limits(), other.limits()
        return max((min(mine[one], theirs[one]) for one in mine if one in theirs), default=0)


def called(branches: Sequence[Branch], name: str) -> Branch:
    """The one of this name. Raises ValueError where there is none."""
    for branch in branches:
        if branch.name == name:
            return branch
    raise ValueError(f"there is no branch {name!r}; there are {', '.join(one.name for one in branches)}")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place of a branch, counted in commands, with a note. It changes nothing."""

    branch: Branch
    place: int
    note: str
