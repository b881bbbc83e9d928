"""The edges between the cards of a network: lines along the axes with rounded corners, and a tip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from lenet_gui.gui import theme


@dataclass(frozen=True, slots=True)
class Edge:
    """From one card to another: the line with its tip."""

    source: int
    target: int
    path: QPainterPath
    tip: QPolygonF
    rect: QRectF


def edge(source: int, target: int, corners: list[QPointF], gap: float) -> Edge:
    """Along `corners`, from the first to the last; `gap` is the room between two columns of cards."""
    path, tip, size = _rounded(corners, gap / 3), corners[-1], max(2.0, gap / 4)
    head = QPolygonF([tip, tip + QPointF(-size, -size * 0.6), tip + QPointF(-size, size * 0.6)])
    return Edge(source, target, path, head, path.boundingRect().united(head.boundingRect()).adjusted(-2, -2, 2, 2))


def paint_edges(painter: QPainter, edges: Iterable[Edge], exposed: QRectF, chosen: int | None) -> None:
    """Those that `exposed` shows; the edges of the `chosen` card stand out, over the others."""
    quiet, loud = theme.colour("disabled"), theme.colour("accent")
    shown = [one for one in edges if one.rect.intersects(exposed)]
    for one in sorted(shown, key=lambda one: chosen in (one.source, one.target)):
        near = chosen in (one.source, one.target)
        colour = loud if near else quiet
        painter.setPen(QPen(colour, 1.5 if near else 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(one.path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(one.tip)


def _rounded(corners: list[QPointF], radius: float) -> QPainterPath:
    path = QPainterPath(corners[0])
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        path.lineTo(_towards(corner, before, radius))
        path.quadTo(corner, _towards(corner, after, radius))
    path.lineTo(corners[-1])
    return path


def _towards(start: QPointF, end: QPointF, distance: float) -> QPointF:
    """On the way from `start` to `end`, at most half of it."""
    length = abs(end.x() - start.x()) + abs(end.y() - start.y())  # lines run along the axes
    return start + (end - start) * (min(distance, length / 2) / length) if length else start
