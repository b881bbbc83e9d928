"""One card of the network: an operation with its output above and its gradient below, painted at any size.

Where cards stand is `network_plan`'s matter, and what they stand for that of `network`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication, QPainter, QPen, QTextOption

from lenet_gui.gui import theme
from lenet_gui.gui.network.card_cells import picture_place
from lenet_gui.gui.network.card_pictures import Pictures, has_numbers, is_number
from lenet_gui.protocol.trace import Summary

WIDTH = 88.0
"""Of a card whose words are as large as those of the window, in pixels."""
_LARGEST = 1.2
_LEGIBLE = 5.5
"""Words of fewer pixels are left out."""
_LEAST_PICTURE = 44.0
_CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class Face:
    """What stands on a card: `refusal`, PyTorch's words, takes the place of the pictures."""

    title: str
    module: str
    shape: str
    output: Summary | None = None
    gradient: Summary | None = None
    refusal: str = ""


class Look(NamedTuple):
    """How a card stands at a place. `gradient` is `yet` (to come), `there`, `none` (PyTorch has none) or empty.

    `marker` is the phase for which it is next, else empty.
    """

    happened: bool = False
    gradient: str = ""
    marker: str = ""
    backward: bool = False
    chosen: bool = False


class CardStyle:
    """The fonts and the places of everything on a card of one size, relative to its corner."""

    def __init__(self, size: QSizeF, scale: float = 0.0) -> None:
        self.size = size
        self.scale = scale or min(_LARGEST, size.width() / WIDTH)
        points = QGuiApplication.font().pointSizeF()
        self.bold = _font(points * 0.9 * self.scale, bold=True)
        self.narrow = _font(points * 0.78 * self.scale, bold=True)
        self.small = _font(points * 0.8 * self.scale)
        self._small_metrics = QFontMetricsF(self.small)
        self.legible = True
        self._cut: dict[tuple[str, bool], str] = {}
        self._titles: dict[str, tuple[QFont, str]] = {}
        self._place()

    def seen_at(self, zoom: float) -> None:
        """Words that are too small to be read are left out."""
        self.legible = self._small_metrics.ascent() * zoom >= _LEGIBLE

    def _place(self) -> None:
        pad = 5 * self.scale
        left, width, y = pad, self.size.width() - 2 * pad, pad * 0.6
        line, head = self._small_metrics.lineSpacing(), QFontMetricsF(self.bold).lineSpacing()
        self.title = QRectF(left, y, width, head)
        self.module = QRectF(left, y + head, width, line)
        self.shape = QRectF(left, y + head + line, width, line)
        top = y + head + 2 * line + pad * 0.6
        room = (self.size.height() - top - pad) / 2
        # The numbers stand directly below their picture, where there is room for both.
        self.line = line if room - line >= _LEAST_PICTURE else 0.0
        self.output = QRectF(left, top, width, room - self.line - pad * 0.6)
        self.gradient = self.output.translated(0, room + pad * 0.3)
        self.body = QRectF(left, top, width, self.size.height() - top - pad)

    def cut(self, words: str, keep_end: bool = False) -> str:
        """`words`, with dots where the card is too narrow for them."""
        key = (words, keep_end)
        if key not in self._cut:
            mode = Qt.TextElideMode.ElideLeft if keep_end else Qt.TextElideMode.ElideMiddle
            self._cut[key] = self._small_metrics.elidedText(words, mode, self.title.width())
        return self._cut[key]

    def titled(self, words: str) -> tuple[QFont, str]:
        """A title and its font, which is smaller where that saves the words from being cut."""
        if words not in self._titles:
            wide = QFontMetricsF(self.bold).horizontalAdvance(words) <= self.title.width()
            font = self.bold if wide else self.narrow
            cut = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideMiddle, self.title.width())
            self._titles[words] = font, cut
        return self._titles[words]

    def fits(self, words: str) -> bool:
        return self._small_metrics.horizontalAdvance(words) <= self.title.width()


def paint_card(painter: QPainter, style: CardStyle, face: Face, look: Look, pictures: Pictures, card: int) -> None:
    """Paint card number `card` with its corner at the painter's origin."""
    _paint_ground(painter, style, face, look)
    if style.legible:
        _paint_head(painter, style, face, look)
    if face.refusal:
        _paint_refusal(painter, style, face)
        return
    if face.output is not None:
        state = "there" if look.happened else "yet"
        _paint_tensor(painter, style, face.output, state, style.output, (pictures, card, False))
    if look.gradient:
        _paint_tensor(painter, style, face.gradient, look.gradient, style.gradient, (pictures, card, True))


