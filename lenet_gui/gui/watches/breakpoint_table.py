"""The table of breakpoints: where a run stops, how often it did, what it costs. It tells what a person wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from lenet_gui.gui import theme
from lenet_gui.gui.watches.row_table import RowModel, RowTable
from lenet_gui.gui.widgets.table import Index
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow

WHERE, HITS, COST = range(3)
_HEADERS = ("Breakpoint", "Hits", "Cost")
_TIPS = (
    "Where or when a run stops. Space switches it on and off, double-click or Enter changes it",
    "How often it was hit up to this place, counted along the branch from where it was set",
    "What it costs while a run goes on",
)
_HIT_LETTERS = 7
WIDE = 440
"""Pixels from which on the cost has a column of its own; below, a tooltip and the line under the list say it."""

Role = Qt.ItemDataRole


class BreakpointModel(RowModel[BreakpointRow]):
    """The breakpoints in the frame's order. A switch is only told: the frame says when it holds."""

    headers, tips, left = _HEADERS, _TIPS, (WHERE, COST)
    switched = Signal(object)
    """The `Breakpoint` as it is to be."""

    def __init__(self) -> None:
        super().__init__(
            lambda row: row.breakpoint.id,
            lambda row: ((row.breakpoint, row.problem), (row.hits, row.problem), (row.cost, row.problem)),
        )

    def flags(self, index: Index) -> Qt.ItemFlag:
        checked = Qt.ItemFlag.ItemIsUserCheckable if index.column() == WHERE else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | checked

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        if role == Role.DisplayRole:
            return (words(row.breakpoint), f"{row.hits:,}", row.cost)[column]
        if role == Role.CheckStateRole and column == WHERE:
            return Qt.CheckState.Checked if row.breakpoint.enabled else Qt.CheckState.Unchecked
        if role == Role.ToolTipRole:
            return "\n".join([words(row.breakpoint), about(row)])
        if role == Role.TextAlignmentRole:
            return self.alignment(column)
        if role == Role.FontRole and column == COST:
            return QGuiApplication.font()
        if role == Role.ForegroundRole:
            quiet = column == COST or not row.breakpoint.enabled
            return theme.colour("error" if row.problem else "muted") if row.problem or quiet else None
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        if role == Role.CheckStateRole:
            on = Qt.CheckState(value) == Qt.CheckState.Checked
            self.switched.emit(replace(self.rows[index.row()].breakpoint, enabled=on))
        return False


class _Boxes(QStyledItemDelegate):
    """Draws the edge of each check box, which is as dark as its ground in a dark window."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        given: Any = QStyleOptionViewItem(option)
        self.initStyleOption(given, index)
        box = given.widget.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, given, given.widget)
        painter.setPen(theme.colour("muted"))
        painter.drawRect(box.adjusted(0, 0, -1, -1))


class BreakpointTable(RowTable[BreakpointRow]):
    """A `BreakpointModel` on the screen, with its keys and its menu."""

    opened = Signal(object)
    """The `Breakpoint` that somebody wants to change."""

    def __init__(self) -> None:
        self.breakpoints = BreakpointModel()
        super().__init__(self.breakpoints)
        self.setItemDelegateForColumn(WHERE, _Boxes(self))
        self.setObjectName("breakpoint_table")
        self.setAccessibleName("Breakpoints")
        self.setToolTip("Space switches a breakpoint on and off, Enter changes it, Delete removes it, Ctrl+C copies it")
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        letter = QFontMetrics(self.font()).horizontalAdvance("0")
        self.setColumnWidth(HITS, letter * _HIT_LETTERS + 2 * theme.UNIT)
        cost = QFontMetrics(QGuiApplication.font()).horizontalAdvance("costs about 20 % of a run")
        self.setColumnWidth(COST, cost + 4 * theme.UNIT)
        self.doubleClicked.connect(lambda index: self.opened.emit(self.breakpoints.rows[index.row()].breakpoint))

    def copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(words(row.breakpoint) for row in self.chosen()))

    def open_chosen(self) -> None:
        if self.currentIndex().isValid():
            self.opened.emit(self.breakpoints.rows[self.currentIndex().row()].breakpoint)

    def switch(self) -> None:
        """All selected ones go on, or where all are on, off."""
        chosen = [row.breakpoint for row in self.chosen()]
        on = not all(breakpoint.enabled for breakpoint in chosen)
        for breakpoint in chosen:
            if breakpoint.enabled != on:
                self.breakpoints.switched.emit(replace(breakpoint, enabled=on))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.switch()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.open_chosen()
        else:
            super().keyPressEvent(event)

    def doings(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        return (
            ("Switch on or off", "Space", self.switch),
            ("Change…", "Enter", self.open_chosen),
            ("Copy", "Ctrl+C", self.copy),
            ("Remove", "Del", self.drop),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnHidden(COST, self.width() < WIDE)


def words(breakpoint: Breakpoint) -> str:
    """A breakpoint in a line: `relu_1 (operation) if loss > 2, every 5 hits`."""
    if breakpoint.kind == "when":
        said = f"when {breakpoint.condition}"
    else:
        said = f"● {breakpoint.at}" if breakpoint.kind == "phase" else f"{breakpoint.at} ({breakpoint.kind})"
        said += f" if {breakpoint.condition}" if breakpoint.condition else ""
    if breakpoint.hits:
        sign, number = breakpoint.hits[0], breakpoint.hits.lstrip("=%")
        said += {"=": f", hit {number} only", "%": f", every {number} hits"}.get(sign, f", from hit {number} on")
    return f"{said}, logs “{breakpoint.log}”" if breakpoint.log else said


def about(row: BreakpointRow) -> str:
    """What there is to say of a breakpoint: what is wrong with it, or how often it was hit and what it costs."""
    off = [] if row.breakpoint.enabled else ["off"]
    return row.problem or " · ".join([*off, f"hit {row.hits:,}×", *([row.cost] if row.cost else [])])
