"""Pictures of arrays: one mosaic of maps drawn as one image, its colour bar and its read-out.

What the numbers are, and when they are asked for, is the panels' matter; their colours are `colour_scale`'s.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import DIVERGING, paint, steady_range
from lenet_gui.gui.widgets.steady import Steady

_MOST_TILES = 1024
_STRIP = 32

Cell = tuple[int, int, int]
"""Tile, row and column in a mosaic."""


def columns_for(tiles: int, height: int, width: int, room: QSize, caption: int = 0) -> int:
    """The number of columns at which `tiles` maps of `height` × `width` cells come out largest in `room`."""

    def size(columns: int) -> float:
        rows = -(-tiles // columns)
        return min(room.width() / (columns * width), max(0.1, room.height() / rows - caption) / height)

    return max(range(1, tiles + 1), key=size) if tiles else 1


class Mosaic(QWidget):
    """Maps `[tiles, height, width]` side by side, scaled without smoothing; a cursor goes from cell to cell.

    The mouse and the arrow keys move the cursor (`pointed` gives the `Cell`, or `None` when the mouse leaves).
    """

    pointed = Signal(object)

    def __init__(self, gap: int = 4, caption: int = 0) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(48, 48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.tiles: NDArray[np.float32] = np.empty((0, 1, 1), np.float32)
        self.scale = DIVERGING
        self.span = (-1.0, 1.0)
        self.cursor_cell: Cell | None = None
        self._gap = gap
        self._caption = caption
        # The maps as they were drawn last: often only the marks over them change.
        self._picture: QPixmap | None = None
        self.columns = 1
        self._cell = 1.0

    def show_tiles(self, tiles: NDArray[np.float32], scale: str, span: tuple[float, float] | None = None) -> None:
        """Draw `tiles` [n, height, width]; without `span` it is `steady_range` of them."""
        if tiles.shape != self.tiles.shape:
            self.cursor_cell = None
        self.tiles, self.scale = tiles, scale
        self.span = steady_range(tiles, scale) if span is None else span
        self._lay_out()
        self.update()

    def tile_rect(self, tile: int) -> QRectF:
        """Where a tile's picture lies; its caption is below."""
        count, height, width = self.tiles.shape
        row, column = divmod(tile, self.columns)
        size, one_row = self._cell, count <= self.columns
        return QRectF(
            column * (width * size + self._gap),
            row * (height * size + self._gap + self._caption),
            width * size,
            # A strip of many numbers is kept thick enough to be seen.
            max(size, min(_STRIP, self.height())) if height == 1 and one_row else height * size,
        )

    def cell_at(self, point: QPointF) -> Cell | None:
        count, height, width = self.tiles.shape
        if not count or height * width == 0:
            return None
        first = self.tile_rect(0)
        column = int(point.x() // (first.width() + self._gap))
        row = int(point.y() // (first.height() + self._gap + self._caption))
        tile = row * self.columns + column
        if not (0 <= column < self.columns and 0 <= tile < count):
            return None
        rect = self.tile_rect(tile)
        y, x = (point.y() - rect.y()) / rect.height() * height, (point.x() - rect.x()) / rect.width() * width
        # A caption belongs to its tile.
        return tile, min(int(y), height - 1), min(int(x), width - 1)

    def _lay_out(self) -> None:
        self._picture = None
        count, height, width = self.tiles.shape
        if not self.tiles.size:
            return
        self.columns = columns_for(count, height, width, self.size(), self._caption)
        rows = -(-count // self.columns)
        across = (self.width() - 1 - self._gap * (self.columns - 1)) / (self.columns * width)
        down = (self.height() - 1 - rows * self._caption - self._gap * (rows - 1)) / (rows * height)
        self._cell = max(0.01, min(across, down))
        if self._cell >= 4:
            # Whole device pixels a cell: all cells are then of one size. Small ones would give too much room away.
            ratio = self.devicePixelRatioF()
            self._cell = math.floor(self._cell * ratio) / ratio

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            if not self.tiles.size:
                return
            if self._picture is None:
                self._picture = self._drawn()
            painter.drawPixmap(0, 0, self._picture)
            self.paint_marks(painter)

    def _drawn(self) -> QPixmap:
        """The maps with their outlines, at this widget's size."""
        count, height, width = self.tiles.shape
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        pixels = paint(self.tiles.reshape(count * height, width), self.scale, self.span, theme.is_dark())
        # A view of the pixels: all tiles, one below the other, in one image.
        image = QImage(pixels.data, width, count * height, 4 * width, QImage.Format.Format_RGB32)
        with QPainter(picture) as painter:
            # Zero has the colour of the ground, so each map needs an outline.
            painter.setPen(theme.colour("grid"))
            shrunk = self._cell * ratio < 1
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
            for tile in range(count):
                rect = self.tile_rect(tile)
                painter.drawImage(rect, image, QRectF(0, tile * height, width, height))
                painter.drawRect(rect)
        return picture

    def paint_marks(self, painter: QPainter) -> None:
        """What is drawn over the maps: here, a frame around the cursor's cell."""
        if self.cursor_cell is None:
            return
        tile, row, column = self.cursor_cell
        _, height, width = self.tiles.shape
        rect = self.tile_rect(tile)
        cell = QRectF(
            rect.x() + column * rect.width() / width,
            rect.y() + row * rect.height() / height,
            max(4.0, rect.width() / width),
            max(4.0, rect.height() / height),
        )
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
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        if event.key() not in moves or not self.tiles.size:
            super().keyPressEvent(event)
            return
        self.step_cursor(*moves[Qt.Key(event.key())])

    def step_cursor(self, down: int, right: int) -> None:
        """Move the cursor by cells, across the borders of maps; it stays where it is at the mosaic's edge."""
        if self.cursor_cell is None:
            self.point_at((0, 0, 0))
            return
        tile, row, column = self.cursor_cell
        count, height, width = self.tiles.shape
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
            self._lay_out()
            self.update()
        super().changeEvent(event)


class ColourBar(QWidget):
    """What the colours of a picture mean: the scale, with numbers at its ends and at zero."""

    def __init__(self) -> None:
        super().__init__()
        self._scale = DIVERGING
        self._span = (-1.0, 1.0)
        self.setFont(theme.mono())
        self.setFixedHeight(12 + self.fontMetrics().height())

    def show_scale(self, scale: str, span: tuple[float, float]) -> None:
        if (scale, span) != (self._scale, self._span):
            self._scale, self._span = scale, span
            self.setAccessibleDescription(f"colours from {span[0]:g} to {span[1]:g}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            colours = paint(
                np.linspace(*self._span, 256, dtype=np.float32)[None], self._scale, self._span, theme.is_dark()
            )
            bar = QRect(0, 0, self.width() - 1, 8)
            painter.drawImage(bar, QImage(colours.data, 256, 1, 4 * 256, QImage.Format.Format_RGB32))
            painter.setPen(theme.colour("grid"))
            painter.drawRect(bar)
            painter.setPen(theme.colour("muted"))
            words = self.rect().adjusted(0, 10, 0, 0)
            low, high = self._span
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft, f"{low:g}")
            painter.drawText(words, Qt.AlignmentFlag.AlignRight, f"{high:g}")
            if low < 0 < high:
                middle = round(self.width() * -low / (high - low))
                painter.drawText(words.translated(middle - self.width() // 2, 0), Qt.AlignmentFlag.AlignHCenter, "0")


class Heatmap(QWidget):
    """A tensor of any shape as a picture, with its colour bar and one fixed line for the number under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.mosaic = Mosaic()
        self.mosaic.setObjectName("heatmap_mosaic")
        self.mosaic.setAccessibleName("Picture of the tensor; the arrow keys go from number to number")
        self.mosaic.setToolTip("The number under the mouse is written below; the arrow keys go from number to number")
        self.bar = ColourBar()
        self.read_out = QLabel(" ")
        self.read_out.setObjectName("heatmap_read_out")
        self.read_out.setFont(theme.mono())
        self.read_out.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._values: NDArray[np.float32] = np.empty(0, np.float32)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.mosaic, 1)
        layout.addWidget(self.bar)
        layout.addWidget(Steady(self.read_out))
        self.mosaic.pointed.connect(self._read_out)

    def show_values(self, values: NDArray[np.float32], scale: str = DIVERGING) -> None:
        """Draw `values` of any shape: filters as a mosaic, a matrix as it is, a vector as a strip."""
        self._values = values
        self.mosaic.show_tiles(as_tiles(values), scale)
        self.bar.show_scale(scale, self.mosaic.span)
        self._read_out(self.mosaic.cursor_cell)

    def _read_out(self, cell: Cell | None) -> None:
        if cell is None:
            self.read_out.setText(" ")
            return
        flat = int(np.ravel_multi_index(cell, self.mosaic.tiles.shape))
        if flat < self._values.size:
            index = ", ".join(str(i) for i in np.unravel_index(flat, self._values.shape))
            self.read_out.setText(f"[{index}]  {self._values.flat[flat]!s}")


def as_tiles(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """`values` as `[tiles, height, width]`, in the same order.

    More than two dimensions are maps over the last two, unless there are too many to tell apart: then they are one
    matrix. A vector is a strip.
    """
    if values.ndim <= 2:
        return values.reshape(1, -1, values.shape[-1] if values.ndim else 1)
    tiles = values.reshape(-1, *values.shape[-2:])
    return tiles if len(tiles) <= _MOST_TILES else values.reshape(1, len(values), -1)
