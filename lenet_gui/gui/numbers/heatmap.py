"""A tensor as a picture: its maps, the bar that says what the colours mean, and the number under the mouse."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import DIVERGING, POWERS, SEQUENTIAL, along, paint, steady_range
from lenet_gui.gui.numbers.indexing import Index, Indexing, text_of
from lenet_gui.gui.numbers.map_view import MapView
from lenet_gui.gui.numbers.mosaic import Cell
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol.tensors import Block, LookReply, Picture

_PLAIN = ("float32", "float16", "bfloat16")
"""Numbers that a picture has to the bit."""


def scale_of(reply: LookReply) -> tuple[str, tuple[float, float]]:
    """One scale by powers of ten for all gradients of a place; sequential for what may be one, such as an activation,
    that is never negative, such as what a ReLU gives; diverging around zero for all else.

    The range is the whole tensor's, not that of the part that is seen: two samples compare.
    """
    figures = reply.summary
    low, high = (figures.low, figures.high) if figures is not None else (math.nan, math.nan)
    if reply.kind == "gradient" and reply.limit > 0:
        return POWERS, steady_range(np.array([reply.limit], np.float32), POWERS)
    unsigned = reply.kind in ("activation", "input", "state", "expression") and low >= 0
    scale = SEQUENTIAL if unsigned else DIVERGING
    return scale, steady_range(np.array([low, high], np.float32), scale)


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
            shared = ", by powers of ten, the same for all gradients here" if scale == POWERS else ""
            self.setAccessibleDescription(f"colours from {span[0]:g} to {span[1]:g}{shared}")
            self.setToolTip(self.accessibleDescription().capitalize())
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            draw_scale(painter, self.rect(), self._scale, self._span)


def draw_scale(painter: QPainter, place: QRect, scale: str, span: tuple[float, float]) -> None:
    """A bar with its numbers below it."""
    low, high = span
    steps = along(scale, span, np.linspace(0, 1, 256, dtype=np.float32))[None]
    colours = paint(steps, scale, span, theme.is_dark())
    bar = QRect(place.x(), place.y(), place.width() - 1, 8)
    painter.drawImage(bar, QImage(colours.data, 256, 1, 4 * 256, QImage.Format.Format_RGB32))
    painter.setPen(theme.colour("grid"))
    painter.drawRect(bar)
    painter.setPen(theme.colour("muted"))
    words = place.adjusted(0, 10, 0, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft, f"{low:g}")
    painter.drawText(words, Qt.AlignmentFlag.AlignRight, f"{high:g}")
    if low < 0 < high:
        middle = round(place.width() * -low / (high - low))
        _draw_tick(painter, words, middle, "0")
    if scale == POWERS and place.width() > 240:
        for share in (0.25, 0.75):
            number = along(scale, span, np.array([share], np.float32))[0]
            _draw_tick(painter, words, round(place.width() * share), f"{number:.1g}")


def _draw_tick(painter: QPainter, words: QRect, x: int, text: str) -> None:
    painter.drawText(words.translated(x - words.width() // 2, 0), Qt.AlignmentFlag.AlignHCenter, text)


class Heatmap(QWidget):
    """A tensor of any shape as a picture, with its colour bar and one fixed line for the number under the cursor."""

    wanted = Signal()
    """A finer picture of the part that is seen would show more."""
    exact_wanted = Signal(object)
    """The number of a `Block` of the table, which the picture does not have to the bit."""

    def __init__(self) -> None:
        super().__init__()
        self.mosaic = MapView()
        self.mosaic.setObjectName("heatmap_mosaic")
        self.mosaic.setAccessibleName("Picture of the tensor; the arrow keys go from number to number")
        self.mosaic.setToolTip(
            "The number under the mouse is written below; the arrow keys go from number to number. Ctrl+wheel, + and "
            "−: nearer and back, then drag or turn the wheel to move; 0: all of it"
        )
        self.bar = ColourBar()
        self.read_out = QLabel(" ")
        self.read_out.setObjectName("heatmap_read_out")
        self.read_out.setFont(theme.mono())
        self.read_out.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.indexing = Indexing()
        self._whole: Picture | None = None
        self._part: Picture | None = None
        self._dtype = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.mosaic, 1)
        layout.addWidget(self.bar)
        layout.addWidget(Steady(self.read_out))
        self.mosaic.pointed.connect(self._read_out)
        self.mosaic.moved.connect(self._on_moved)

    def show_reply(self, reply: LookReply) -> None:
        """Draw the picture of a reply; one of a part only, over the one of all that was there before."""
        picture = reply.picture
        if picture is None:
            return
        if _is_whole(picture):
            self._whole, self._part = picture, None
        elif self._whole is not None and self._whole.full == picture.full:
            self._part = picture
        else:
            return
        self._dtype, self.indexing = reply.dtype, Indexing(reply.shape, reply.view.leading or ())
        scale, span = scale_of(reply)
        self.mosaic.show_pictures([one for one in (self._whole, self._part) if one is not None], scale, span)
        self.bar.show_scale(scale, span)
        self._read_out(self.mosaic.cursor_cell)
        if self._part is None and self.mosaic.region() is not None:
            self._on_moved()

    def index(self, cell: Cell) -> Index:
        return self.indexing.at(self._flat(cell))

    def show_exact(self, row: int, column: int, number: str) -> None:
        """The number of a cell of the table, if it is still the one under the cursor."""
        cell = self.mosaic.cursor_cell
        if cell is not None and self.indexing.table_cell(self._flat(cell)) == (row, column):
            self.read_out.setText(f"{text_of(self.index(cell))}  {number}")

    def _flat(self, cell: Cell) -> int:
        return int(np.ravel_multi_index(cell, self.mosaic.full))

    def _read_out(self, cell: Cell | None) -> None:
        if cell is None or self._flat(cell) >= math.prod(self.indexing.seen):
            self.read_out.setText(" ")
            return
        found = next((n for n in (_number(one, cell) for one in (self._part, self._whole)) if n is not None), None)
        exact = found is not None and self._dtype in _PLAIN
        self.read_out.setText(f"{text_of(self.index(cell))}  {str(found) if exact else '…'}")
        if not exact:
            self.exact_wanted.emit(Block(*self.indexing.table_cell(self._flat(cell)), 1, 1))

    def _on_moved(self) -> None:
        # Where every cell has been drawn already, there is nothing finer.
        if self._whole is not None and self._whole.down * self._whole.across > 1:
            self.wanted.emit()


def _is_whole(picture: Picture) -> bool:
    part = picture.region
    return (part.tiles, part.block.rows, part.block.columns) == picture.full


def _number(picture: Picture | None, cell: Cell) -> np.float32 | None:
    """The number of a cell, where the picture has it and not the mean of several."""
    if picture is None or picture.down * picture.across > 1:
        return None
    block = picture.region.block
    tile, row, column = cell[0] - picture.region.tile, cell[1] - block.row, cell[2] - block.column
    inside = 0 <= tile < picture.region.tiles and 0 <= row < block.rows and 0 <= column < block.columns
    return picture.tiles[tile, row, column] if inside else None
