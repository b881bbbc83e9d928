"""Where one is in a plot, while that is not the newest step: a line there, and a veil over what lies ahead."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme

VEIL = 170  # of 255: what lies ahead is seen, and is not taken for what was done
LINE = 2  # pixels


class PlaceMark(QWidget):
    """Lies over the curves. In a run at the newest step it is hidden, and costs nothing."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("place_mark")
        self.setAccessibleName("The step that one is at")
        self.at: int | None = None
        """The pixel of the line; `None` where the place is not marked. It may lie left of what is seen."""
        self.hide()

    def show_at(self, x: int | None) -> None:
        """Put the line at a pixel of this widget, and the veil behind it; `None` takes both away."""
        before, self.at = self.at, x
        self.setVisible(x is not None and x < self.width())
        if before is None or x is None:
            self.update()
        elif before != x:
            # Only what lies between: in a run along the past this is a few columns of pixels.
            self.update(QRect(min(before, x) - LINE, 0, abs(before - x) + 2 * LINE, self.height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.at is None:
            return
        with QPainter(self) as painter:
            veil = theme.colour("base")
            veil.setAlpha(VEIL)
            ahead = QRect(self.at, 0, self.width() - self.at, self.height())
            painter.fillRect(ahead & event.rect(), veil)
            painter.fillRect(QRect(self.at, 0, LINE, self.height()) & event.rect(), theme.colour("place"))
