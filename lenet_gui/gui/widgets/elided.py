"""Words of one line that may be longer than their place: cut off with dots there, and whole in the tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from lenet_gui.gui import theme


class Elided(QLabel):
    """`text()` and the tooltip are the whole words, whatever can be seen of them.

    New words lay nothing out. A bare label, which has to grow with them, lays out all of its window.
    """

    def __init__(self, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setText(words)

    def text(self) -> str:
        return self._words

    def setText(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.setToolTip(words)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(12 * theme.UNIT, self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        room = self.contentsRect()
        seen = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room.width())
        with QPainter(self) as painter:
            self.style().drawItemText(
                painter, room, self.alignment(), self.palette(), self.isEnabled(), seen, self.foregroundRole()
            )
