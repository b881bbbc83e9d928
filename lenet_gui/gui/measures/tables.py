"""The tables of the measures: a row an epoch, and a row a class. Plain numbers, ready to be copied."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.table import ANYWHERE, Index, Table, TableModel
from lenet_gui.protocol.measures import COLUMNS, ClassRow

STEP, EPOCH, PLACE = range(3)


def epoch_words(epoch: float) -> str:
    """Whole epochs without decimals."""
    return f"{epoch:.0f}" if epoch == round(epoch) else f"{epoch:.2f}"


class EpochModel(TableModel):
    """Loss and accuracy where they were measured along the branch; what was not has a dash."""

    headers = ("Epoch", "Step", "Train loss", "Train acc.", "Test loss", "Test acc.")
    tips = (
        "How often training has gone over the data",
        "Whole steps that were done there",
        "The mean loss of the training images; of at most 10,000, always the same ones",
        "The share of them that the network has right",
        "The mean loss of the images held out",
        "The share of them that the network has right",
    )

    def __init__(self) -> None:
        super().__init__()
        self.rows = np.empty((0, len(COLUMNS)))
        self.here = -1
        """How many commands are done at the cursor."""

    def show_rows(self, rows: np.ndarray) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def show_place(self, commands: int) -> None:
        if commands != self.here:
            self.here = commands
            if len(self.rows):
                self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.headers) - 1))

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def value(self, row: int, column: int) -> float:
        step, epoch, _, *sides = self.rows[row]
        if column < 2:
            return float((epoch, step)[column])
        loss, correct, total = sides[3 * ((column - 2) // 2) :][:3]
        return float(loss if column % 2 == 0 else correct / total)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(column, self.value(row, column))
        if role == Qt.ItemDataRole.EditRole:
            return repr(self.value(row, column))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour("disabled") if self.rows[row, PLACE] > self.here else None
        if role == Qt.ItemDataRole.FontRole and self.rows[row, PLACE] == self.here:
            bold = QFont(theme.mono())
            bold.setBold(True)
            return bold
        if role == Qt.ItemDataRole.ToolTipRole:
            return "Double-click or press Enter to go there"
        return None

    def _words(self, column: int, value: float) -> str:
        if math.isnan(value):
            return "–"
        if column == 0:
            return epoch_words(value)
        if column == 1:
            return f"{value:,.0f}"
        return f"{value:.4f}" if column % 2 == 0 else f"{100 * value:.2f} %"


class ClassModel(TableModel):
    """Precision, recall, F1 and support of each class."""

    headers = ("Class", "Precision", "Recall", "F1", "Images", "Predicted")
    left = (0,)
    tips = (
        "The label",
        "Of the images taken for this class, the share that is of it",
        "Of the images of this class, the share that is taken for it",
        "The harmonic mean of precision and recall",
        "How many images of this class were looked at (support)",
        "How many images the network takes for this class",
    )

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[ClassRow, ...] = ()
        self._by, self._order = -1, Qt.SortOrder.AscendingOrder

    def show_rows(self, rows: tuple[ClassRow, ...]) -> None:
        self.beginResetModel()
        self.rows = self._sorted(rows)
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._by, self._order = column, order
        self.show_rows(self.rows)

    def _sorted(self, rows: tuple[ClassRow, ...]) -> tuple[ClassRow, ...]:
        if self._by < 0:
            return rows
        key: Callable[[ClassRow], object] = lambda row: _sortable(_cells(row)[self._by])  # noqa: E731
        return tuple(sorted(rows, key=key, reverse=self._order == Qt.SortOrder.DescendingOrder))  # pyright: ignore[reportCallIssue, reportArgumentType]

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        value = _cells(self.rows[index.row()])[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _shown(value)
        if role == Qt.ItemDataRole.EditRole:
            return repr(value) if isinstance(value, float) else str(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(value, float) and math.isnan(value):
            return "Divided by 0: this class is never predicted, or has no images"
        return None


class MeasureTable(Table):
    """One of these tables. `opened` tells the row that was double-clicked or entered."""

    opened = Signal(int)

    def __init__(self, model: TableModel, name: str, says: str, tip: str) -> None:
        super().__init__(model)
        self.setObjectName(name)
        self.setAccessibleName(says)
        self.setToolTip(tip)
        self.doubleClicked.connect(self._open)
        letter = QFontMetrics(self.font()).horizontalAdvance("0")
        for column, header in enumerate(model.headers):
            self.setColumnWidth(column, letter * max(6, len(header)) + 3 * theme.UNIT)
        self.horizontalHeader().setStretchLastSection(True)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selected():
            self.opened.emit(self.selected()[0])
        else:
            super().keyPressEvent(event)


def _cells(row: ClassRow) -> tuple[str | float | int, ...]:
    return row.name, row.precision, row.recall, row.f1, row.support, row.predicted


def _sortable(value: str | float | int) -> tuple[bool, object]:
    return (isinstance(value, float) and math.isnan(value), value)


def _shown(value: str | float | int) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.4f}"
    return value if isinstance(value, str) else f"{value:,}"
