"""The picture of an autograd graph: where its cards and edges lie, and how they look in each state.

The loss stands on the right and the leaves on the left, as the backward runs. Mouse and keyboard are `graph_view`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from lenet_gui.gui import theme
from lenet_gui.gui.inside.node_states import NodeState, not_finite
from lenet_gui.gui.widgets.layers import laid_out
from lenet_gui.protocol.trace import NodeRow, Summary, TraceReply

PAD = 2 * theme.UNIT
GAP = QSizeF(12 * theme.UNIT, 7 * theme.UNIT)
"""Between columns, and between rows; the latter has room for the mark over the node that runs next."""
MARK = "◂ backward"
MOST_SAVED = 3
WIDEST = 60 * theme.UNIT
_WIDEST_RANGE = "in -1.23e-05 … -1.23e-05"
_NAMES_FROM, _WORDS_FROM = 0.25, 0.45  # the zoom from which on they can be read
_HEAD = 1.5 * theme.UNIT


@dataclass(frozen=True, slots=True)
class Card:
    """A node's words: those that are always there, and whether anything that it received is not finite."""

    title: str
    under: str
    saved: tuple[str, ...]
    gradient: str
    not_finite: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """The way of the gradients from node `begin` to node `end`."""

    begin: int
    end: int
    path: QPainterPath
    rect: QRectF


class Fonts:
    """The faces of a picture, made from the program's own."""

    def __init__(self, font: QFont) -> None:
        self.title, self.words, self.numbers = QFont(font), QFont(font), QFont(theme.mono())
        self.title.setBold(True)
        for small in (self.words, self.numbers):
            small.setPointSizeF(max(1.0, font.pointSizeF() - 1))
        self.title_metrics, self.words_metrics, self.numbers_metrics = (
            QFontMetricsF(one) for one in (self.title, self.words, self.numbers)
        )
        self.line = max(self.words_metrics.height(), self.numbers_metrics.height())


class GraphPicture:
    """A graph laid out: `cards` and `rects` by node, and `extent`, all in pixels at zoom 1."""

    def __init__(self, reply: TraceReply, before: Sequence[Sequence[int]], font: QFont) -> None:
        """`before` are the nodes whose gradients come to each. Raises `ValueError` where the graph has a cycle."""
        self.fonts = Fonts(font)
        self.cards = tuple(card(reply, node) for node in reply.nodes)
        layers = laid_out(before)
        self.cells = layers.cells
        columns, rows = layers.size
        port = PAD + self.fonts.title_metrics.height() / 2
        widths, heights = [0.0] * columns, [2 * port] * rows
        sizes = [self._size(one) for one in self.cards]
        for (column, row), size in zip(self.cells, sizes, strict=True):
            widths[column] = max(widths[column], size.width())
            heights[row] = max(heights[row], size.height())
        # The loss, column 0, stands on the right.
        left = _starts(widths[::-1], GAP.width())[::-1]
        top = _starts(heights, GAP.height())
        self.extent = QSizeF(sum(widths) + GAP.width() * (columns + 1), sum(heights) + GAP.height() * (rows + 1))
        self.rects = tuple(
            QRectF(left[column], top[row], widths[column], size.height())
            for (column, row), size in zip(self.cells, sizes, strict=True)
        )

        def edge(begin: int, end: int) -> Edge:
            points = [self.rects[begin].topLeft() + QPointF(0, port), self.rects[end].topRight() + QPointF(0, port)]
            if (begin, end) in layers.lanes:
                y = top[layers.lanes[begin, end]] + port
                first, last = self.cells[begin][0] + 1, self.cells[end][0] - 1
                points[1:1] = [QPointF(left[first] + widths[first], y), QPointF(left[last], y)]
            path = _way(points)
            return Edge(begin, end, path, path.boundingRect().adjusted(-_HEAD, -_HEAD, _HEAD, _HEAD))

        self.edges = tuple(edge(begin, end) for end, each in enumerate(before) for begin in each)

    def node_at(self, point: QPointF) -> int:
        """The node whose card is there, -1 for none."""
        return next((node for node, rect in enumerate(self.rects) if rect.contains(point)), -1)

    def paint(
        self,
        painter: QPainter,
        exposed: QRectF,
        zoom: float,
        states: Sequence[NodeState],
        chosen: int,
        focused: bool,
    ) -> None:
        """Draw what lies in `exposed`; words too small to be read are left out."""
        reach = exposed.adjusted(-PAD, -PAD, PAD, PAD + GAP.height())
        seen = [edge for edge in self.edges if edge.rect.intersects(reach)]
        # Where edges share a lane, what has run lies on top.
        for edge in sorted(seen, key=lambda edge: (states[edge.begin].gave, states[edge.begin].there)):
            _paint_edge(painter, edge, states[edge.begin])
        for node, rect in enumerate(self.rects):
            if rect.intersects(reach):
                self._paint_card(painter, node, states[node], zoom)
                if node == chosen:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(QPen(theme.colour("accent" if focused else "muted"), 2))
                    around = theme.UNIT - 0.5
                    painter.drawRoundedRect(rect.adjusted(-around, -around, around, around), 6, 6)

    @property
    def first(self) -> int:
        """The node that the backward begins at, -1 in an empty graph."""
        return self.cells.index((0, 0)) if self.cells else -1

    def whole_rect(self, node: int) -> QRectF:
        """A card with the marks around and over it."""
        above = self.fonts.line + theme.UNIT
        return self.rects[node].adjusted(-1.5 * theme.UNIT, -above, 1.5 * theme.UNIT, 1.5 * theme.UNIT)

    def _paint_card(self, painter: QPainter, node: int, state: NodeState, zoom: float) -> None:
        card, rect, fonts = self.cards[node], self.rects[node], self.fonts
        bad = state.received and card.not_finite
        painter.setPen(_outline(state, bad))
        painter.setBrush(_ground(state))
        painter.drawRoundedRect(rect, 4, 4)
        if zoom < _NAMES_FROM:
            return
        x, width = rect.left() + PAD, rect.width() - 2 * PAD
        line = QRectF(x, rect.top() + PAD, width, fonts.title_metrics.height())
        _write(painter, line, card.title, fonts.title, fonts.title_metrics, "text" if state.there else "disabled")
        if state.next:
            mark = QRectF(rect.left(), rect.top() - fonts.line - 0.5 * theme.UNIT, rect.width(), fonts.line)
            _write(painter, mark, MARK, fonts.words, fonts.words_metrics, "backward")
        if zoom < _WORDS_FROM or not state.there:
            return
        line = QRectF(x, line.bottom(), width, fonts.line)
        # On the yellow ground muted words would be too faint.
        quiet = "text" if state.next else "muted"
        for words in (card.under, *card.saved):
            _write(painter, line, words, fonts.words, fonts.words_metrics, quiet)
            line.moveTop(line.bottom())
        if state.received:
            role = "error" if bad else "backward"
            _write(painter, line, card.gradient, fonts.numbers, fonts.numbers_metrics, role)

    def _size(self, card: Card) -> QSizeF:
        fonts = self.fonts
        words = [fonts.title_metrics.horizontalAdvance(card.title)]
        words += [fonts.words_metrics.horizontalAdvance(one) for one in (card.under, *card.saved)]
        least = fonts.numbers_metrics.horizontalAdvance(_WIDEST_RANGE)
        width = max(least, min(max(words), WIDEST)) + 2 * PAD + 1
        lines = 2 + len(card.saved)
        return QSizeF(width, 2 * PAD + fonts.title_metrics.height() + lines * fonts.line)


