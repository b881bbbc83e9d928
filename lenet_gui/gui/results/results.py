"""The File menu's Export: which file, asked in dialogs. What a run is written as is the worker's to do.

Pictures and films of panels are the window's own; how those are made is in `panel_picture` and `filming`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMainWindow

from lenet_gui.gui.panel import Panel
from lenet_gui.gui.window.files import Files
from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.protocol import Frame, Notice, Reply
from lenet_gui.protocol.results import ExportRun, LoadWeights

if TYPE_CHECKING:
    from lenet_gui.gui.results.film_dialog import Film
    from lenet_gui.gui.results.filming import Filming

_WEIGHTS = "safetensors (*.safetensors);;PyTorch (*.pt)"
_ANY_WEIGHTS = "Weights (*.safetensors *.pt *.pth)"
EXPORTS = {
    "export_weights": ("weights", "Export the weights", "weights.safetensors", _WEIGHTS),
    "export_onnx": ("onnx", "Export as ONNX", "model.onnx", "ONNX (*.onnx)"),
    "export_csv": ("csv", "Export the log", "metrics.csv", "CSV (*.csv)"),
    "export_page": ("page", "Export a report of the run", "run.html", "HTML (*.html)"),
}
"""By the action: the kind of `ExportRun`, the dialog's title, the name that is suggested, the kinds of files."""


class Results(QObject):
    """Lives as long as its window."""

    asked = Signal(object)

    def __init__(
        self,
        window: QMainWindow,
        files: Files,
        notices: NoticeArea,
        panels: Mapping[str, Panel],
        docks: Mapping[str, QDockWidget],
    ) -> None:
        super().__init__(window)
        self._window, self._files, self._notices, self._panels, self._docks = window, files, notices, panels, docks
        self._frame: Frame | None = None
        self._filming: Filming | None = None

    def doings(self) -> dict[str, Callable[[], object]]:
        """What the actions of these names do."""
        return {
            **{name: partial(self._export, *asked) for name, asked in EXPORTS.items()},
            "export_tensorboard": self._export_tensorboard,
            "load_weights": self._load_weights,
            "export_panel": self._export_panel,
            "export_film": self._export_film,
        }

    def show_frame(self, frame: Frame) -> None:
        """To be called behind the panels, which then have asked what they want to know."""
        self._frame = frame
        if self._filming is not None:
            self._filming.show_frame(frame)

    def show_reply(self, reply: Reply) -> None:
        if self._filming is not None:
            self._filming.show_reply(reply)

    # ------------------------------------------------------------------------------------------------ of the run

    def _export(self, kind: str, title: str, name: str, kinds: str) -> None:
        from lenet_gui.gui.window.dialogs import ask_for_file

        def chosen(path: str) -> None:
            self.asked.emit(ExportRun(kind, path))

        dialog = ask_for_file(self._window, title, self._beside(name), kinds, chosen)
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_suffix(kind)))

    def _export_tensorboard(self) -> None:
        dialog = QFileDialog(self._window, "A folder for TensorBoard", self._beside(""))
        dialog.setObjectName("file_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self.asked.emit(ExportRun("tensorboard", path)))
        dialog.open()

    def _load_weights(self) -> None:
        from lenet_gui.gui.window.dialogs import ask_for_file

        def chosen(path: str) -> None:
            self.asked.emit(LoadWeights(path))

        ask_for_file(self._window, "Load weights", self._beside(""), _ANY_WEIGHTS, chosen, new=False)

    def _beside(self, name: str) -> str:
        return str(Path(self._files.folder()) / name)

    # ------------------------------------------------------------------------------------------------- of a panel

    def _export_panel(self) -> None:
        from lenet_gui.gui.results.panel_picture import ask_for_panel

        ask_for_panel(self._window, self._seen(), self._beside(""), self._write_picture)

    def _write_picture(self, panel: Panel, path: str) -> None:
        from lenet_gui.gui.results.panel_picture import write_picture

        try:
            write_picture(panel, Path(path))
        except OSError as error:
            self._tell("The picture was not saved", error, path)

    def _export_film(self) -> None:
        from lenet_gui.gui.results.film_dialog import FilmDialog

        if self._frame is None or self._filming is not None or "seek" not in self._frame.allowed:
            return
        dialog = FilmDialog(self._frame, self._titles(), self._beside("run.gif"), self._window)
        dialog.wanted.connect(self._film)
        dialog.open()

    def _film(self, film: Film) -> None:
        from lenet_gui.gui.results.filming import Filming

        assert self._frame is not None
        dock = self._docks[film.panel]
        dock.show()
        dock.raise_()
        filming = self._filming = Filming(film, self._panels[film.panel], self._frame, self._window)
        filming.asked.connect(self.asked)
        filming.ended.connect(self._filmed)
        filming.start()

    def _filmed(self, problem: str) -> None:
        if self._filming is not None:
            self._filming.deleteLater()
        self._filming = None
        if problem:
            self._notices.show_notice(Notice("note", "There is no film", problem, "You are where you were."))

    def _titles(self) -> dict[str, str]:
        return {name: self._docks[name].windowTitle() for name in self._panels}

    def _seen(self) -> dict[str, Panel]:
        """By their titles, those that can be seen."""
        return {self._docks[name].windowTitle(): panel for name, panel in self._panels.items() if panel.is_seen()}

    def _tell(self, title: str, error: OSError, path: str) -> None:
        words = f"{path} cannot be written ({error.strerror or error})."
        self._notices.show_notice(Notice("note", title, words, "Choose another folder, or make room on the disk."))


def _suffix(kinds: str) -> str:
    """`PyTorch (*.pt)` → `pt`."""
    return kinds.rpartition("*.")[2].rstrip(")")
