"""The words above a handle that is dragged: which step, and how long going there takes. It is told both."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QWidget

from lenet_gui.gui import theme

_LONGEST_TIME = " · about 99 min"


class DragLabel(QLabel):
    """Floats over the window, of one size for all steps, so that it moves with the handle and does not flutter."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._step = ""
        self.setObjectName("drag_label")
        self.setAccessibleName("Where the handle would go")
        self.setFont(theme.mono())
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAutoFillBackground(True)
        self.hide()

    def show_step(self, above: QPoint, step: int, last: int, branch: str) -> None:
        """Stand above a point of the widget it belongs to. `last` is the longest step that may come, for the size."""
        of = f" of {branch[:16]}" if branch else ""
        self._step = f"step {step:,}{of}"
        self.setText(self._step)
        letters = QFontMetrics(self.font())
        width = letters.horizontalAdvance(f"step {last:,}{of}{_LONGEST_TIME}") + 4 * theme.UNIT
        window = self._over.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self.setStyleSheet(
            f"color: {theme.colour('text').name()}; background: {theme.colour('base').name()};"
            f" border: 1px solid {theme.colour('place').name()}; border-radius: 4px;"
        )
        self.resize(width, letters.height() + 2 * theme.UNIT)
        top = self._over.mapTo(window, above) - QPoint(width // 2, self.height() + theme.UNIT)
        self.move(min(max(top.x(), theme.UNIT), window.width() - width - theme.UNIT), top.y())
        self.show()
        self.raise_()

    def say_time(self, words: str) -> None:
        self.setText(f"{self._step} · {words}")
