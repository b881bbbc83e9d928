"""A button of words that stands in a panel and is reached by Tab."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton


def tool_button(name: str, words: str, tip: str, checkable: bool = False) -> QToolButton:
    """`name` is the object's name; what a screen reader says are its words."""
    button = QToolButton()
    button.setObjectName(name)
    button.setText(words)
    button.setToolTip(tip)
    button.setAccessibleName(words)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
