"""The journal on disk as it grows: a folder a running session, from which `recovery` has it back after a crash.

What is written is safe from the end of this process, which is what it is for, so nothing is waited for until it has
reached the disk itself. The files are described in resources/FORMAT.md.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.storage import stored, stored_checkpoint
from lenet_gui.engine.storage.folder_lock import FolderLock
from lenet_gui.engine.storage.revival import Rows, shared_steps
from lenet_gui.engine.storage.session_file import CHECKPOINT, VALUES, written_whole
from lenet_gui.engine.storage.stored import SessionFileError
from lenet_gui.protocol import cycle_of

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

JOURNAL = "journal.jsonl"
SPACING = 10.0
"""Seconds of training between two checkpoints on disk: about what a recovery has to go over again."""
SHARE = 0.02
"""Of the time, what writing checkpoints may take: those of a large model come less often."""


_ENCODER = json.JSONEncoder(allow_nan=False)
"""Made once: it is used fifty times a second."""


class Recorder:
    """Brings a session's folder up to date at each `record`: every 20 ms of a run, and after each command by hand.

    The folder is this session's alone, and locked until `close`. Raises SessionFileError where it cannot be written.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self._stopped = False
        # By branch: the commands and the steps that are on disk.
        self._written: list[tuple[int, int]] = []
        self._values = self._measured = 0
        # What somebody who reads the journal up to here would take for the newest.
        self._on = 0
        self._here = (0, 0)
        self._beside: dict[str, list[Any]] = {"names": [], "bookmarks": [], "breakpoints": [], "watches": []}
        # Of the checkpoint on disk: its branch, its place, and from where on it can be used.
        self._checkpoint: tuple[Branch, int, int] | None = None
        self._checkpoint_seconds = 0.0
        self._stale = True
        self._not_before = 0.0
        self._log: tuple[int, IO[bytes]] | None = None
        self._files = ExitStack()
        self._lock: FolderLock | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(folder)
            self._journal = self._files.enter_context((folder / JOURNAL).open("xb", buffering=0))
            self._append([stored.start_of(stored.describe(session)) | {"columns": session.log.names}])
            self._record()
        except OSError as error:
            self.close(keep=True)  # it may be another's
            raise _failed(error) from error

    def record(self) -> None:
        """Add what is new. Raises SessionFileError once, where it cannot: from then on nothing is recorded.

        The folder stays locked, and can be recovered up to there once this process has ended.
        """
        if self._stopped:
            return
        try:
            self._record()
        except OSError as error:
            self._stopped = True
            self._files.close()
            raise _failed(error) from error

    def close(self, keep: bool = False) -> None:
        """Let the folder go, and remove it unless it is kept to be recovered."""
        self._stopped = True
        self._files.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if not keep:
            remove(self.folder)

    # --------------------------------------------------------------------------------------------------- inside

    def _record(self) -> None:
        # Before the commands that speak of them.
        for name, value in self.session.store.items(self._values):
            (self.folder / VALUES).mkdir(exist_ok=True)
            with written_whole(self.folder / VALUES / name, durable=False) as file:
                file.write(value)
            self._values += 1
        lines = self._news()
        here = self.session.branches.index(self.session.branch), len(self.session.journal)
        jumped = here != self._here
        if jumped:
            lines.append({"at": here})
        if len(self.session.accuracies) > self._measured:
            measured = stored.describe(self.session).accuracies
            lines += [{"measured": stored.plain_accuracy(*one)} for one in measured[self._measured :]]
            self._measured = len(measured)
        beside = _beside(self.session)
        if beside != self._beside:
            lines.append(beside)
        if lines:
            self._append(lines)
        self._here, self._beside = here, beside
        self._keep_checkpoint(jumped)

    def _news(self) -> list[dict[str, Any]]:
        """What was done on each branch, after those that it may have grown from."""
        lines: list[dict[str, Any]] = []
        for index, branch in enumerate(self.session.branches):
            if index == len(self._written):
                parent = None if branch.parent is None else self.session.branches.index(branch.parent)
                grows = {"parent": parent, "leaves": branch.leaves, "differs": branch.differs}
                lines.append({"branch": branch.name} | grows)
                self._written.append((branch.leaves, shared_steps(branch)))
                self._beside["names"].append(branch.name)
                self._on, self._here = index, (index, branch.leaves)
            (commands, steps), journal = self._written[index], branch.journal
            if len(journal) == commands:
                continue
            if journal.steps > steps:
                # First, so that no step on disk is without its row.
                self._append_rows(index, branch.log.rows(steps))
            if self._on != index:
                lines.append({"on": index})
            lines += [
                stored.line_of(entry, cycle_of(journal.settings)) for entry in stored.entries_from(journal, commands)
            ]
            self._written[index] = len(journal), journal.steps
            self._on, self._here = index, (index, len(journal))
        return lines

    def _append(self, lines: list[dict[str, Any]]) -> None:
        _write(self._journal, "".join([_ENCODER.encode(line) + "\n" for line in lines]).encode())

    def _append_rows(self, branch: int, rows: Rows) -> None:
        if self._log is None or self._log[0] != branch:
            if self._log is not None:
                self._log[1].close()
            self._log = branch, self._files.enter_context((self.folder / log_name(branch)).open("ab", buffering=0))
        _write(self._log[1], rows.astype("<f4", copy=False).tobytes())

    def _keep_checkpoint(self, jumped: bool) -> None:
        """Write one where the one on disk is old, or lies elsewhere since the session has jumped."""
        session = self.session
        self._stale |= jumped and not self._usable()
        old = abs(session.seconds - self._checkpoint_seconds) >= SPACING
        began = time.perf_counter()
        if not (self._stale or old) or began < self._not_before:
            return
        self._stale, self._checkpoint_seconds = False, session.seconds
        checkpoint, owner = stored_checkpoint.newest(session)
        if checkpoint.place == 0:
            return
        with written_whole(self.folder / CHECKPOINT, durable=False) as file:
            file.write(stored_checkpoint.to_bytes(checkpoint, owner, session))
        self._checkpoint = session.branches[owner], checkpoint.place, checkpoint.usable_from
        now = time.perf_counter()
        self._not_before = now + (now - began) / SHARE

    def _usable(self) -> bool:
        """Whether a recovery could start from the checkpoint on disk; the rule is `History.start_for`'s."""
        if self._checkpoint is None:
            return False
        owner, at, usable_from = self._checkpoint
        branch, place = self.session.branch, len(self.session.journal)
        step = next((at for at, command in branch.journal.backwards(place) if command.name == "step"), place)
        return at <= step and usable_from <= min(branch.limits().get(owner, -1), place)


def log_name(branch: int) -> str:
    """Of the file with a branch's rows."""
    return f"log-{branch}.f32"


def remove(folder: Path) -> None:
    """Without a journal it is no session's folder any more, however far this comes."""
    (folder / JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _beside(session: Session) -> dict[str, list[Any]]:
    """What stands beside the commands: the names of the branches, bookmarks, breakpoints and watches."""
    bookmarks = [
        {"branch": session.branches.index(one.branch), "place": one.place, "note": one.note}
        for one in session.bookmarks
    ]
    names = [branch.name for branch in session.branches]
    return {"names": names, "bookmarks": bookmarks, **stored.plain_stops(*stored.stops_of(session))}


def _write(file: IO[bytes], data: bytes) -> None:
    # Without a buffer a write may stop half-way, on a disk that is just getting full.
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _failed(error: OSError) -> SessionFileError:
    return SessionFileError(
        f"The session is not recorded any more ({error.strerror or error}): save it, or a crash would lose it."
    )
