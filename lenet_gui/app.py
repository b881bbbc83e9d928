"""The composition root: builds the window, starts the engine, joins the two, and ends both in order."""

# ruff: noqa: E402 (the collector is switched off before the imports)
from __future__ import annotations

import gc
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# The collector would walk all that is imported, again and again, before the first paint. `GarbageCollector` takes over.
gc.disable()

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from lenet_gui import __version__, resources
from lenet_gui.engine_process import EngineProcess
from lenet_gui.faults import Faults
from lenet_gui.gui import theme
from lenet_gui.gui.bridge import Bridge, GarbageCollector
from lenet_gui.gui.window.preferences import Preferences, folder
from lenet_gui.gui.window.window import Window
from lenet_gui.protocol import Notice
from lenet_gui.window_process import LoopBehind

_DRAWING = ("plots", "race", "range_test", "compare")
"""The panels that need pyqtgraph."""
_UNSEEN = 1000
"""Milliseconds after which a window that is not painted is loaded anyway."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the window is to look, where it is not as it was left: a theme by name, a size in pixels."""

    scheme: str = ""
    size: tuple[int, int] | None = None


class Program(QObject):
    """The window and the engine, from the first paint to the end. Choices and the log are `kept_in` a folder."""

    loaded = Signal()
    """Every panel is in its place, and the first step can be taken."""
    failed = Signal(object)
    """Something that should not happen did, in whichever thread: its `Notice`."""
    _engine_ended = Signal(str)

    def __init__(self, app: QApplication, look: Look, kept_in: Path) -> None:
        super().__init__()
        self.preferences = Preferences(kept_in)
        self.faults = Faults(kept_in)
        theme.apply(app, look.scheme or _known(self.preferences.text("theme", "system")))
        self._sessions = kept_in / "sessions"
        self.engine = self._new_engine()
        # First of all: it loads PyTorch while the window is made.
        self.engine.start()
        self.bridge = Bridge(self.engine)
        self.garbage = GarbageCollector()
        self.window = Window(self.preferences, kept_in)
        if look.size is not None:
            self.window.resize(*look.size)
        self._join()
        self._to_load: list[str] = []
        self._loading = False
        self._ended = False

    def start(self) -> None:
        """Show the window and paint it; only then begin with what takes seconds."""
        self.window.painted.connect(self._load, Qt.ConnectionType.QueuedConnection)
        # A window that nobody sees, because it starts minimised, is not painted.
        QTimer.singleShot(_UNSEEN, self, self._load)
        self.window.show()

    def end(self) -> None:
        """Refuse new commands, end the engine, and let everything go. The program may be closing in mid-import."""
        if self._ended:
            return
        self._ended = True
        self._to_load.clear()
        self.bridge.close()
        self.window.hide()
        if not self.engine.join():
            # It hung inside a call that cannot be interrupted. Nothing of the person's is lost: it is recorded.
            self.faults.write("The engine did not end, and was killed.")
        self.garbage.close()
        self.faults.remove()

    def _join(self) -> None:
        bridge, window, queued = self.bridge, self.window, Qt.ConnectionType.QueuedConnection
        for signal, slot in (
            (bridge.ready, window.show_ready),
            (bridge.choices, window.settings_bar.show_choices),
            (bridge.frame, window.show_frame),
            (bridge.numbers, window.show_numbers),
            (bridge.reply, window.show_reply),
            (bridge.race, window.show_race),
            (bridge.watched, window.show_watched),
            (bridge.lines, window.add_lines),
            (bridge.series, window.add_series),
            (bridge.progress, window.status.show_progress),
            (bridge.accuracy, window.status.show_accuracy),
            (bridge.notice, window.show_notice),
            (window.asked, bridge.send),
            (window.paused, bridge.pause),
        ):
            signal.connect(slot)
        bridge.frame.connect(self._load_plots, queued)
        bridge.notice.connect(self.faults.record)
        # Faults may happen in any thread.
        self.faults.happened.connect(window.show_notice, queued)
        self.faults.happened.connect(self._on_notice, queued)
        bridge.notice.connect(self._on_notice)
        window.closing.connect(self.end)
        self._engine_ended.connect(self._restart, queued)

    def _new_engine(self, runs: int = 0) -> EngineProcess | LoopBehind:
        return EngineProcess(self._sessions, runs, self._engine_ended.emit)

    @Slot(str)
    def _restart(self, how: str) -> None:
        """The engine has ended by itself, in PyTorch or for want of memory: what it recorded is offered by the next."""
        if self._ended:
            return
        frame = self.window.frame
        again = "It has been started again." if frame is not None else "Close the program and start it again."
        notice = Notice("failed", "The engine has ended", f"{how} {again}", "What was recorded is offered.")
        self.faults.record(notice)
        self.failed.emit(notice)
        self.window.show_notice(notice)
        if frame is not None:
            self.engine = self._new_engine(frame.run)
            self.bridge.join(self.engine)
            self.engine.start()

    @Slot(object)
    def _on_notice(self, notice: Notice) -> None:
        if notice.kind == "failed":
            self.failed.emit(notice)

    @Slot()
    def _load(self) -> None:
        if self._loading or self._ended:
            return
        self._loading = True
        problems = [problem for problem in (self.preferences.problem(), self.faults.problem) if problem]
        if problems:
            self.window.show_notice(Notice("note", "Choices will not be remembered", "", problems[0]))
        self._to_load = [name for name in self.window.empty_docks() if name not in _DRAWING]
        QTimer.singleShot(0, self, self._load_next)

    @Slot()
    def _load_next(self) -> None:
        # One panel a turn of the event loop, so that the window answers in between.
        if self._to_load:
            self.window.load_panel(self._to_load.pop(0))
            QTimer.singleShot(0, self, self._load_next)
        elif not self._ended:
            self.bridge.start()

    @Slot()
    def _load_plots(self) -> None:
        # pyqtgraph takes a third of a second of the interpreter's time: the worker needs it first, for torch.
        if not self._ended and "plots" not in self.window.panels:
            for name in _DRAWING:
                self.window.load_panel(name)
            self.garbage.spare_what_is_loaded()
            self.loaded.emit()


def run(arguments: list[str], look: Look = Look(), model: tuple[str, str] | None = None) -> int:
    """Open the program, with a `model` of one's own (path and class), and stay until it is closed. The exit code."""
    app = application(arguments)
    program = Program(app, look, folder())
    if model is not None:
        program.loaded.connect(lambda: program.window.models.open(*model))
    program.start()
    code = app.exec()
    program.end()
    return code


def application(arguments: list[str]) -> QApplication:
    """The one QApplication of the process, with its name and icon."""
    existing = QApplication.instance()
    app = (
        existing if isinstance(existing, QApplication) else QApplication([sys.argv[0], "-style", "fusion", *arguments])
    )
    app.setApplicationName("lenet-gui")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("lenet-gui")
    # An incomplete copy still runs; what it misses is told where it is needed.
    with suppress(FileNotFoundError):
        app.setWindowIcon(QIcon(str(resources.path("lenet-gui.svg"))))
    return app


def _known(scheme: str) -> str:
    return scheme if scheme in theme.SCHEMES else "system"