def paint_lit(painter: QPainter, style: CardStyle, face: Face, look: Look, cells: list[tuple[bool, QRectF]]) -> None:
    """Frame cells of the pictures of a card with its corner at the painter's origin, as far as those are seen."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for gradient, cell in cells:
        summary, room = (face.gradient, style.gradient) if gradient else (face.output, style.output)
        if summary is None or not (look.gradient == "there" if gradient else look.happened):
            continue
        place = room if is_number(summary) else picture_place(summary.picture.shape, room)
        high, wide = summary.picture.shape
        down, across = place.height() / high, place.width() / wide
        corner = place.topLeft() + QPointF(cell.x() * across, cell.y() * down)
        rect = QRectF(corner, QSizeF(cell.width() * across, cell.height() * down)).intersected(place)
        for pen in (_pen("text", 3), _pen("place", 1.5)):
            painter.setPen(pen)
            painter.drawRect(rect.adjusted(-1, -1, 1, 1))


def marker_height(style: CardStyle) -> float:
    return 18.0 * style.scale


def paint_marker(painter: QPainter, style: CardStyle, look: Look) -> None:
    """The words above the card that is next."""
    if look.marker and style.legible:
        words = f"◂ {look.marker}" if look.backward else f"{look.marker} ▸"
        painter.setPen(theme.colour("backward" if look.backward else "forward"))
        painter.setFont(style.bold)
        high = marker_height(style)
        painter.drawText(QRectF(0, -high, style.size.width(), high - 3), _CENTRE, words)


def _paint_ground(painter: QPainter, style: CardStyle, face: Face, look: Look) -> None:
    rect = QRectF(QPointF(0.5, 0.5), style.size - QSizeF(1, 1))
    radius = min(6.0, style.size.width() / 8)
    painter.setBrush(theme.colour("base"))
    if look.marker:
        pen = _pen("place", 2.5)
    elif face.refusal:
        pen = _pen("error", 1.5)
    else:
        pen = _pen("grid")
    painter.setPen(pen)
    painter.drawRoundedRect(rect, radius, radius)
    if look.chosen:
        # Outside of the yellow one: a card can be both.
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(_pen("accent", 2))
        painter.drawRoundedRect(rect.adjusted(-2.5, -2.5, 2.5, 2.5), radius + 2, radius + 2)


def _paint_head(painter: QPainter, style: CardStyle, face: Face, look: Look) -> None:
    font, title = style.titled(face.title)
    painter.setFont(font)
    role = "error" if face.refusal else "text" if look.happened or look.marker else "muted"
    painter.setPen(theme.colour(role))
    painter.drawText(style.title, _CENTRE, title)
    painter.setFont(style.small)
    painter.setPen(theme.colour("muted"))
    painter.drawText(style.module, _CENTRE, style.cut(face.module, keep_end=True))
    shape = face.shape if style.fits(face.shape) else face.shape.replace(", ", ",")
    painter.drawText(style.shape, _CENTRE, style.cut(shape))


def _paint_refusal(painter: QPainter, style: CardStyle, face: Face) -> None:
    if not style.legible:
        return
    painter.setFont(style.small)
    painter.setPen(theme.colour("error"))
    option = QTextOption(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    painter.save()
    painter.setClipRect(style.body)
    painter.drawText(style.body, face.refusal, option)
    painter.restore()


def _paint_tensor(
    painter: QPainter,
    style: CardStyle,
    summary: Summary | None,
    state: str,
    room: QRectF,
    image: tuple[Pictures, int, bool],
) -> None:
    if state == "none" or (state == "there" and summary is None):
        _words(painter, style, room, "None", "muted")
    elif state == "yet" or summary is None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(_pen("disabled", 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    elif not has_numbers(summary):
        _words(painter, style, room, "not kept", "muted")
    elif is_number(summary):
        _paint_number(painter, style, summary, room, "backward" if image[2] else "forward")
    elif summary.picture.size:
        place = _paint_picture(painter, summary, room, image)
        if style.line:
            below = QRectF(room.x(), place.bottom() + 1, room.width(), style.line)
            _words(painter, style, below, *_range_words(style, summary))
    else:
        _words(painter, style, room, *_range_words(style, summary))


def _paint_picture(painter: QPainter, summary: Summary, room: QRectF, image: tuple[Pictures, int, bool]) -> QRectF:
    """Paint it as large as there is room, and give its place."""
    pictures, card, gradient = image
    drawn = pictures.image(card, summary, gradient)
    place = picture_place((drawn.height(), drawn.width()), room)
    pixels = place.height() / drawn.height() * painter.transform().m11() * painter.device().devicePixelRatioF()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, pixels < 1)
    painter.drawImage(place, drawn)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # Zero has the colour of the ground, so the picture needs an outline.
    painter.setPen(_pen("grid") if summary.finite else _pen("not_finite", 2))
    painter.drawRect(place)
    return place


def _paint_number(painter: QPainter, style: CardStyle, summary: Summary, room: QRectF, role: str) -> None:
    value = float(summary.picture.flat[0]) if summary.picture.size else summary.mean
    words = number_words(value)
    font = QFont(style.bold)
    wide = QFontMetricsF(font).horizontalAdvance(words)
    if not wide or not style.legible:
        return
    font.setPointSizeF(font.pointSizeF() * min(2.2, room.width() / wide))
    painter.setFont(font)
    painter.setPen(theme.colour(role if summary.finite else "error"))
    painter.drawText(room, _CENTRE, words)


def _words(painter: QPainter, style: CardStyle, room: QRectF, words: str, role: str) -> None:
    if style.legible:
        painter.setFont(style.small)
        painter.setPen(theme.colour(role))
        painter.drawText(room, _CENTRE, style.cut(words))


def number_words(value: float) -> str:
    """As PyTorch prints one number: four digits behind the point where that says enough."""
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"


def _range_words(style: CardStyle, summary: Summary) -> tuple[str, str]:
    """In as many digits as there is room for, and the role of their colour."""
    if not summary.finite:
        return "not finite", "error"
    ranges = [f"{summary.low:{digits}} … {summary.high:{digits}}" for digits in (".2g", ".1e", ".0e")]
    ranges = [words.replace("e-0", "e-").replace("e+0", "e") for words in ranges]
    ranges.append(ranges[-1].replace(" ", ""))
    return next((words for words in ranges if style.fits(words)), ranges[-1]), "muted"


def _pen(role: str, width: float = 1, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """As wide at every zoom."""
    pen = QPen(theme.colour(role), width, style)
    pen.setCosmetic(True)
    return pen


def _font(points: float, bold: bool = False) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPointSizeF(max(1.0, points))
    font.setBold(bold)
    return font
