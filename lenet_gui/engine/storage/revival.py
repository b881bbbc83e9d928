"""How a stored session becomes a living one: its branches, their logs, and going to the place where it stood.

First `begin`, then the logs and perhaps a checkpoint, then `arrive`. What was stored may be damaged or made to do
harm: whoever calls this has bounded its size, and tells of anything that goes wrong through `naming`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Bookmark, Branch
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.models import own
from lenet_gui.engine.steplog import BLOCK, StepLog
from lenet_gui.engine.storage.store import Store
from lenet_gui.engine.storage.stored import OtherNumbers, SessionFileError, Stored, versions
from lenet_gui.protocol import Command
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Rows = NDArray[np.float32]
Log = tuple[tuple[str, ...], Sequence[Rows]]
"""The names of its columns, and of each branch the rows of its own steps."""


class MakeSession(Protocol):
    """Makes a session at its start; `Session` itself does."""

    def __call__(self, settings: Settings, /, *, store: Store) -> Session: ...


class CodeNotAllowed(SessionFileError):
    """A session has models of somebody's own, and nobody has allowed their code. What is known without it is here."""

    def __init__(self, stored: Stored, store: Store, sources: tuple[str, ...], log: Log) -> None:
        """`sources` are the SHA-256 of what would have to run, and lie in the `store`."""
        super().__init__(
            f"It has a model of somebody's own ({', '.join(one[:12] for one in sources)}…), whose code runs only where "
            f"one allows it: Session.open(path, trust=True) does."
        )
        self.stored, self.store, self.sources = stored, store, sources
        self.columns, self.rows = log


Between = Callable[["Session"], bool]
"""Looked at about every 20 ms on the way; where it returns false the session stays where it then is."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was on disk. `note` is empty, or a sentence that a person has to know about it."""

    session: Session
    note: str


def begin(stored: Stored, make_session: MakeSession, store: Store) -> Session:
    """A fresh session at its start, with its branches and what stands beside them, but without the branches' logs."""
    try:
        session = make_session(stored.settings, store=store)
    except Exception as error:
        raise SessionFileError(f"cannot be opened here ({_short(error)}): open it where it was made") from error
    branches = grown(stored, session.log)
    session.branches, session.branch = branches, branches[0]
    session.journal = branches[0].journal.until(0)
    for index, place, note in stored.bookmarks:
        if place > len(branches[index].journal):
            raise ValueError(f"there is no place {place:,} for a bookmark")
        session.bookmarks.append(Bookmark(branches[index], place, note[:500]))
    for index, place, found in stored.accuracies:
        if place > len(branches[index].journal) or found.step != branches[index].journal.steps_at(place):
            raise ValueError(f"there is no step {found.step:,} for an accuracy")
        session.accuracies[branches[index], place] = found
    for breakpoint, index, place, item in stored.breakpoints:
        if place > len(branches[index].journal):
            raise ValueError(f"there is no place {place:,} for a breakpoint")
        session.stops.set(breakpoint, (branches[index], (place, item)))
    for text in stored.watches:
        session.watches.set(0, text)
    return session


def grown(stored: Stored, log: StepLog | None) -> list[Branch]:
    """The branches with their journals, all with the one `log` (`None`: to be read only).

    Raises ValueError where they do not fit together.
    """
    branches: list[Branch] = []
    for one in stored.branches:
        parent = None if one.parent is None else branches[one.parent]
        if (parent is None) != (not branches) or not 0 < len(one.name) <= 80:
            raise ValueError(f"branch {one.name[:80]!r} grows from nowhere")
        if parent is not None and one.leaves > len(parent.journal):
            raise ValueError(f"{one.name!r} leaves its branch behind its end")
        journal = Journal(stored.settings) if parent is None else parent.journal.until(one.leaves)
        for entry in one.entries:
            if isinstance(entry, Command):
                journal.append(entry)
            else:
                journal.extend(entry.n, entry.cycle)
        branches.append(Branch(one.name, journal, log, parent, one.leaves, one.differs))
    if len({branch.name for branch in branches}) < max(1, len(branches)):
        raise ValueError("two branches have one name")
    if stored.place > len(branches[stored.branch].journal):
        raise ValueError(f"there is no place {stored.place:,}")
    return branches


