"""Loss and accuracy over the epochs, of both sides: a point where something was measured."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.measures.tables import EPOCH
from lenet_gui.gui.plots.axes import dress_axes

_WIDE = 260
TRAIN, TEST = 3, 6
"""Where the figures of a side begin in a row: loss, correct, total."""


class EpochPlot(QWidget):
    """Two plots beside each other that share their epochs. Train and test have the same colours in both."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("epoch_plot")
        self.setAccessibleName("Loss and accuracy by epoch")
        self._rows = np.empty((0, 9))
        self._here = 0.0
        self.title = QLabel()
        self.title.setObjectName("epoch_plot_title")
        self.title.setMinimumWidth(1)
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.loss, self.accuracy = _plot("plot_epoch_loss", "Loss by epoch"), _plot("plot_epoch_accuracy", "Accuracy")
        self.curves = {
            (plot, side): plot.plot(pen=None, symbol="o", symbolSize=5)
            for plot in (self.loss, self.accuracy)
            for side in (TRAIN, TEST)
        }
        self._marks = [pg.InfiniteLine(angle=90) for _ in range(2)]
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(theme.UNIT)
        for plot, mark in zip((self.loss, self.accuracy), self._marks, strict=True):
            plot.getViewBox().addItem(mark, ignoreBounds=True)
            self._row.addWidget(plot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.title)
        layout.addLayout(self._row, 1)
        self.setMinimumHeight(72)
        self._dress()

    def show_rows(self, rows: np.ndarray) -> None:
        """`rows` as `EpochTable` has them."""
        self._rows = rows
        for (plot, side), curve in self.curves.items():
            epochs, values = measured(rows, side, plot is self.accuracy)
            curve.setData(epochs, values)
        last = float(rows[:, EPOCH].max()) if len(rows) else 1.0
        for plot in (self.loss, self.accuracy):
            plot.getViewBox().setXRange(0, max(1.0, last), 0.04)
        self.describe()

    def show_place(self, epoch: float) -> None:
        """Mark where the cursor stands."""
        if epoch != self._here:
            self._here = epoch
            for mark in self._marks:
                mark.setValue(epoch)

    def describe(self) -> None:
        count = len(self._rows)
        words = f"{count} point{'' if count == 1 else 's'}; the table beside it has the numbers"
        self.setAccessibleDescription(words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > max(_WIDE, 1.2 * self.height())
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
        super().changeEvent(event)

    def _dress(self) -> None:
        names = {TRAIN: ("train", theme.series(0)), TEST: ("test", theme.series(1))}
        words = " ".join(f'<span style="color:{ink.name()}">●</span> {name}' for name, ink in names.values())
        self.title.setText(f"{words}: loss, accuracy")
        for plot in (self.loss, self.accuracy):
            dress_axes(plot, 6)
        for (_, side), curve in self.curves.items():
            ink = names[side][1]
            curve.setPen(pg.mkPen(ink, width=1))
            curve.setSymbolBrush(ink)
            curve.setSymbolPen(None)
        for mark in self._marks:
            mark.setPen(pg.mkPen(theme.colour("place"), width=1))


def measured(rows: np.ndarray, side: int, accuracy: bool) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and values of a side, where there are any."""
    values = rows[:, side + 1] / rows[:, side + 2] if accuracy else rows[:, side]
    known = np.isfinite(values)
    return rows[known, EPOCH], values[known]


def _plot(name: str, says: str) -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setObjectName(name)
    plot.setAccessibleName(says)
    plot.setToolTip(f"{says}. The wheel zooms, dragging moves; the yellow line is where the cursor stands")
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.showGrid(y=True, alpha=0.15)
    return plot
