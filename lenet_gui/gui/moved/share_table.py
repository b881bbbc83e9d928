"""The samples of a batch and their shares in one number of a gradient: a row a sample, the largest first."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.table import ANYWHERE, RIGHT, Index, Table, TableModel
from lenet_gui.protocol.moved import SampleShares

SAMPLE, TARGET, SHARE, PART = range(4)
_HEADERS = ("Sample", "Target", "Share", "Part")
_TIPS = (
    "Which sample of the batch, from 0",
    "Its label",
    "What this sample adds to the gradient: d loss_i / d w, where the batch's loss is the sum of all loss_i",
    "|share| / sum of |shares|, and the share as a bar: to the left below zero, to the right above",
)


class ShareModel(TableModel):
    headers, tips = _HEADERS, _TIPS

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

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self._order)

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
            return RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"sample {sample}: {share!r}"
        return None


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


class ShareTable(Table):
    """A `ShareModel` on the screen. Copying gives the selected rows as tab-separated values, with all digits."""

    def __init__(self) -> None:
        self.shares = ShareModel()
        super().__init__(self.shares)
        self.setItemDelegateForColumn(PART, _Bars(self))
        self.setObjectName("moved_shares")
        self.setAccessibleName("The samples' shares in the gradient")
        self.setToolTip("What each sample of the batch adds to this number of the gradient. Ctrl+C copies rows")
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        letter, words = QFontMetrics(self.font()).horizontalAdvance("0"), QFontMetrics(header.font())
        for column, digits in ((SAMPLE, 4), (TARGET, 4), (SHARE, 12)):
            # Whichever is wider: the header's word or the numbers below it.
            width = max(letter * digits, words.horizontalAdvance(_HEADERS[column]))
            self.setColumnWidth(column, width + 3 * theme.UNIT)
