"""A place for words that change often: it lays nothing out when they do, where a bare label lays out all its window."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from lenet_gui.gui import theme


class Steady(QWidget):
    """Holds a label in a place that is so many lines high, whatever its words are. Longer ones are cut off."""

    def __init__(self, label: QLabel, lines: int = 1) -> None:
        super().__init__()
        self._label = label
        label.setParent(self)
        self.setFixedHeight(lines * label.fontMetrics().lineSpacing() + (theme.UNIT if lines > 1 else 0))
        self.setMinimumWidth(12 * theme.UNIT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.resize(event.size())
