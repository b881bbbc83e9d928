"""The confusion matrix as a field of cells to choose from. The counts are the engine's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lenet_gui.gui import theme

Cell = tuple[int, int]
"""Label and prediction."""
_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_LONGEST = 8
_LEGIBLE = 11
"""Pixels of a cell below which it has no number in it."""


class ConfusionMatrix(QWidget):
    """A row a label, a column a prediction; as counts or as shares of the row. Blue is right, red is wrong."""

    picked = Signal(int, int)
    """A label and a prediction whose images are wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("confusion_matrix")
        self.setAccessibleName("Confusion matrix: a row for each label, a column for each prediction")
        self.setToolTip(
            "Labels down, predictions across. Click a cell, or choose it with the arrow keys, for its images"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        self.counts: NDArray[np.int64] = np.empty((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self._shares: NDArray[np.float64] = np.empty((0, 0))
        self._as_shares = False
        self.chosen: Cell | None = None

    def show_counts(self, counts: NDArray[np.int64], names: tuple[str, ...]) -> None:
        """`counts` [labels, predictions]; an empty one shows nothing."""
        if counts.shape != self.counts.shape:
            self.chosen = None
        self.counts, self._names = counts, names
        self._shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
        self._describe()
        self.update()

    def show_shares(self, shares: bool) -> None:
        self._as_shares = shares
        self.update()

    def words(self, cell: Cell) -> str:
        """`label 3, taken for 8: 5 images (12.5 % of its label)`."""
        label, predicted = cell
        count = int(self.counts[cell])
        taken = "right" if label == predicted else f"taken for {self._names[predicted]}"
        images = "image" if count == 1 else "images"
        return (
            f"label {self._names[label]}, {taken}: {count:,} {images} ({100 * self._shares[cell]:.1f} % of its label)"
        )

    def cell_rect(self, cell: Cell) -> QRectF:
        left, top, size = self._geometry()
        return QRectF(left + cell[1] * size, top + cell[0] * size, size, size)

    def cell_at(self, point: QPoint) -> Cell | None:
        left, top, size = self._geometry()
        row, column = int((point.y() - top) // size), int((point.x() - left) // size)
        n = len(self.counts)
        return (row, column) if 0 <= row < n and 0 <= column < n else None

    def _geometry(self) -> tuple[float, float, float]:
        """Where the cells begin, and how large one is."""
        metrics = self.fontMetrics()
        longest = max((metrics.horizontalAdvance(name[:_LONGEST]) for name in self._names), default=0)
        left, top = longest + metrics.height() + 2 * theme.UNIT, 2 * metrics.height() + theme.UNIT
        n = max(1, len(self.counts))
        return left, top, max(0.5, min((self.width() - left - 1) / n, (self.height() - top - 1) / n))

    # -------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        n = len(self.counts)
        if not n:
            return
        with QPainter(self) as painter:
            left, top, size = self._geometry()
            self._paint_names(painter, left, top, size)
            right, wrong = theme.colour("forward"), theme.colour("positive")
            numbers = size >= _LEGIBLE and self._fits(painter, size)
            for label, predicted in np.argwhere(self.counts > 0).tolist():
                rect = self.cell_rect((label, predicted))
                # By the root: one mistake among a thousand must be seen.
                strength = float(np.sqrt(self._shares[label, predicted]))
                painter.fillRect(rect, _faded(right if label == predicted else wrong, 0.12 + 0.7 * strength))
                if numbers:
                    painter.setPen(theme.colour("text"))
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._number(label, predicted))
            painter.setPen(theme.colour("grid"))
            if size >= 4:
                for line in range(n + 1):
                    x, y = left + line * size, top + line * size
                    painter.drawLine(round(x), round(top), round(x), round(top + n * size))
                    painter.drawLine(round(left), round(y), round(left + n * size), round(y))
            if self.chosen is not None:
                painter.setPen(QPen(theme.colour("place"), 3))
                painter.drawRect(self.cell_rect(self.chosen))

    def _paint_names(self, painter: QPainter, left: float, top: float, size: float) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(theme.colour("muted"))
        centre, n = Qt.AlignmentFlag.AlignCenter, len(self.counts)
        painter.drawText(QRectF(left, 0, n * size, metrics.height()), centre, "predicted")
        painter.save()
        painter.translate(0, top + n * size)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, n * size, metrics.height()), centre, "label")
        painter.restore()
        every = max(1, int(np.ceil(metrics.height() / size)))
        for k in range(0, n, every):
            name, x, y = self._names[k][:_LONGEST], left + k * size, top + k * size
            beside = QRectF(metrics.height(), y, left - metrics.height() - theme.UNIT, size)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
            above = QRectF(x, metrics.height(), every * size, metrics.height())
            if every == 1 or metrics.horizontalAdvance(name) <= every * size:
                cut = metrics.elidedText(
                    name, Qt.TextElideMode.ElideRight, int(max(every * size, metrics.averageCharWidth()))
                )
                painter.drawText(above, centre if every == 1 else Qt.AlignmentFlag.AlignLeft, cut)

    def _number(self, label: int, predicted: int) -> str:
        if not self._as_shares:
            return f"{self.counts[label, predicted]}"
        return f"{100 * self._shares[label, predicted]:.0f}"

    def _fits(self, painter: QPainter, size: float) -> bool:
        longest = "100" if self._as_shares else f"{self.counts.max()}"
        metrics = painter.fontMetrics()
        return metrics.horizontalAdvance(longest) + 2 <= size and metrics.height() <= size + 2

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)

    # --------------------------------------------------------------------------------- mouse and keyboard

    def choose(self, cell: Cell) -> None:
        self.chosen = cell
        self._describe()
        self.update()
        self.picked.emit(*cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if cell is not None:
            self.choose(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        n = len(self.counts)
        if event.key() not in _MOVES or not n or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
            return
        down, right = _MOVES[Qt.Key(event.key())]
        row, column = self.chosen or (0, 0)
        if self.chosen is not None:
            row, column = min(max(row + down, 0), n - 1), min(max(column + right, 0), n - 1)
        self.choose((row, column))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(event.pos())
            QToolTip.showText(event.globalPos(), self.toolTip() if cell is None else self.words(cell), self)
            return True
        return super().event(event)

    def _describe(self) -> None:
        words = self.words(self.chosen) if self.chosen is not None and len(self.counts) else ""
        self.setAccessibleDescription(words)


def _faded(colour: QColor, strength: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(min(1.0, strength))
    return faded
