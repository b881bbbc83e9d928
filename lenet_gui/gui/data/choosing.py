"""What the list of data in the settings bar opens, and what comes of it. The dialogs are imported when wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMainWindow

from lenet_gui.gui.window.run_settings import SettingsBar
from lenet_gui.protocol import Frame, Reply
from lenet_gui.protocol.data import ErrandEnded, ErrandProgress, ImagesPreview

if TYPE_CHECKING:
    from lenet_gui.gui.data.missing import MissingDialog
    from lenet_gui.gui.data.own_images import OwnImagesDialog

OWN = "images:"
"""What settings call own images, with a hash behind it."""


class ChoosingData(QObject):
    """One dialog at a time: the worker does one errand at a time."""

    asked = Signal(object)
    """An errand for the worker."""

    def __init__(self, window: QMainWindow, settings_bar: SettingsBar) -> None:
        super().__init__(window)
        self._window, self._settings_bar = window, settings_bar
        self._frame: Frame | None = None
        self._open: MissingDialog | OwnImagesDialog | None = None
        self._show_preview: Callable[[ImagesPreview], None] | None = None
        settings_bar.data_asked.connect(self.choose)

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame

    def show_reply(self, reply: Reply) -> None:
        """Errands are not of any panel."""
        if isinstance(reply, ErrandEnded):
            self._settings_bar.show_data(reply.choices)
            if self._open is not None:
                self._open.show_end(reply)
        elif isinstance(reply, ErrandProgress) and self._open is not None:
            self._open.show_progress(reply)
        elif isinstance(reply, ImagesPreview) and self._show_preview is not None:
            self._show_preview(reply)

    @Slot(str)
    def choose(self, what: str) -> None:
        """`own`, `prepare`, or the name of data whose files are not here yet."""
        if self._open is not None:
            self._open.activateWindow()
        elif what == "prepare":
            self._prepare()
        elif what == "own":
            self._own()
        else:
            self._missing(what)

    def _missing(self, name: str) -> None:
        from lenet_gui.gui.data.missing import MissingDialog

        dialog = MissingDialog(name, self._settings_bar.data_label(name), self._window)
        dialog.accepted.connect(lambda: self._settings_bar.want(data=name))
        self._show(dialog)

    def _own(self) -> None:
        from lenet_gui.gui.data.own_images import OwnImagesDialog

        dialog = OwnImagesDialog(self._window)
        dialog.taken.connect(lambda data, options: self._settings_bar.want(data=data, **options))
        self._show(dialog)
        self._show_preview = dialog.show_preview

    def _prepare(self) -> None:
        from lenet_gui.gui.data.preparing import PreparingDialog

        settings = self._settings_bar.wanted()
        if settings is None or self._frame is None:
            return
        dialog = PreparingDialog(settings, settings.data.startswith(OWN), self._frame.prepared, self._window)
        want = self._settings_bar.want
        dialog.accepted.connect(lambda: want(data=settings.data, **dialog.fields.options()))
        dialog.open()

    def _show(self, dialog: MissingDialog | OwnImagesDialog) -> None:
        self._open = dialog
        dialog.asked.connect(self.asked)
        dialog.finished.connect(self._closed)
        dialog.show()

    @Slot()
    def _closed(self) -> None:
        self._open = self._show_preview = None
