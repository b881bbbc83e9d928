"""What a person notes beside the journal: names of branches, bookmarks, breakpoints, watches. It changes no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Bookmark
from lenet_gui.protocol import AddBookmark, DropBookmark, RenameBranch
from lenet_gui.protocol.stops import DropBreakpoint, DropWatch, SetBreakpoint, SetWatch

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Mark = RenameBranch | AddBookmark | DropBookmark | SetBreakpoint | DropBreakpoint | SetWatch | DropWatch


def mark(session: Session, message: Mark) -> None:
    """Note it, or strike it out. Raises ValueError, in one sentence, for what cannot be meant."""
    match message:
        case RenameBranch(branch, name):
            rename_branch(session, branch, name)
        case AddBookmark(note):
            add_bookmark(session, note)
        case DropBookmark(index):
            if not 0 <= index < len(session.bookmarks):
                raise ValueError(f"there is no bookmark {index}")
            del session.bookmarks[index]
        case SetBreakpoint(breakpoint):
            session.stops.set(breakpoint)
        case DropBreakpoint(number):
            session.stops.drop(number)
        case SetWatch(number, expression):
            session.watches.set(number, expression)
        case DropWatch(number):
            session.watches.drop(number)


def rename_branch(session: Session, branch: str, name: str) -> None:
    """Raises ValueError for a name that is empty or taken."""
    named, name = session.branch_called(branch), name.strip()
    if not name or len(name) > 80 or any(one.name == name for one in session.branches if one is not named):
        raise ValueError(f"{name!r} cannot be a branch's name: choose one that is not taken, of 1 to 80 letters")
    named.name = name


def add_bookmark(session: Session, note: str) -> None:
    """Remember this place."""
    session.bookmarks.append(Bookmark(session.branch, len(session.journal), note.strip()[:500]))
