"""Buttons in a row, of which one is pressed: which of a few views is seen."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.button import tool_button


class Switch(QButtonGroup):
    def __init__(self, name: str, choices: dict[str, tuple[str, str]], owner: QWidget) -> None:
        """`choices` has the words and the tooltip of each; the first one is chosen."""
        super().__init__(owner)
        self.by_choice = {
            choice: tool_button(f"{name}_{choice}", *words, checkable=True) for choice, words in choices.items()
        }
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
