"""Where the cards of a network and the edges between them lie, in pixels. Nothing is painted here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF, QSizeF

from lenet_gui.gui.network.cards import WIDTH, CardStyle, marker_height
from lenet_gui.gui.network.network_edges import Edge, edge
from lenet_gui.gui.widgets.layers import Layers, laid_out

GAP, MARGIN, LANE = 16.0, 8.0, 10.0
LEAST, LARGEST = QSizeF(WIDTH, 124), QSizeF(210, 560)
"""Of the cards that are fitted to the view; zooming goes beyond."""
_WIDEST, _SCROLLED, _NARROWEST = 0.62, 0.32, 0.27
"""A fitted card's width, as shares of its height."""


class Plan:
    """The cards of a graph in layers: `inputs` has the predecessors of each card, by their numbers.

    The card `wide` is twice as wide as the others where it is alone in the last column.
    """

    def __init__(self, inputs: Sequence[Sequence[int]], wide: int | None = None) -> None:
        self.inputs = tuple(tuple(dict.fromkeys(one for one in each if one >= 0)) for each in inputs)
        self.outputs = _turned(self.inputs)
        self.layers: Layers = laid_out(self.inputs)
        self.columns, self.rows = self.layers.size
        last = [card for card, (column, _) in enumerate(self.layers.cells) if column == self.columns - 1]
        self.wide = wide if last == [wide] else None
        taken = {row for _, row in self.layers.cells}
        self.card_rows = [row in taken for row in range(self.rows)]

    def fitted(self, room: QSizeF, bar: float) -> QSizeF:
        """The size of cards that fill `room` as far as their words stay legible and they do not become huge.

        Whether there is a scroll bar, `bar` wide, is reckoned here: one that comes and goes by itself never rests.
        """
        size = self._fitted(room)
        whole = Placed(self, CardStyle(size)).size
        if whole.width() > room.width():
            return self._fitted(room - QSizeF(0, bar))
        return self._fitted(room - QSizeF(bar, 0)) if whole.height() > room.height() else size

    def _fitted(self, room: QSizeF) -> QSizeF:
        cards = sum(self.card_rows)
        if not cards:
            return LEAST  # there is nothing to fit
        high = room.height() - 2 * MARGIN - LANE * (self.rows - cards) - (cards - 1) * MARGIN
        high = _clamp(high / cards - marker_height(CardStyle(LARGEST)), LEAST.height(), LARGEST.height())
        columns = self.columns + (self.wide is not None)
        wide = (room.width() - 2 * MARGIN - GAP * (self.columns - 1)) / columns
        if wide < LEAST.width():
            wide = _SCROLLED * high  # not all of them can be seen at once: then they may as well be large
        wide = _clamp(wide, LEAST.width(), min(LARGEST.width(), max(LEAST.width(), _WIDEST * high)))
        return QSizeF(wide, min(high, wide / _NARROWEST))


class Placed:
    """A plan with cards of one size: `size` is the whole's, `reaches` are the cards with the words above them."""

    def __init__(self, plan: Plan, style: CardStyle) -> None:
        self._gap = GAP
        self._plan, self._style = plan, style
        margin, above = MARGIN, marker_height(style)
        self._pitch = style.size.width() + self._gap
        self._left = margin
        self._tops, y = list[float](), margin
        for has_cards in plan.card_rows:
            self._tops.append(y + above if has_cards else y)
            y += style.size.height() + above + margin if has_cards else LANE
        columns = plan.columns * self._pitch - self._gap + (style.size.width() if plan.wide is not None else 0)
        self.size = QSizeF(2 * margin + columns, y)
        broad = CardStyle(QSizeF(2 * style.size.width(), style.size.height()), style.scale)
        self.styles = [broad if card == plan.wide else style for card in range(len(plan.inputs))]
        self.rects = tuple(
            QRectF(self._corner(*cell), card.size) for cell, card in zip(plan.layers.cells, self.styles, strict=True)
        )
        self.reaches = tuple(rect.adjusted(0, -above, 0, 0) for rect in self.rects)
        self._entry = style.title.center().y()

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(self._edge(source, target) for target, each in enumerate(self._plan.inputs) for source in each)

    def card_at(self, point: QPointF) -> int | None:
        return next((card for card, rect in enumerate(self.rects) if rect.contains(point)), None)

    def _corner(self, column: int, row: int) -> QPointF:
        return QPointF(self._left + column * self._pitch, self._tops[row])

    def _edge(self, source: int, target: int) -> Edge:
        start, end = self.rects[source], self.rects[target]
        nth, of = self._plan.inputs[target].index(source), len(self._plan.inputs[target])
        # Edges that come together end one below the other.
        spread = min(9.0 * self._style.scale, self._style.size.height() / (of + 1))
        tip = QPointF(end.left(), end.top() + self._entry + nth * spread)
        begin = QPointF(start.right(), start.top() + self._entry)
        corners = self._corners(begin, tip, self._plan.layers.lanes.get((source, target)))
        return edge(source, target, corners, self._gap)

    def _corners(self, begin: QPointF, tip: QPointF, lane: int | None) -> list[QPointF]:
        """Where the line turns: in the gap behind its first card, along its lane, in the gap before its last one."""
        leave, arrive = begin.x() + self._gap * 0.35, tip.x() - self._gap * 0.55
        if lane is None:
            return [begin, QPointF(arrive, begin.y()), QPointF(arrive, tip.y()), tip]
        y = self._tops[lane] + (self._entry if self._plan.card_rows[lane] else 0)
        return [begin, QPointF(leave, begin.y()), QPointF(leave, y), QPointF(arrive, y), QPointF(arrive, tip.y()), tip]


def _turned(inputs: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    outputs = [list[int]() for _ in inputs]
    for target, each in enumerate(inputs):
        for source in each:
            outputs[source].append(target)
    return tuple(map(tuple, outputs))


def neighbour(plan: Plan, card: int, right: int, down: int) -> int:
    """The card that an arrow key leads to: along the edges, or to the nearest one above or below."""
    cells = plan.layers.cells
    column, row = cells[card]
    if right:
        near = plan.outputs[card] if right > 0 else plan.inputs[card]
        return min(near, key=lambda one: (abs(cells[one][1] - row), abs(cells[one][0] - column)), default=card)
    there = [one for one, cell in enumerate(cells) if (cell[1] - row) * down > 0]
    return min(there, key=lambda one: (abs(cells[one][1] - row), abs(cells[one][0] - column)), default=card)


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
