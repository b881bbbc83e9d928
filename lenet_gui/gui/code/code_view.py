"""Lines of code on the screen: a margin, grounds and outlines, and notes behind the lines that are no text.

What the lines are is `listing`'s, what is marked on them `code`'s.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextBlock,
)
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QToolTip

from lenet_gui.gui import theme
from lenet_gui.gui.code.code_margin import Margin
from lenet_gui.gui.code.grounds import line_ground, piece_ground
from lenet_gui.gui.code.line_notes import Note, note_columns
from lenet_gui.gui.code.listing import CodeLine, Piece, units
from lenet_gui.gui.code.python_colours import PythonColours, Stretch

_SPACES = re.compile(" {3,}")
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn around the text. A role is `place` or `backward`; dots are breakpoints, hollow where one is off."""

    rows: dict[int, str] = field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()
    role: str = "place"
    chosen: tuple[Piece, ...] = ()
    notes: dict[int, Note] = field(default_factory=dict)
    dots: dict[int, bool] = field(default_factory=dict)


class CodeView(QPlainTextEdit):
    """Read-only lines that can be selected and copied. Rows are counted from 0."""

    pressed = Signal(int)
    """A row was clicked, or Enter pressed on it."""
    margin_pressed = Signal(int)
    """The margin beside a row was clicked, or F9 pressed on it."""
    menu_wanted = Signal(int, QPoint)
    """A row (-1: none), and where on the screen."""

    def __init__(self, tip: Callable[[int], str]) -> None:
        """`tip` gives the words that explain a row."""
        super().__init__()
        self._tip = tip
        self._lines: tuple[CodeLine, ...] = ()
        self._columns: dict[int, tuple[int, bool]] = {}
        self._longest: dict[int, int] = {}
        self._needed = 0
        self._pressed_at: QPoint | None = None
        self.marks = Marks()
        self.setReadOnly(True)
        # Without it there is no insertion mark, and no line to press F9 on.
        self.setTextInteractionFlags(self.textInteractionFlags() | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(theme.mono())
        self.setTabStopDistance(4 * self.letter())
        self.setMinimumSize(120, 72)
        self._colours = PythonColours(self.document())
        self.margin = Margin(self)
        self.horizontalScrollBar().rangeChanged.connect(self._widen)
        self.updateRequest.connect(self._follow)

    # ------------------------------------------------------------------------------------------------ what is shown

    def show_lines(self, lines: Sequence[CodeLine], colours: dict[int, list[Stretch]]) -> None:
        """Other lines than before: what was selected is no longer, and the view is at their beginning."""
        self._lines = tuple(lines)
        self.marks = Marks()
        self._longest = {}
        self._colours.stretches = colours
        self.setPlainText("\n".join(line.text for line in lines))
        self.margin.show_numbers(self._lines)
        self._place_margin()

    def reserve(self, longest: dict[int, int]) -> None:
        """How many letters the notes of each row may have: they get room once, and columns that stay."""
        self._longest = longest
        self._make_room()

    def show_marks(self, marks: Marks) -> None:
        if marks != self.marks:
            self.marks = marks
            self.viewport().update()
            self.margin.update()

    def go_to(self, piece: Piece) -> None:
        """Show where a piece begins, and put the insertion mark there unless something is selected."""
        self.reveal(piece)
        cursor = self.textCursor()
        if not cursor.hasSelection():
            cursor.setPosition(self.document().findBlockByNumber(piece.row).position() + piece.begin)
            self.setTextCursor(cursor)

    def reveal(self, piece: Piece) -> None:
        """Scroll to where a piece begins, if that cannot be seen."""
        block = self.document().findBlockByNumber(piece.row)
        top, letter = self._top(block), self.letter()
        height = self.viewport().height()
        if top < 0 or top + self.blockBoundingRect(block).height() > height:
            rows = int(height / self.blockBoundingRect(block).height())
            self.verticalScrollBar().setValue(max(0, piece.row - rows // 3))
        bar, x = self.horizontalScrollBar(), self._x(block, piece.begin) - self.contentOffset().x()
        if not bar.value() <= x <= bar.value() + self.viewport().width() - 8 * letter:
            bar.setValue(0 if x < self.viewport().width() - 8 * letter else int(x - 4 * letter))

    def current_row(self) -> int:
        """The row that the insertion mark stands on."""
        return self.textCursor().blockNumber()

    def row_at(self, y: float) -> int:
        """The row at a height of the viewport, -1 for none."""
        for block, rect in self.visible_blocks():
            if rect.top() <= y < rect.bottom():
                return block.blockNumber()
        return -1

    def visible_blocks(self) -> list[tuple[QTextBlock, QRectF]]:
        """The lines that can be seen, and where they lie in the viewport."""
        found = []
        block, height = self.firstVisibleBlock(), self.viewport().height()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if rect.top() > height:
                break
            # The last one has the margin of the document below it.
            rect.setHeight(block.layout().boundingRect().height())
            found.append((block, rect))
            block = block.next()
        return found

    def letter(self) -> float:
        """The width of one letter."""
        return QFontMetricsF(self.font()).horizontalAdvance("0")

    # --------------------------------------------------------------------------------------------------- drawing it

    def paintEvent(self, event: QPaintEvent) -> None:
        blocks, marks = self.visible_blocks(), self.marks
        with QPainter(self.viewport()) as painter:
            for block, rect in blocks:
                role = marks.rows.get(block.blockNumber())
                if role:
                    painter.fillRect(QRectF(0, rect.top(), self.viewport().width(), rect.height()), line_ground(role))
            self._paint_pieces(painter, marks.pieces, piece_ground(marks.role), theme.colour(marks.role), 1)
        super().paintEvent(event)
        with QPainter(self.viewport()) as painter:
            self._paint_pieces(painter, marks.chosen, None, theme.colour("accent"), 2)
            painter.setFont(self.font())
            for block, rect in blocks:
                self._paint_note(painter, block, rect)

    def _paint_pieces(
        self, painter: QPainter, pieces: Sequence[Piece], ground: QColor | None, line: QColor, width: int
    ) -> None:
        for piece in pieces:
            block = self.document().findBlockByNumber(piece.row)
            if not block.isVisible() or not block.layout().lineCount():
                continue
            left, right = self._x(block, piece.begin), self._x(block, piece.end)
            rect = QRectF(left - 1, self._top(block), right - left + 2, block.layout().boundingRect().height())
            rect.adjust(0, width / 2, 0, -width / 2)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(line, width))
            painter.setBrush(ground if ground is not None else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect, 2, 2)

    def _paint_note(self, painter: QPainter, block: QTextBlock, rect: QRectF) -> None:
        note = self.marks.notes.get(block.blockNumber())
        if note is None:
            return
        column, aligned = self._columns.get(block.blockNumber(), (0, False))
        behind = self._x(block, block.length() - 1) + 2 * self.letter()
        left = max(behind, self._x(block, 0) + (column + 2) * self.letter())
        painter.setPen(theme.colour(note.role))
        baseline = rect.top() + QFontMetricsF(self.font()).ascent()
        painter.drawText(QPointF(left, baseline), note.words if aligned else _SPACES.sub("  ", note.words))

    def _x(self, block: QTextBlock, column: int) -> float:
        """Where a column of a line lies in the viewport."""
        line = block.layout().lineAt(0)
        # Qt gives the column back beside it.
        x, _ = line.cursorToX(min(column, block.length() - 1))  # type: ignore[misc]
        return self.blockBoundingGeometry(block).translated(self.contentOffset()).left() + x

    def _top(self, block: QTextBlock) -> float:
        return self.blockBoundingGeometry(block).translated(self.contentOffset()).top()

    # --------------------------------------------------------------------------------------------- room and colours

    def _place_margin(self) -> None:
        width = self.margin.sizeHint().width()
        self.setViewportMargins(width, 0, 0, 0)
        inside = self.contentsRect()
        self.margin.setGeometry(inside.left(), inside.top(), width, self.viewport().height())

    def _follow(self) -> None:
        self.margin.update()

    def _make_room(self) -> None:
        """Let one scroll to the ends of the notes, which the text itself does not reach."""
        self._columns = note_columns(self._lines, self._longest, int(self.viewport().width() / self.letter()))
        widest = max((units(line.text) for line in self._lines), default=0)
        letters = max([widest, *(self._columns[row][0] + 2 + length for row, length in self._longest.items())])
        room = (letters + 1) * self.letter() + 2 * self.document().documentMargin()
        needed = math.ceil(room) - self.viewport().width()
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if needed > 0 else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if policy != self.horizontalScrollBarPolicy():
            self.setHorizontalScrollBarPolicy(policy)
        self._needed = needed
        self._widen()

    def _widen(self) -> None:
        bar = self.horizontalScrollBar()
        if bar.maximum() < self._needed:
            bar.setMaximum(self._needed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        value = self.horizontalScrollBar().value()
        super().resizeEvent(event)
        self._make_room()
        self.horizontalScrollBar().setValue(value)
        self._place_margin()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "margin"):
            self._colours.rehighlight()
            self.margin.update()

    # -------------------------------------------------------------------------------------------- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed_at = event.position().toPoint() if left else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed_at = self._pressed_at, None
        if pressed is None or event.button() != Qt.MouseButton.LeftButton or self.textCursor().hasSelection():
            return
        place = event.position().toPoint()
        row = self.row_at(place.y())
        if row >= 0 and (place - pressed).manhattanLength() < QApplication.startDragDistance():
            self.pressed.emit(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self.cursorRect().bottomLeft() if by_key else event.pos()
        row = self.current_row() if by_key else self.row_at(place.y())
        self.menu_wanted.emit(row, self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and event.key() in _ENTER:
            self.pressed.emit(self.current_row())
        elif plain and event.key() == Qt.Key.Key_F9:
            self.margin_pressed.emit(self.current_row())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # F9 may be a shortcut of the window too; here it means the line with the insertion mark.
        breaks = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F9 and not event.modifiers()
        if event.type() == QEvent.Type.ShortcutOverride and breaks:
            event.accept()
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), self._tip(row) if row >= 0 else "", self.viewport())
            return True
        return super().viewportEvent(event)
