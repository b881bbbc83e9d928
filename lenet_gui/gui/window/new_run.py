"""Starting over: a new run with other settings, and the question before it where a run would be lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMainWindow

from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Frame, NewRun
from lenet_gui.settings import Settings


class StartingOver(QObject):
    """Starts a new run when the action or a choice in the settings bar wants one."""

    asked = Signal(object)
    """The `NewRun` for the worker."""

    def __init__(self, window: QMainWindow, settings_bar: SettingsBar, notices: NoticeArea) -> None:
        super().__init__(window)
        self._settings_bar, self._notices = settings_bar, notices
        self._frame: Frame | None = None
        settings_bar.new_run_wanted.connect(self._ask)

    def doings(self) -> dict[str, Callable[[], object]]:
        """What the action of this name does."""
        return {"new_run": self._pressed}

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame

    def _pressed(self) -> None:
        settings = self._settings_bar.wanted()
        if settings is not None:
            self._ask(settings)

    @Slot(object)
    def _ask(self, settings: Settings) -> None:
        """Nothing is asked where nothing was done yet."""
        frame = self._frame
        if frame is None or frame.place.commands == 0:
            self._start(settings)
            return
        steps = f"{frame.step:,} step{'' if frame.step == 1 else 's'}"
        self._notices.ask(
            "Start a new run?",
            f"It begins with new weights from seed {settings.seed}, on {settings.data}. This run ({steps}) is dropped.",
            ("Start a new run", lambda: self._start(settings)),
            self._settings_bar.forget_wanted,
        )

    def _start(self, settings: Settings) -> None:
        self.asked.emit(NewRun(settings))
        self._settings_bar.forget_wanted()
