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
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.pyramid import Doubles, Envelope, Floats, Pyramid

# With so few points in view Qt draws them, smoothed: when stepping by hand beauty counts, and it is cheap.
FEW = 100
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
        self.draw(QPainter(self), event.rect(), self.devicePixelRatioF())

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

    # ------------------------------------------------------------------------------------------------ long curves

    def _fill(self, scale: float) -> None:
        """Bring the stale columns up to date: numbers first (0 ground, 1 grid, 2 and up curves), then colours."""
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
        if first >= last:
            return
        ids = np.zeros((height, last - first), np.uint8)
        ids[[row for row in self._rows(np.array(self.grid), height).tolist() if 0 <= row < height]] = 1
        self._draw_many(ids, left + first / ratio, ratio, height, max(1, round(scale)))
        # Clipping costs nothing here, and spares NumPy a search for numbers that the table does not have.
        np.take(self._palette, ids, out=self._pixels[:, first:last], mode="clip")

    def _draw_many(self, ids: NDArray[np.uint8], start: float, ratio: float, height: int, thick: int) -> None:
        """Write each curve's number into `ids` [height, columns]; the first column begins at step `start`."""
        columns = ids.shape[1]
        found = self._envelope(start, start + columns / ratio, max(1, int(1 / ratio)))
        if not len(found.steps):
            return
        x = (found.steps - start) * ratio
        low, high = spans(x, found.low, found.high, columns)
        if thick > 1:
            low[:, 1:], high[:, 1:] = np.fmin(low[:, 1:], low[:, :-1]), np.fmax(high[:, 1:], high[:, :-1])
        top, bottom = self._rows(high, height), self._rows(low, height) + (thick - 1)
        uppers = np.maximum(top.min(axis=1), 0).tolist()
        lowers = np.minimum(np.where(top < height, bottom, -1).max(axis=1) + 1, height).tolist()
        reach, top = (bottom - top).astype(np.uint16), top.astype(np.uint16)
        rows = np.arange(height, dtype=np.uint16)[:, None]
        for i, column in enumerate(self._columns()):
            # A curve covers the rows from `top` to `bottom`. One comparison tests both ends, because what lies above
            # the top wraps around to a large number; only the rows that any column reaches are looked at.
            upper, lower = uppers[i], lowers[i]
            if upper < lower:
                covered = (rows[upper:lower] - top[i]) <= reach[i]
                # The larger number wins, which is the painter's order.
                np.maximum(ids[upper:lower], covered.view(np.uint8) * np.uint8(column + 2), out=ids[upper:lower])
        broken = found.broken.any(axis=0)
        if broken.any():
            marked = np.unique(np.clip(x[broken].astype(int), 0, columns - 1))
            ids[-MARK * thick :, marked] = 255

    def _rows(self, values: Doubles, height: int) -> NDArray[np.int32]:
        """Pixel rows of values on the y axis; -1 and `height` stand for above and below. NaN gives `height`."""
        _, (bottom, top) = self._view.viewRange()
        rows = np.floor((top - values) * (height / (top - bottom)))
        # In this order, because fmin takes the number where the other is NaN.
        return np.maximum(np.fmin(rows, height), -1).astype(np.int32)

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
        columns = [self.first + i for i in self._columns()]
        low, high = found.low[columns].astype(np.float64), found.high[columns].astype(np.float64)
        if self.logarithmic:
            low, high = _logarithm(low, high)
        return Envelope(found.steps, low, high, found.broken[columns])


def spans(x: Doubles, low: Floats | Doubles, high: Floats | Doubles, columns: int) -> tuple[Doubles, Doubles]:
    """What polylines through buckets cover of each pixel column: the lowest and highest value, [curves, columns].

    `x` [n] are the buckets' places in pixels, ascending; `low` and `high` [curves, n], NaN for a gap. Column i reaches
    from pixel i to i + 1. NaN where a curve does not cross the column.
    """
    edges = np.arange(columns + 1.0)
    behind = np.searchsorted(x, edges)  # the first bucket at or behind each edge
    before, after = np.maximum(behind - 1, 0), np.minimum(behind, len(x) - 1)
    gap = x[after] - x[before]
    share = np.where((behind > 0) & (behind < len(x)), (edges - x[before]) / np.where(gap > 0, gap, 1), np.nan)
    # Buckets and edges in one row, in order: then a column is what lies from one edge to the next.
    at_edges = behind + np.arange(columns + 1)
    at_buckets = np.arange(len(x)) + np.clip(np.floor(x).astype(np.int64) + 1, 0, columns + 1)
    found = []
    for values, reduce in ((low, np.fmin), (high, np.fmax)):
        crossing = values[:, before] + (values[:, after] - values[:, before]) * share
        both = np.empty((len(values), len(x) + columns + 1))
        both[:, at_edges], both[:, at_buckets] = crossing, values
        found.append(reduce(reduce.reduceat(both, at_edges, axis=1)[:, :-1], crossing[:, 1:]))
    return found[0], found[1]


def _logarithm(low: Doubles, high: Doubles) -> tuple[Doubles, Doubles]:
    """Base 10; a gap where nothing is positive. Of a bucket that is positive in part, the highest value is kept."""
    positive = high > 0
    high = np.log10(high, out=np.full_like(high, np.nan), where=positive)
    return np.where(low > 0, np.log10(low, out=high.copy(), where=low > 0), high), high


def _alone(finite: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(finite, 1)
    return finite & ~padded[:-2] & ~padded[2:]


def _palette(columns: list[int]) -> NDArray[np.uint32]:
    """Colours of the numbers that `_fill` writes."""
    table = np.zeros(256, np.uint32)
    table[0], table[1], table[255] = (theme.colour(role).rgb() for role in ("base", "grid", "not_finite"))
    for column in columns:
        table[column + 2] = QColor(theme.series(column)).rgb()
    return table
