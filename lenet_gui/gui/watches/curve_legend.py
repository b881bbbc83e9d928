"""A legend whose curves can be closed: a button a curve, with its colour and its name."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from lenet_gui.gui import theme


class CurveLegend(QWidget):
    """One line of buttons in the room there is: short names are whole, long ones share what is left."""

    closed = Signal(int)
    """Somebody does not want the curve of this watch any more."""

    def __init__(self) -> None:
        super().__init__()
        self._buttons: dict[int, CurveButton] = {}
        self.setMinimumWidth(20 * theme.UNIT)

    def add_curve(self, watch: int, column: int) -> None:
        """`column` says which colour it has, as `theme.series` counts them."""
        button = self._buttons[watch] = CurveButton(watch, column, self)
        button.clicked.connect(lambda: self.closed.emit(watch))
        button.show()

    def drop_curve(self, watch: int) -> None:
        button = self._buttons.pop(watch)
        button.hide()
        button.deleteLater()
        self._place()

    def show_name(self, watch: int, expression: str, where: str = "") -> None:
        """`where` says whose the values are, when they are not of the branch that one is on."""
        if self._buttons[watch].show_name(f"{expression} {where}".strip()):
            self._place()

    def sizeHint(self) -> QSize:
        return QSize(60 * theme.UNIT, self.fontMetrics().height() + 2 * theme.UNIT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        widths, left, room = {}, len(self._buttons), self.width()
        for button in sorted(self._buttons.values(), key=lambda button: button.sizeHint().width()):
            widths[button] = min(button.sizeHint().width(), room // left)
            left, room = left - 1, room - widths[button]
        x = 0
        for button in self._buttons.values():
            button.setGeometry(x, 0, widths[button], self.height())
            x += widths[button]


class CurveButton(QToolButton):
    """A curve's colour and name in the legend, cut to the room there is, with a cross: a press closes the curve."""

    def __init__(self, watch: int, column: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = column
        self.setObjectName(f"close_curve_{watch}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_name(self, name: str) -> bool:
        """True where it has had another one."""
        if name == self.text():
            return False
        self.setText(name)
        self.setAccessibleName(f"Close the curve of {name}")
        self.setToolTip(f"{name}\nA press closes this curve; the watch stays")
        return True

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(words + 2 + self._room(), self.fontMetrics().height() + 2 * theme.UNIT)

    def _room(self) -> int:
        """For all but the name."""
        return 5 * theme.UNIT + self.fontMetrics().horizontalAdvance("×")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        seen = self.hasFocus() or self.underMouse()
        with QPainter(self) as painter:
            if seen:
                painter.setPen(theme.colour("accent"))
                painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), theme.UNIT, theme.UNIT)
            painter.fillRect(2, self.height() // 2 - 2, 2 * theme.UNIT, theme.UNIT, theme.series(self._column))
            words = self.rect().adjusted(3 * theme.UNIT + 2, 0, -2, 0)
            painter.setPen(theme.colour("text" if seen else "muted"))
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "×")
            words.setRight(words.right() - self._room() + 4 * theme.UNIT)
            painter.setPen(theme.colour("text"))
            name = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
