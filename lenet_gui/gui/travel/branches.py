"""What a frame says about the lines of a run, read for drawing: steps and names only, neither Qt nor pixels."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol import BookmarkRow, BranchRow, Frame


@dataclass(frozen=True, slots=True)
class Piece:
    """Steps `first` to `last` of a lane, in the colour of the branch that took them; `done` on the way to here."""

    branch: int
    first: int
    last: int
    done: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the timeline. It leaves the lane `parent` at its first step; the first lane leaves none (-1)."""

    branch: int
    pieces: tuple[Piece, ...]
    parent: int = -1


def index_of(frame: Frame, name: str) -> int:
    """Which of the frame's branches that is; -1 for none."""
    return next((i for i, row in enumerate(frame.branches) if row.name == name), -1)


def present(frame: Frame) -> BranchRow:
    """The branch that one is on. A frame without branches has this one line, which ends here."""
    here = index_of(frame, frame.place.branch)
    if here >= 0:
        return frame.branches[here]
    return BranchRow(frame.place.branch, "", 0, frame.step, frame.place.commands)


def in_past(frame: Frame) -> bool:
    """Whether the branch goes on from here."""
    return frame.place.commands < present(frame).commands


def only_cancelled(frame: Frame) -> bool:
    """Whether the worker is at something long (on its way to another place) that can be cancelled and nothing else."""
    return frame.running and frame.allowed == ("pause",)


def way(frame: Frame, name: str) -> tuple[tuple[int, int], ...]:
    """The line that ends with a branch: (branch, the step up to which it is that branch's), the oldest first."""
    found: list[tuple[int, int]] = []
    here = index_of(frame, name)
    until = frame.branches[here].steps if here >= 0 else 0
    while here >= 0:
        row = frame.branches[here]
        found.append((here, min(until, row.steps)))
        until = min(until, row.leaves)
        here = index_of(frame, row.parent)
    return tuple(reversed(found))


def owner(frame: Frame, branch: int, step: int) -> int:
    """The branch that took a step of this one first: before it left its parent that was the parent, or a parent's."""
    while branch >= 0 and frame.branches[branch].parent and step <= frame.branches[branch].leaves:
        branch = index_of(frame, frame.branches[branch].parent)
    return branch


def lanes(frame: Frame) -> tuple[Lane, ...]:
    """The line that one is on, whole; below it the other branches, each from where it leaves the lanes above."""
    line = way(frame, frame.place.branch)
    if not line:
        return (Lane(0, (Piece(0, 0, frame.step, True),)),)
    present_branch, left_at = line[-1][0], dict(line)
    drawn, lane_of = [Lane(present_branch, _pieces(frame, line))], {present_branch: 0}
    for branch, row in enumerate(frame.branches):
        if branch == present_branch:
            continue
        parent = owner(frame, branch, row.leaves)
        # What the present line shares with it, or with its parent, is drawn in the first lane.
        shared = left_at.get(branch, -1)
        on_first = shared >= row.leaves or row.leaves <= left_at.get(parent, -1)
        lane_of[branch] = len(drawn)
        own = Piece(branch, max(shared, row.leaves), row.steps, False)
        drawn.append(Lane(branch, (own,), 0 if on_first else lane_of.get(parent, 0)))
    return tuple(drawn)


def _pieces(frame: Frame, line: tuple[tuple[int, int], ...]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    first = 0
    for branch, last in line:
        here = min(max(frame.step, first), last)
        pieces += [Piece(branch, first, here, True)] if here > first else []
        pieces += [Piece(branch, here, last, False)] if last > here else []
        first = max(first, last)
    return tuple(pieces)


def lane_of_bookmark(frame: Frame, mark: BookmarkRow, drawn: tuple[Lane, ...]) -> int:
    """The lane in which a bookmark's place is drawn; -1 where its branch is not there."""
    branch = owner(frame, index_of(frame, mark.place.branch), mark.step)
    if mark.step <= dict(way(frame, frame.place.branch)).get(branch, -1):
        return 0
    return next((i for i, lane in enumerate(drawn) if lane.branch == branch), -1)
