"""Buttons in a row, of which one is pressed: which of a few views is seen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from lenet_gui.gui import theme


class Switch(QButtonGroup):
    def __init__(self, name: str, choices: dict[str, tuple[str, str]], owner: QWidget) -> None:
        """`choices` has the words and the tooltip of each; the first one is chosen."""
        super().__init__(owner)
        self.by_choice = {choice: _button(f"{name}_{choice}", *words) for choice, words in choices.items()}
        for button in self.by_choice.values():
            self.addButton(button)
        self.buttons()[0].setChecked(True)

    @property
    def choice(self) -> str:
        return next(choice for choice, button in self.by_choice.items() if button.isChecked())

    def row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        for button in self.buttons():
            row.addWidget(button)
        row.addStretch(1)
        return row


def _button(name: str, words: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(tip)
    button.setAccessibleName(words)
    button.setObjectName(name)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
