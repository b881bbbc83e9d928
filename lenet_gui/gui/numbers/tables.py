"""Numbers in rows and columns: a model over an array of any size, and a view that copies and edits them by cell.

It never changes a number itself: it tells what was typed, and shows what it is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionRange,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QMoveEvent
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.fields import NumberField, finite

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ANYWHERE = QModelIndex()
# The keys that put a number in force, and what is edited after it.
_ENTER: dict[int, QStyledItemDelegate.EndEditHint] = {
    Qt.Key.Key_Return: QStyledItemDelegate.EndEditHint.NoHint,
    Qt.Key.Key_Enter: QStyledItemDelegate.EndEditHint.NoHint,
    Qt.Key.Key_Tab: QStyledItemDelegate.EndEditHint.EditNextItem,
    Qt.Key.Key_Backtab: QStyledItemDelegate.EndEditHint.EditPreviousItem,
}
COPY_TIP = "Ctrl+C copies the selected numbers with all digits, tab-separated"
EDIT_TIP = "Double-click, F2 or typing edits a number: Enter writes it, Esc leaves it as it is"

Index = QModelIndex | QPersistentModelIndex


def number_format(values: NDArray[np.float32], decimals: int = 4) -> str:
    """How PyTorch prints such numbers: with `decimals`, or in powers of ten when they differ too much for that.

    The rule is that of `torch._tensor_str._Formatter`, but from 10,000 on (there: 1e8), to keep columns narrow.
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not sizes.size:
        return f" .{decimals}f"
    low, high = float(sizes.min()), float(sizes.max())
    return " .4e" if high / low > 1000 or high >= 1e4 or low < 1e-4 else f" .{decimals}f"


def index_text(flat: int, shape: Sequence[int]) -> str:
    """Where number `flat` of a tensor of this shape is, as one writes it in PyTorch: `[3, 0, 1]`."""
    return f"[{', '.join(str(i) for i in np.unravel_index(flat, shape))}]" if shape else "[]"


