"""What the window tells about itself when somebody asks: its keys, its log, its versions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import Ready


class Help(QObject):
    """Opens what stands in the Help menu."""

    def __init__(self, window: QMainWindow, actions: Actions, preferences: Preferences, log_folder: Path) -> None:
        super().__init__(window)
        self._window, self._actions, self._preferences = window, actions, preferences
        self._log_folder = log_folder
        self._ready: Ready | None = None

    def doings(self) -> dict[str, Callable[[], object]]:
        """What the actions of these names do."""
        return {"show_shortcuts": self._show_shortcuts, "open_log": self._open_log, "about": self._about}

    def show_ready(self, ready: Ready) -> None:
        self._ready = ready

    # Dialogs are imported when one is wanted: the first paint must not wait for them.
    def _show_shortcuts(self) -> None:
        from lenet_gui.gui.window.dialogs import ShortcutsDialog

        ShortcutsDialog(self._actions, self._preferences, self._window).show()

    def _open_log(self) -> None:
        from lenet_gui.gui.window.dialogs import open_folder

        open_folder(self._log_folder)

    def _about(self) -> None:
        from lenet_gui.gui.window.dialogs import about_box

        about_box(self._window, self._ready).open()
