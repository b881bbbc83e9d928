"""Keeps a runner's sessions: records each one as it grows, saves and opens files, and offers back what was left.

How a session lies on the disk is `session_file`'s and `recorder`'s to know, what is done with it the runner's.
"""

from __future__ import annotations

import json
import platform
import secrets
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from lenet_gui.channel import Channel
from lenet_gui.engine.export.script import write_script
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage import recovery, session_file
from lenet_gui.engine.storage.recorder import Recorder
from lenet_gui.engine.storage.revival import MakeSession, Opened, OtherNumbers
from lenet_gui.engine.storage.stored import SessionFileError, versions
from lenet_gui.protocol import (
    Budget,
    BudgetReply,
    BudgetRequest,
    ExportReport,
    ExportScript,
    ForgetSession,
    Line,
    Notice,
    Offer,
    OpenSession,
    Progress,
    RecoverSession,
    SaveSession,
    SetBudget,
)

Writing = SaveSession | ExportScript | ExportReport | ForgetSession

ENDED_WELL = "closed"
"""The name of the file that tells a session that was closed from one that crashed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that was on the disk, and how it is to go on: its file (empty: none), and whether its bits are sure."""

    session: Session
    file: str
    exact: bool


class Keeper:
    """Records in folders of `root`; where that is `None`, nowhere."""

    def __init__(self, channel: Channel, root: Path | None) -> None:
        self._channel = channel
        self._root = root
        self._session: Session | None = None
        self._recorder: Recorder | None = None
        self._saved: object = None
        self._recovered: Path | None = None
        self._budget = Budget()
        self.file = ""
        """Where the session was saved or opened last; empty where it never was."""

    @property
    def unsaved(self) -> bool:
        """Whether something was done that no file has."""
        return self._session is not None and _content(self._session) != self._saved

    def begin(self, session: Session, file: str = "") -> None:
        """Record this session from now on, and the one before no longer."""
        self.end(keep=False)
        self._session, self.file = session, file
        session.history.limit(self._budget)
        self._saved = None if self._recovered else _content(session)
        if self._root is None:
            return
        try:
            name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(3)}"
            self._recorder = Recorder(session, self._root / name)
            if self._recovered is not None:
                recovery.discard(self._recovered)
                self._recovered = None
        except SessionFileError as error:
            self._tell(error)

    def record(self) -> None:
        """Bring the disk up to date."""
        if self._recorder is None:
            return
        try:
            self._recorder.record()
        except SessionFileError as error:  # once; its folder stays, with what it has
            self._tell(error)

    def budget(self, message: SetBudget | BudgetRequest) -> BudgetReply:
        """What the checkpoints take. A new budget holds for this session and for every later one. Raises ValueError."""
        assert self._session is not None
        history = self._session.history
        if isinstance(message, SetBudget):
            if min(message.budget.memory, message.budget.disk) < 0:
                raise ValueError("checkpoints cannot take less than nothing: choose a budget of 0 bytes or more")
            self._budget = message.budget
            history.limit(message.budget)
        failed = history.far.failed
        id = message.id if isinstance(message, BudgetRequest) else 0
        return BudgetReply(id, self._budget, history.bytes, history.far.bytes, failed)

    def end(self, keep: bool = True) -> None:
        """Let the session go. What no file has of it is kept to be offered at the next start."""
        self.record()
        if self._recorder is not None:
            kept = keep and self.unsaved
            if kept:
                with suppress(OSError):
                    (self._recorder.folder / ENDED_WELL).touch()
            self._recorder.close(kept)
            self._recorder = None

    def look_for_what_was_left(self) -> None:
        """Offer the newest session that nobody saved."""
        left = [] if self._root is None else recovery.abandoned(self._root)
        if not left:
            return
        newest = left[0]
        when = time.strftime("%d %B, %H:%M", time.localtime((newest / "journal.jsonl").stat().st_mtime))
        closed = (newest / ENDED_WELL).exists()
        words = f"It is of {when}. " + ("It was not saved." if closed else "The program ended without closing it.")
        title = "There is a session from before"
        offers = Offer("Go on with it", RecoverSession(str(newest))), Offer("Forget it", ForgetSession(str(newest)))
        self._channel.give(Notice("recovery", title, words, "It stays until you choose.", offers=offers))

    # ------------------------------------------------------------------------------------------------ what is asked

    def do(self, message: Writing) -> str:
        """What was done, in words. Raises ValueError with the reason why not; then all is as before."""
        assert self._session is not None
        match message:
            case SaveSession(path):
                self._session.save(path)
                self.file, self._saved = path, _content(self._session)
                return f"saved as {path}"
            case ExportScript(path) | ExportReport(path):
                write = write_script if isinstance(message, ExportScript) else write_report
                try:
                    write(self._session, Path(path))
                except OSError as error:
                    words = error.strerror or error
                    raise SessionFileError(f"{path} cannot be written ({words}): choose another folder.") from error
                self._channel.give(Line("note", "", f"Written: {path}"))
                return f"written as {path}"
            case ForgetSession(folder):
                if self._root is None or Path(folder).parent != self._root:
                    raise SessionFileError(f"{folder} is no session of this program.")
                recovery.discard(Path(folder))
                return "forgotten"

    def bring(self, message: OpenSession | RecoverSession, make_model: Callable[[], nn.Module] | None) -> Kept | None:
        """A session from the disk; `None` where it was cancelled, or was said why it cannot be had.

        Raises SessionFileError, and of its kinds CodeNotAllowed.
        """
        make_session = partial(Session, make_model=make_model)
        match message:
            case OpenSession(path, exact):
                load = partial(session_file.load, path)
                return self._bring(load, make_session, exact, Path(path).name, path)
            case RecoverSession(folder, exact):
                load = partial(recovery.recover, Path(folder))
                kept = self._bring(load, make_session, exact, "the session from before", "")
                # Not before it is recorded anew.
                self._recovered = Path(folder) if kept is not None else None
                return kept

    def _bring(
        self, load: Callable[..., Opened], make_session: MakeSession, exact: bool, name: str, file: str
    ) -> Kept | None:
        """Gone over again as far as it has to be, with its progress; it can be cancelled."""

        def between(*_: Any) -> bool:
            self._channel.give(Progress(f"Opening {name}", 0, 0))
            return not self._channel.pausing

        try:
            opened = load(make_session, between, exact)
        except OtherNumbers as error:
            again = OpenSession(file, exact=False) if file else None
            offers = (Offer("Open it as approximate", again),) if again else ()
            self._channel.give(Notice("differs", f"{name} comes out otherwise here", str(error), "", offers=offers))
            return None
        finally:
            self._channel.give(Progress("", 1, 1))
        if self._channel.pausing:
            self._channel.give(Notice("note", f"{name} was not opened", "It was cancelled.", "Nothing has changed."))
            return None
        if opened.note:
            self._channel.give(Notice("note", f"{name} was made elsewhere", opened.note, ""))
        return Kept(opened.session, file, exact)

    def _tell(self, error: SessionFileError) -> None:
        advice = "Training goes on. Save the session to keep it."
        self._channel.give(Notice("note", "This session is not recorded", str(error), advice))


def write_report(session: Session, path: Path) -> None:
    """The session, its script and the versions, in one file. Raises OSError, SessionFileError."""
    with tempfile.TemporaryDirectory() as folder:
        session.save(Path(folder) / "run.lenet")
        try:
            write_script(session, Path(folder) / "run.py")
        except ValueError as error:  # what cannot be told as a script is a fault too
            (Path(folder) / "run.py").write_text(f"# {error}\n", encoding="utf-8")
        told = json.dumps(versions(session) | {"platform": platform.platform()}, indent=1)
        (Path(folder) / "versions.json").write_text(told, encoding="utf-8")
        with session_file.written_whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in sorted(Path(folder).iterdir()):
                archive.write(member, member.name)


def _content(session: Session) -> object:
    """What a file would have: equal where nothing was done since. Where one is does not count."""
    branches = tuple((branch.name, len(branch.journal)) for branch in session.branches)
    return branches, tuple((mark.branch.name, mark.place, mark.note) for mark in session.bookmarks)
