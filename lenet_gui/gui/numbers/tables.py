"""Numbers in rows and columns: the view that scrolls over them, copies and edits them by cell.

It never changes a number itself: it tells what was typed, and which numbers it needs.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QTableView

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.cell_editing import CellEditing, CellField
from lenet_gui.gui.numbers.cell_painting import paint_cells
from lenet_gui.gui.numbers.indexing import tab_separated
from lenet_gui.gui.numbers.number_model import EDIT_TIP, NumberModel
from lenet_gui.protocol.tensors import Block, Cells

COPY_TIP = "Ctrl+C copies the selected numbers with all digits, tab-separated"
MARGIN = 1.5
"""So many tables' heights and widths around what is seen are fetched as well."""


class NumberTable(QTableView):
    """A `NumberModel` on the screen. Copying gives the selected cells as tab-separated values."""

    edited = Signal(int, float)
    """A number of the tensor, by its flat index, and what somebody wants it to be."""
    wanted = Signal(object)
    """A `Block` of cells whose numbers are missing."""
    copy_wanted = Signal(object)
    """A `Block` whose numbers are to be copied, and are not all there: `copy_from` then gets them."""
    opened = Signal(object)
    """The index in the tensor of a number: Enter was pressed on it, or a double-click that cannot edit it."""
    menu_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.numbers = NumberModel()
        self.setModel(self.numbers)
        self._copied: list[tuple[int, int, int, int]] = []  # top, left, bottom, right
        self._editing = CellEditing(self)
        self._editing.committed.connect(self.edited)
        self.setItemDelegate(self._editing)
        self.setObjectName("number_table")
        self.setAccessibleName("Table of numbers")
        self.setToolTip(f"{COPY_TIP}. At a pause: {EDIT_TIP}")
        self.setFont(theme.mono())
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        # Fixed sizes: a million cells are never measured, and no column moves while numbers change.
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setFont(theme.mono())
            header.setSectionResizeMode(header.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(theme.mono()).height() + theme.UNIT)
        self.numbers.modelReset.connect(self._fit)
        self.numbers.dataChanged.connect(self._fit)

    # ------------------------------------------------------------------------------------------------- fetching

    def seen(self) -> Block:
        """The cells that can be seen."""
        if not self.numbers.rowCount() or not self.numbers.columnCount():
            return Block(0, 0, 0, 0)
        row, column = max(0, self.rowAt(0)), max(0, self.columnAt(0))
        last, right = self.rowAt(self.viewport().height() - 1), self.columnAt(self.viewport().width() - 1)
        last = last if last >= 0 else self.numbers.rowCount() - 1
        right = right if right >= 0 else self.numbers.columnCount() - 1
        return Block(row, column, max(0, last - row) + 1, max(0, right - column) + 1)

    def around(self) -> Block:
        """What is worth fetching: what is seen, and what a scroll shows next; perhaps more than there is."""
        seen, room = self.seen(), self.viewport().size()
        down = int(room.height() / max(1, self.verticalHeader().defaultSectionSize())) + 2
        across = int(room.width() / max(1, self.horizontalHeader().defaultSectionSize())) + 2
        row, column = max(0, seen.row - int(MARGIN * down)), max(0, seen.column - int(MARGIN * across))
        return Block(row, column, int((1 + 2 * MARGIN) * down), int((1 + 2 * MARGIN) * across))

    def cover(self) -> None:
        """Ask for what is seen, where it is not there."""
        if not self.numbers.has(self.seen()):
            self.wanted.emit(self.around())

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.cover()

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self.cover()

    def _fit(self) -> None:
        width = QFontMetrics(theme.mono()).horizontalAdvance("0") * self.numbers.widest() + theme.UNIT
        if width != self.horizontalHeader().defaultSectionSize():
            self.horizontalHeader().setDefaultSectionSize(width)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.setFont(self.font())
            paint_cells(self, painter, event.rect())

    # --------------------------------------------------------------------------------------- copying and editing

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.numbers.at(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and not self.numbers.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.opened.emit(self.numbers.at(index))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def allow_edits(self, allowed: bool) -> None:
        """Whether a tensor's numbers may be edited from now on. Where not, what is being typed is dropped."""
        self.numbers.editable = allowed
        if not allowed:
            self.stop_editing()

    def stop_editing(self) -> None:
        """Drop what is being typed."""
        for field in self.viewport().findChildren(CellField):
            self._editing.closeEditor.emit(field)

    def copy(self, whole: bool = False) -> None:
        """Put the selected blocks of cells on the clipboard, one below the other; without any, the whole table."""
        chosen = [] if whole else self.selectionModel().selection().toList()
        found = [(one.top(), one.left(), one.bottom(), one.right()) for one in chosen]
        self._copied = sorted(found) or [(0, 0, self.numbers.rowCount() - 1, self.numbers.columnCount() - 1)]
        tops, lefts, bottoms, rights = zip(*self._copied, strict=True)
        around = Block(min(tops), min(lefts), max(bottoms) - min(tops) + 1, max(rights) - min(lefts) + 1)
        if around.rows * around.columns <= 0:
            return
        if self.numbers.has(around):
            self.copy_from(self.numbers.cells)
        else:
            self.copy_wanted.emit(around)

    def copy_from(self, cells: Cells) -> None:
        """The same, from cells that hold all of them."""
        QGuiApplication.clipboard().setText("\n".join(tab_separated(cells, *block) for block in self._copied))
