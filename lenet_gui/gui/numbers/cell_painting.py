"""Draws the cells of a table of numbers, all of those that are seen in one go.

Qt asks a model for each of seven things of each cell, and dresses each by the style sheet: ten times as long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QRect, Qt
from PySide6.QtGui import QPainter, QPen

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.number_model import LOADING

if TYPE_CHECKING:
    from lenet_gui.gui.numbers.tables import NumberTable

_WORDS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_INSET = 3


def paint_cells(table: NumberTable, painter: QPainter, dirty: QRect) -> None:
    """The cells of this part of the viewport: ground, marks, numbers, grid."""
    numbers, seen = table.numbers, table.seen()
    tall, wide = table.verticalHeader().defaultSectionSize(), table.horizontalHeader().defaultSectionSize()
    left, top = table.columnViewportPosition(seen.column), table.rowViewportPosition(seen.row)
    rows = _touched(seen.rows, top, tall, dirty.top(), dirty.bottom())
    columns = _touched(seen.columns, left, wide, dirty.left(), dirty.right())
    if not rows or not columns:
        return
    across = QRect(left + columns[0] * wide, 0, len(columns) * wide, 0)
    for row in rows:
        if (seen.row + row) % 2:
            painter.fillRect(across.x(), top + row * tall, across.width(), tall, theme.colour("alternate"))
    _paint_selection(table, painter)
    text, muted, error = theme.colour("text"), theme.colour("muted"), theme.colour("error")
    painter.setPen(text)
    for row in rows:
        line = numbers.line(seen.row + row, seen.column + columns[0], len(columns))
        for column, (number, written) in zip(columns, line, strict=True):
            plain = number is not None and math.isfinite(number)
            if not plain:
                painter.setPen(muted if written == LOADING else error)
            painter.drawText(left + column * wide, top + row * tall, wide - _INSET, tall, _WORDS, written)
            if not plain:
                painter.setPen(text)
    _paint_grid(painter, [left + (c + 1) * wide - 1 for c in columns], [top + (r + 1) * tall - 1 for r in rows], dirty)
    current = table.currentIndex()
    if current.isValid() and table.hasFocus():
        painter.setPen(QPen(theme.colour("accent"), 1))
        painter.drawRect(table.visualRect(current).adjusted(0, 0, -1, -1))


def _touched(count: int, start: int, size: int, low: int, high: int) -> range:
    """Which of so many cells of this size, from `start` on, lie between two pixels."""
    return range(max(0, (low - start) // size), min(count, (high - start) // size + 1))


def _paint_selection(table: NumberTable, painter: QPainter) -> None:
    model: QItemSelectionModel = table.selectionModel()
    for block in model.selection().toList():
        first, last = table.model().index(block.top(), block.left()), table.model().index(block.bottom(), block.right())
        painter.fillRect(table.visualRect(first).united(table.visualRect(last)), theme.colour("selection"))


def _paint_grid(painter: QPainter, xs: list[int], ys: list[int], dirty: QRect) -> None:
    painter.setPen(theme.colour("grid"))
    for x in xs:
        painter.drawLine(x, dirty.top(), x, min(dirty.bottom(), ys[-1]))
    for y in ys:
        painter.drawLine(dirty.left(), y, min(dirty.right(), xs[-1]), y)