def check_code(stored: Stored, store: Store, log: Callable[[], Log]) -> None:
    """Raises CodeNotAllowed, with the `log`, where a model's code would run though nobody has allowed it."""
    missing = tuple(one for one in sources_of(stored) if not own.is_allowed(one))
    if missing:
        branches, (columns, rows) = grown(stored, None), log()
        for branch, mine in zip(branches, rows, strict=True):
            if mine.shape != (branch.journal.steps - shared_steps(branch), len(columns)) or not columns:
                raise ValueError(f"the log of {branch.name!r} is {list(mine.shape)}")
        raise CodeNotAllowed(stored, store, missing, (columns, rows))


def sources_of(stored: Stored) -> tuple[str, ...]:
    """The SHA-256 of the own models that a session starts from, or takes on any branch."""
    names = [stored.settings.model]
    for branch in stored.branches:
        reloads = (one for one in branch.entries if isinstance(one, Command) and one.name == "reload")
        names += [str(dict(one.arguments).get("model")) for one in reloads]
    return tuple(dict.fromkeys(own.parsed(name)[0] for name in names if name.startswith(own.PREFIX)))


def shared_steps(branch: Branch) -> int:
    """The whole steps of a branch that it shares with its parent: their rows are in the parent's log."""
    return 0 if branch.parent is None else branch.parent.journal.steps_at(branch.leaves)


def give_logs(session: Session, rows: Sequence[Rows]) -> None:
    """Give each branch the rows `[n, columns]` of its own steps."""
    for branch, mine in zip(session.branches, rows, strict=True):
        shared = shared_steps(branch)
        if mine.shape != (branch.journal.steps - shared, len(session.log.names)) or mine.dtype != np.float32:
            raise ValueError(f"the log of {branch.name!r} is {mine.dtype} {list(mine.shape)}")
        log = StepLog(session.model, "cpu")
        if branch.parent is not None:
            log = branch.parent.log.until(shared, session.model, "cpu")
        newest = np.concatenate([log.rows(len(log) // BLOCK * BLOCK), mine])
        full = len(newest) // BLOCK
        log._blocks = log._blocks + [newest[BLOCK * block : BLOCK * (block + 1)] for block in range(full)]
        log._filled = len(newest) - BLOCK * full
        log._block[: log._filled] = torch.from_numpy(newest[BLOCK * full :])
        branch.log = log


def arrive(session: Session, stored: Stored, between: Between, exact: bool) -> None:
    """Go to the place where the session stood, from its checkpoint or from the start.

    Raises OtherNumbers at the first loss that is not the recorded one, unless it need not be `exact`.
    """
    branch = session.branches[stored.branch]
    travel.restore(session, session.history.start_for(branch, stored.place), branch)
    try:
        travel.follow(session, stored.place, lambda: between(session), compare=exact)
    except travel.Differs as differs:
        raise OtherNumbers(
            f"comes out otherwise here from step {differs.step:,} on (it was made with {_told(stored.versions)}, "
            f"here is {_told(versions(session))}): open it as approximate, or where it was made"
        ) from differs


def note_of(stored: Stored, session: Session) -> str:
    """What to say of a session that was made elsewhere; nothing of one that was made here."""
    made, here = _told(stored.versions), _told(versions(session))
    if made == here:
        return ""
    return (
        f"This session was made with {made}, and here is {here}: "
        f"the last bits of a number may differ, and where those of a loss do, it is said."
    )


@contextmanager
def naming(name: str, advice: str = "open another copy of it") -> Iterator[None]:
    """Whatever goes wrong with what was stored under a name is told in one sentence, as a SessionFileError."""
    try:
        yield
    except CodeNotAllowed:
        raise
    except SessionFileError as error:
        raise type(error)(f"{name} {error}.") from error
    except OSError as error:
        raise SessionFileError(
            f"{name} cannot be read ({error.strerror or error}): choose another, or allow it."
        ) from error
    except Exception as error:
        words = _short(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {_short(error)}"
        raise SessionFileError(f"{name} is damaged ({words}): {advice}.") from error


def _short(error: Exception) -> str:
    """An error of PyTorch's can have many lines."""
    return " ".join(str(error).split())[:200]


def _told(versions: dict[str, Any]) -> str:
    return f"torch {str(versions.get('torch'))[:40]} on {str(versions.get('cpu'))[:40]}"
