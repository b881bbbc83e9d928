"""Pictures of each class, as the network will see them, with the class's name and how many there are."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.protocol.data import ImagesPreview

SIDE = 32
GAP = theme.UNIT
ROW = SIDE + 2 * GAP
NAME, COUNT = 150, 70
"""Pixels for the name of a class, and for how many images it has."""


class PreviewPictures(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preview_pictures")
        self.setAccessibleName("Some pictures of each class")
        self._preview: ImagesPreview | None = None
        self._images: list[list[QImage]] = []

    def show_preview(self, preview: ImagesPreview | None) -> None:
        self._preview = preview
        self._images = []
        if preview is not None:
            self._images = [
                [QImage(one.data, SIDE, SIDE, SIDE, QImage.Format.Format_Grayscale8).copy() for one in some]
                for some in preview.pictures
            ]
            told = zip(preview.classes, preview.counts, strict=True)
            self.setAccessibleDescription(", ".join(f"{name}: {count:,}" for name, count in told))
        self.setMinimumSize(self.sizeHint())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        rows = len(self._preview.classes) if self._preview is not None else 0
        widest = max(map(len, self._images), default=0)
        return QSize(NAME + COUNT + widest * (SIDE + GAP) + GAP, rows * ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._preview is None:
            return
        with QPainter(self) as painter:
            first, last = event.rect().top() // ROW, event.rect().bottom() // ROW
            for row in range(first, min(last + 1, len(self._preview.classes))):
                self._paint_row(painter, row, self._preview)

    def _paint_row(self, painter: QPainter, row: int, preview: ImagesPreview) -> None:
        top = row * ROW
        painter.setPen(theme.colour("text"))
        name = painter.fontMetrics().elidedText(preview.classes[row], Qt.TextElideMode.ElideRight, NAME - 2 * GAP)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(GAP, top, NAME - 2 * GAP, ROW), Qt.AlignmentFlag.AlignLeft | middle, name)
        painter.setPen(theme.colour("muted"))
        count = QRect(NAME, top, COUNT - 2 * GAP, ROW)
        painter.drawText(count, Qt.AlignmentFlag.AlignRight | middle, f"{preview.counts[row]:,}")
        for column, image in enumerate(self._images[row] if row < len(self._images) else ()):
            painter.drawImage(NAME + COUNT + column * (SIDE + GAP), top + GAP, image)
