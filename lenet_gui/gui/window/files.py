"""Sessions as files: which file, asked in dialogs, and which were used lately. Reading and writing is the worker's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import ExportReport, ExportScript, Frame, Notice, OpenSession, SaveSession

MOST = 8
_SESSIONS = "Sessions (*.lenet)"
_SCRIPTS = "Python scripts (*.py)"
_REPORTS = "Reports (*.zip)"


class Files(QObject):
    """Saves, opens and exports. It says in the window's title which file the session is in, and whether it is saved."""

    asked = Signal(object)

    def __init__(self, window: QMainWindow, notices: NoticeArea, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._notices, self._preferences = window, notices, preferences
        self.title = window.windowTitle()
        self._frame: Frame | None = None
        self.recent = QMenu("Open recent", window)
        self.recent.setObjectName("recent_menu")
        self.recent.setToolTipsVisible(True)
        self._list_recent()

    def doings(self) -> dict[str, Callable[[], object]]:
        """What the actions of these names do."""
        return {
            "save": self.save,
            "save_as": self.save_as,
            "open": self.choose,
            "export_script": self.export_script,
            "export_report": self.export_report,
            "save_picture": lambda: self._ask_where("Save picture", "lenet.png", "PNG (*.png)", self.save_picture),
        }

    def show_frame(self, frame: Frame) -> None:
        before, self._frame = self._frame, frame
        if before is None or (before.file, before.unsaved) != (frame.file, frame.unsaved):
            name = Path(frame.file).name if frame.file else "not saved" if frame.unsaved else ""
            mark = "*" if frame.unsaved and frame.file else ""
            self._window.setWindowTitle(f"{name}{mark} – {self.title}" if name else self.title)
        if frame.file and (before is None or before.file != frame.file):
            self._remember(frame.file)

    def save(self) -> None:
        """Into the file that the session is in; asked for where it is in none."""
        if self._frame is not None and self._frame.file:
            self.asked.emit(SaveSession(self._frame.file))
        else:
            self.save_as()

    def save_as(self) -> None:
        self._ask_where("Save the session", "run.lenet", _SESSIONS, lambda path: self.asked.emit(SaveSession(path)))

    def export_script(self) -> None:
        """What was done up to here as plain PyTorch."""
        self._ask_where("Export as a script", "run.py", _SCRIPTS, lambda path: self.asked.emit(ExportScript(path)))

    def export_report(self) -> None:
        """Session, script and versions, for somebody who is to find a fault."""
        self._ask_where("Report a fault", "report.zip", _REPORTS, lambda path: self.asked.emit(ExportReport(path)))

    def save_picture(self, path: str) -> bool:
        """Write the window as a PNG. Where that fails a notice says so, and `False` comes back."""
        saved = self._window.grab().save(path, "PNG")
        if not saved:
            advice = "Choose another place, or make room on the disk."
            notice = Notice("note", "The picture was not saved", f"{path} cannot be written", advice)
            self._notices.show_notice(notice)
        return saved

    def choose(self) -> None:
        # Imported when it is wanted: the first paint must not wait for it.
        from lenet_gui.gui.window.dialogs import ask_for_file

        ask_for_file(self._window, "Open a session", self.folder(), _SESSIONS, self.open, new=False)

    def open(self, path: str) -> None:
        """Unsaved work is not dropped without a word."""
        if self._frame is None or not self._frame.unsaved:
            self.asked.emit(OpenSession(path))
            return
        self._notices.ask(
            f"Open {Path(path).name}?",
            f"This session ({self._frame.step:,} steps) has not been saved, and is dropped. Save it first to keep it.",
            ("Open it", lambda: self.asked.emit(OpenSession(path))),
            lambda: None,
        )

    # --------------------------------------------------------------------------------------------------- inside

    def _ask_where(self, title: str, name: str, kinds: str, then: Callable[[str], object]) -> None:
        from lenet_gui.gui.window.dialogs import ask_for_file

        ask_for_file(self._window, title, str(Path(self.folder()) / name), kinds, then)

    def folder(self) -> str:
        """Where the last file was, or the user's own folder."""
        used = self.used()
        return str(Path(used[0]).parent) if used and Path(used[0]).parent.is_dir() else str(Path.home())

    def used(self) -> list[str]:
        try:
            found = json.loads(self._preferences.text("recent", "[]"))
        except ValueError:  # edited by hand
            return []
        return [one for one in found if isinstance(one, str)][:MOST] if isinstance(found, list) else []

    def _remember(self, path: str) -> None:
        used = [path, *(one for one in self.used() if one != path)][:MOST]
        self._preferences.set("recent", json.dumps(used))
        self._list_recent()

    def _list_recent(self) -> None:
        self.recent.clear()
        for path in self.used():
            action = QAction(Path(path).name.replace("&", "&&"), self.recent)
            action.setToolTip(path)
            action.triggered.connect(lambda _=False, path=path: self.open(path))
            self.recent.addAction(action)
        self.recent.setEnabled(bool(self.recent.actions()))