def _starts(sizes: Sequence[float], gap: float) -> list[float]:
    """Where each of these begins, with a gap before each."""
    return [gap + before for before in accumulate((size + gap for size in sizes[:-1]), initial=0.0)]


def _way(points: Sequence[QPointF]) -> QPainterPath:
    """From point to point, level at each of them."""
    path = QPainterPath(points[0])
    for begin, end in pairwise(points):
        half = QPointF((end.x() - begin.x()) / 2, 0)
        path.cubicTo(begin + half, end - half, end)
    return path


def card(reply: TraceReply, node: NodeRow) -> Card:
    """The words of a node's card; of what it keeps, a few lines."""
    saved = [f"{one.name}  {one.words}" for one in node.saved]
    if len(saved) > MOST_SAVED:
        saved[MOST_SAVED - 1 :] = [f"and {len(saved) - MOST_SAVED + 1} more"]
    under = node.parameter or operation_words(reply, node.operation)
    return Card(node.name, under, tuple(saved), _range_words(node.received), not_finite(node.received))


def operation_words(reply: TraceReply, index: int) -> str:
    """An operation's name, with the module that it was made in: `conv2d_1 · conv2`."""
    if not 0 <= index < len(reply.operations):
        return ""
    operation = reply.operations[index]
    path = reply.calls[operation.call].path if 0 <= operation.call < len(reply.calls) else ""
    return f"{operation.name} · {path}" if path else operation.name


def _range_words(received: tuple[Summary | None, ...]) -> str:
    """The range of the gradient that came in, of the first that did."""
    first = next((summary for summary in received if summary is not None), None)
    if first is None:
        return "in None"
    if not first.finite:
        return "in not finite"
    return f"in {first.low:.3g}" if first.low == first.high else f"in {first.low:.3g} … {first.high:.3g}"


def _outline(state: NodeState, bad: bool) -> QPen:
    if not state.there:
        return QPen(theme.colour("disabled"), 1, Qt.PenStyle.DashLine)
    if state.next:
        return QPen(theme.colour("place"), 2)
    return QPen(theme.colour("error" if bad else "backward" if state.visited else "muted"), 1)


def _ground(state: NodeState) -> QColor | Qt.BrushStyle:
    if not state.there:
        return Qt.BrushStyle.NoBrush
    if state.next:
        return theme.colour("place_ground")
    return _tint(theme.is_dark()) if state.visited else theme.colour("alternate")


@cache
def _tint(dark: bool) -> QColor:
    """The ground with some of the backward's orange in it; `dark` is what the colours are now."""
    ground, orange, share = theme.colour("base"), theme.colour("backward"), 0.17 if dark else 0.12

    def mixed(a: float, b: float) -> float:
        return a + share * (b - a)

    return QColor.fromRgbF(
        mixed(ground.redF(), orange.redF()),
        mixed(ground.greenF(), orange.greenF()),
        mixed(ground.blueF(), orange.blueF()),
    )


def _write(painter: QPainter, rect: QRectF, words: str, font: QFont, metrics: QFontMetricsF, role: str) -> None:
    painter.setFont(font)
    painter.setPen(theme.colour(role))
    fitting = metrics.elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, fitting)


def _paint_edge(painter: QPainter, edge: Edge, begin: NodeState) -> None:
    ran = begin.gave
    pen = QPen(theme.colour("backward" if ran else "muted" if begin.there else "disabled"), 1.5 if ran else 1)
    if not begin.there:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawPath(edge.path)
    tip = edge.path.currentPosition()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(pen.color())
    painter.drawPolygon(QPolygonF([tip, tip + QPointF(_HEAD, -_HEAD / 2), tip + QPointF(_HEAD, _HEAD / 2)]))
