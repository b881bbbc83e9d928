"""A mosaic that one can come nearer to: it is zoomed and moved at once, with the numbers that are there, and says which
part of it is seen so that finer ones can be fetched.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent

from lenet_gui.gui.numbers.mosaic import Mosaic
from lenet_gui.protocol.tensors import Block, Picture, Region

STEP = 1.25
"""Of the zoom, a key or a notch of the wheel."""
MOST = 64.0
"""Pixels of a cell, at the largest zoom."""


class MapView(Mosaic):
    """`moved` says that another part is seen. `opened` gives a cell: a double-click on it, or Enter on the cursor's."""

    moved = Signal()
    opened = Signal(object)
    menu_wanted = Signal(object)
    """The place on the screen at which a menu for the cursor's cell is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self._dragged: QPointF | None = None

    def show_pictures(self, pictures: list[Picture], scale: str, span: tuple[float, float]) -> None:
        if pictures[0].full != self.full:
            self.zoom, self.origin = 1.0, QPointF()
        super().show_pictures(pictures, scale, span)

    def region(self) -> Region | None:
        """The part that is seen; `None`: all of it."""
        if self.zoom <= 1.0 or not self.full[0]:
            return None
        room = QRectF(self.rect())
        seen = [tile for tile in range(self.full[0]) if self.tile_rect(tile).intersects(room)]
        if not seen:
            return None
        first, last = seen[0], seen[-1]
        if first != last:
            return Region(first, last - first + 1, Block(0, 0, self.full[1], self.full[2]))
        rect, (_, height, width) = self.tile_rect(first), self.full
        cut = rect.intersected(room)
        down, across = rect.height() / height, rect.width() / width
        row, column = int((cut.y() - rect.y()) / down), int((cut.x() - rect.x()) / across)
        rows, columns = int(cut.height() / down) + 2, int(cut.width() / across) + 2
        return Region(first, 1, Block(row, column, min(rows, height - row), min(columns, width - column)))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Come nearer or go away; what is `at` this point (the middle) stays where it is."""
        at = at if at is not None else QPointF(self.rect().center())
        before = self._cell
        self.zoom = max(
            1.0, self.zoom * min(factor, MOST / max(self._cell, 1e-9)) if factor > 1 else self.zoom * factor
        )
        place = self.origin + at
        self._lay_out()
        self._go_to(place * (self._cell / before) - at)

    def pan(self, right: float, down: float) -> None:
        """Move what is seen, in pixels."""
        self._go_to(self.origin + QPointF(right, down))

    def fit(self) -> None:
        self.zoom = 1.0
        self._lay_out()
        self._go_to(QPointF())

    def _go_to(self, origin: QPointF) -> None:
        self.origin = QPointF()
        if self.zoom > 1 and self.full[0]:
            across = self.tile_rect(self.columns - 1).right()
            down = self.tile_rect(self.full[0] - 1).bottom()
            x = min(max(0.0, origin.x()), max(0.0, across - self.width() + 1))
            y = min(max(0.0, origin.y()), max(0.0, down - self.height() + 1))
            self.origin = QPointF(x, y)
        self._picture = None
        self.update()
        self.moved.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(STEP if turned.y() > 0 else 1 / STEP, event.position())
        elif self.zoom > 1:
            self.pan(-turned.x() / 2, -turned.y() / 2)
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.zoom > 1:
            self._dragged = event.position()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            moved = self._dragged - event.position()
            self._dragged = event.position()
            self.pan(moved.x(), moved.y())
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(cell)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = event.key(), event.modifiers()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.cursor_cell is not None:
            self.opened.emit(self.cursor_cell)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / STEP)
        elif key == Qt.Key.Key_0 and not held:
            self.fit()
        else:
            super().keyPressEvent(event)

    def step_cursor(self, down: int, right: int) -> None:
        super().step_cursor(down, right)
        if self.cursor_cell is None or self.zoom <= 1:
            return
        # What the cursor stands on stays in sight.
        rect, room = self.cell_rect(self.cursor_cell), QRectF(self.rect())
        x = min(0.0, rect.left()) + max(0.0, rect.right() - room.right())
        y = min(0.0, rect.top()) + max(0.0, rect.bottom() - room.bottom())
        if x or y:
            self.pan(x, y)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.moved.emit()
