"""Own images: chosen, looked at, and only then taken."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.data.asking import ask_for_folder, ask_for_table
from lenet_gui.gui.data.preparing import TEST_SHARE, PreparingFields
from lenet_gui.gui.data.preview import PreviewPictures
from lenet_gui.gui.widgets.dialog import accept_or_cancel
from lenet_gui.protocol.data import ErrandEnded, ErrandProgress, ImagesPreview, ReadImages, StopErrand, TakeImages
from lenet_gui.settings import Value

HOW = (
    "A folder with a folder for each class, with PNG or JPEG images in it. Or a CSV file with an image a row, its "
    "label first (or below a head “label”), then its pixels. Or an .npz with images and labels. All of them become "
    "32×32 and grey."
)


class OwnImagesDialog(QDialog):
    asked = Signal(object)
    """An errand for the worker."""
    taken = Signal(str, object)
    """What settings call the images that were taken, and the data's options by their names in settings."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("own_images_dialog")
        self.setWindowTitle("Own images")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._busy = False
        self._preview: ImagesPreview | None = None
        self._options: dict[str, Value] = {}
        self.words = _words("own_words", "What was read, or why it cannot be used", 3)
        self.split = _words("own_split", "How many are trained on and held out", 1)
        self.pictures = PreviewPictures()
        self.fields = PreparingFields(split=True)
        self.fields.show_options({})
        self.fields.changed.connect(self._show_split)
        self._assemble()
        self._show_busy(False)

    def show_progress(self, progress: ErrandProgress) -> None:
        if self._busy:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
            self.bar.setFormat(f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}")

    def show_preview(self, preview: ImagesPreview) -> None:
        """The images that were read; nothing of them is kept yet."""
        self._preview = preview
        self.pictures.show_preview(preview)
        total = sum(preview.counts)
        self.words.setText(f"{preview.title}: {total:,} images in {len(preview.classes)} classes, {preview.form}.")
        self._show_split()

    def show_end(self, ended: ErrandEnded) -> None:
        self._show_busy(False)
        if ended.data:
            self.taken.emit(ended.data, self._options)
            super().accept()
        elif ended.words or ended.cancelled:
            self.words.setText("It was cancelled." if ended.cancelled else ended.words)
            if isinstance(ended.errand, ReadImages):
                self._preview = None
                self.pictures.show_preview(None)
                self._show_split()

    def accept(self) -> None:
        if self._preview is None or self._busy or self.fields.refused():
            return
        self._options = self.fields.options()
        self._show_busy(True)
        self.asked.emit(TakeImages())

    def reject(self) -> None:
        if self._busy:
            self.asked.emit(StopErrand())
        super().reject()

    def read(self, path: str) -> None:
        """Look at what is in a folder or a file."""
        self._show_busy(True)
        self.words.setText(f"Reading {path}…")
        self.asked.emit(ReadImages(path))

    def _assemble(self) -> None:
        how = QLabel(HOW)
        how.setWordWrap(True)
        self.folder = _button("own_folder", "Folder…", "With a folder for each class")
        self.file = _button("own_file", "CSV or .npz…", "A file with labels and pixels")
        self.folder.clicked.connect(lambda: ask_for_folder(self, "A folder with a folder for each class", self.read))
        self.file.clicked.connect(lambda: ask_for_table(self, self.read))
        self.bar = QProgressBar()
        self.bar.setObjectName("own_progress")
        self.bar.setAccessibleName("How many are read")
        kept = self.bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(kept)
        row = QHBoxLayout()
        row.addWidget(self.folder)
        row.addWidget(self.file)
        row.addWidget(self.bar, 1)
        scroll = QScrollArea()
        scroll.setWidget(self.pictures)
        scroll.setWidgetResizable(True)
        scroll.setMinimumSize(540, 180)
        scroll.setAccessibleName("Some pictures of each class")
        buttons, self.use = accept_or_cancel(self, "own_accept", "Use these images", "Keep them, and start a new run")
        column = QVBoxLayout(self)
        column.setSpacing(3 * theme.UNIT)
        column.addWidget(how)
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(scroll, 1)
        for widget in (self.fields, self.split, buttons):
            column.addWidget(widget)

    def _show_busy(self, busy: bool) -> None:
        self._busy = busy
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        self.bar.setFormat("")
        for button in (self.folder, self.file):
            button.setEnabled(not busy)
        self.use.setEnabled(not busy and self._preview is not None)

    def _show_split(self) -> None:
        self.use.setEnabled(not self._busy and self._preview is not None)
        preview = self._preview
        if preview is None:
            self.split.setText("")
            return
        given = self.fields.options().get("data_test_share", TEST_SHARE)
        share = given if isinstance(given, int | float) else TEST_SHARE
        held = sum(min(max(1, round(share * count)), count - 1) for count in preview.counts) if share else 0
        self.split.setText(f"{sum(preview.counts) - held:,} are trained on, {held:,} held out to test with.")


def _words(name: str, says: str, lines: int) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setAccessibleName(says)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFixedHeight(lines * label.fontMetrics().lineSpacing())
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    return label


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
