"""What is asked before somebody's own file becomes a model: may its code run, which class, which shape of image."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.dialog import accept_or_cancel
from lenet_gui.protocol.models import ModelQuestion

WARNING = (
    "Opening it runs its code, which can do whatever you can: read and delete files, or use the network. "
    "Run it only if you trust where it comes from. You are asked once for the file as it is now."
)
WIDE = 150 * theme.UNIT
"""Pixels of a line of words."""
KEPT = "A session keeps this one file. What it imports from its folder is taken from there."


class AllowDialog(QDialog):
    """The warning, with the code to read."""

    def __init__(self, question: ModelQuestion, parent: QWidget) -> None:
        super().__init__(parent)
        file = Path(question.about.path).name
        column = _column(self, "allow_dialog", f"Open {file}?")
        column.addWidget(_text(" ".join(filter(None, [question.words, WARNING]))))
        column.addWidget(code_box(question.code, f"The code of {file}"))
        column.addWidget(_text(f"{KEPT} SHA-256 {question.source[:16]}…"))
        buttons, self.run = accept_or_cancel(self, "allow_run", "Run its code", f"Let the code of {file} run here")
        column.addWidget(buttons)
        # Somebody who presses Enter at once has not read it.
        buttons.button(buttons.StandardButton.Cancel).setDefault(True)
        self.run.setDefault(False)
        self.run.setAutoDefault(False)
        self.resize(self.sizeHint().width(), 130 * theme.UNIT)


class ClassDialog(QDialog):
    """Which of the classes of a file is the model."""

    def __init__(self, question: ModelQuestion, parent: QWidget) -> None:
        super().__init__(parent)
        column = _column(self, "class_dialog", f"Which model of {Path(question.about.path).name}?")
        self.list = QListWidget(self)
        self.list.setObjectName("class_list")
        self.list.setAccessibleName("The classes of the file that are models")
        self.list.setToolTip("Each is an nn.Module; the model is most often the last one")
        self.list.setFont(theme.mono())
        self.list.addItems(question.classes)
        self.list.setCurrentRow(len(question.classes) - 1)
        self.list.itemDoubleClicked.connect(self.accept)
        column.addWidget(_text("The file has more than one nn.Module. The one that takes the images is:"))
        column.addWidget(self.list)
        buttons, _ = accept_or_cancel(self, "class_use", "Open it", "Make this class the model")
        column.addWidget(buttons)

    def chosen(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else item.text()


class ShapeDialog(QDialog):
    """What images a model wants that refused those there are."""

    def __init__(self, question: ModelQuestion, parent: QWidget) -> None:
        super().__init__(parent)
        column = _column(self, "shape_dialog", f"{Path(question.about.path).name} refuses the images")
        words = _text(question.words)
        words.setObjectName("shape_words")
        words.setTextInteractionFlags(words.textInteractionFlags() | words.textInteractionFlags().TextSelectableByMouse)
        column.addWidget(words)
        column.addWidget(_text(
            "If it was written for images of another shape, type that: they are resized in front of its forward. "
            "Channels, height and width as 3x64x64, rows and columns as 28x28, or the number of pixels as 784."
        ))  # fmt: skip
        self.field = QLineEdit(question.shape, self)
        self.field.setObjectName("shape_field")
        self.field.setAccessibleName("The shape of an image")
        self.field.setToolTip("The shape of one image as the model wants it")
        self.field.setFont(theme.mono())
        self.field.selectAll()
        column.addWidget(self.field)
        buttons, _ = accept_or_cancel(self, "shape_use", "Try again", "Try it out with images of this shape")
        column.addWidget(buttons)


class CodeDialog(QDialog):
    """The code of a session that is shown without its model."""

    def __init__(self, code: str, parent: QWidget) -> None:
        super().__init__(parent)
        column = _column(self, "code_dialog", "Code that has not run")
        column.addWidget(code_box(code, "The code of the session's models"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.resize(160 * theme.UNIT, 130 * theme.UNIT)


def code_box(code: str, says: str) -> QPlainTextEdit:
    """Code to read, which cannot be changed."""
    box = QPlainTextEdit(code)
    box.setObjectName("model_code")
    box.setAccessibleName(says)
    box.setToolTip(says)
    box.setReadOnly(True)
    box.setFont(theme.mono())
    box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    box.setTabChangesFocus(True)
    return box


def _column(dialog: QDialog, name: str, title: str) -> QVBoxLayout:
    dialog.setObjectName(name)
    dialog.setWindowTitle(title)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(*[4 * theme.UNIT] * 4)
    column.setSpacing(3 * theme.UNIT)
    return column


def _text(words: str, width: int = WIDE) -> QLabel:
    label = QLabel(words)
    # Of a known width, so that the dialog is as high as its words.
    label.setFixedWidth(width)
    label.setTextFormat(label.textFormat().PlainText)
    label.setWordWrap(True)
    return label
