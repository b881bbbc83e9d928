"""Data whose files are not on this machine yet: download them, or say where they lie."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.data.asking import ask_for_folder
from lenet_gui.protocol.data import Download, ErrandEnded, ErrandProgress, StopErrand, TakeFolder

WHAT = {
    "mnist": "60,000 handwritten digits to train on and 10,000 to test on, 28×28 (LeCun, Cortes, Burges). 12 MB.",
    "fashion-mnist": "60,000 pictures of clothes to train on and 10,000 to test on, 28×28, ten kinds (Zalando). 31 MB.",
}
_MEGABYTE = 1_000_000


class MissingDialog(QDialog):
    """Stays beside the work while it downloads. Closing it leaves the download off; the next one goes on there."""

    asked = Signal(object)
    """An errand for the worker."""

    def __init__(self, name: str, label: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("missing_dialog")
        self.setWindowTitle(label)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._name = name
        self._busy = False
        what = QLabel(f"{WHAT.get(name, '')} It is not on this machine yet.")
        what.setWordWrap(True)
        self.words = QLabel()
        self.words.setObjectName("missing_words")
        self.words.setAccessibleName("What became of it")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        # Room for the longest sentence, so that nothing moves when one comes.
        self.words.setFixedHeight(5 * self.words.fontMetrics().lineSpacing())
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setObjectName("missing_progress")
        self.bar.setAccessibleName("How much has come")
        kept = self.bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(kept)
        self.download = _button("missing_download", "Download", "Checked by SHA-256; goes on where it was cut")
        tip = "With the four files, gzipped or not, or the root of torchvision"
        self.folder = _button("missing_folder", "Choose a folder…", tip)
        self.cancel = _button("missing_cancel", "Cancel", "What came so far is kept for the next time")
        self.download.setDefault(True)
        self.download.clicked.connect(lambda: self._begin(Download(name)))
        self.folder.clicked.connect(self._choose)
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout()
        for button in (self.download, self.folder, self.cancel):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setSpacing(3 * theme.UNIT)
        for widget in (what, self.bar, self.words):
            column.addWidget(widget)
        column.addLayout(row)
        self.setMinimumWidth(520)
        self._show_busy(False)

    def show_progress(self, progress: ErrandProgress) -> None:
        if not self._busy:
            return
        self.words.setText(f"{progress.what}…")
        # In thousandths: a QProgressBar's numbers are 32 bits wide.
        self.bar.setRange(0, 1000 if progress.total else 0)
        self.bar.setValue(1000 * progress.done // progress.total if progress.total else 0)
        done, total = progress.done / _MEGABYTE, progress.total / _MEGABYTE
        self.bar.setFormat(f"{done:.1f} of {total:.1f} MB")

    def show_end(self, ended: ErrandEnded) -> None:
        """What became of an errand of this dialog's."""
        self._show_busy(False)
        self.words.setText("It was cancelled; the next download goes on there." if ended.cancelled else ended.words)
        if ended.data:
            self.accept()

    def reject(self) -> None:
        if self._busy:
            self.asked.emit(StopErrand())
        super().reject()

    def _choose(self) -> None:
        ask_for_folder(self, "Where the four files are", lambda path: self._begin(TakeFolder(self._name, path)))

    def _begin(self, errand: Download | TakeFolder) -> None:
        self._show_busy(True)
        self.words.setText("Asking the first mirror…" if isinstance(errand, Download) else "Reading the files…")
        self.asked.emit(errand)

    def _cancel(self) -> None:
        if self._busy:
            self.asked.emit(StopErrand())
        else:
            self.reject()

    def _show_busy(self, busy: bool) -> None:
        self._busy = busy
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        self.bar.setFormat("")
        self.download.setEnabled(not busy)
        self.folder.setEnabled(not busy)


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
