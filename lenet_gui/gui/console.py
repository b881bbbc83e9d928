"""The console: every command as the line of PyTorch that it was, with its result. It runs nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPlainTextEdit, QTextEdit, QToolButton, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.travel.past import Past
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.protocol import Frame, Line, Place, PrintRequest

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


@dataclass(slots=True)
class _Entry:
    """A line, where the run was then, whether that is of another time than now, and the text block it begins at."""

    line: Line
    place: Place | None
    past: bool = False
    block: int = -1


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
        self._entries: list[_Entry] = []
        self._written = 0
        self._frame: Frame | None = None
        self._past = Past()
        self._any_past = False
        self._looked_at = 0  # so many entries have been compared with the place of a frame
        self._visit: _Entry | None = None  # what says that one has gone somewhere, while it is the last line
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
        self.print_button = tool_button(
            "console_print", "Print", "Write a value into the console, as PyTorch prints it"
        )
        self.print_button.setMenu(self.print_menu)
        self.print_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.copy_button = tool_button("console_copy", "Copy all", "Copy everything that stands in the console")
        self.copy_button.clicked.connect(self.copy_all)
        self.clear_button = tool_button("console_clear", "Clear", "Empty the console; the run is not touched")
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
        if frame is self._frame:
            return
        self._show_bias(frame)
        before, self._frame = self._frame, frame
        renamed = self._past.show_frame(frame)
        if renamed is None:
            for entry in self._entries:
                entry.place = Place("", 1)  # another run's: nothing leads from it to here
        elif renamed:
            self._rename(renamed)
        went_on = before is not None and before.place.branch == frame.place.branch
        went_on = went_on and before is not None and before.place.commands <= frame.place.commands
        # Where one has only gone on, what has its colour keeps it.
        self._grey_what_is_past(self._looked_at if went_on and renamed is not None and not self._any_past else 0)
        if frame.reason.startswith("at step"):
            self._say_visit(frame)

    def _show_bias(self, frame: Frame) -> None:
        bias = next((row.name for row in frame.parameters if row.name.endswith(".bias")), "")
        if bias != self._first_bias:
            self._first_bias = bias
            self._bias_action.setVisible(bool(bias))
            self._bias_action.setText(f"{bias}.grad")
            self._bias_action.setData(f"{bias}.grad")

    def add(self, lines: Sequence[Line]) -> None:
        """Append `lines`; all at once is cheap."""
        for line in lines:
            if line.place is not None:
                self._past.note(line.place)
            # What has no place of its own was said where the run was then.
            self._entries.append(_Entry(line, line.place or self._past.newest))
        self._visit = None
        if self.is_seen():
            self._write()

    def all_text(self) -> str:
        """Everything since the last clearing, as it reads on the screen."""
        return "".join(text for entry in self._entries for _, text in spans(entry.line))

    def copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.all_text())

    def clear(self) -> None:
        self._entries.clear()
        self._visit, self._any_past, self._looked_at = None, False, 0
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
        if self._written == len(self._entries):
            return
        bar = self.text.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        # A cursor of its own, so that what a person selected stays selected.
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        for entry in self._entries[self._written :]:
            entry.block = cursor.blockNumber()
            for role, text in spans(entry.line):
                cursor.insertText(text, _ink(role))
        cursor.endEditBlock()
        self._written = len(self._entries)
        if self._any_past:
            self._show_past()
        if follows:
            bar.setValue(bar.maximum())

    # -------------------------------------------------------------------------------------------------- going back

    def _grey_what_is_past(self, first: int) -> None:
        """Grey the lines that do not lead to the place where one is, and give the others their colours again."""
        holds, changed = self._past.holds, False
        self._any_past = False
        for entry in self._entries[first:]:
            past = entry.place is not None and not holds(entry.place)
            changed = changed or past != entry.past
            entry.past = past
            self._any_past = self._any_past or past
        self._looked_at = len(self._entries)
        if changed:
            self._show_past()

    def _show_past(self) -> None:
        """Lay the muted colour over what is past. The text keeps its own below, so that far ways cost little."""
        written, stretches = self._entries[: self._written], []
        for entry, before in zip(written, [None, *written], strict=False):
            if entry.past and not (before and before.past):
                stretches.append([entry.block, -1])
            elif before and before.past and not entry.past:
                stretches[-1][1] = entry.block
        self.text.setExtraSelections([self._muted(first, end) for first, end in stretches])

    def _muted(self, first: int, end: int) -> QTextEdit.ExtraSelection:
        """From one block to before another (-1: to the end)."""
        document = self.text.document()
        cursor = QTextCursor(document.findBlockByNumber(first))
        # What is written behind it later is not of it.
        cursor.setKeepPositionOnInsert(True)
        block = document.lastBlock() if end < 0 else document.findBlockByNumber(end)
        cursor.setPosition(block.position(), QTextCursor.MoveMode.KeepAnchor)
        muted = QTextEdit.ExtraSelection()
        muted.cursor, muted.format = cursor, _ink("muted")  # type: ignore[attr-defined]
        return muted

    def _say_visit(self, frame: Frame) -> None:
        """A quiet line for having gone somewhere; where one has only passed through, it is replaced by the next."""
        if self._visit is not None:
            self._remove_last()
        self._visit = _Entry(Line("note", "", f"— {frame.reason}, before {frame.next} —"), frame.place)
        self._entries.append(self._visit)
        if self.is_seen():
            self._write()

    def _remove_last(self) -> None:
        entry = self._entries.pop()
        if self._written > len(self._entries):
            self._written = len(self._entries)
            cursor = QTextCursor(self.text.document())
            cursor.setPosition(self.text.document().findBlockByNumber(entry.block).position())
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()

    def _rename(self, renamed: dict[str, str]) -> None:
        for entry in self._entries:
            if entry.place is not None and entry.place.branch in renamed:
                entry.place = replace(entry.place, branch=renamed[entry.place.branch])

    def _add_print(self, words: str, what: str) -> QAction:
        action = self.print_menu.addAction(words)
        action.setData(what)
        return action

    def _print(self, action: QAction) -> None:
        self.asked.emit(PrintRequest(action.data()))


def _ink(role: str) -> QTextCharFormat:
    written = QTextCharFormat()
    written.setForeground(theme.colour(role))
    return written
