"""The sheet that one draws on: with the mouse, a pen, or the keyboard. What the ink means is not known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from lenet_gui.gui import theme

SIDE = 280
"""Pixels of the sheet, however large it is shown."""
WIDTH = 24.0
_MOVES = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_FAR, _NEAR = 10, 2
"""Pixels that an arrow key moves the pen."""
_LEAST_PRESSURE = 0.25


@dataclass(slots=True)
class Stroke:
    """From where the pen came down to where it was lifted: points with the line's width there."""

    points: list[tuple[QPointF, float]] = field(default_factory=list)
    erases: bool = False


class Sheet(QWidget):
    """Keeps the strokes, so that the last one can be taken back, over a picture that may have been put in."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("draw_sheet")
        self.setAccessibleName("Sheet to draw on")
        self.setToolTip(
            "Draw with the mouse or a pen; or move the pen with the arrow keys, and press Space to put it down"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.width_ = WIDTH
        self._strokes: list[Stroke] = []
        self._under: QImage | None = None
        self._ink = _blank()
        self._stroke: Stroke | None = None
        # Where the keyboard's pen is, and whether it is down.
        self._pen: QPointF | None = None

    @property
    def is_empty(self) -> bool:
        return not self._strokes and self._under is None

    def ink(self) -> NDArray[np.uint8]:
        """A copy [SIDE, SIDE], 0 for none and 255 for full."""
        pixels = np.frombuffer(self._ink.constBits(), np.uint8).reshape(SIDE, self._ink.bytesPerLine())
        return pixels[:, :SIDE].copy()

    def set_width(self, width: float) -> None:
        """Of the lines from now on, in pixels of the sheet."""
        self.width_ = width

    def clear(self) -> None:
        self._strokes.clear()
        self._under = self._stroke = None
        self._redraw()

    def undo(self) -> None:
        """Take back the last stroke, or else the picture that was put in."""
        if self._strokes:
            self._strokes.pop()
        else:
            self._under = None
        self._stroke = None
        self._redraw()

    def put_in(self, ink: NDArray[np.uint8]) -> None:
        """A picture [height, width] in place of what is there, as large as the sheet has room for."""
        height, width = ink.shape
        pixels = np.ascontiguousarray(ink)
        picture = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8)
        fitted = QSize(width, height).scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio)
        self._under = _blank()
        with QPainter(self._under) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            corner = QPointF((SIDE - fitted.width()) / 2, (SIDE - fitted.height()) / 2)
            smooth = Qt.TransformationMode.SmoothTransformation
            painter.drawImage(corner, picture.scaled(fitted, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
        self._strokes.clear()
        self._redraw()

    def draw(self, points: Sequence[tuple[float, float]]) -> None:
        """A stroke through these points of the sheet, of the width that is chosen."""
        self._begin(QPointF(*points[0]), self.width_)
        for point in points[1:]:
            self._go_on(QPointF(*point), self.width_)
        self._stroke = None

    def _redraw(self) -> None:
        self._ink = _blank() if self._under is None else self._under.copy()
        with QPainter(self._ink) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for stroke in self._strokes:
                for before, after in zip([stroke.points[0], *stroke.points], stroke.points, strict=False):
                    _line(painter, before[0], after[0], after[1], stroke.erases)
        self.update()
        self.changed.emit()

    # ---------------------------------------------------------------------------------------------- strokes

    def _begin(self, point: QPointF, width: float, erases: bool = False) -> None:
        self._stroke = Stroke([], erases)
        self._strokes.append(self._stroke)
        self._go_on(point, width)

    def _go_on(self, point: QPointF, width: float) -> None:
        stroke = self._stroke
        if stroke is None:
            return
        before = stroke.points[-1][0] if stroke.points else point
        stroke.points.append((point, width))
        with QPainter(self._ink) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            _line(painter, before, point, width, stroke.erases)
        reach = width + 2
        touched = QRectF(before, point).normalized().adjusted(-reach, -reach, reach, reach)
        self.update(self._to_widget(touched).toAlignedRect())
        self.changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pen = None
            self._begin(self._to_sheet(event.position()), self.width_)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_on(self._to_sheet(event.position()), self.width_)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._stroke = None

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen: the line is as wide as it is pressed, and its other end erases."""
        point = self._to_sheet(event.position())
        width = self.width_ * (_LEAST_PRESSURE + (1 - _LEAST_PRESSURE) * event.pressure())
        if event.type() == QEvent.Type.TabletPress:
            self._pen = None
            self._begin(point, width, event.pointerType() == QPointingDevice.PointerType.Eraser)
        elif event.type() == QEvent.Type.TabletMove and event.buttons() & Qt.MouseButton.LeftButton:
            self._go_on(point, width)
        elif event.type() == QEvent.Type.TabletRelease:
            self._stroke = None
        event.accept()  # or Qt makes a mouse event of it

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Space:
            if self._stroke is None:
                self._begin(self._pen or QPointF(SIDE / 2, SIDE / 4), self.width_)
                self._pen = self._stroke.points[-1][0] if self._stroke else None
            else:
                self._stroke = None
            self.update()
        elif key in _MOVES and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            far = _NEAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _FAR
            right, down = _MOVES[Qt.Key(key)]
            pen = (self._pen or QPointF(SIDE / 2, SIDE / 4)) + QPointF(right * far, down * far)
            self._pen = QPointF(min(max(pen.x(), 0), SIDE), min(max(pen.y(), 0), SIDE))
            self._go_on(self._pen, self.width_)
            self.update()
        else:
            super().keyPressEvent(event)

    # --------------------------------------------------------------------------------------------- painting

    def area(self) -> QRectF:
        """Where the sheet lies in the widget: a square in its middle."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _to_sheet(self, point: QPointF) -> QPointF:
        area = self.area()
        return (point - area.topLeft()) * (SIDE / area.width())

    def _to_widget(self, rect: QRectF) -> QRectF:
        area = self.area()
        scale = area.width() / SIDE
        return QRectF(area.topLeft() + rect.topLeft() * scale, rect.size() * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        area, touched = self.area(), QRectF(event.rect())
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            part = touched.intersected(area)
            if not part.isEmpty():
                scale = SIDE / area.width()
                source = QRectF((part.topLeft() - area.topLeft()) * scale, part.size() * scale)
                cut = source.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(self._ink.rect())
                # As on paper: dark on light, or light on dark where the window is.
                shown = self._ink.copy(cut)
                if not theme.is_dark():
                    shown.invertPixels()
                painter.setClipRect(part)
                painter.drawImage(self._to_widget(QRectF(cut)), shown)
                painter.setClipping(False)
            painter.setPen(theme.colour("accent" if self.hasFocus() else "grid"))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
            if self._pen is not None and self.hasFocus():
                self._paint_pen(painter, area, self._pen)

    def _paint_pen(self, painter: QPainter, area: QRectF, pen: QPointF) -> None:
        scale = area.width() / SIDE
        painter.setPen(QPen(theme.colour("place"), 2 if self._stroke is None else 3))
        painter.drawEllipse(area.topLeft() + pen * scale, self.width_ * scale / 2, self.width_ * scale / 2)

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)


def _blank() -> QImage:
    blank = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
    blank.fill(0)
    return blank


def _line(painter: QPainter, before: QPointF, after: QPointF, width: float, erases: bool) -> None:
    ink = QColor(0, 0, 0) if erases else QColor(255, 255, 255)
    painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    if before == after:
        painter.drawPoint(after)
    else:
        painter.drawLine(QLineF(before, after))
