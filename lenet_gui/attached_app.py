"""The window that somebody's own training loop opens: the program's, with the loop behind it instead of an engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication

from lenet_gui.app import Look, Program, application
from lenet_gui.engine_process import EngineProcess
from lenet_gui.gui.window.preferences import folder
from lenet_gui.protocol import Notice
from lenet_gui.window_process import LoopBehind

OVER = "the loop has ended, or goes on without this window"


class AttachedProgram(Program):
    """Stays when the loop's process is done with it: what was seen last can still be looked at."""

    def __init__(
        self,
        app: QApplication,
        look: Look,
        kept_in: Path,
        script: str,
        streams: tuple[BinaryIO, BinaryIO] | None = None,
    ) -> None:
        """`script` is what the loop is called; `streams` as `LoopBehind` has them."""
        self._streams = streams
        super().__init__(app, look, kept_in)
        self.window.files.title = f"{script}, attached – {self.window.files.title}"
        self.window.setWindowTitle(self.window.files.title)

    def _new_engine(self, runs: int = 0) -> EngineProcess | LoopBehind:  # noqa: ARG002
        return LoopBehind(self._engine_ended.emit, self._streams)

    @Slot(str)
    def _restart(self, how: str) -> None:  # noqa: ARG002
        """There is nothing to start again."""
        if self._ended:
            return
        self.bridge.finish()
        frame = self.window.frame
        if frame is not None:
            reason = frame.reason if "has ended" in frame.reason else OVER
            last = replace(frame, running=False, allowed=(), remaining=None, reason=reason)
            self.window.show_frame(last)
            self.window.show_numbers(last)
        self.window.show_notice(Notice("note", "Nothing is behind this window any more", f"{OVER.capitalize()}.", ""))


def run(script: str, look: Look) -> int:
    """Open the window for a script of this name, and stay until it is closed. Returns the exit code."""
    app = application([])
    program = AttachedProgram(app, look, folder(), script)
    program.start()
    code = app.exec()
    program.end()
    return code
