"""How the timeline's lanes look, in whole pixels. Mouse and keyboard are `lanes`'s, what there is to draw `branches`'s.

Two pictures that are equal need not be painted twice: in a run at the end of a single branch none ever changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPolygonF

from lenet_gui.gui import theme
from lenet_gui.gui.travel import branches
from lenet_gui.protocol import Frame

LANE = 4 * theme.UNIT
DONE, AHEAD = 4, 2  # how thick what was done is, and what lies ahead
EDGE = 2 * theme.UNIT
HANDLE = QSize(8, 14)
WIDEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Scale:
    """Steps 0 to `longest` over the pixels from EDGE on."""

    longest: int
    room: int

    def x(self, step: int) -> int:
        return EDGE + round(self.room * step / self.longest)

    def step(self, x: int) -> int:
        """The step that is drawn nearest to a pixel; it may be one that there is not."""
        return round((x - EDGE) / max(1, self.room) * self.longest)


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a lane, from pixel `left` to `right`."""

    lane: int
    left: int
    right: int
    branch: int
    done: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is painted: `joints` are (x, from lane, to lane, branch), `names` (name, branch) by lane, `marks`
    (x, lane) by bookmark, `handle` is (x, lane)."""

    bars: tuple[Bar, ...] = ()
    joints: tuple[tuple[int, int, int, int], ...] = ()
    names: tuple[tuple[str, int], ...] = ()
    names_width: int = 0
    marks: tuple[tuple[int, int], ...] = ()
    handle: tuple[int, int] = (EDGE, 0)
    open: bool = False


def scale(frame: Frame, width: int, letters: QFontMetrics) -> Scale:
    """The scale of a widget that is so wide; the same for all lanes."""
    longest = max([1, frame.step, *(row.steps for row in frame.branches)])
    return Scale(longest, max(1, width - 2 * EDGE - _names_width(frame, letters)))


def lay_out(
    frame: Frame, drawn: tuple[branches.Lane, ...], width: int, letters: QFontMetrics, handle: tuple[int, int]
) -> Picture:
    """The picture of the lanes `drawn`, with the handle at (step, lane)."""
    x = scale(frame, width, letters).x
    several = len(drawn) > 1
    return Picture(
        bars=tuple(
            # Even a piece without steps is seen.
            Bar(i, x(piece.first), max(x(piece.last), x(piece.first) + 2), piece.branch, piece.done)
            for i, lane in enumerate(drawn)
            for piece in lane.pieces
        ),
        joints=tuple(
            (x(lane.pieces[0].first), lane.parent, i, lane.branch) for i, lane in enumerate(drawn) if lane.parent >= 0
        ),
        names=tuple((frame.branches[lane.branch].name, lane.branch) for lane in drawn) if several else (),
        names_width=_names_width(frame, letters),
        marks=tuple(
            (x(mark.step), branches.lane_of_bookmark(frame, mark, drawn)) for mark in frame.bookmarks
        ),
        handle=(x(handle[0]), handle[1]),
        open="seek" in frame.allowed,
    )  # fmt: skip


def paint(
    painter: QPainter, picture: Picture, size: QSize, exposed: QRect, letters: QFontMetrics, focused: bool
) -> None:
    """Cover what is exposed of a widget of this size: of many lanes only those that are not scrolled away."""
    painter.fillRect(exposed, theme.colour("panel"))
    seen = range(exposed.top() // LANE, exposed.bottom() // LANE + 1)
    for x, above, lane, branch in picture.joints:
        if lane >= seen.start:
            painter.fillRect(QRect(x, middle(above), 1, middle(lane) - middle(above)), _pale(branch))
    for bar in picture.bars:
        if bar.lane in seen:
            thick = DONE if bar.done else AHEAD
            ink = theme.series(bar.branch) if bar.done and picture.open else _pale(bar.branch)
            painter.fillRect(QRect(bar.left, middle(bar.lane) - thick // 2, bar.right - bar.left, thick), ink)
    _paint_names(painter, picture, size, seen, letters)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("text"))
    for x, lane in picture.marks:
        # A small flag above the line, that is seen beside the handle too.
        top = lane * LANE
        painter.drawPolygon(QPolygonF([QPointF(x - 4, top), QPointF(x + 4, top), QPointF(x, top + 6)]))
    _paint_handle(painter, picture, size, focused)


def middle(lane: int) -> int:
    return lane * LANE + LANE // 2


def _paint_names(painter: QPainter, picture: Picture, size: QSize, seen: range, letters: QFontMetrics) -> None:
    left = size.width() - picture.names_width + 3 * theme.UNIT
    for lane, (name, branch) in [*enumerate(picture.names)][seen.start : seen.stop]:
        painter.fillRect(QRect(left - 2 * theme.UNIT, middle(lane) - 2, 4, 4), theme.series(branch))
        painter.setPen(theme.colour("text" if lane == 0 else "muted"))
        row = QRect(left, lane * LANE, size.width() - left, LANE)
        words = letters.elidedText(name, Qt.TextElideMode.ElideRight, row.width())
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, words)


def _paint_handle(painter: QPainter, picture: Picture, size: QSize, focused: bool) -> None:
    x, lane = picture.handle
    box = QRect(QPoint(0, 0), HANDLE)
    box.moveCenter(QPoint(x, middle(lane)))
    painter.setPen(theme.colour("accent" if focused else "panel"))
    painter.setBrush(theme.colour("place" if picture.open else "disabled"))
    painter.drawRoundedRect(box, 2, 2)
    if focused:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRect(QPoint(0, 0), size).adjusted(0, 0, -1, -1), 2, 2)


def _names_width(frame: Frame, letters: QFontMetrics) -> int:
    if len(frame.branches) < 2:
        return 0
    widest = max(letters.horizontalAdvance(row.name) for row in frame.branches)
    return min(WIDEST_NAME, widest) + 4 * theme.UNIT


def _pale(branch: int) -> QColor:
    """A branch's colour where it is not now: more than half of the way to the ground."""
    colour, ground = theme.series(branch), theme.colour("panel")
    channels = zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(0.45 * a + 0.55 * b) for a, b in channels))