class NumberModel(QAbstractTableModel):
    """An array `[rows, columns]` with names for its columns; a row is named by its index in a tensor's `shape`."""

    def __init__(self) -> None:
        super().__init__()
        self.editable = False
        """Whether a tensor's numbers may be edited now. Columns beside each other never may."""
        self._is_tensor = False
        self._values: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._columns: tuple[str, ...] = ()
        self._shape: tuple[int, ...] = ()
        self._formats: tuple[str, ...] = ()

    def show_tensor(self, values: NDArray[np.float32]) -> None:
        """The last dimension runs to the right, all others down."""
        *above, width = values.shape if values.ndim > 1 else (values.size, 1)
        columns = tuple(f"[{i}]" for i in range(width)) if values.ndim > 1 else ("value",)
        self._is_tensor = True
        self._show(values.reshape(-1, width), columns, tuple(above), (number_format(values),) * width)

    def show_columns(self, columns: dict[str, NDArray[np.float32]]) -> None:
        """Tensors of one shape beside each other, number by number."""
        values = np.stack([column.reshape(-1) for column in columns.values()], axis=1)
        shape = next(iter(columns.values())).shape
        # Two decimals more than PyTorch prints: a step moves a weight by less than the fourth.
        formats = tuple(number_format(column, decimals=6) for column in columns.values())
        self._is_tensor = False
        self._show(values, tuple(columns), shape, formats)

    def _show(
        self, values: NDArray[np.float32], columns: tuple[str, ...], shape: tuple[int, ...], formats: tuple[str, ...]
    ) -> None:
        # New numbers in the same cells leave selection and scroll position where they are.
        if values.shape == self._values.shape and (columns, shape) == (self._columns, self._shape):
            self._values, self._formats = values, formats
            if values.size:
                self.dataChanged.emit(self.index(0, 0), self.index(len(values) - 1, len(columns) - 1))
            return
        self.beginResetModel()
        self._values, self._columns, self._shape, self._formats = values, columns, shape, formats
        self.endResetModel()

    def rowCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else self._values.shape[0]

    def columnCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else self._values.shape[1]

    def flags(self, index: Index) -> Qt.ItemFlag:
        editable = Qt.ItemFlag.ItemIsEditable if self.editable and self._is_tensor else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | editable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        value = self._values[index.row(), index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return format(float(value), self._formats[index.column()])
        if role == Qt.ItemDataRole.EditRole:
            # The fewest digits that give this float32 back, where the float of all its digits has many more.
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
        return self._columns[section] if orientation == Qt.Orientation.Horizontal else self._row_text(section)

    def cell_text(self, index: Index) -> str:
        """Which number it is: `[3, 0, 1] [2]`."""
        return f"{self._row_text(index.row())} {self._columns[index.column()]}"

    def flat(self, index: Index) -> int:
        """Which of the tensor's numbers it is, counted from 0."""
        return index.row() * len(self._columns) + index.column()

    def _row_text(self, row: int) -> str:
        return index_text(row, self._shape)

    def widest(self) -> int:
        """How many letters the longest number has, rounded up to what its column's format can need."""
        return max((12 if written.endswith("e") else int(written[2]) + 6 for written in self._formats), default=9)

    def tab_separated(self, block: QItemSelectionRange) -> str:
        """A block of cells with the digits that tell each float32 from every other."""
        cells = self._values[block.top() : block.bottom() + 1, block.left() : block.right() + 1]
        return "\n".join("\t".join(map(str, row)) for row in cells)


class CellField(NumberField):
    """The number of one cell while it is edited. Only `commit` puts it in force; what else is typed is dropped."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(finite, 14, parent)
        self.setObjectName("number_editor")
        # It is wider than its cell: an edge of its own says which numbers it covers.
        self.setStyleSheet(f"QLineEdit {{ border: 1px solid {theme.colour('accent').name()}; border-radius: 2px; }}")
        self.setAlignment(_RIGHT)
        # The message floats over the whole window, and would outlive the field there.
        self.destroyed.connect(self._message.deleteLater)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # A frame, a key of the window or a click can take the cell away: none of them means to change a weight.
        QLineEdit.focusOutEvent(self, event)

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        if self._message.isVisible():
            self._message.say(self._message.text(), self._message.is_error)


class CellEditing(QStyledItemDelegate):
    """Opens a `CellField` over a cell. What is no number stays as it was typed, with a message below it."""

    committed = Signal(int, float)
    """A number of the tensor, by its flat index, and what it is to be."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        numbers = index.model()
        assert isinstance(numbers, NumberModel)
        field, flat = CellField(parent), numbers.flat(index)
        field.setAccessibleName(f"New number at {numbers.cell_text(index)}")
        field.committed.connect(lambda number: self.committed.emit(flat, number))
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, CellField)
        editor.set_value(index.data(Qt.ItemDataRole.EditRole))

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: ARG002
        cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        # As wide as all digits of a number need, to the left of the cell's right edge while there is room.
        left = max(min(0, cell.left()), cell.right() + 1 - editor.width())
        editor.setGeometry(left, cell.top(), editor.width(), cell.height())

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(editor, CellField) and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            hint = _ENTER.get(event.key())
            if hint is not None:
                editor.commit()
                if not editor.refused():
                    self.closeEditor.emit(editor, hint)
                return True
        return super().eventFilter(editor, event)


class NumberTable(QTableView):
    """A `NumberModel` on the screen. Copying gives the selected cells as tab-separated values."""

    edited = Signal(int, float)
    """A number of the tensor, by its flat index, and what somebody wants it to be."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = NumberModel()
        self.setModel(self.numbers)
        self._editing = CellEditing(self)
        self._editing.committed.connect(self.edited)
        self.setItemDelegate(self._editing)
        self.setObjectName("number_table")
        self.setAccessibleName("Table of numbers")
        self.setToolTip(f"{COPY_TIP}. At a pause: {EDIT_TIP}")
        self.setFont(theme.mono())
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        # Fixed sizes: a million cells are never measured, and no column moves while numbers change.
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setFont(theme.mono())
            header.setSectionResizeMode(header.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(theme.mono()).height() + theme.UNIT)
        self.numbers.modelReset.connect(self._fit)
        self.numbers.dataChanged.connect(self._fit)

    def _fit(self) -> None:
        width = QFontMetrics(theme.mono()).horizontalAdvance("0") * self.numbers.widest() + theme.UNIT
        if width != self.horizontalHeader().defaultSectionSize():
            self.horizontalHeader().setDefaultSectionSize(width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def allow_edits(self, allowed: bool) -> None:
        """Whether a tensor's numbers may be edited from now on. Where not, what is being typed is dropped."""
        self.numbers.editable = allowed
        if not allowed:
            self.stop_editing()

    def stop_editing(self) -> None:
        """Drop what is being typed."""
        for field in self.viewport().findChildren(CellField):
            self._editing.closeEditor.emit(field)

    def copy(self) -> None:
        """Put the selected blocks of cells on the clipboard, one below the other."""
        blocks = sorted(self.selectionModel().selection().toList(), key=lambda block: (block.top(), block.left()))
        QGuiApplication.clipboard().setText("\n".join(self.numbers.tab_separated(block) for block in blocks))
