"""Tables of whole rows: how they look, their headers, and how rows are copied. What the rows are is the children's."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from lenet_gui.gui import theme

Index = QModelIndex | QPersistentModelIndex
ANYWHERE = QModelIndex()
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TableModel(QAbstractTableModel):
    """A child says what its cells hold; `EditRole` is what is copied."""

    headers: tuple[str, ...]
    tips: tuple[str, ...]
    """What each header's tooltip says."""
    left: tuple[int, ...] = ()
    """The columns of words, which stand at the left; numbers stand at the right."""

    def columnCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.headers)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        return LEFT if column in self.left else RIGHT

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(section)
        return self.tips[section] if role == Qt.ItemDataRole.ToolTipRole else None


class Table(QTableView):
    """Whole rows, one above the other, without lines."""

    def __init__(self, model: TableModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setFont(theme.mono())
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self.font()).height() + theme.UNIT)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setHighlightSections(False)

    def selected(self) -> list[int]:
        """The selected rows, from above."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def minimumSizeHint(self) -> QSize:
        """The header and two rows."""
        rows = self.horizontalHeader().sizeHint().height() + 2 * self.verticalHeader().defaultSectionSize()
        return QSize(super().minimumSizeHint().width(), rows + 2 * self.frameWidth())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the selected rows on the clipboard, tab-separated and with all digits."""
        model, role = self.model(), Qt.ItemDataRole.EditRole
        rows = [[str(model.index(row, i).data(role)) for i in range(model.columnCount())] for row in self.selected()]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row).rstrip("\t") for row in rows))
