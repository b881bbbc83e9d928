"""How far apart two branches are: a row a parameter, as numbers and as a bar. Only drawn here, measured elsewhere."""

from __future__ import annotations

import math

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_readout import DIGITS, digits
from lenet_gui.protocol import Distance

NAME, DIFFERENCE, SHARE = range(3)
_HEADERS = ("Parameter", "‖difference‖", "/ ‖first‖")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ANYWHERE = QModelIndex()
_LONGEST_NAME = 24
Index = QModelIndex | QPersistentModelIndex


class DistanceModel(QAbstractTableModel):
    """The parameters in the model's order; no rows where nothing was raced."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Distance, ...] = ()
        self._first = ""
        self.full = 0.0
        """The share at which a bar is full: 1, 2 or 5 times a power of ten, which only grows during a race."""

    def show_distances(self, distances: tuple[Distance, ...], first: str = "") -> None:
        """`first` is the name of the branch that the differences are measured against."""
        names = [row.name for row in distances]
        same = bool(names) and (names, first) == ([row.name for row in self._rows], self._first)
        found = [value for row in distances if math.isfinite(value := share(row))]
        self.full = max(_full(max(found, default=0.0)), self.full if same else 0.0)
        if same:
            self._rows = distances
            self.dataChanged.emit(self.index(0, DIFFERENCE), self.index(len(distances) - 1, SHARE))
            return
        self.beginResetModel()
        self._rows, self._first = distances, first
        self.endResetModel()

    def bar(self, row: int) -> float:
        """How much of its cell the bar of a row fills, from 0 to 1."""
        value = share(self._rows[row])
        return min(value / self.full, 1.0) if self.full and not math.isnan(value) else 0.0

    def longest_name(self) -> int:
        return max((len(row.name) for row in self._rows), default=0)

    def rowCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else len(_HEADERS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.name, number(row.difference), number(share(row)))[column]
        if role == Qt.ItemDataRole.EditRole:
            return (row.name, repr(row.difference), repr(share(row)))[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if column == NAME else _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._all_digits(row)
        if role == Qt.ItemDataRole.ForegroundRole and column != NAME:
            value = row.difference if column == DIFFERENCE else share(row)
            return None if math.isfinite(value) else theme.colour("error")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section == NAME else _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._explained()[section]
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


class DistanceTable(QTableView):
    """A `DistanceModel` on the screen. Copying gives the selected rows as tab-separated values, with all digits."""

    def __init__(self) -> None:
        super().__init__()
        self.distances = DistanceModel()
        self.setModel(self.distances)
        self.setItemDelegateForColumn(SHARE, _Bars(self))
        self.setObjectName("race_table")
        self.setAccessibleName("How far apart the parameters are")
        self.setToolTip("How far each parameter of the one branch is from the other's. Ctrl+C copies rows, all digits")
        self.setFont(theme.mono())
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self.font()).height() + theme.UNIT)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
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

    def minimumSizeHint(self) -> QSize:
        rows = self.horizontalHeader().sizeHint().height() + 2 * self.verticalHeader().defaultSectionSize()
        return QSize(super().minimumSizeHint().width(), rows + 2 * self.frameWidth())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the selected rows on the clipboard."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        cells = [
            [self.distances.index(row, column).data(Qt.ItemDataRole.EditRole) for column in range(3)] for row in rows
        ]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in cells))


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
