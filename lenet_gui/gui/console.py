"""The console: every command as the line of PyTorch that it was, with its result. It runs nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPlainTextEdit, QToolButton, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Frame, Line, PrintRequest

_PRINTS = (
    ("print(net)", "model"),
    ("parameters and their sizes", "parameters"),
    ("input", "input"),
    ("output", "output"),
    ("output.grad_fn", "grad_fn"),
    ("target", "target"),
    ("loss", "loss"),
    ("the chain behind the loss", "chain"),
)


def spans(line: Line) -> Iterator[tuple[str, str]]:
    """A line as (colour role, text) pieces, each ending in a newline. Notes read as Python comments when copied."""
    if line.code:
        yield "forward" if line.kind != "note" else "muted", _prefixed(line.code, ">>> ", "... ")
    if line.result and line.kind == "note":
        yield "muted", _prefixed(line.result, "# ", "# ")
    elif line.result and line.kind == "error":
        yield "error", _prefixed(line.result, "✗ ", "  ")
    elif line.result:
        yield "text", f"{line.result}\n"


def _prefixed(text: str, first: str, others: str) -> str:
    head, *tail = text.split("\n")
    return "".join((f"{first}{head}\n", *(f"{others}{line}\n" for line in tail)))


class ConsolePanel(Panel):
    """Keeps every line it was given; writes them when it is visible, and follows the newest unless scrolled up."""

    title = "Console"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("console")
        self.setAccessibleName("Console")
        self._lines: list[Line] = []
        self._written = 0
        self._first_bias = ""

        self.text = QPlainTextEdit()
        self.text.setObjectName("console_text")
        self.text.setAccessibleName("What was executed, and its results")
        self.text.setToolTip("Every command as the line of PyTorch that it was, with its result; it can be copied")
        self.text.setReadOnly(True)
        # A console without an insertion mark has no keyboard selection either.
        self.text.setTextInteractionFlags(
            self.text.textInteractionFlags() | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setUndoRedoEnabled(False)
        # A wrapped tensor cannot be read, and PyTorch breaks its lines by itself.
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(theme.mono())
        self.text.setMinimumSize(120, 48)

        self.print_menu = QMenu(self)
        self.print_menu.setObjectName("console_print_menu")
        self.print_menu.triggered.connect(self._print)
        for words, what in _PRINTS:
            self._add_print(words, what)
        self._bias_action = self._add_print("", "")
        self._bias_action.setVisible(False)
        self.print_button = _button("console_print", "Print", "Write a value into the console, as PyTorch prints it")
        self.print_button.setMenu(self.print_menu)
        self.print_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.copy_button = _button("console_copy", "Copy all", "Copy everything that stands in the console")
        self.copy_button.clicked.connect(self.copy_all)
        self.clear_button = _button("console_clear", "Clear", "Empty the console; the run is not touched")
        self.clear_button.clicked.connect(self.clear)
        self.search = QLineEdit()
        self.search.setObjectName("console_search")
        self.search.setAccessibleName("Find in the console")
        self.search.setPlaceholderText("Find")
        self.search.setToolTip("Enter finds the next place, and begins anew at the top")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(48)
        self.search.returnPressed.connect(self.find_next)

        bar = QHBoxLayout()
        bar.setSpacing(theme.UNIT)
        for widget in (self.print_button, self.copy_button, self.clear_button):
            bar.addWidget(widget)
        bar.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(bar)
        layout.addWidget(self.text, 1)

    def show_frame(self, frame: Frame) -> None:
        bias = next((row.name for row in frame.parameters if row.name.endswith(".bias")), "")
        if bias != self._first_bias:
            self._first_bias = bias
            self._bias_action.setVisible(bool(bias))
            self._bias_action.setText(f"{bias}.grad")
            self._bias_action.setData(f"{bias}.grad")

    def add(self, lines: Sequence[Line]) -> None:
        """Append `lines`; all at once is cheap."""
        self._lines += lines
        if self.isVisible():
            self._write()

    def all_text(self) -> str:
        """Everything since the last clearing, as it reads on the screen."""
        return "".join(text for line in self._lines for _, text in spans(line))

    def copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.all_text())

    def clear(self) -> None:
        self._lines.clear()
        self._rewrite()

    def find_next(self) -> None:
        words = self.search.text()
        if words and not self.text.find(words):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            self.text.find(words)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._rewrite()
        super().changeEvent(event)

    def _rewrite(self) -> None:
        self.text.clear()
        self._written = 0
        self._write()

    def _write(self) -> None:
        if self._written == len(self._lines):
            return
        bar = self.text.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        # A cursor of its own, so that what a person selected stays selected.
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        formats: dict[str, QTextCharFormat] = {}
        cursor.beginEditBlock()
        for line in self._lines[self._written :]:
            for role, text in spans(line):
                if role not in formats:
                    formats[role] = QTextCharFormat()
                    formats[role].setForeground(theme.colour(role))
                cursor.insertText(text, formats[role])
        cursor.endEditBlock()
        self._written = len(self._lines)
        if follows:
            bar.setValue(bar.maximum())

    def _add_print(self, words: str, what: str) -> QAction:
        action = self.print_menu.addAction(words)
        action.setData(what)
        return action

    def _print(self, action: QAction) -> None:
        self.asked.emit(PrintRequest(action.data()))


def _button(name: str, words: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setText(words)
    button.setToolTip(tip)
    button.setAccessibleName(words)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
