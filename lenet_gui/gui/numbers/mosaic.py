"""Maps side by side, drawn as one image, with a cursor that goes from cell to cell. Where their numbers are from, and
how one comes nearer to them, is not here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import DIVERGING, paint, steady_range
from lenet_gui.protocol.tensors import Block, Picture, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STRIP = 32

Cell = tuple[int, int, int]
"""Tile, row and column in a mosaic."""
_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


def columns_for(tiles: int, height: int, width: int, room: QSize, caption: int = 0) -> int:
    """The number of columns at which `tiles` maps of `height` × `width` cells come out largest in `room`."""

    def size(columns: int) -> float:
        rows = -(-tiles // columns)
        return min(room.width() / (columns * width), max(0.1, room.height() / rows - caption) / height)

    return max(range(1, tiles + 1), key=size) if tiles else 1


class Drawn:
    """A picture in colours, made once."""

    def __init__(self, picture: Picture, scale: str, span: tuple[float, float]) -> None:
        self.picture = picture
        count, height, width = picture.tiles.shape
        # The pixels of a QImage that is made of an array are the array's: it is kept.
        self._pixels = paint(picture.tiles.reshape(count * height, width), scale, span, theme.is_dark())
        self.image = QImage(self._pixels.data, width, count * height, 4 * width, QImage.Format.Format_RGB32)

    def source(self, tile: int) -> QRectF:
        """Where a tile lies in the image; the last number of a line may stand for fewer cells than the others."""
        part, height = self.picture.region, self.picture.tiles.shape[1]
        down, across = part.block.rows / self.picture.down, part.block.columns / self.picture.across
        return QRectF(0, (tile - part.tile) * height, across, down)


class Mosaic(QWidget):
    """Maps of `full` = (tiles, height, width) cells side by side, scaled without smoothing.

    The mouse and the arrow keys move the cursor (`pointed` gives the `Cell`, or `None` when the mouse leaves).
    """

    pointed = Signal(object)

    def __init__(self, gap: int = 4, caption: int = 0) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(48, 48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.full: Cell = (0, 1, 1)
        self.scale = DIVERGING
        self.span = (-1.0, 1.0)
        self.cursor_cell: Cell | None = None
        self.zoom = 1.0
        self.origin = QPointF()
        """What of the maps lies in the upper left corner, in pixels."""
        self.columns = 1
        self._gap = gap
        self._caption = caption
        self._drawn: list[Drawn] = []
        # The maps as they were drawn last: often only the marks over them change.
        self._picture: QPixmap | None = None
        self._lit: list[Region] = []
        self._cell = 1.0

    def show_tiles(self, tiles: NDArray[np.float32], scale: str, span: tuple[float, float] | None = None) -> None:
        """Draw `tiles` [n, height, width]; without `span` it is `steady_range` of them."""
        full = (tiles.shape[0], tiles.shape[1], tiles.shape[2])
        whole = Region(0, full[0], Block(0, 0, full[1], full[2]))
        self.show_pictures([Picture(full, whole, 1, 1, tiles)], scale, span or steady_range(tiles, scale))

    def show_pictures(self, pictures: list[Picture], scale: str, span: tuple[float, float]) -> None:
        """Draw these over each other: the first is of all, later ones of a region."""
        full = pictures[0].full
        if full != self.full:
            self.cursor_cell = None
        self.full, self.scale, self.span = full, scale, span
        self._drawn = [Drawn(one, scale, span) for one in pictures if one.tiles.size]
        self._lay_out()
        self.update()

    def light(self, regions: list[Region]) -> None:
        """Frame these cells until other ones are lit; what is not drawn here is left out."""
        if regions != self._lit:
            self._lit = regions
            self.update()

    def tile_rect(self, tile: int) -> QRectF:
        """Where a tile's picture lies; its caption is below."""
        count, height, width = self.full
        row, column = divmod(tile, self.columns)
        size, one_row = self._cell, count <= self.columns
        return QRectF(
            column * (width * size + self._gap) - self.origin.x(),
            row * (height * size + self._gap + self._caption) - self.origin.y(),
            width * size,
            # A strip of many numbers is kept thick enough to be seen.
            max(size, min(_STRIP, self.height())) if height == 1 and one_row else height * size,
        )

    def cell_rect(self, cell: Cell, rows: int = 1, columns: int = 1) -> QRectF:
        """Where so many cells from this one on lie."""
        rect = self.tile_rect(cell[0])
        down, across = rect.height() / self.full[1], rect.width() / self.full[2]
        return QRectF(rect.x() + cell[2] * across, rect.y() + cell[1] * down, columns * across, rows * down)

    def cell_at(self, point: QPointF) -> Cell | None:
        count, height, width = self.full
        if not count or height * width == 0:
            return None
        first = self.tile_rect(0)
        column = int((point.x() + self.origin.x()) // (first.width() + self._gap))
        row = int((point.y() + self.origin.y()) // (first.height() + self._gap + self._caption))
        tile = row * self.columns + column
        if not (0 <= column < self.columns and 0 <= tile < count):
            return None
        rect = self.tile_rect(tile)
        y, x = (point.y() - rect.y()) / rect.height() * height, (point.x() - rect.x()) / rect.width() * width
        # A caption belongs to its tile.
        return tile, max(0, min(int(y), height - 1)), max(0, min(int(x), width - 1))

    def _lay_out(self) -> None:
        self._picture = None
        count, height, width = self.full
        if not count * height * width:
            return
        self.columns = columns_for(count, height, width, self.size(), self._caption)
        rows = -(-count // self.columns)
        across = (self.width() - 1 - self._gap * (self.columns - 1)) / (self.columns * width)
        down = (self.height() - 1 - rows * self._caption - self._gap * (rows - 1)) / (rows * height)
        self._cell = max(0.0001, min(across, down)) * self.zoom
        if self._cell >= 4:
            # Whole device pixels a cell: all cells are then of one size. Small ones would give too much room away.
            ratio = self.devicePixelRatioF()
            self._cell = math.floor(self._cell * ratio) / ratio

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            if not self._drawn:
                return
            if self._picture is None:
                self._picture = self._rendered()
            painter.drawPixmap(0, 0, self._picture)
            self.paint_marks(painter)
            self._paint_lit(painter)

    def _rendered(self) -> QPixmap:
        """The maps with their outlines, at this widget's size."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        room = QRectF(self.rect())
        with QPainter(picture) as painter:
            # Zero has the colour of the ground, so each map needs an outline.
            painter.setPen(theme.colour("grid"))
            for drawn in self._drawn:
                part, block = drawn.picture.region, drawn.picture.region.block
                shrunk = self._cell * ratio * drawn.picture.down < 1
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
                for tile in range(part.tile, part.tile + part.tiles):
                    rect = self.cell_rect((tile, block.row, block.column), block.rows, block.columns)
                    if rect.intersects(room):
                        painter.drawImage(rect, drawn.image, drawn.source(tile))
                        painter.drawRect(self.tile_rect(tile))
        return picture

    def _paint_lit(self, painter: QPainter) -> None:
        count, height, width = self.full
        for region in self._lit:
            block = region.block
            if block.row + block.rows > height or block.column + block.columns > width:
                continue  # of the tensor that was shown before
            for tile in range(region.tile, min(region.tile + region.tiles, count)):
                rect = self.cell_rect((tile, block.row, block.column), block.rows, block.columns).adjusted(-1, -1, 1, 1)
                painter.setPen(QPen(theme.colour("text"), 3))
                painter.drawRect(rect)
                painter.setPen(QPen(theme.colour("place"), 1.5))
                painter.drawRect(rect)

    def paint_marks(self, painter: QPainter) -> None:
        """What is drawn over the maps: here, a frame around the cursor's cell."""
        if self.cursor_cell is None:
            return
        cell = self.cell_rect(self.cursor_cell)
        cell.setSize(cell.size().expandedTo(QRectF(0, 0, 4, 4).size()))
        painter.setPen(QPen(theme.colour("text"), 3))
        painter.drawRect(cell)
        painter.setPen(QPen(theme.colour("place"), 1))
        painter.drawRect(cell)

    def point_at(self, cell: Cell | None) -> None:
        if cell != self.cursor_cell:
            self.cursor_cell = cell
            self.update()
            self.pointed.emit(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _MOVES or not self._drawn or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
            return
        self.step_cursor(*_MOVES[Qt.Key(event.key())])

    def step_cursor(self, down: int, right: int) -> None:
        """Move the cursor by cells, across the borders of maps; it stays where it is at the mosaic's edge."""
        if self.cursor_cell is None:
            self.point_at((0, 0, 0))
            return
        tile, row, column = self.cursor_cell
        count, height, width = self.full
        tile_row, tile_column = divmod(tile, self.columns)
        x = tile_column * width + column + right
        y = tile_row * height + row + down
        tile = y // height * self.columns + x // width
        if 0 <= x < self.columns * width and y >= 0 and tile < count:
            self.point_at((tile, y % height, x % width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.DevicePixelRatioChange):
            self._drawn = [Drawn(one.picture, self.scale, self.span) for one in self._drawn]
            self._lay_out()
            self.update()
        super().changeEvent(event)
