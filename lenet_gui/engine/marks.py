"""What a person notes beside the journal: names of branches, bookmarks, breakpoints, watches. It changes no number."""

from __future__ import annotations

from lenet_gui.engine.session import Session
from lenet_gui.protocol import AddBookmark, DropBookmark, RenameBranch
from lenet_gui.protocol.stops import DropBreakpoint, DropWatch, SetBreakpoint, SetWatch

Mark = RenameBranch | AddBookmark | DropBookmark | SetBreakpoint | DropBreakpoint | SetWatch | DropWatch


def mark(session: Session, message: Mark) -> None:
    """Note it, or strike it out. Raises ValueError, in one sentence, for what cannot be meant."""
    match message:
        case RenameBranch(branch, name):
            session.rename_branch(branch, name)
        case AddBookmark(note):
            session.add_bookmark(note)
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
