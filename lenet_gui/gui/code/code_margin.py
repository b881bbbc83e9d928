"""The margin of the code: the numbers of the lines, the dots of breakpoints, and an arrow where something runs next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.code.listing import CodeLine

if TYPE_CHECKING:
    from lenet_gui.gui.code.code_view import CodeView

_DOT = 4 * theme.UNIT
_ARROW = 2 * theme.UNIT
_FEWEST_DIGITS = 2


class Margin(QWidget):
    """Lies left of a `CodeView`, and scrolls with it."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view
        self._lines: tuple[CodeLine, ...] = ()
        self._digits = _FEWEST_DIGITS
        self.setObjectName("code_margin")
        self.setAccessibleName("Line numbers and breakpoints")
        self.setToolTip("Click to stop here from now on, and again to stop no longer (F9)")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_numbers(self, lines: Sequence[CodeLine]) -> None:
        self._lines = tuple(lines)
        self._digits = max([_FEWEST_DIGITS, *(len(str(line.number)) for line in lines if line.number)])
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(int(_DOT + self._digits * self._view.letter() + _ARROW + theme.UNIT), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        marks = self._view.marks
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), theme.colour("alternate"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self._view.font())
            for block, rect in self._view.visible_blocks():
                row = block.blockNumber()
                role = marks.rows.get(row, "")
                self._paint_number(painter, row, rect, role)
                if role:
                    self._paint_arrow(painter, rect.center().y(), role)
                if row in marks.dots:
                    self._paint_dot(painter, rect.center().y(), marks.dots[row])

    def _paint_number(self, painter: QPainter, row: int, rect: QRectF, role: str) -> None:
        line = self._lines[row] if row < len(self._lines) else CodeLine("")
        if not line.number:
            return
        words, letters = str(line.number), QFontMetricsF(self._view.font())
        left = self.width() - _ARROW - theme.UNIT - letters.horizontalAdvance(words)
        painter.setPen(theme.colour("text" if role else "muted"))
        painter.drawText(QPointF(left, rect.top() + letters.ascent()), words)

    def _paint_arrow(self, painter: QPainter, middle: float, role: str) -> None:
        left = self.width() - _ARROW
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(role))
        tip = QPointF(left + _ARROW - 2, middle)
        painter.drawPolygon(QPolygonF([QPointF(left, middle - 4), tip, QPointF(left, middle + 4)]))

    def _paint_dot(self, painter: QPainter, middle: float, enabled: bool) -> None:
        ink = theme.colour("error")
        painter.setPen(QPen(ink, 1.5))
        painter.setBrush(ink if enabled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(_DOT / 2, middle), 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._view.row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self._view.margin_pressed.emit(row)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # The code scrolls where the wheel turns beside it too.
        self._view.wheelEvent(event)
