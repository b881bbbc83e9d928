"""The samples of a batch and their shares in one number of a gradient: a row a sample, the largest first."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from lenet_gui.gui import theme
from lenet_gui.protocol_moved import SampleShares

SAMPLE, TARGET, SHARE, PART = range(4)
_HEADERS = ("Sample", "Target", "Share", "Part")
_TIPS = (
    "Which sample of the batch, from 0",
    "Its label",
    "What this sample adds to the gradient: d loss_i / d w, where the batch's loss is the sum of all loss_i",
    "|share| / sum of |shares|, and the share as a bar: to the left below zero, to the right above",
)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ANYWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class ShareModel(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.shown: SampleShares | None = None
        self._order: list[int] = []
        self._size = 0.0

    def show_shares(self, found: SampleShares | None) -> None:
        self.beginResetModel()
        self.shown = found
        shares = np.zeros(0) if found is None else found.shares
        self._order = np.argsort(-np.abs(shares), kind="stable").tolist()
        self._size = math.fsum(np.abs(shares))
        self.endResetModel()

    def bar(self, row: int) -> float:
        """The share of a row as a part of the largest, from -1 to 1."""
        assert self.shown is not None
        shares = self.shown.shares
        largest = abs(float(shares[self._order[0]]))
        return float(shares[self._order[row]]) / largest if largest and math.isfinite(largest) else 0.0

    def rowCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = _ANYWHERE) -> int:
        return 0 if parent.isValid() else len(_HEADERS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        assert self.shown is not None
        sample = self._order[index.row()]
        share = float(self.shown.shares[sample])
        if role == Qt.ItemDataRole.DisplayRole:
            target = str(self.shown.targets[sample]) if sample < len(self.shown.targets) else ""
            part = f"{100 * abs(share) / self._size:.1f} %" if self._size else "0"
            return (str(sample), target, f"{share:.6g}", part)[index.column()]
        if role == Qt.ItemDataRole.EditRole:
            return (sample, self.shown.targets[sample] if sample < len(self.shown.targets) else "", repr(share), "")[
                index.column()
            ]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"sample {sample}: {share!r}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        return _TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None


class _Bars(QStyledItemDelegate):
    """A bar from the middle of the cell, behind the number."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, ShareModel)
        cell: QRect = option.rect.adjusted(1, 2, -1, -2)  # pyright: ignore[reportAttributeAccessIssue]
        share = model.bar(index.row())
        length, middle = round(abs(share) * cell.width() / 2), cell.left() + cell.width() // 2
        colour = theme.colour("positive" if share > 0 else "negative")
        colour.setAlpha(90)
        painter.fillRect(QRect(middle if share > 0 else middle - length, cell.top(), length, cell.height()), colour)
        super().paint(painter, option, index)


class ShareTable(QTableView):
    """A `ShareModel` on the screen. Copying gives the selected rows as tab-separated values, with all digits."""

    def __init__(self) -> None:
        super().__init__()
        self.shares = ShareModel()
        self.setModel(self.shares)
        self.setItemDelegateForColumn(PART, _Bars(self))
        self.setObjectName("moved_shares")
        self.setAccessibleName("The samples' shares in the gradient")
        self.setToolTip("What each sample of the batch adds to this number of the gradient. Ctrl+C copies rows")
        self.setFont(theme.mono())
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self.font()).height() + theme.UNIT)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        letter, words = QFontMetrics(self.font()).horizontalAdvance("0"), QFontMetrics(header.font())
        for column, digits in ((SAMPLE, 4), (TARGET, 4), (SHARE, 12)):
            # Whichever is wider: the header's word or the numbers below it.
            width = max(letter * digits, words.horizontalAdvance(_HEADERS[column]))
            self.setColumnWidth(column, width + 3 * theme.UNIT)

    def minimumSizeHint(self) -> QSize:
        rows = self.horizontalHeader().sizeHint().height() + 2 * self.verticalHeader().defaultSectionSize()
        return QSize(super().minimumSizeHint().width(), rows + 2 * self.frameWidth())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put sample, target and share of the selected rows on the clipboard."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        role = Qt.ItemDataRole.EditRole
        cells = [[str(self.shares.index(row, column).data(role)) for column in range(3)] for row in rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in cells))
