"""Tables whose rows are values of a frame. A new frame repaints the cells that changed, and lays nothing out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QMenu

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.table import ANYWHERE, Index, Table, TableModel

Row = TypeVar("Row")


class RowModel(TableModel, Generic[Row]):
    """`identity` tells rows apart, so that the same one stays chosen; `looks` is what its columns look like."""

    def __init__(self, identity: Callable[[Row], int], looks: Callable[[Row], tuple[object, ...]]) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._identity, self._looks = identity, looks

    def show_rows(self, rows: Sequence[Row]) -> None:
        if [self._identity(row) for row in rows] != [self._identity(row) for row in self.rows]:
            self._match(rows)
        for i, (row, before) in enumerate(zip(rows, self.rows, strict=True)):
            if row == before:
                continue
            self.rows[i] = row
            for column, (now, then) in enumerate(zip(self._looks(row), self._looks(before), strict=True)):
                if now != then:
                    self.dataChanged.emit(self.index(i, column), self.index(i, column))

    def _match(self, rows: Sequence[Row]) -> None:
        """Rows come and go one by one: the others stay chosen, and what is being typed in them stays."""
        wanted = [self._identity(row) for row in rows]
        for i in reversed(range(len(self.rows))):
            if self._identity(self.rows[i]) not in wanted:
                self.beginRemoveRows(ANYWHERE, i, i)
                del self.rows[i]
                self.endRemoveRows()
        kept = [self._identity(row) for row in self.rows]
        if kept != [identity for identity in wanted if identity in kept]:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
            return
        for i, row in enumerate(rows):
            if i == len(self.rows) or self._identity(self.rows[i]) != wanted[i]:
                self.beginInsertRows(ANYWHERE, i, i)
                self.rows.insert(i, row)
                self.endInsertRows()

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)


class RowTable(Table, Generic[Row]):
    """`doings` says what can be done with the selected rows; copying and removing have their keys here."""

    dropped = Signal(object)
    """The rows that are not wanted any more, from above."""

    def __init__(self, model: RowModel[Row]) -> None:
        super().__init__(model)
        self._model = model
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(24)

    def chosen(self) -> list[Row]:
        """The selected rows, from above."""
        return [self._model.rows[i] for i in self.selected()]

    def drop(self) -> None:
        if self.chosen():
            self.dropped.emit(self.chosen())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.drop()
        else:
            super().keyPressEvent(event)

    def doings(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        """What can be done with the selected rows: words, keys (which the table listens to itself), and how."""
        raise NotImplementedError

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName(f"{self.objectName()}_menu")
        for text, keys, act in self.doings():
            action = QAction(f"{text}\t{keys}", menu)
            action.triggered.connect(act)
            menu.addAction(action)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.selected():
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())

    def minimumSizeHint(self) -> QSize:
        """The header and one row."""
        rows = self.horizontalHeader().sizeHint().height() + self.verticalHeader().defaultSectionSize()
        return QSize(30 * theme.UNIT, rows + 2 * self.frameWidth())
