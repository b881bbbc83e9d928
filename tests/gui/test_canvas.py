"""The canvas as a user notices it: zooming, scrolling, panning, and what is painted anew."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.canvas import LARGEST, SMALLEST, Canvas

LEFT, PLAIN, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SPOT = QRectF(1900, 900, 40, 40)


class Spot(Canvas):
    """A red square far down on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.exposed: list[QRectF] = []

    def draw(self, painter: QPainter, exposed: QRectF) -> None:
        self.exposed.append(exposed)
        painter.fillRect(SPOT, Qt.GlobalColor.red)


@pytest.fixture
def canvas(qtbot: QtBot, qapp: QApplication) -> Spot:
    theme.apply(qapp, "light")
    canvas = Spot()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_extent(QSizeF(2000, 1000))
    settle()
    return canvas


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def is_red(canvas: Canvas, rect: QRectF) -> bool:
    place = canvas.to_view(rect).center().toPoint()
    ratio = canvas.devicePixelRatioF()
    return canvas.viewport().grab().toImage().pixelColor(place * ratio).name() == "#ff0000"


def wheel(canvas: Canvas, place: QPointF, delta: QPoint, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    at = canvas.viewport().mapToGlobal(place)
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, at, QPoint(), delta, Qt.MouseButton.NoButton, modifiers, phase, False)
    QApplication.sendEvent(canvas.viewport(), event)
    settle()


def drag(canvas: Canvas, begin: QPoint, by: QPoint) -> None:
    QTest.mousePress(canvas.viewport(), LEFT, PLAIN, begin)
    for part in range(1, 5):
        place = QPointF(begin) + QPointF(by) * part / 4
        at = canvas.viewport().mapToGlobal(place)
        event = QMouseEvent(QEvent.Type.MouseMove, place, at, Qt.MouseButton.NoButton, LEFT, PLAIN)
        QApplication.sendEvent(canvas.viewport(), event)
    QTest.mouseRelease(canvas.viewport(), LEFT, PLAIN, begin + by)


def test_what_is_brought_into_view_is_seen(canvas: Spot):
    assert not canvas.is_in_view(SPOT)
    canvas.bring_into_view(SPOT)
    settle()
    assert canvas.is_in_view(SPOT)
    assert is_red(canvas, SPOT)
    before = canvas.to_view(SPOT)
    canvas.bring_into_view(SPOT)
    assert canvas.to_view(SPOT) == before


def test_the_wheel_with_ctrl_zooms_where_the_mouse_stands(canvas: Spot):
    canvas.bring_into_view(SPOT)
    place = canvas.to_view(SPOT).center()
    point = canvas.to_picture(place)
    wheel(canvas, place, QPoint(0, 120), CTRL)
    assert canvas.zoom > 1
    moved = canvas.to_picture(place) - point
    assert abs(moved.x()) <= 1
    assert abs(moved.y()) <= 1


def test_the_zoom_keeps_within_its_ends(canvas: Spot):
    for _ in range(40):
        QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == LARGEST
    for _ in range(60):
        QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.zoom == SMALLEST


def test_ctrl_0_fits_the_whole_picture(canvas: Spot):
    QTest.keyClick(canvas, Qt.Key.Key_0, CTRL)
    settle()
    assert canvas.is_in_view(QRectF(1, 1, 1998, 998))
    assert not canvas.horizontalScrollBar().isVisible()
    assert is_red(canvas, SPOT)


def test_a_small_picture_is_not_blown_up_and_stands_in_the_middle(canvas: Spot):
    canvas.set_extent(QSizeF(100, 50))
    canvas.fit()
    settle()
    assert canvas.zoom == 1
    middle = canvas.to_view(QRectF(0, 0, 100, 50)).center() - QPointF(canvas.viewport().rect().center())
    assert abs(middle.x()) <= 1
    assert abs(middle.y()) <= 1


def test_the_wheel_goes_along_where_nothing_is_below(canvas: Spot):
    canvas.set_extent(QSizeF(2000, 100))
    settle()
    wheel(canvas, QPointF(50, 50), QPoint(0, -120))
    assert canvas.horizontalScrollBar().value() > 0
    wheel(canvas, QPointF(50, 50), QPoint(0, 120))
    assert canvas.horizontalScrollBar().value() == 0


def test_the_wheel_goes_down_where_something_is_below(canvas: Spot):
    wheel(canvas, QPointF(50, 50), QPoint(0, -120))
    assert canvas.verticalScrollBar().value() > 0
    assert canvas.horizontalScrollBar().value() == 0


def test_dragging_pans_and_clicks_nothing(canvas: Spot):
    clicks: list[QPointF] = []
    canvas.clicked.connect(clicks.append)
    drag(canvas, QPoint(200, 200), QPoint(-120, -80))
    assert (canvas.horizontalScrollBar().value(), canvas.verticalScrollBar().value()) == (120, 80)
    assert clicks == []


def test_a_press_that_does_not_move_is_a_click_on_the_picture(canvas: Spot):
    clicks: list[QPointF] = []
    canvas.clicked.connect(clicks.append)
    canvas.bring_into_view(SPOT)
    QTest.mouseClick(canvas.viewport(), LEFT, PLAIN, canvas.to_view(SPOT).center().toPoint())
    assert len(clicks) == 1
    assert SPOT.contains(clicks[0])


def test_only_what_has_changed_is_painted(canvas: Spot):
    canvas.bring_into_view(SPOT)
    settle()
    canvas.exposed.clear()
    canvas.repaint_at(SPOT)
    settle()
    assert len(canvas.exposed) == 1
    assert canvas.exposed[0].contains(SPOT)
    assert canvas.exposed[0].width() < 60
    assert canvas.exposed[0].height() < 60
