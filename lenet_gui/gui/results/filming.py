"""Takes a film: goes to one step after the other, waits until the panel shows it, and takes a picture. Then back."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from lenet_gui.gui.panel import Panel
from lenet_gui.gui.results.film_dialog import Film
from lenet_gui.gui.results.gif import picture, write_gif
from lenet_gui.protocol import Frame, Place, Reply, Seek

SETTLE = 40
"""Milliseconds after the last answer that a panel has to lay itself out and paint."""
PATIENCE = 5000
"""Milliseconds that an answer may take. One that a newer one has replaced never comes."""


class Filming(QObject):
    """One film. The window is blocked meanwhile, but for the button that cancels."""

    asked = Signal(object)
    ended = Signal(str)
    """With what went wrong; empty where it was written, or cancelled."""

    def __init__(self, film: Film, panel: Panel, frame: Frame, parent: QWidget) -> None:
        super().__init__(parent)
        self._film, self._panel, self._origin = film, panel, frame.place
        self._pictures: list[Image.Image] = []
        self._waiting: set[int] = set()
        self._arrived = self._over = False
        self._settled, self._patience = QTimer(self), QTimer(self)
        for timer, milliseconds, then in (
            (self._settled, SETTLE, self._take),
            (self._patience, PATIENCE, self._take),
        ):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)
            timer.timeout.connect(then)
        self.progress = QProgressDialog("", "Cancel", 0, len(film.steps), parent)
        self.progress.setObjectName("film_progress")
        self.progress.setWindowTitle("Film of a panel")
        self.progress.setWindowModality(Qt.WindowModality.WindowModal)
        self.progress.setMinimumDuration(0)
        self.progress.setAutoClose(False)
        self.progress.setAutoReset(False)
        self.progress.canceled.connect(lambda: self._end(""))

    def start(self) -> None:
        self._panel.asked.connect(self._asks)
        self._go()

    def show_frame(self, frame: Frame) -> None:
        """A frame that the panel has been shown."""
        if self._over or frame.running or "run" not in frame.allowed:
            return
        if frame.step == self._film.steps[len(self._pictures)] and not self._arrived:
            self._arrived = True
            self._patience.start()
            self._settle()
        elif frame.reason == "refused":
            self._end(f"Step {self._film.steps[len(self._pictures)]:,} could not be gone to.")

    def show_reply(self, reply: Reply) -> None:
        self._waiting.discard(getattr(reply, "id", 0))
        self._settle()

    def _asks(self, message: object) -> None:
        if (number := getattr(message, "id", None)) is not None:
            self._waiting.add(number)
            self._settled.stop()

    def _settle(self) -> None:
        if self._arrived and not self._waiting and not self._over:
            self._settled.start()

    def _go(self) -> None:
        step = self._film.steps[len(self._pictures)]
        self.progress.setLabelText(f"Step {step:,}")
        self.progress.setValue(len(self._pictures))
        self._arrived = False
        self._waiting.clear()
        self.asked.emit(Seek(step, self._origin.branch))

    def _take(self) -> None:
        if self._over:
            return
        self._settled.stop()
        self._patience.stop()
        self._pictures.append(picture(self._panel.grab().toImage()))
        if len(self._pictures) < len(self._film.steps):
            self._go()
            return
        try:
            write_gif(Path(self._film.path), self._pictures, self._film.rate)
        except OSError as error:
            self._end(f"{self._film.path} cannot be written ({error.strerror or error}): choose another folder.")
        else:
            self._end("")

    def _end(self, problem: str) -> None:
        if self._over:
            return
        self._over = True
        self._settled.stop()
        self._patience.stop()
        self._panel.asked.disconnect(self._asks)
        self.progress.close()
        self.progress.deleteLater()
        self.asked.emit(_to(self._origin))
        self.ended.emit(problem)


def _to(place: Place) -> Seek:
    return Seek(None, place.branch, place.commands, place.item)
