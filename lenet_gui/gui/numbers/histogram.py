"""How a tensor's numbers are spread: bars, and marks where its quantiles lie."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol.tensors import QUANTILES, Histogram

BINS = 64
_MARKED = (0.01, 0.25, 0.5, 0.75, 0.99)


class Bars(QWidget):
    """The bins as bars; the mouse and the arrow keys choose one."""

    pointed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("histogram_bars")
        self.setAccessibleName("Histogram; the arrow keys go from bar to bar")
        self.setToolTip("How many of the finite numbers lie in each of the bars; below, marks at some quantiles")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(48, 48)
        self.setFont(theme.mono())
        self.histogram: Histogram | None = None
        self.logarithmic = False
        self.bar: int | None = None

    def show_histogram(self, histogram: Histogram | None) -> None:
        self.histogram = histogram
        if histogram is None or (self.bar is not None and self.bar >= len(histogram.counts)):
            self.bar = None
        self.update()
        self.pointed.emit(self.bar)

    def point_at(self, bar: int | None) -> None:
        if bar != self.bar:
            self.bar = bar
            self.update()
            self.pointed.emit(bar)

    def _room(self) -> QRectF:
        below = self.fontMetrics().height() + 8
        return QRectF(0, 2, self.width() - 1, max(8, self.height() - below - 2))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        found = self.histogram
        if found is None or not len(found.counts) or math.isnan(found.low):
            return
        room, counts = self._room(), found.counts.astype(float)
        heights = np.log1p(counts) if self.logarithmic else counts
        heights *= room.height() / max(1.0, float(heights.max()))
        wide = room.width() / len(counts)
        with QPainter(self) as painter:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            bars = [
                QRectF(room.x() + k * wide, room.bottom() - tall, max(1.0, wide - 1), tall)
                # A bar that has anything in it is seen.
                for k, tall in enumerate(np.where(counts > 0, np.maximum(heights, 1.0), 0.0).tolist())
                if tall
            ]
            painter.drawRects(bars)
            painter.setPen(theme.colour("grid"))
            painter.drawLine(room.bottomLeft(), room.bottomRight())
            self._draw_marks(painter, room, found)
            if self.bar is not None:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.colour("place"), 1))
                painter.drawRect(QRectF(room.x() + self.bar * wide, room.y(), wide, room.height()))

    def _draw_marks(self, painter: QPainter, room: QRectF, found: Histogram) -> None:
        across = room.width() / (found.high - found.low)
        painter.setPen(theme.colour("place"))
        for share, value in zip(QUANTILES, found.quantiles, strict=True):
            if share in _MARKED:
                x = room.x() + (value - found.low) * across
                painter.drawLine(QPointF(x, room.bottom() + 1), QPointF(x, room.bottom() + (7 if share == 0.5 else 5)))
        painter.setPen(theme.colour("muted"))
        words = QRectF(0, room.bottom() + 7, self.width(), self.fontMetrics().height())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, f"{found.low:.3g}")
        painter.drawText(words, Qt.AlignmentFlag.AlignRight, f"{found.high:.3g}")
        if found.low < 0 < found.high:
            x = -found.low * across
            if 60 < x < self.width() - 60:
                painter.drawText(words.translated(x - self.width() / 2, 0), Qt.AlignmentFlag.AlignHCenter, "0")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        count = len(self.histogram.counts) if self.histogram is not None else 0
        bar = int(event.position().x() / max(1, self.width()) * count)
        self.point_at(bar if 0 <= bar < count else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        count = len(self.histogram.counts) if self.histogram is not None else 0
        if event.key() not in moves or not count:
            super().keyPressEvent(event)
            return
        bar = 0 if self.bar is None else self.bar + moves[Qt.Key(event.key())]
        self.point_at(min(max(0, bar), count - 1))


class HistogramView(QWidget):
    """The bars, and a line that reads the chosen one or the quantiles."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = Bars()
        self.logarithm = QCheckBox("log")
        self.logarithm.setObjectName("histogram_log")
        self.logarithm.setToolTip("The heights of the bars by the logarithm of their counts: rare numbers are seen too")
        self.logarithm.toggled.connect(self._scale)
        self.read_out = QLabel(" ")
        self.read_out.setObjectName("histogram_read_out")
        self.read_out.setFont(theme.mono())
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(Steady(self.read_out, lines=2), 1)
        row.addWidget(self.logarithm)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.bars, 1)
        layout.addLayout(row)
        self.bars.pointed.connect(self._read)

    def show_histogram(self, histogram: Histogram | None) -> None:
        self.bars.show_histogram(histogram)

    def text(self) -> str:
        """The bins as tab-separated lines: from, to, count."""
        found = self.bars.histogram
        if found is None:
            return ""
        edges = np.linspace(found.low, found.high, len(found.counts) + 1)
        lines = [f"{edges[k]!s}\t{edges[k + 1]!s}\t{count}" for k, count in enumerate(found.counts.tolist())]
        return "\n".join(["from\tto\tcount", *lines])

    def _scale(self, logarithmic: bool) -> None:
        self.bars.logarithmic = logarithmic
        self.bars.update()

    def _read(self, bar: int | None) -> None:
        found = self.bars.histogram
        if found is None or math.isnan(found.low):
            self.read_out.setText(" ")
        elif bar is None:
            at = dict(zip(QUANTILES, found.quantiles, strict=True))
            told = [f"{100 * share:g} %: {at[share]:.3g}" for share in _MARKED]
            self.read_out.setText(f"{'  '.join(told[:3])}\n{'  '.join(told[3:])}")
        else:
            wide = (found.high - found.low) / len(found.counts)
            low = found.low + bar * wide
            share = found.counts[bar] / max(1, int(found.counts.sum()))
            self.read_out.setText(f"{low:.4g} to {low + wide:.4g}\n{int(found.counts[bar]):,} ({share:.2%})")
