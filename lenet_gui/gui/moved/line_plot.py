"""The loss behind a step over the learning rate: the points taken, the rate in force, and a mark to be dragged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.axes import dress_axes
from lenet_gui.protocol.moved import LineReply

if TYPE_CHECKING:
    from lenet_gui.protocol.moved import Doubles

KEY_STEP = 10 ** (1 / 24)
"""How far a press of Left or Right moves the mark."""
LABEL_CHARACTERS = 6
ABOVE = 1.5
"""How far above the loss without a step the axis goes, in units of what the best step wins."""


class RateAxis(pg.AxisItem):
    """Learning rates on a logarithmic axis, by their powers of ten."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: ARG002, N803
        decades = range(math.floor(minVal), math.ceil(maxVal) + 1)
        return [(1.0, [float(power) for power in decades if minVal <= power <= maxVal])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [f"{10**value:g}" for value in values]


class LinePlot(pg.PlotWidget):
    """`moved` tells the rate at which the mark stands, while it is dragged; `left` when it is let go of."""

    moved = Signal(float)
    left = Signal(float)
    taken = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._view = pg.ViewBox(enableMenu=False, enableMouse=False)
        axes = {"left": pg.AxisItem("left"), "bottom": RateAxis("bottom")}
        super().__init__(parent, viewBox=self._view, axisItems=axes)
        self.setObjectName("moved_line")
        self.setAccessibleName("Loss behind the step over the learning rate")
        self.setToolTip(
            "The true loss of this batch behind the optimizer's step, over the learning rate. The yellow line is the "
            "rate in force, the dashed one the loss without a step. Drag the blue mark, or press Left and Right; "
            "Enter takes it"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        item: Any = self.getPlotItem()
        item.hideButtons()
        item.layout.setContentsMargins(0, 2 * theme.UNIT, 3 * theme.UNIT, 0)
        self.setMinimumSize(160, 14 * theme.UNIT)
        self.rate: float | None = None
        self._rates: Doubles = np.zeros(0)
        self._losses: Doubles = np.zeros(0)
        self._unmoved = pg.InfiniteLine(angle=0)
        self._current = pg.InfiniteLine(angle=90)
        self._mark = pg.InfiniteLine(angle=90, movable=True)
        self._curve = pg.PlotDataItem(connect="finite")
        self._point = pg.ScatterPlotItem(size=9)
        for part in (self._unmoved, self._current, self._curve, self._mark, self._point):
            item.addItem(part)
        self._mark.sigDragged.connect(self._dragged)
        self._mark.sigPositionChangeFinished.connect(self._let_go)
        self._dress()
        self.clear_line()

    def sizeHint(self) -> QSize:
        return QSize(280, 160)

    def clear_line(self) -> None:
        """Nothing has been tried here."""
        self._rates, self._losses, self.rate = np.zeros(0), np.zeros(0), None
        self._curve.setData([], [])
        for part in (self._unmoved, self._current, self._mark, self._point):
            part.setVisible(False)
        self._view.setRange(xRange=(-4, 0), yRange=(0, 1), padding=0)

    def show_line(self, reply: LineReply) -> None:
        """The losses known so far. The mark stays where it is; at first it stands at the rate in force."""
        self._rates, self._losses = reply.rates[1:], reply.losses[1:]
        known = np.isfinite(self._losses)
        self._curve.setData(np.log10(self._rates[known]), self._losses[known])
        without = float(reply.losses[0])
        self._unmoved.setVisible(math.isfinite(without))
        if math.isfinite(without):
            self._unmoved.setValue(without)
        self._current.setValue(math.log10(reply.rate))
        self._current.setVisible(True)
        self._mark.setVisible(True)
        if self.rate is None:
            self.put_mark(reply.rate)
        low, high = self._heights(without, self.between(reply.rate))
        left, right = math.log10(self._rates[0]), math.log10(self._rates[-1])
        room = (high - low) * 0.08 or max(abs(high) * 0.05, 1e-9)
        self._view.setRange(xRange=(left, right), yRange=(low - room, high + room), padding=0)
        self._put_point()

    def put_mark(self, rate: float) -> None:
        """Let the mark stand at this rate; nothing is told of it."""
        self.rate = rate
        self._mark.blockSignals(True)
        self._mark.setValue(math.log10(rate))
        self._mark.blockSignals(False)
        self._put_point()

    def between(self, rate: float) -> float:
        """The loss at a rate, read off between the points taken; NaN where there are none on both sides."""
        known = np.isfinite(self._losses)
        return float(np.interp(math.log10(rate), np.log10(self._rates[known]), self._losses[known], math.nan, math.nan))

    def _heights(self, without: float, current: float) -> tuple[float, float]:
        """What the axis shows: the steps that help, and those that harm not much more than that."""
        finite = self._losses[np.isfinite(self._losses)]
        if not finite.size:
            return 0.0, 1.0
        low = float(finite.min())
        marks = [one for one in (without, current) if math.isfinite(one)]
        high = max([low, *marks])
        low = min([low, *marks])
        if high - low > 0:
            high = min(float(finite.max()), high + (ABOVE - 1) * (high - low)) if finite.max() > high else high
        return low, high

    def _put_point(self) -> None:
        loss = math.nan if self.rate is None or not len(self._rates) else self.between(self.rate)
        self._point.setVisible(math.isfinite(loss))
        if self.rate is not None and math.isfinite(loss):
            self._point.setData([math.log10(self.rate)], [loss])

    def _dragged(self) -> None:
        if len(self._rates):
            ends = math.log10(self._rates[0]), math.log10(self._rates[-1])
            power = min(max(float(self._mark.getXPos()), ends[0]), ends[1])
            self.put_mark(float(f"{10**power:.3g}"))
            self.moved.emit(self.rate)

    def _let_go(self) -> None:
        if self.rate is not None:
            self.left.emit(self.rate)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        factors = {Qt.Key.Key_Left: 1 / KEY_STEP, Qt.Key.Key_Right: KEY_STEP}
        if ev.key() in factors and self.rate is not None and len(self._rates):
            rate = self.rate * factors[Qt.Key(ev.key())]
            self.put_mark(float(f"{min(max(rate, self._rates[0]), self._rates[-1]):.3g}"))
            self.moved.emit(self.rate)
            self.left.emit(self.rate)
        elif ev.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.taken.emit()
        else:
            super().keyPressEvent(ev)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_point"):
            self._dress()

    def _dress(self) -> None:
        dress_axes(self, LABEL_CHARACTERS)
        points = theme.series(0)
        self._curve.setPen(pg.mkPen(points))
        self._curve.setSymbol("o")
        self._curve.setSymbolSize(5)
        self._curve.setSymbolPen(None)
        self._curve.setSymbolBrush(points)
        self._unmoved.setPen(pg.mkPen(theme.colour("muted"), style=Qt.PenStyle.DashLine))
        self._current.setPen(pg.mkPen(theme.colour("place"), width=2))
        self._mark.setPen(pg.mkPen(theme.colour("accent"), width=2))
        self._mark.setHoverPen(pg.mkPen(theme.colour("accent"), width=4))
        self._point.setPen(pg.mkPen(theme.colour("base")))
        self._point.setBrush(theme.colour("accent"))
