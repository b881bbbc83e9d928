"""Places in a run and the ways to them: branches, bookmarks, back and forth, within a step too."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol.kinds import Answer, Long, NewestOnly

# ---------------------------------------------------------------------------------------------------------- places


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the run: branch, commands done, items done inside the next one."""

    branch: str
    commands: int
    item: int = 0


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch: it leaves `parent` (empty: none) where `leaves` steps were done, and ends where `steps` are.

    `commands` is its length, the part shared with those it grew from included; the first `shared` of them are the
    parent's too.
    """

    name: str
    parent: str
    leaves: int
    steps: int
    commands: int
    shared: int = 0


@dataclass(frozen=True, slots=True)
class BookmarkRow:
    """A place that somebody wanted to remember; `step` is how many whole steps were done there."""

    place: Place
    step: int
    note: str


# --------------------------------------------------------------------------------------- into the worker: controls


@dataclass(frozen=True, slots=True)
class Back(Long):
    """Go `n` phases (`"phase"`) or whole steps (`"step"`) back; within a step, a step back is to its beginning."""

    unit: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Seek(Long):
    """Go to where so many whole steps of a branch were done (`None`: to its end). An empty branch is the one there is.

    With `commands` it is the place behind so many commands instead, and so many items of the one that follows.
    """

    step: int | None = None
    branch: str = ""
    commands: int | None = None
    item: int = 0


@dataclass(frozen=True, slots=True)
class RenameBranch:
    branch: str
    name: str


@dataclass(frozen=True, slots=True)
class AddBookmark:
    """Remember this place, with a note."""

    note: str


@dataclass(frozen=True, slots=True)
class DropBookmark:
    """Forget a bookmark, counted from 0 as the frame lists them."""

    index: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move the cursor: one item (`"into"`), past the call or the phase that begins here (`"over"`), to the end of the
    one that it stands in (`"out"`). With `back` the same the other way.
    """

    how: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class RunTo:
    """Go to before an item of a command of this step, forwards or back; what was not done yet is done on the way."""

    commands: int
    item: int


@dataclass(frozen=True, slots=True)
class RunBack(Long):
    """Go back to the place before where a breakpoint stops, or to the start of the run."""


@dataclass(frozen=True, slots=True)
class FindNotFinite(Long):
    """Go to the first operation of the run at which something was not finite."""


# ----------------------------------------------------------------------------------------------- how long it takes


@dataclass(frozen=True, slots=True)
class SeekRequest:
    """How long would it take to go to this step of this branch?"""

    id: int
    step: int
    branch: str = ""


@dataclass(frozen=True, slots=True)
class SeekReply(Answer, NewestOnly):
    """About how many seconds going there takes."""

    id: int
    step: int
    seconds: float
