"""The read-out under the mouse: a line at a step and a box with the numbers there. It is told both, and asks nobody."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme

DIGITS = 11
GAP = theme.UNIT * 2


class Readout(QWidget):
    """Lies over a plot. Its box has one size for all numbers, so that nothing moves while they change."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("readout")
        self.setAccessibleName("Values under the mouse")
        self._x = 0
        self._step = ""
        self._lines: list[tuple[str, QColor, str]] = []
        self.hide()

    def show_values(self, x: float, step: int, lines: list[tuple[str, QColor, str]]) -> None:
        """Show the line at pixel `x` and, for each curve, its name, colour and number."""
        self._x, self._step, self._lines = round(x), f"{step:,}", lines
        self.setVisible(True)
        self.update()

    def text(self) -> str:
        """What the box says, for assistive technology and tests."""
        return "\n".join([f"step {self._step}", *(f"{name} {number}" for name, _, number in self._lines)])

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            painter.setPen(theme.colour("muted"))
            painter.drawLine(self._x, 0, self._x, self.height())
            font = theme.mono()
            painter.setFont(font)
            letters = QFontMetrics(font)
            names = max(
                [letters.horizontalAdvance(name) for name, _, _ in self._lines] + [letters.horizontalAdvance("step")]
            )
            width = names + letters.horizontalAdvance("0" * (DIGITS + 1)) + 3 * GAP
            line = letters.height()
            height = line * (len(self._lines) + 1) + GAP
            # On the other side of the line where there is no room.
            left = self._x + GAP if self._x + GAP + width <= self.width() else self._x - GAP - width
            box = QRect(max(0, left), theme.UNIT, width, height)
            ground = theme.colour("base")
            ground.setAlpha(235)
            painter.fillRect(box, ground)
            painter.setPen(theme.colour("grid"))
            painter.drawRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5))
            y = box.top() + theme.UNIT
            for name, colour, number in [("step", theme.colour("muted"), self._step), *self._lines]:
                row = QRect(box.left() + GAP, y, width - 2 * GAP, line)
                painter.setPen(colour)
                painter.drawText(row, Qt.AlignmentFlag.AlignLeft, name)
                painter.setPen(theme.colour("text"))
                painter.drawText(row, Qt.AlignmentFlag.AlignRight, number)
                y += line


def digits(value: float) -> str:
    """A float32 in at most eleven characters, that line up where they are of one size."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:.6f}" if value == 0 or 1e-3 <= abs(value) < 1000 else f"{value:.4e}"
