"""Histograms over the steps as a heat plot: a step a column, bright where many of the numbers lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import SEQUENTIAL, paint
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol.tensors import Histogram, HistogramSeries

STEPS = 200
MOST_STEPS = 1_000_000
NOTHING_YET = "Press Go over them: the last steps are done again on the side, for a histogram of each."


class HeatPlot(QWidget):
    """Columns `(step, low, high, counts)` in the order of their steps; the mouse and the arrow keys choose one."""

    pointed = Signal(object)
    """The column and the height (a number of the tensor), or `None`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("over_time_plot")
        self.setAccessibleName("Histograms over the steps; the arrow keys go from step to step")
        self.setToolTip("Steps to the right, the numbers upwards; bright is where many of them lie")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(48, 48)
        self.setFont(theme.mono())
        self.columns: dict[int, Histogram] = {}
        self.column: int | None = None
        self._image: tuple[NDArray[np.uint32], QImage] | None = None

    def clear(self) -> None:
        self.columns, self.column, self._image = {}, None, None
        self.update()

    def add(self, step: int, histogram: Histogram) -> None:
        """A column for a step, in place of the one that it had."""
        if np.isfinite(histogram.low):
            self.columns[step] = histogram
            self._image = None
            self.update()

    @property
    def steps(self) -> list[int]:
        return sorted(self.columns)

    def span(self) -> tuple[float, float]:
        return min(one.low for one in self.columns.values()), max(one.high for one in self.columns.values())

    def densities(self, height: int) -> NDArray[np.float32]:
        """[height, columns], from the largest number down: each column's share of its own densest place."""
        low, high = self.span()
        at = high - (np.arange(height) + 0.5) * (high - low) / height
        found = np.zeros((height, len(self.columns)), np.float32)
        for k, step in enumerate(self.steps):
            one = self.columns[step]
            place = np.floor((at - one.low) / (one.high - one.low) * len(one.counts)).astype(int)
            inside = (place >= 0) & (place < len(one.counts))
            found[inside, k] = np.sqrt(one.counts[place[inside]] / max(1, int(one.counts.max())))
        return found

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            room = self._room()
            if not self.columns:
                painter.setPen(theme.colour("muted"))
                words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect(), words, NOTHING_YET)
                return
            if self._image is None or self._image[1].height() != int(room.height()):
                pixels = paint(self.densities(max(1, int(room.height()))), SEQUENTIAL, (0.0, 1.0), theme.is_dark())
                pixels = np.ascontiguousarray(pixels)
                image = QImage(
                    pixels.data, pixels.shape[1], pixels.shape[0], 4 * pixels.shape[1], QImage.Format.Format_RGB32
                )
                self._image = pixels, image
            painter.drawImage(room, self._image[1])
            low, high = self.span()
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(0, 0, room.x() - 4, 16), Qt.AlignmentFlag.AlignRight, f"{high:.3g}")
            foot = QRectF(0, room.bottom() - 16, room.x() - 4, 16)
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{low:.3g}")
            below = QRectF(room.x(), room.bottom() + 1, room.width(), self.fontMetrics().height())
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"step {self.steps[0]:,}")
            if len(self.steps) > 1:
                painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self.steps[-1]:,}")
            if self.column is not None:
                wide = room.width() / len(self.columns)
                painter.setPen(theme.colour("place"))
                painter.drawRect(QRectF(room.x() + self.column * wide, room.y(), max(1.0, wide), room.height()))

    def _room(self) -> QRectF:
        left, below = self.fontMetrics().horizontalAdvance("-0.00e-00") + 4, self.fontMetrics().height() + 2
        return QRectF(left, 2, max(8, self.width() - left - 2), max(8, self.height() - below - 2))

    def _point_at(self, column: int | None, y: float) -> None:
        room = self._room()
        inside = column is not None and 0 <= column < len(self.columns) and 0 <= y <= 1
        self.column = column if inside else None
        self.update()
        if not inside or not room.height():
            self.pointed.emit(None)
            return
        low, high = self.span()
        self.pointed.emit((column, high - y * (high - low)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        room, at = self._room(), event.position()
        column = int((at.x() - room.x()) // (room.width() / max(1, len(self.columns))))
        self._point_at(column if at.x() >= room.x() else None, (at.y() - room.y()) / room.height())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(None, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() not in moves or not self.columns:
            super().keyPressEvent(event)
            return
        column = 0 if self.column is None else self.column + moves[Qt.Key(event.key())]
        self._point_at(min(max(0, column), len(self.columns) - 1), 0.5)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._image = None
            self.update()
        super().changeEvent(event)


class OverTime(QWidget):
    """The plot, how many of the last steps it is of, and the button that goes over them."""

    wanted = Signal(int)
    """Go over so many of the last steps."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = HeatPlot()
        self.count = QSpinBox()
        self.count.setObjectName("over_time_steps")
        self.count.setAccessibleName("How many of the last steps")
        self.count.setToolTip("So many of the last steps are gone over, or as many as there are")
        self.count.setRange(1, MOST_STEPS)
        self.count.setGroupSeparatorShown(True)
        self.count.setValue(STEPS)
        tip = "Do these steps again on the side, for a histogram of each; Pause ends it, nothing changes"
        self.go = tool_button("over_time_go", "Go over them", tip)
        self.go.clicked.connect(lambda: self.wanted.emit(self.count.value()))
        self.read_out = QLabel(" ")
        self.read_out.setObjectName("over_time_read_out")
        self.read_out.setFont(theme.mono())
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(self.count)
        row.addWidget(self.go)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(row)
        layout.addWidget(self.plot, 1)
        layout.addWidget(Steady(self.read_out))
        self.plot.pointed.connect(self._read)

    def add_series(self, series: HistogramSeries) -> None:
        if series.first:
            self.plot.clear()
        for k, step in enumerate(series.steps.tolist()):
            self.plot.add(step, Histogram(float(series.low[k]), float(series.high[k]), series.counts[k], ()))

    def text(self) -> str:
        """A line a step: the step, from where to where its bins go, and their counts."""
        rows = [(step, self.plot.columns[step]) for step in self.plot.steps]
        lines = ["\t".join(map(str, (step, one.low, one.high, *one.counts.tolist()))) for step, one in rows]
        return "\n".join(["step\tlow\thigh\tcounts", *lines])

    def _read(self, at: tuple[int, float] | None) -> None:
        if at is None:
            self.read_out.setText(" ")
            return
        step, number = self.plot.steps[at[0]], at[1]
        one = self.plot.columns[step]
        bin_ = int((number - one.low) / (one.high - one.low) * len(one.counts))
        count = int(one.counts[bin_]) if 0 <= bin_ < len(one.counts) else 0
        self.read_out.setText(f"step {step:,}  {number:.3g}: {count:,} of {int(one.counts.sum()):,}")
