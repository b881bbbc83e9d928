from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import (
    DIVERGING,
    POWERS,
    SEQUENTIAL,
    along,
    diverging,
    paint,
    sequential,
    steady_range,
)
from lenet_gui.gui.numbers.heatmap import Heatmap, scale_of
from lenet_gui.protocol.tensors import LookReply, LookRequest, View, Which
from tests.gui import looking


@pytest.fixture
def heatmap(qtbot: QtBot, qapp: QApplication) -> Heatmap:
    theme.apply(qapp, "light")
    widget = Heatmap()
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.show()
    return widget


def show(heatmap: Heatmap, values: np.ndarray, kind: str = "parameter", limit: float = 0.0) -> LookReply:
    request = LookRequest(1, View(Which("conv1.weight")), room=(300, 300))
    reply = replace(looking.reply(request, values, kind), limit=limit)
    heatmap.show_reply(reply)
    return reply


def lightness(colours: np.ndarray) -> list[int]:
    return [QColor.fromRgb(int(colour)).lightness() for colour in colours]


def test_zero_is_the_ground_and_the_ends_stand_out():
    light, dark = diverging(dark=False), diverging(dark=True)
    assert lightness(light[[128]])[0] > 240
    assert lightness(dark[[128]])[0] < 30
    for table in (light, dark):
        negative, positive = QColor.fromRgb(int(table[40])), QColor.fromRgb(int(table[215]))
        assert negative.blue() > negative.red()
        assert positive.red() > positive.blue()


def test_a_sequential_scale_gets_brighter_all_the_way():
    table = sequential()
    luma = ((table >> 16 & 255) * 0.30 + (table >> 8 & 255) * 0.59 + (table & 255) * 0.11).astype(float)
    assert np.all(np.diff(luma) > -0.6)
    assert luma[-1] > luma[0] + 150


def test_the_scale_is_symmetric_and_stays_while_numbers_move():
    values = np.array([-0.11, 0.163], np.float32)
    assert steady_range(values, DIVERGING) == (-0.2, 0.2)
    assert steady_range(values * 1.1, DIVERGING) == (-0.2, 0.2)
    assert steady_range(np.array([0.0, 0.7], np.float32), SEQUENTIAL) == (0.0, 1.0)


@pytest.mark.parametrize("values", [[0, 0], [np.nan, np.inf], [1e-45, -1e-45], [3e38, -3e38], [np.nan, 1], []])
def test_no_numbers_are_too_odd_to_be_painted(values: list[float]):
    array = np.array(values, np.float32)
    span = steady_range(array, DIVERGING)
    assert span[0] < span[1]
    assert paint(array, DIVERGING, span, dark=False).shape == array.shape


def test_what_is_not_finite_has_a_colour_that_no_number_has():
    values = np.array([-1, 0, 1, np.nan, np.inf, -np.inf], np.float32)
    for dark in (False, True):
        colours = paint(values, DIVERGING, (-1, 1), dark)
        assert len(set(colours[3:])) == 1
        assert colours[3] not in diverging(dark)


def test_the_picture_has_the_colours_of_the_numbers(heatmap: Heatmap):
    show(heatmap, np.array([[-1, 0], [1, np.nan]], np.float32))
    picture = heatmap.mosaic.grab().toImage()
    side = heatmap.mosaic.tile_rect(0).width() * picture.devicePixelRatio()
    centres = [side * k / 4 for k in (1, 3)]
    seen = [picture.pixelColor(round(x), round(y)).rgba() for y in centres for x in centres]
    table = diverging(dark=False)
    assert seen == [table[0], table[128], table[255], theme.not_finite(dark=False).rgba()]


def test_the_number_under_the_mouse_is_read_out_with_its_index(heatmap: Heatmap, qtbot: QtBot):
    values = np.arange(54, dtype=np.float32).reshape(6, 1, 3, 3) / np.float32(10)
    show(heatmap, values)
    tile = heatmap.mosaic.tile_rect(4)
    qtbot.mouseMove(heatmap.mosaic, QPoint(round(tile.right()) - 4, round(tile.y()) + 4))
    assert heatmap.read_out.text() == "[4, 0, 0, 2]  3.8"


