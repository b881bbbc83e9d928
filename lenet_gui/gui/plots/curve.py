"""All curves of one plot as a single widget. Axes, mouse and the choice of what is shown are `plot_view`'s.

Long curves are not drawn by Qt: NumPy fills one image, column by column, so that a frame costs the same for a thousand
rows and for ten million, quiet or noisy, and holds the interpreter's lock only briefly (NumPy lets go of it, a painter
does not). A frame that only adds steps repaints only the columns they fall into.
"""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.pyramid import Doubles, Envelope, Pyramid

# With so few points in view Qt draws them, smoothed: when stepping by hand beauty counts, and it is cheap.
FEW = 100
MOST_LINES = 20_000
# With so few each is marked too.
VERY_FEW = 40
MARK = 2  # pixels; the foot where steps have values that are not finite


class Curves(QWidget):
    """Draws columns `first` to `first + len(shown)` of a pyramid over the ranges of a view, which it covers.

    An opaque widget and not an item of the view's scene: a scene brings the whole window to the screen each time that
    it has drawn, which costs ten times as much as the curves.
    """

    def __init__(self, view: pg.ViewBox, pyramid: Pyramid, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # The mouse is the view's below.
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.pyramid, self.hint = pyramid, hint
        self.first = 0
        self.shown: list[bool] = []
        self.logarithmic = False
        self.grid: list[float] = []
        self._view = view
        self._pixels = np.zeros((0, 0), np.uint32)
        self._palette = _palette([])
        self._image = QImage()
        self._stale_from: float | None = 0.0  # the first step whose pixels are not right any more

    def refresh(self) -> None:
        """Draw everything anew: the range, the size, the colours or what is shown have changed."""
        self._stale_from = -math.inf
        self._palette = _palette(self._columns())
        self.update()

    def grown(self, before: int) -> None:
        """Rows were added behind the first `before`: only what they change is drawn."""
        step = before - 1.0 - 2 * self._bucket()
        self._stale_from = step if self._stale_from is None else min(step, self._stale_from)
        (left, right), _ = self._view.viewRange()
        if step > right:
            return
        x = 0 if self._are_few(before) else max(0, int((step - left) / (right - left) * self.width()) - 4)
        self.update(x, 0, self.width() - x, self.height())

    def envelope(self, width: int) -> Envelope:
        """What is in view, in buckets of about `width` steps, on the y axis's scale; without curves switched off."""
        (left, right), _ = self._view.viewRange()
        return self._envelope(left, right, width)

    def paintEvent(self, event: QPaintEvent) -> None:
        # Ended even where drawing fails: Qt aborts the process when a painter outlives its paint event.
        with QPainter(self) as painter:
            self.draw(painter, event.rect(), self.devicePixelRatioF())

    def draw(self, painter: QPainter, exposed: QRect, scale: float) -> None:
        """Draw the part `exposed` of the widget, sharp where a pixel of the widget is `scale` of the device's."""
        few = self._are_few(len(self.pyramid))
        if few or not len(self.pyramid):
            painter.fillRect(exposed, theme.colour("base"))
        if not len(self.pyramid):
            painter.setPen(theme.colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.hint)
        elif few:
            self._draw_few(painter)
        else:
            self._fill(scale)
            # Only the strip that is asked for is copied.
            source = QRectF(exposed.left() * scale, 0, exposed.width() * scale, self._image.height())
            target = QRectF(exposed.left(), 0, exposed.width(), self._image.height() / scale)
            painter.drawImage(target, self._image, source)

    def draw_lines(self, painter: QPainter) -> None:
        """The whole of it as lines, for a picture that can be enlarged; of very many steps as it is on the screen."""
        (left, right), _ = self._view.viewRange()
        if not len(self.pyramid) or min(right, len(self.pyramid)) - max(left, 0) > MOST_LINES:
            self.draw(painter, self.rect(), 2)
        else:
            painter.fillRect(self.rect(), theme.colour("base"))
            self._draw_few(painter)

    # ------------------------------------------------------------------------------------------------ long curves

    def _fill(self, scale: float) -> None:
        """Bring the stale columns up to date."""
        (left, right), _ = self._view.viewRange()
        size = self.size()
        width, height = max(1, math.ceil(size.width() * scale)), max(1, math.ceil(size.height() * scale))
        if self._pixels.shape != (height, width) or self._image.devicePixelRatio() != scale:
            self._pixels = np.zeros((height, width), np.uint32)
            self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(scale)
            self._stale_from = -math.inf
        if self._stale_from is None:
            return
        ratio = size.width() * scale / (right - left)
        stale, self._stale_from = self._stale_from, None
        first = int(min(max((stale - left) * ratio - 2 * scale, 0), width))
        last = int(min(max((len(self.pyramid) - left) * ratio + 2 * scale, 0), width)) if stale > 0 else width
        if first < last:
            thick = max(1, round(scale))
            extra = min(first, thick - 1)  # columns whose lines reach into the first one
            bits = self._drawn(left + (first - extra) / ratio, ratio, last - first + extra, height, thick)
            # Wrapping spares NumPy a search for numbers that the table does not have.
            np.take(self._palette, bits[:, extra:], out=self._pixels[:, first:last], mode="wrap")

    def _drawn(self, start: float, ratio: float, columns: int, height: int, thick: int) -> NDArray[np.uint16]:
        """What each pixel shows, one bit for each thing (see `_palette`), where the first column begins at `start`.

        A curve writes its bit twice into each column, where it begins and behind its end; then one pass down all rows
        fills what lies between, for all curves at once.
        """
        # One row more takes what lies below. The pass costs least by eight bytes, which are four columns.
        packed = np.zeros((height + 1, -(-columns // 4)), np.uint64)
        bits = packed.view(np.uint16)
        found = self._envelope(start, start + columns / ratio, max(1, int(1 / ratio)))
        count = found.least.shape[1]
        x = (found.steps - start) * ratio
        _, (bottom, top) = self._view.viewRange()
        zoom = height / (top - bottom)
        if count and len(x):
            # In pixels from the top: lower ends, negated, and upper ends; so the least of both is what is covered.
            ends = spans(x, (found.least[:2] + np.array([-top, top])[:, None, None]) * zoom, columns)
            if thick > 1:
                ends[..., 1:] = np.fmin(ends[..., 1:], ends[..., :-1])
            np.subtract(thick, ends[0], out=ends[0])
            # In this order, because fmin takes the number where the other is NaN.
            rows = np.maximum(np.fmin(ends, height), 0).astype(np.intp)
            places = (rows * bits.shape[1] + np.arange(columns)).reshape(2, -1)
            own = np.repeat(2 << np.arange(count, dtype=np.uint16), columns)
            for ends_of_all in places:
                np.bitwise_xor.at(bits.reshape(-1), ends_of_all, own)
            np.bitwise_xor.accumulate(packed, axis=0, out=packed)
        rows = [math.floor((top - value) * zoom) for value in self.grid]
        bits[[row for row in rows if 0 <= row < height]] |= 1
        if found.least[2].any():
            marked = np.unique(np.clip(x[found.broken.any(axis=0)].astype(int), 0, columns - 1))
            bits[height - MARK * thick : height, marked] = 2 << count
        return bits[:height, :columns]

    # ------------------------------------------------------------------------------------------------- few points

    def _draw_few(self, painter: QPainter) -> None:
        (left, right), (bottom, top) = self._view.viewRange()
        size = self.size()
        found = self._envelope(left, right, 1)
        x = (found.steps - left) / (right - left) * size.width()
        # Far outside is far enough: Qt's painter overflows beyond about 2**24 pixels.
        y = np.clip((top - found.low) / (top - bottom), -20, 21) * size.height()
        painter.setPen(theme.colour("grid"))
        for value in self.grid:
            row = round((top - value) / (top - bottom) * size.height())
            painter.drawLine(0, row, round(size.width()), row)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i, column in enumerate(self._columns()):
            painter.setPen(QPen(theme.series(column), 1))
            finite = np.isfinite(y[i])
            joined = finite[:-1] & finite[1:]
            if joined.any():
                # Lines one by one: a smoothed polyline wider than a pixel is a single shape that crosses itself, which
                # costs Qt fifty times as much.
                lines = PrimitiveArray(QLineF, 4)
                lines.resize(int(joined.sum()))
                ends = np.column_stack([x[:-1], y[i, :-1], x[1:], y[i, 1:]])
                lines.ndarray()[:] = ends[joined]
                painter.drawLines(*lines.drawargs())  # pyright: ignore[reportCallIssue, reportArgumentType]
            alone = finite if len(x) <= VERY_FEW else _alone(finite)
            if alone.any():
                painter.setPen(QPen(theme.series(column), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawPoints(pg.functions.arrayToQPolygonF(x[alone], y[i, alone]))
        broken = found.broken.any(axis=0)
        if broken.any():
            wide = max(2.0, size.width() / (right - left))
            for middle in x[broken].tolist():
                painter.fillRect(
                    QRectF(middle - wide / 2, size.height() - MARK, wide, MARK), theme.colour("not_finite")
                )

    # ---------------------------------------------------------------------------------------------------- numbers

    def _columns(self) -> list[int]:
        return [i for i, shown in enumerate(self.shown) if shown]

    def _are_few(self, count: int) -> bool:
        """Whether few steps are in view when there are `count`."""
        (left, right), _ = self._view.viewRange()
        return min(right, count) - max(left, 0) <= FEW

    def _bucket(self) -> int:
        (left, right), _ = self._view.viewRange()
        return max(1, int((right - left) / max(1.0, self.width())))

    def _envelope(self, left: float, right: float, width: int) -> Envelope:
        """The shown curves from step `left` to `right` and one bucket more on each side, on the y axis's scale."""
        found = self.pyramid.envelope(math.floor(left) - width, math.ceil(right) + width + 1, width)
        least = found.least[:, [self.first + i for i in self._columns()]].astype(np.float64)
        if self.logarithmic:
            _take_logarithm(least)
        return Envelope(found.steps, least)


def spans(x: Doubles, least: Doubles, columns: int) -> Doubles:
    """What polylines through buckets reach down to in each pixel column: [..., columns].

    `x` [n] are the buckets' places in pixels, ascending; `least` [..., n] their least values, NaN for a gap. Column i
    reaches from pixel i to i + 1. NaN where a curve does not cross the column.
    """
    edges = np.arange(columns + 1)
    behind = np.searchsorted(x, edges)  # the first bucket at or behind each edge
    # A gap before the first bucket and behind the last one, and the buckets in between.
    x = np.concatenate([[-1.0], x, [columns + 2.0]])
    values = np.full((*least.shape[:-1], len(x)), np.nan)
    values[..., 1:-1] = least
    start, before = x[behind], values[..., behind]
    crossing = before + (values[..., behind + 1] - before) * ((edges - start) / (x[behind + 1] - start))
    # Buckets and edges in one row, in order: then a column is what lies from one edge to the next.
    at_edges = behind + edges
    both = np.empty((*least.shape[:-1], len(x) - 2 + len(edges)))
    at_bucket = np.ones(both.shape[-1], np.bool_)
    at_bucket[at_edges] = False
    both[..., at_edges] = crossing
    both[..., at_bucket] = least
    return np.fmin(np.fmin.reduceat(both, at_edges, axis=-1)[..., :-1], crossing[..., 1:])


def _take_logarithm(least: Doubles) -> None:
    """Base 10, in place; a gap where nothing is positive. Of a bucket positive in part, the highest value is kept."""
    low, high = least[0], -least[1]
    positive = low > 0
    high = np.log10(high, out=np.full_like(high, np.nan), where=high > 0)
    least[0] = np.log10(low, out=high.copy(), where=positive)
    least[1] = -high


def _alone(finite: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(finite, 1)
    return finite & ~padded[:-2] & ~padded[2:]


def _palette(columns: list[int]) -> NDArray[np.uint32]:
    """Colours by what a pixel shows: bit 0 the grid, then the curves, last the mark. The highest bit is seen."""
    colours = [theme.colour("grid"), *(theme.series(column) for column in columns), theme.colour("not_finite")]
    table = np.full(1 << len(colours), theme.colour("base").rgb(), np.uint32)
    for bit, colour in enumerate(colours):
        table[1 << bit : 2 << bit] = colour.rgb()
    return table
