"""How far apart two branches are: a row a parameter, as numbers and as a bar. Only drawn here, measured elsewhere."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_readout import DIGITS, digits
from lenet_gui.gui.widgets.table import ANYWHERE, Index, Table, TableModel
from lenet_gui.protocol import Distance

NAME, DIFFERENCE, SHARE = range(3)
_LONGEST_NAME = 24


class DistanceModel(TableModel):
    """The parameters in the model's order; no rows where nothing was raced."""

    headers = ("Parameter", "‖difference‖", "/ ‖first‖")
    left = (NAME,)

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Distance, ...] = ()
        self._first = ""
        self.full = 0.0
        """The share at which a bar is full: 1, 2 or 5 times a power of ten, which only grows during a race."""
        self.tips = self._explained()

    def show_distances(self, distances: tuple[Distance, ...], first: str = "") -> None:
        """`first` is the name of the branch that the differences are measured against."""
        names = [row.name for row in distances]
        same = bool(names) and (names, first) == ([row.name for row in self._rows], self._first)
        found = [value for row in distances if math.isfinite(value := share(row))]
        self.full = max(_full(max(found, default=0.0)), self.full if same else 0.0)
        self._first = first
        self.tips = self._explained()
        if same:
            self._rows = distances
            self.dataChanged.emit(self.index(0, DIFFERENCE), self.index(len(distances) - 1, SHARE))
            return
        self.beginResetModel()
        self._rows = distances
        self.endResetModel()

    def bar(self, row: int) -> float:
        """How much of its cell the bar of a row fills, from 0 to 1."""
        value = share(self._rows[row])
        return min(value / self.full, 1.0) if self.full and not math.isnan(value) else 0.0

    def longest_name(self) -> int:
        return max((len(row.name) for row in self._rows), default=0)

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.name, number(row.difference), number(share(row)))[column]
        if role == Qt.ItemDataRole.EditRole:
            return (row.name, repr(row.difference), repr(share(row)))[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._all_digits(row)
        if role == Qt.ItemDataRole.ForegroundRole and column != NAME:
            value = row.difference if column == DIFFERENCE else share(row)
            return None if math.isfinite(value) else theme.colour("error")
        return None

    def _explained(self) -> tuple[str, str, str]:
        scale = f". The bar is full at {self.full:g}" if self.full else ""
        first = self._first or "the first branch"
        return (
            "The parameters, in the model's order",
            "The norm of the difference: (first - second).norm(); 0 where both are the same to the bit",
            f"‖difference‖ / ‖first‖: the norm of the difference, as a share of the norm in {first}{scale}",
        )

    def _all_digits(self, row: Distance) -> str:
        of = f"in {self._first}" if self._first else "of the first"
        return f"{row.name}\n‖difference‖ {row.difference!r}\n‖value‖ {of} {row.norm!r}\nshare {share(row)!r}"


class _Bars(QStyledItemDelegate):
    """A bar behind the number, so that it has room in the narrowest column too."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, DistanceModel)
        cell = option.rect.adjusted(1, 2, -1, -2)  # pyright: ignore[reportAttributeAccessIssue]
        cell.setWidth(round(cell.width() * model.bar(index.row())))
        painter.fillRect(cell, theme.colour("grid"))
        super().paint(painter, option, index)


class DistanceTable(Table):
    """A `DistanceModel` on the screen. Copying gives the selected rows as tab-separated values, with all digits."""

    def __init__(self) -> None:
        self.distances = DistanceModel()
        super().__init__(self.distances)
        self.setItemDelegateForColumn(SHARE, _Bars(self))
        self.setObjectName("race_table")
        self.setAccessibleName("How far apart the parameters are")
        self.setToolTip("How far each parameter of the one branch is from the other's. Ctrl+C copies rows, all digits")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setStretchLastSection(True)
        self.distances.modelReset.connect(self._fit)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Widths that no number changes: only another model's names do."""
        letter = QFontMetrics(self.font()).horizontalAdvance("0")
        name = min(max(self.distances.longest_name(), len("conv2.weight")), _LONGEST_NAME)
        self.setColumnWidth(NAME, letter * name + 3 * theme.UNIT)
        for column in (DIFFERENCE, SHARE):
            self.setColumnWidth(column, letter * (DIGITS + 1) + 2 * theme.UNIT)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        number = self.columnWidth(DIFFERENCE)
        bar = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        return QSize(self.columnWidth(NAME) + 2 * number + bar, super().sizeHint().height())


def share(row: Distance) -> float:
    """‖difference‖ / ‖first‖; infinite for a parameter of zeros that has moved, 0 for one that has not."""
    if row.norm == 0:
        return math.inf if row.difference > 0 else row.difference
    return row.difference / row.norm


def number(value: float) -> str:
    """At most eleven characters. An exact 0 is told from what is only small."""
    return "0" if value == 0 else digits(value)


def _full(largest: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not less; 0 for 0."""
    if largest <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= largest or step == 10)
