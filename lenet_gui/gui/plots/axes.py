"""How the axes of a plot look: quiet, in the window's colours, and of a size that no number changes."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtGui import QFontMetricsF

from lenet_gui.gui import theme


def dress_axes(plot: pg.PlotWidget, characters: int) -> None:
    """Give a plot its ground and its two axes; `characters` of a label have room at the left."""
    font = theme.mono()
    font.setPointSizeF(font.pointSizeF() * 0.85)
    letters = QFontMetricsF(font)
    plot.setBackground(theme.colour("base"))
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(theme.colour("grid"))
        axis.setTextPen(theme.colour("muted"))
        axis.setStyle(tickFont=font, autoExpandTextSpace=False, tickLength=-4, tickTextOffset=4, maxTickLevel=1)
        axis.enableAutoSIPrefix(False)
    # Fixed, in whole pixels: the plot must not shift when a label becomes longer.
    plot.getAxis("left").setWidth(math.ceil(letters.horizontalAdvance("0" * characters)) + 8)
    plot.getAxis("bottom").setHeight(math.ceil(letters.height()) + 6)