def test_the_keyboard_goes_from_number_to_number_across_maps(heatmap: Heatmap, qtbot: QtBot):
    show(heatmap, np.arange(8, dtype=np.float32).reshape(2, 2, 2))
    heights = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(heatmap.mosaic, key)
        heights.append(heatmap.read_out.height())
    assert heatmap.read_out.text() == "[0, 0, 1]  1.0"
    assert len(set(heights)) == 1


def test_a_new_picture_keeps_the_read_out_current(heatmap: Heatmap):
    show(heatmap, np.zeros((2, 2), np.float32))
    heatmap.mosaic.point_at((0, 1, 1))
    show(heatmap, np.full((2, 2), np.float32(0.1)))
    assert heatmap.read_out.text() == "[1, 1]  0.1"


def test_a_change_of_scheme_repaints_the_picture(heatmap: Heatmap, qapp: QApplication):
    show(heatmap, np.zeros((4, 4), np.float32))
    assert heatmap.mosaic.grab().toImage().pixelColor(10, 10).lightness() > 240
    theme.apply(qapp, "dark")
    assert heatmap.mosaic.grab().toImage().pixelColor(10, 10).lightness() < 30


def test_each_kind_has_its_scale(heatmap: Heatmap):
    positive, both = np.array([[0, 0.3]], np.float32), np.array([[-0.1, 0.3]], np.float32)
    for kind in ("activation", "input", "state"):
        assert scale_of(show(heatmap, positive, kind)) == (SEQUENTIAL, (0.0, 0.5)), "such as a ReLU gives"
    assert scale_of(show(heatmap, both, "activation")) == (DIVERGING, (-0.5, 0.5))
    for kind in ("parameter", "update", "difference"):
        assert scale_of(show(heatmap, positive, kind)) == (DIVERGING, (-0.5, 0.5))


def test_all_gradients_of_a_place_have_one_range(heatmap: Heatmap):
    for values in ([[0, 1e-5]], [[-0.15, 0.1]]):
        reply = show(heatmap, np.array(values, np.float32), "gradient", limit=0.15)
        assert scale_of(reply) == (POWERS, (-0.2, 0.2))
    table, values = diverging(dark=False), np.array([-0.2, -2e-3, 0, 2e-3, 0.2, np.nan], np.float32)
    colours = paint(values, POWERS, (-0.2, 0.2), dark=False)
    assert [*colours[[0, 2, 4]]] == [table[0], table[128], table[255]]
    assert abs(int(np.flatnonzero(table == colours[3])[0]) - 192) < 3, "a hundredth of it is half way"
    assert colours[5] == theme.not_finite(dark=False).rgba()
    places = np.linspace(0, 1, 9, dtype=np.float32)
    even = paint(places, SEQUENTIAL, (0, 1), dark=False)
    assert along(DIVERGING, (-1, 1), places).tolist() == (2 * places - 1).tolist()
    assert len({*paint(along(POWERS, (-0.2, 0.2), places), POWERS, (-0.2, 0.2), dark=False)}) == len({*even})


def test_dragging_moves_what_is_seen_and_the_cursor_keeps_in_sight(heatmap: Heatmap, qtbot: QtBot):
    show(heatmap, np.arange(900, dtype=np.float32).reshape(30, 30))
    mosaic = heatmap.mosaic
    assert mosaic.region() is None
    for _ in range(6):
        qtbot.keyClick(mosaic, Qt.Key.Key_Plus)
    seen = mosaic.region()
    assert seen is not None
    assert seen.block.columns < 20
    qtbot.mousePress(mosaic, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
    qtbot.mouseMove(mosaic, QPoint(50, 100))
    qtbot.mouseRelease(mosaic, Qt.MouseButton.LeftButton, pos=QPoint(50, 100))
    moved = mosaic.region()
    assert moved is not None
    assert moved.block.column > seen.block.column
    assert moved.block.row == seen.block.row
    mosaic.point_at((0, 0, 0))
    for _ in range(29):
        qtbot.keyClick(mosaic, Qt.Key.Key_Down)
    assert mosaic.cursor_cell == (0, 29, 0)
    assert mosaic.cell_rect((0, 29, 0)).top() >= 0
    assert mosaic.cell_rect((0, 29, 0)).bottom() <= mosaic.height()
    assert heatmap.read_out.text() == "[29, 0]  870.0"
