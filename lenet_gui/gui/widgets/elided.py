"""Words of one line that may be longer than their place: cut off with dots there, and whole in the tooltip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel


class Elided(QLabel):
    """`text()` and the tooltip are the whole words, whatever can be seen of them."""

    def setText(self, words: str) -> None:
        super().setText(words)
        self.setToolTip(words)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        room = self.contentsRect()
        seen = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        with QPainter(self) as painter:
            self.style().drawItemText(
                painter, room, self.alignment(), self.palette(), self.isEnabled(), seen, self.foregroundRole()
            )
