"""A picture larger than its widget: scrolled, zoomed and panned. What is drawn on it is its heir's."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from lenet_gui.gui import theme

SMALLEST, LARGEST = 0.1, 4.0
STEP = 1.25
MARGIN = 6 * theme.UNIT
"""Pixels that stay between what is brought into view and the edge, where there is room."""
_IN = {Qt.Key.Key_Plus, Qt.Key.Key_Equal}
_OUT = {Qt.Key.Key_Minus, Qt.Key.Key_Underscore}


class Canvas(QAbstractScrollArea):
    """Shows a picture of `extent`, in units that are pixels at zoom 1; a smaller one stands in the middle.

    An heir draws in `draw`, in the picture's units, what lies in the exposed rectangle and nothing else. Ctrl+wheel, +
    and - zoom, Ctrl+0 fits; the wheel scrolls, dragging pans. A press that does not pan is `clicked`, at a point of the
    picture. An heir that takes keys of its own gives the others to `keyPressEvent` here.
    """

    clicked = Signal(QPointF)
    double_clicked = Signal(QPointF)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(24 * theme.UNIT, 16 * theme.UNIT)
        self._extent = QSizeF()
        self._zoom = 1.0
        self._pressed: QPointF | None = None
        self._panned_from: QPointF | None = None

    # --------------------------------------------------------------------------------------------- what an heir uses

    def draw(self, painter: QPainter, exposed: QRectF) -> None:
        """Draw what lies in `exposed`, in the picture's units; the ground is there already."""
        raise NotImplementedError

    @property
    def extent(self) -> QSizeF:
        return self._extent

    def set_extent(self, extent: QSizeF) -> None:
        """The picture's size at zoom 1. The scroll bars stay where they are as far as they can."""
        self._extent = extent
        self._lay_out()

    @property
    def zoom(self) -> float:
        return self._zoom

    def set_zoom(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Zoom so that the point of the picture under `anchor` (of the viewport; `None`: its middle) stays there."""
        anchor = QPointF(self.viewport().rect().center()) if anchor is None else anchor
        point = self.to_picture(anchor)
        self._zoom = min(max(zoom, SMALLEST), LARGEST)
        self._lay_out()
        at = self.to_view(QRectF(point, QSizeF())).topLeft() - anchor
        self._scroll(at)

    def fit(self, largest: float = 1.0) -> None:
        """Zoom so that the whole picture is seen, at most to `largest`."""
        if not self._extent.isEmpty():
            # The viewport's size without any scroll bar: none is needed then.
            room = self.maximumViewportSize()
            ratio = min(room.width() / self._extent.width(), room.height() / self._extent.height())
            self.set_zoom(min(ratio, largest))

    def bring_into_view(self, rect: QRectF) -> None:
        """Scroll as little as needed for a rectangle of the picture to be seen, with some room around it."""
        view, room = self.to_view(rect), self.viewport().size()
        across = min(float(MARGIN), max(0.0, (room.width() - view.width()) / 2))
        down = min(float(MARGIN), max(0.0, (room.height() - view.height()) / 2))
        self._scroll(
            QPointF(
                _least_move(view.left() - across, view.right() + across, room.width()),
                _least_move(view.top() - down, view.bottom() + down, room.height()),
            )
        )

    def is_in_view(self, rect: QRectF) -> bool:
        """Whether the whole rectangle of the picture is seen."""
        return QRectF(self.viewport().rect()).contains(self.to_view(rect))

    def repaint_at(self, rect: QRectF) -> None:
        """Draw a rectangle of the picture anew, and nothing else."""
        self.viewport().update(self.to_view(rect).toAlignedRect().adjusted(-1, -1, 1, 1))

    def to_picture(self, point: QPointF) -> QPointF:
        """The point of the picture that stands at a point of the viewport."""
        return (point - self._origin()) / self._zoom

    def to_view(self, rect: QRectF) -> QRectF:
        """Where a rectangle of the picture stands in the viewport."""
        return QRectF(rect.topLeft() * self._zoom + self._origin(), rect.size() * self._zoom)

    # ------------------------------------------------------------------------------------------------------- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(event.rect(), theme.colour("base"))
            origin = self._origin()
            painter.setTransform(QTransform(self._zoom, 0, 0, self._zoom, origin.x(), origin.y()))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            exposed = QRectF(event.rect())
            self.draw(painter, QRectF(self.to_picture(exposed.topLeft()), exposed.size() / self._zoom))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        # Moves the pixels that are there, and paints the strip that comes in; at a broken ratio they would not fit.
        if self.devicePixelRatioF().is_integer():
            self.viewport().scroll(dx, dy)
        else:
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(120 * theme.UNIT, 70 * theme.UNIT)

    def _lay_out(self) -> None:
        size, room = self._extent * self._zoom, self.viewport().size()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        for bar, length, page in ((across, size.width(), room.width()), (down, size.height(), room.height())):
            bar.setRange(0, max(0, round(length) - page))
            bar.setPageStep(page)
            bar.setSingleStep(10 * theme.UNIT)
        self.viewport().update()

    def _origin(self) -> QPointF:
        """Where the picture's corner stands in the viewport."""
        size, room = self._extent * self._zoom, self.viewport().size()
        return QPointF(
            max(0, round((room.width() - size.width()) / 2)) - self.horizontalScrollBar().value(),
            max(0, round((room.height() - size.height()) / 2)) - self.verticalScrollBar().value(),
        )

    def _scroll(self, by: QPointF) -> None:
        for bar, distance in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
            bar.setValue(bar.value() + round(distance))

    # ------------------------------------------------------------------------------------------- mouse and keyboard

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._zoom * STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        elif self.verticalScrollBar().maximum() == 0 and not event.angleDelta().x():
            # Nothing to go down to: the wheel goes along the picture instead.
            QApplication.sendEvent(self.horizontalScrollBar(), event)
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if self._panned_from is None:
            if (event.position() - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._panned_from = self._pressed
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self._scroll(self._panned_from - event.position())
        self._panned_from = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, panned = self._pressed, self._panned_from
        self._pressed = self._panned_from = None
        if panned is not None:
            self.viewport().unsetCursor()
        elif pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.to_picture(pressed))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit(self.to_picture(event.position()))

    def event(self, event: QEvent) -> bool:
        # The window may have these keys too; where the picture has the focus they are its own.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _zooms(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not _zooms(event):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            self.set_zoom(self._zoom * (STEP if key in _IN else 1 / STEP))


def _zooms(event: QKeyEvent) -> bool:
    key, modifiers = Qt.Key(event.key()), event.modifiers()
    if key == Qt.Key.Key_0:
        return bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    return key in _IN | _OUT and not modifiers & Qt.KeyboardModifier.AltModifier


def _least_move(first: float, last: float, room: int) -> float:
    """How far to scroll so that what lies from `first` to `last` lies within `room`."""
    if first < 0:
        return first
    return max(0.0, last - room)
