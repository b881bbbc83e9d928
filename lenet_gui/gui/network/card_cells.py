"""Which number of its tensor a cell of a card's small picture is, where the numbers of a tensor are in it, and where
on the card it stands. Nothing is painted here.
"""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from lenet_gui.gui.address import Index
from lenet_gui.gui.network.card_pictures import has_numbers, is_number
from lenet_gui.protocol.trace import MOST_MAPS, Summary

Ranges = tuple[tuple[int, int, int], ...]


class Spot(NamedTuple):
    """A cell of the picture on a card: of its output, or of its gradient."""

    card: int
    gradient: bool
    row: int
    column: int


class Maps(NamedTuple):
    """How the maps of a sample lie in its picture: so many in a line, each so many rows and columns of the picture."""

    lead: Index
    across: int
    rows: int
    columns: int


def picture_place(shape: tuple[int, ...], room: QRectF) -> QRectF:
    """Where a picture of (height, width) stands in a room, as large as it can."""
    high, wide = shape
    cell = min(room.width() / wide, room.height() / high)
    width = wide * cell
    if wide == 1:
        # A short vector: cells wider than high are easier to see than a thread.
        width = min(room.width(), max(width, room.width() / 4))
    return QRectF(room.x() + (room.width() - width) / 2, room.y(), width, high * cell)


def cell_at(summary: Summary, room: QRectF, point: QPointF) -> tuple[int, int] | None:
    """The row and the column of its picture that a point is in; a single number takes all of the room."""
    if not has_numbers(summary) or not summary.picture.size:
        return None
    if is_number(summary):
        return (0, 0) if room.contains(point) else None
    place, (high, wide) = picture_place(summary.picture.shape, room), summary.picture.shape
    if not place.contains(point):
        return None
    row = int((point.y() - place.y()) / place.height() * high)
    column = int((point.x() - place.x()) / place.width() * wide)
    return min(row, high - 1), min(column, wide - 1)


def index_of(summary: Summary, row: int, column: int) -> Index | None:
    """Which number of the tensor that is; `None` where a line or a map is missing."""
    if is_number(summary):
        return (0,) * len(summary.shape)
    maps, first = maps_of(summary), (summary.sample,) if len(summary.shape) > 1 else ()
    if maps is None:
        flat = (row * summary.picture.shape[1] + column) * summary.thin
        return (*first, flat) if flat < math.prod(summary.shape[-1:]) else None
    at = row // maps.rows * maps.across + column // maps.columns
    if at >= min(MOST_MAPS, math.prod(maps.lead)):
        return None
    lead = [int(one) for one in np.unravel_index(at, maps.lead)] if maps.lead else []
    return (*first, *lead, row % maps.rows * summary.thin, column % maps.columns * summary.thin)


def places_of(summary: Summary, ranges: Ranges) -> list[QRectF]:
    """Where in the picture these cells of the tensor are, in its rows and columns; empty where they are not drawn."""
    if len(ranges) != len(summary.shape) or not summary.picture.size or not has_numbers(summary):
        return []
    if is_number(summary):
        return [QRectF(0, 0, 1, 1)]
    if len(ranges) > 1 and summary.sample not in range(*ranges[0]):
        return []
    maps, inside = maps_of(summary), list(ranges[1:] if len(ranges) > 1 else ranges)
    (left, right, _), (top, bottom, _) = inside[-1], inside[0] if maps is None else inside[-2]
    if maps is None:
        return _lines(summary, left, right)
    found: list[QRectF] = []
    for lead in product(*(range(*one) for one in inside[:-2])):
        at = int(np.ravel_multi_index(lead, maps.lead)) if lead else 0
        if at >= MOST_MAPS:
            break
        down, across = divmod(at, maps.across)
        x, y = across * maps.columns + left / summary.thin, down * maps.rows + top / summary.thin
        # What is left out between two drawn lines belongs to the one before it.
        found.append(QRectF(x, y, max(1.0, (right - left) / summary.thin), max(1.0, (bottom - top) / summary.thin)))
    return found


def _lines(summary: Summary, first: int, end: int) -> list[QRectF]:
    """Of a vector: where its numbers go over several rows of the picture, all of those rows."""
    wide = summary.picture.shape[1]
    top, bottom = first // summary.thin // wide, (end - 1) // summary.thin // wide
    if top < bottom:
        return [QRectF(0, top, wide, bottom + 1 - top)]
    left = first // summary.thin % wide
    return [QRectF(left, top, (end - 1) // summary.thin % wide + 1 - left, 1)]


def maps_of(summary: Summary) -> Maps | None:
    """`None` for a vector, which is folded instead."""
    sizes = summary.shape[1:] if len(summary.shape) > 1 else summary.shape
    if len(sizes) < 2:
        return None
    shown = min(MOST_MAPS, math.prod(sizes[:-2]))
    across = math.ceil(math.sqrt(shown))
    return Maps(sizes[:-2], across, -(-sizes[-2] // summary.thin), -(-sizes[-1] // summary.thin))


def drawn_words(summary: Summary) -> str:
    """What of the sample the picture leaves out; empty where it is all there."""
    maps, thin = maps_of(summary), summary.thin
    every = f"every {thin}{'nd' if thin == 2 else 'rd' if thin == 3 else 'th'}"
    words = [] if thin == 1 else [f"{every} number" if maps is None else f"{every} row and column"]
    count = 1 if maps is None else math.prod(maps.lead)
    if count > MOST_MAPS:
        words.append(f"the first {MOST_MAPS} of {count:,} maps")
    return f"drawn: {', '.join(words)}" if words else ""
