"""The loss over the learning rates of a range test, with the rate in force and the one that it suggests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.moved.line_plot import RateAxis
from lenet_gui.gui.plots.axes import dress_axes
from lenet_gui.protocol.rate_range import RangeReport

ABOVE = 1.25
"""How far above what it began with the loss is shown, in units of what it fell by: where it runs away is clear then."""
LABEL_CHARACTERS = 6


class RangePlot(pg.PlotWidget):
    _made = False

    def __init__(self, parent: QWidget | None = None) -> None:
        self._view = pg.ViewBox(enableMenu=False, enableMouse=False)
        axes = {"left": pg.AxisItem("left"), "bottom": RateAxis("bottom")}
        super().__init__(parent, viewBox=self._view, axisItems=axes)
        self.setObjectName("range_plot")
        self.setAccessibleName("Loss over the learning rate")
        self.setToolTip(
            "The loss of each batch, thin, and its running mean, over the learning rate of the step behind it. The "
            "yellow line is the rate in force, the dashed one where the loss falls most steeply"
        )
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item: Any = self.getPlotItem()
        item.hideButtons()
        item.layout.setContentsMargins(0, 2 * theme.UNIT, 3 * theme.UNIT, 0)
        self.setMinimumSize(160, 20 * theme.UNIT)
        self._current, self._suggested = pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=90)
        self._losses, self._smoothed = pg.PlotDataItem(), pg.PlotDataItem()
        for part in (self._current, self._suggested, self._losses, self._smoothed):
            item.addItem(part)
        self._made = True
        self._dress()
        self.show_report(None)

    def show_report(self, report: RangeReport | None) -> None:
        """Draw it; `None`: there is none."""
        some = report is not None and len(report.rates) > 0
        for part in (self._losses, self._smoothed, self._current):
            part.setVisible(some)
        self._suggested.setVisible(some and report is not None and report.suggestion is not None)
        if report is None or not some:
            return
        at = np.log10(report.rates)
        self._losses.setData(at, report.losses)
        self._smoothed.setData(at, report.smoothed)
        self._current.setPos(float(np.log10(report.current)) if report.current > 0 else at[0] - 9)
        if report.suggestion is not None:
            self._suggested.setPos(float(np.log10(report.suggestion)))
        low, first = float(report.smoothed.min()), float(report.smoothed[0])
        room = max(first - low, 0.05 * abs(first), 1e-9)
        top = min(float(report.smoothed.max()), first + ABOVE * room)
        self._view.setRange(
            xRange=(at[0], max(at[-1], at[0] + 1)), yRange=(low - 0.1 * room, top + 0.1 * room), padding=0.02
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # pyqtgraph changes its palette while it makes itself.
        if self._made and event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    def _dress(self) -> None:
        self.setBackground(theme.colour("base"))
        dress_axes(self, LABEL_CHARACTERS)
        self._losses.setPen(pg.mkPen(theme.colour("muted"), width=1))
        self._smoothed.setPen(pg.mkPen(theme.colour("forward"), width=1))
        self._current.setPen(pg.mkPen(theme.colour("place"), width=2))
        self._suggested.setPen(pg.mkPen(theme.colour("backward"), width=2, style=Qt.PenStyle.DashLine))
