"""Finds the sessions that a crash has left behind, and has them back. How they came there is `recorder`'s to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from lenet_gui.engine.storage import revival, stored, stored_checkpoint
from lenet_gui.engine.storage.folder_lock import FolderLock
from lenet_gui.engine.storage.recorder import CHECKPOINT, JOURNAL, log_name, remove
from lenet_gui.engine.storage.revival import Between, MakeSession, Opened, Rows
from lenet_gui.engine.storage.session_file import VALUES
from lenet_gui.engine.storage.store import Store
from lenet_gui.engine.storage.stored import SessionFileError
from lenet_gui.protocol import Command

EMPTY = 2
"""The lines of a journal in which nothing was done yet."""


def abandoned(root: Path) -> list[Path]:
    """The folders in `root` with a session whose process has ended and left it there, the newest first."""
    journals = [folder / JOURNAL for folder in root.iterdir()] if root.is_dir() else []
    journals = [journal for journal in journals if journal.is_file() and _is_free(journal.parent)]
    journals = [journal for journal in journals if journal.read_bytes().count(b"\n") > EMPTY]
    return [journal.parent for journal in sorted(journals, key=lambda one: one.stat().st_mtime, reverse=True)]


def recover(
    folder: Path,
    make_session: MakeSession,
    between: Between = lambda _: True,
    exact: bool = True,
) -> Opened:
    """The session where it was recorded last; at an earlier place where `between` ended the way there.

    The folder stays as it is: `discard` it once the session is recorded elsewhere. Raises SessionFileError as
    `session_file.load` does, and for a session that is open in another window.
    """
    with revival.naming("The session", "it stays where it is"), _locked(folder):
        journal = _Journal(folder)
        store = _values(folder)
        revival.check_code(journal.stored, store, lambda: (journal.columns, journal.rows()))
        session = revival.begin(journal.stored, make_session, store)
        revival.give_logs(session, journal.rows())
        if (folder / CHECKPOINT).is_file():
            # It only saves time: everything follows from the journal, and where it cannot be used that is the way.
            with suppress(Exception):
                stored_checkpoint.keep((folder / CHECKPOINT).read_bytes(), session)
        revival.arrive(session, journal.stored, between, exact)
        return Opened(session, journal.note or revival.note_of(journal.stored, session))


def discard(folder: Path) -> None:
    """Remove what is left of a session. Raises SessionFileError where it is open in another window."""
    with revival.naming("The session", "it stays where it is"):
        with _locked(folder):
            pass
        remove(folder)


class _Journal:
    """What a folder has recorded, as far as it can be read: a line that was being written when it ended is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.note = ""
        """Empty, or what is missing."""
        start, *lines = (folder / JOURNAL).read_bytes().split(b"\n")[:-1]
        header = stored.parse(start)
        self.stored = stored.started(header)
        self.columns = tuple(map(str, stored.given(header, "columns", list)))
        self._columns = len(self.columns)
        self._on = 0
        # By branch: its place at its end, the steps of its own, and the rows that there are for them.
        self._ends: list[int] = []
        self._steps: list[int] = []
        self._rows: list[int] = []
        for line in lines:
            try:
                self._read(stored.parse(line))
            except Exception:
                self.note = "A part of what was recorded is damaged: the session is back up to there."
                break

    def rows(self) -> list[Rows]:
        """The log of each branch, its own steps only."""
        return [self._log(index)[:steps] for index, steps in enumerate(self._steps)]

    def _read(self, line: Any) -> None:
        value = self.stored
        if "branch" in line:
            branch = stored.branch_in(line, stored.given(line, "branch", str))
            if branch.parent is not None and branch.leaves > self._ends[branch.parent]:
                raise ValueError("it leaves its branch behind its end")
            value.branches.append(branch)
            self._on = len(self._ends)
            self._ends.append(branch.leaves)
            self._steps.append(0)
            self._rows.append(len(self._log(self._on)))
            value.branch, value.place = self._on, branch.leaves
        elif "on" in line:
            self._on = range(len(self._ends))[stored.whole(line, "on")]
        elif "at" in line:
            branch, place = line["at"]
            value.branch, value.place = range(len(self._ends))[branch], range(self._ends[branch] + 1)[place]
        elif "measured" in line:
            value.accuracies.append(stored.accuracy_in(line["measured"]))
        elif "names" in line:
            for branch, name in zip(value.branches, line["names"], strict=True):
                branch.name = name
            value.bookmarks = [stored.bookmark_in(one) for one in line["bookmarks"]]
            stored.read_stops(line, value)
        else:
            self._add(stored.entry_in(line, value.cycle))

    def _add(self, entry: stored.Entry) -> None:
        steps = stored.steps_in(entry)
        if self._steps[self._on] + steps > self._rows[self._on]:
            raise ValueError("its log is shorter than its journal")
        self.stored.branches[self._on].entries.append(entry)
        self._steps[self._on] += steps
        self._ends[self._on] += 1 if isinstance(entry, Command) else len(entry)
        self.stored.branch, self.stored.place = self._on, self._ends[self._on]

    def _log(self, branch: int) -> Rows:
        file = self._folder / log_name(branch)
        data = file.read_bytes() if file.is_file() else b""
        whole = len(data) // (4 * self._columns)
        return np.frombuffer(data, "<f4", whole * self._columns).reshape(whole, self._columns).astype(np.float32)


def _values(folder: Path) -> Store:
    """What can still be read: a value that is missed says so itself."""
    store = Store()
    for file in sorted(folder.glob(f"{VALUES}*"), key=lambda one: one.stat().st_mtime_ns):
        with suppress(OSError, ValueError):
            store.take(file.name, file.read_bytes())
    return store


def _is_free(folder: Path) -> bool:
    try:
        FolderLock(folder, shared=True).release()
    except OSError:
        return False
    return True


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if not (folder / JOURNAL).is_file():
        raise SessionFileError("is no longer there: another window has taken it over, or it was removed")
    try:
        lock = FolderLock(folder)
    except BlockingIOError as error:
        raise SessionFileError("is open in another window: go on with it there") from error
    try:
        yield
    finally:
        lock.release()
