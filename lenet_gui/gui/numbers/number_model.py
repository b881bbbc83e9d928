"""The model of a table of numbers: the block that is there, and which number of the tensor each cell is.

The numbers are fetched block by block: a table of a million cells costs what can be seen of it.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.indexing import Indexing, number_format
from lenet_gui.protocol.tensors import Block, Cells, LookReply

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ANYWHERE = QModelIndex()
EDIT_TIP = "Double-click, F2 or typing edits a number: Enter writes it, Esc leaves it as it is"
LOADING = "…"
"""Stands for a number that is on its way."""
NOTHING = Cells(0, 0, Block(0, 0, 0, 0), np.empty((0, 0), np.float32))

Index = QModelIndex | QPersistentModelIndex


class NumberModel(QAbstractTableModel):
    """A tensor's table, of which one block of numbers is there; the cells around it wait for theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.editable = False
        """Whether a tensor's numbers may be edited now. Columns beside each other never may."""
        self.indexing = Indexing()
        self.cells = NOTHING
        self._formats: tuple[str, ...] = (" .4f",)

    def show_reply(self, reply: LookReply) -> None:
        """The numbers of a place; a tensor runs to the right with its last dimension, and down with all others."""
        cells, figures = reply.cells or NOTHING, reply.summary
        indexing = Indexing(reply.shape, reply.view.leading or (), tuple(name for name, *_ in reply.columns))
        if reply.columns:
            # Two decimals more than PyTorch prints: a step moves a weight by less than the fourth.
            formats = tuple(number_format(most, least, decimals=6) for _, most, least in reply.columns)
        else:
            formats = (number_format(max(abs(figures.low), abs(figures.high)), figures.least) if figures else " .4f",)
        same = (cells.rows, cells.columns) == (self.cells.rows, self.cells.columns) and indexing == self.indexing
        if same:
            self._formats = formats
            self.show_cells(cells)
            return
        self.beginResetModel()
        self.indexing, self._formats, self.cells = indexing, formats, cells
        self.endResetModel()

    def show_cells(self, cells: Cells) -> None:
        """Another block of the same table. Selection and scroll position stay where they are."""
        if (cells.rows, cells.columns) == (self.cells.rows, self.cells.columns) and cells.rows and cells.columns:
            self.cells = cells
            self.dataChanged.emit(self.index(0, 0), self.index(cells.rows - 1, cells.columns - 1))

    def has(self, block: Block) -> bool:
        """Whether the numbers of these cells are there."""
        there = self.cells.block
        return (
            there.row <= block.row
            and there.column <= block.column
            and block.row + block.rows <= there.row + there.rows
            and block.column + block.columns <= there.column + there.columns
        )

    def rowCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else self.cells.rows

    def columnCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else self.cells.columns

    def flags(self, index: Index) -> Qt.ItemFlag:
        editable = self.editable and not self.indexing.columns and self._number(index) is not None
        return super().flags(index) | (Qt.ItemFlag.ItemIsEditable if editable else Qt.ItemFlag.NoItemFlags)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        value = self._number(index)
        if value is None:
            return {Qt.ItemDataRole.DisplayRole: LOADING, Qt.ItemDataRole.ForegroundRole: theme.colour("muted")}.get(
                Qt.ItemDataRole(role)
            )
        if role == Qt.ItemDataRole.DisplayRole:
            return self._written(value, index.column())
        if role == Qt.ItemDataRole.EditRole:
            # The fewest digits that give this number back, where the float of all its digits has many more.
            return float(str(value))
        if role == Qt.ItemDataRole.ToolTipRole:
            edits = f"\n{EDIT_TIP}" if self.flags(index) & Qt.ItemFlag.ItemIsEditable else ""
            return f"{self.cell_text(index)} = {value!s}{edits}"
        if role == Qt.ItemDataRole.ForegroundRole and not np.isfinite(value):
            return theme.colour("error")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        across = orientation == Qt.Orientation.Horizontal
        return self.indexing.column_text(section) if across else self.indexing.row_text(section)

    def cell_text(self, index: Index) -> str:
        """Which number it is: `[3, 0, 1] [2]`."""
        return f"{self.indexing.row_text(index.row())} {self.indexing.column_text(index.column())}"

    def at(self, index: Index) -> tuple[int, ...]:
        """Its index in the tensor."""
        return self.indexing.cell(index.row(), index.column())

    def flat(self, index: Index) -> int:
        """Which of the tensor's numbers it is, counted from 0."""
        return self.indexing.flat(self.at(index))

    def widest(self) -> int:
        """How many letters the longest number has, rounded up to what its column's format can need."""
        return max((12 if written.endswith("e") else int(written[2]) + 6 for written in self._formats), default=9)

    def _number(self, index: Index) -> np.generic | None:
        block = self.cells.block
        row, column = index.row() - block.row, index.column() - block.column
        return self.cells.values[row, column] if 0 <= row < block.rows and 0 <= column < block.columns else None

    def line(self, row: int, column: int, count: int) -> list[tuple[float | None, str]]:
        """So many cells of a row: each number, `None` where it is on its way, and how it is written."""
        block = self.cells.block
        if not block.row <= row < block.row + block.rows:
            return [(None, LOADING)] * count
        there, first = self.cells.values[row - block.row], column - block.column
        whole, last = there.dtype.kind == "i", len(self._formats) - 1
        found: list[tuple[float | None, str]] = []
        for k, value in enumerate(there.tolist()[max(0, first) : max(0, first + count)]):
            written = str(value) if whole else format(value, self._formats[min(column + k, last)])
            found.append((value, written))
        before = [(None, LOADING)] * min(count, max(0, -first))
        return [*before, *found, *[(None, LOADING)] * (count - len(before) - len(found))]

    def _written(self, value: np.generic, column: int) -> str:
        if value.dtype.kind == "i":
            return str(value)
        return format(value.item(), self._formats[min(column, len(self._formats) - 1)])
