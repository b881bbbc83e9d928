"""One plot: axes, ranges and the mouse around its `Curves`. What several plots share (steps, follow) is `plots`'s."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.axes import dress_axes
from lenet_gui.gui.plots.curve import Curves
from lenet_gui.gui.plots.plot_place import PlaceMark
from lenet_gui.gui.plots.plot_readout import Readout
from lenet_gui.gui.plots.pyramid import Pyramid

# The y axis shows this share of what is in view, so that one spike does not flatten everything else …
ROBUST = (0.02, 0.98)
# … unless showing all of it costs little.
WORTH_IT = 1.6
MARGIN = 0.09
LABEL_CHARACTERS = 7
GRID_LINES = 8


class _Axis(pg.AxisItem):
    """An axis that finds its ticks quickly, and on a logarithmic one names only 1, 2 and 5 of each power of ten.

    pyqtgraph compares every tick with every other by NumPy, and lets logarithmic labels overlap.
    """

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        if self.logMode:
            return super().tickValues(minVal, maxVal, size)
        ticks, taken = [], []
        for spacing, _ in self.tickSpacing(minVal, maxVal, size):
            numbers = range(math.ceil(minVal / spacing), math.floor(maxVal / spacing) + 1)
            values = [n * spacing for n in numbers if not any(abs(n * spacing - v) < spacing / 100 for v in taken)]
            ticks.append((spacing, values))
            taken += values
        return ticks

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.orientation == "bottom" and not self.logMode and spacing >= 1:
            # Steps are counted: a million is no 1e+06.
            return [f"{value * scale:,.0f}" for value in values]
        return super().tickStrings(values, scale, spacing)

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        words = super().logTickStrings(values, scale, spacing)
        digits = [round(10 ** (value - math.floor(value + 1e-9))) for value in values]
        return [word if digit in (1, 2, 5) else "" for word, digit in zip(words, digits, strict=True)]


class _View(pg.ViewBox):
    """A view whose wheel zooms the steps, and with Shift or over the y axis the values."""

    dragged = Signal(bool)
    """By hand, to another place; whether the values moved too."""
    zoomed = Signal(bool)
    """By the wheel; whether the values were zoomed and not the steps."""
    clicked = Signal(QPointF)
    """A press and a release of the left button at one place of the scene."""

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        if axis is None:
            axis = 1 if ev.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0
        super().wheelEvent(ev, axis)
        self.zoomed.emit(axis == 1)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        super().mouseDragEvent(ev, axis)
        self.dragged.emit(axis != 0)

    def mouseClickEvent(self, ev: Any) -> None:
        super().mouseClickEvent(ev)
        if ev.button() == Qt.MouseButton.LeftButton and not ev.double():
            ev.accept()
            self.clicked.emit(ev.scenePos())


class PlotView(pg.PlotWidget):
    """Draws some neighbouring columns of a pyramid over the steps, with a y axis that fits them."""

    steps_moved = Signal(bool)
    """The range of steps was changed by hand; whether by dragging (else by zooming)."""
    resized = Signal()
    hovered = Signal(object)
    """The step under the mouse, or `None`."""
    picked = Signal(int)
    """The step that was clicked at; it may be one that there is not."""

    def __init__(self, pyramid: Pyramid, hint: str, parent: QWidget | None = None) -> None:
        self._view = _View(enableMenu=False)
        super().__init__(parent, viewBox=self._view, axisItems={side: _Axis(side) for side in ("left", "bottom")})
        self.names: tuple[str, ...] = ()
        self.curves = Curves(self._view, pyramid, hint, self.viewport())
        self.mark = PlaceMark(self.viewport())
        self.readout = Readout(self.viewport())
        self._place: int | None = None
        self._whole_range = False
        self._by_hand = False
        item: Any = self.getPlotItem()
        item.hideButtons()
        # Room for half a label beyond the ends of the axes.
        item.layout.setContentsMargins(0, 2 * theme.UNIT, 2 * theme.UNIT, 0)
        self.setMinimumSize(160, 80)
        self._view.setLimits(xMin=-1e9, xMax=1e12, minXRange=4)
        self._view.dragged.connect(self._on_dragged)
        self._view.zoomed.connect(self._on_zoomed)
        self._view.clicked.connect(lambda place: self.picked.emit(self._step_at(place)))
        self._view.sigResized.connect(self._cover)
        scene: Any = self.scene()
        scene.sigMouseMoved.connect(self._on_mouse)
        self._dress()

    def show_columns(self, pyramid: Pyramid, first: int, names: tuple[str, ...]) -> None:
        """Start anew with the columns from `first` on, called `names`."""
        self.names = names
        self.curves.pyramid, self.curves.first, self.curves.shown = pyramid, first, [True] * len(names)
        self._by_hand = False
        self.curves.refresh()

    def switch(self, column: int, shown: bool) -> None:
        self.curves.shown[column] = shown
        self._refit()

    def set_logarithmic(self, on: bool) -> None:
        """A y axis in powers of ten; what is not positive becomes a gap."""
        self.curves.logarithmic = on
        self._by_hand = False
        self.getAxis("left").setLogMode(x=False, y=on)
        self._refit()

    def set_whole_range(self, on: bool) -> None:
        """Whether the y axis shows every value, the rare spike included."""
        self._whole_range = on
        self._by_hand = False
        self._refit()

    def show_steps(self, left: float, right: float) -> None:
        if list(self._view.viewRange()[0]) != [left, right]:
            self._view.setRange(xRange=(left, right), padding=0)
            self._refit()

    def steps(self) -> tuple[float, float]:
        left, right = self._view.viewRange()[0]
        return left, right

    def values(self) -> tuple[float, float]:
        """The y axis's range; on a logarithmic axis the powers of ten."""
        bottom, top = self._view.viewRange()[1]
        return bottom, top

    def fit_again(self) -> None:
        """Let the y axis fit what is shown, if the user had moved it."""
        self._by_hand = False
        self._refit()

    def fit(self) -> None:
        """Give the y axis a new range if what is shown has left it, or fills too little of it."""
        wanted = None if self._by_hand else self._wanted()
        if wanted is None:
            return
        low, high = wanted
        bottom, top = self.values()
        # Steady while it fits: an axis that follows every value cannot be read, and costs a layout each time.
        if low >= bottom and high <= top and (high - low) * 2.5 >= top - bottom:
            return
        room = (high - low) * MARGIN or max(abs(high) * 0.1, 1e-6)
        self._view.setRange(yRange=(low - room, high + room), padding=0)
        self._range_changed()

    def place_of(self, step: int) -> QPointF:
        """Where a step is in the viewport, at the top of the plot."""
        (left, right), (_, top) = self._view.viewRange()
        share = min(max((step - left) / (right - left), 0.0), 1.0)
        return QPointF(self.mapFromScene(self._view.mapViewToScene(QPointF(left + share * (right - left), top))))

    def mark_place(self, step: int | None) -> None:
        """Grey what lies behind a step, the last that was done (-1: none was); `None` where one is at the newest."""
        if step != self._place:
            self._place = step
            self._put_mark()

    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        super().resizeEvent(ev)
        # pyqtgraph resizes the view while its own constructor is still running.
        if hasattr(self, "readout"):
            self.readout.resize(self.viewport().size())
            self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "readout"):
            self._dress()

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.hovered.emit(None)

    # ------------------------------------------------------------------------------------------------------------

    def _cover(self) -> None:
        self.curves.setGeometry(self.mapFromScene(self._view.sceneBoundingRect()).boundingRect())
        self.mark.setGeometry(self.curves.geometry())
        self._range_changed()

    def _dress(self) -> None:
        dress_axes(self, LABEL_CHARACTERS)
        self._range_changed()

    def _range_changed(self) -> None:
        bottom, top = self.values()
        axis = self.getAxis("left")
        levels = [values for _, values in axis.tickValues(bottom, top, max(1.0, self._view.height()))]
        major = [float(value) for value in levels[0]] if levels else []
        minor = [float(value) for value in levels[1]] if len(levels) > 1 else []
        self.curves.grid = major + minor if len(major + minor) <= GRID_LINES else major
        self.curves.refresh()
        self._put_mark()

    def _put_mark(self) -> None:
        left, right = self.steps()
        share = None if self._place is None else (self._place - left) / (right - left)
        # Far outside is far enough: Qt's rectangles have 32 bits.
        self.mark.show_at(None if share is None else round(min(max(share, -1.0), 2.0) * self.mark.width()))

    def _refit(self) -> None:
        self.fit()
        self._range_changed()

    def _wanted(self) -> tuple[float, float] | None:
        """The values that ought to be seen; `None` where there are none."""
        left, right = self.steps()
        found = self.curves.envelope(max(1, math.ceil((right - left) / 512)))
        lows, highs = found.low[np.isfinite(found.low)], found.high[np.isfinite(found.high)]
        if not lows.size:
            return None
        # Sorted by hand: NumPy's quantile costs twice as much, and this is asked often while a run begins.
        lows, highs = np.sort(lows), np.sort(highs)
        lowest, highest = float(lows[0]), float(highs[-1])
        low, high = (
            float(ends[round(share * (len(ends) - 1))]) for ends, share in zip((lows, highs), ROBUST, strict=True)
        )
        if self._whole_range or highest - lowest <= WORTH_IT * (high - low) or len(found.steps) < 8:
            return lowest, highest
        return low, high

    def _on_dragged(self, values_too: bool) -> None:
        self._by_hand = self._by_hand or values_too
        self._range_changed()
        self.steps_moved.emit(True)

    def _on_zoomed(self, values: bool) -> None:
        self._by_hand = self._by_hand or values
        self._refit()
        if not values:
            self.steps_moved.emit(False)

    def _on_mouse(self, place: QPointF) -> None:
        inside = self._view.sceneBoundingRect().contains(place)
        self.hovered.emit(self._step_at(place) if inside else None)

    def _step_at(self, place: QPointF) -> int:
        return round(self._view.mapSceneToView(place).x())
