"""Two quiet lines: the model's file has changed, or the session is shown without its model. Nothing moves for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QSizePolicy, QToolBar, QToolButton, QWidget

from lenet_gui.gui import theme

Doing = tuple[str, str, str, Callable[[], object]]
"""A button: its name, its text, its tip, what it does."""
ABOVE = 10 * theme.UNIT
"""Pixels between a line that floats and the status bar: there is the timeline."""


class ModelLine(QFrame):
    """Words, and buttons."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2 * theme.UNIT, theme.UNIT // 2, theme.UNIT, theme.UNIT // 2)
        self._row.setSpacing(theme.UNIT)
        self.words = QLabel(self)
        self.words.setObjectName(f"{name}_words")
        self.words.setTextFormat(self.words.textFormat().PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self.words, 1)
        self.buttons: dict[str, QToolButton] = {}

    def say(self, words: str, *doings: Doing) -> None:
        for button in self.buttons.values():
            button.hide()
            button.deleteLater()
        self.buttons = {doing[0]: self._button(*doing) for doing in doings}
        self.words.setText(words)

    def _button(self, name: str, text: str, tip: str, do: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: do())
        self._row.addWidget(button)
        button.show()
        return button


class ChangedLine(ModelLine):
    """Floats over the docks, at the bottom."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__("model_changed", window)
        self._window = window
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.hide()
        window.installEventFilter(self)

    def say(self, words: str, *doings: Doing) -> None:
        super().say(words, *doings)
        self.setStyleSheet(
            f"#model_changed {{ background: {theme.colour('base').name()}; border-radius: 4px;"
            f" border: 1px solid {theme.colour('accent').name()}; }}"
        )
        self.show()
        self._place()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.adjustSize()
        below = self._window.height() - self._window.statusBar().height() - ABOVE
        self.move((self._window.width() - self.width()) // 2, below - self.height())


class WithoutBar(QToolBar):
    """Takes the place of the bar with the phases, none of which can be pressed then."""

    def __init__(self, window: QMainWindow, phases: QToolBar) -> None:
        super().__init__("Without its model", window)
        self.setObjectName("without_bar")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self._phases = phases
        self.line = ModelLine("without", self)
        self.addWidget(self.line)
        self.up = False
        self.settle()

    def stand(self, up: bool) -> None:
        self.up = up
        self.settle()

    def settle(self) -> None:
        """Show the one and hide the other; a layout that was kept may have had them otherwise."""
        self.setVisible(self.up)
        self._phases.setVisible(not self.up)
