"""What the small dialogs are made of: the words that say what is wrong, and the buttons below all else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton


def two_lines(name: str, says: str) -> QLabel:
    """Room for the longest sentence, so that the dialog does not move while somebody types."""
    words = QLabel()
    words.setObjectName(name)
    words.setAccessibleName(says)
    words.setTextFormat(Qt.TextFormat.PlainText)
    words.setWordWrap(True)
    words.setFixedHeight(2 * words.fontMetrics().lineSpacing())
    words.setAlignment(Qt.AlignmentFlag.AlignTop)
    return words


def accept_or_cancel(dialog: QDialog, name: str, text: str, tip: str) -> tuple[QDialogButtonBox, QPushButton]:
    """The buttons in their row, and the one of them that accepts, as Enter does."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, dialog)
    # The system's picture is in its own colours.
    buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(QIcon())
    accept = buttons.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
    accept.setObjectName(name)
    accept.setToolTip(tip)
    accept.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, accept
