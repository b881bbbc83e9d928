"""Drawing as a person does it: with the mouse, a pen and keys, on a sheet whose ink a real engine looks at."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPen, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.drawing.seeing import see
from lenet_gui.gui import theme
from lenet_gui.gui.draw import pictures
from lenet_gui.gui.draw.draw import EMPTY, DrawPanel
from lenet_gui.gui.draw.drawn_network import DrawnNetwork
from lenet_gui.gui.draw.sheet import SIDE, Sheet
from lenet_gui.gui.network.network import NetworkPanel
from lenet_gui.protocol import Advance, Frame, Place, Seek
from lenet_gui.protocol.drawing import DrawingReply, DrawingRequest, PutDrawing
from tests.gui import frames

DIGITS = tuple("0123456789")


@cache
def session() -> Session:
    made = Session(Settings(batch_size=16))
    made.run(5)
    return made


def still(commands: int = 25, **changes: object) -> Frame:
    allowed = ("advance", "seek", "put", "evaluate")
    frame = replace(frames.in_past(5), place=Place("main", commands), classes=DIGITS, allowed=allowed)
    return replace(frame, **changes)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> DrawPanel:
    theme.apply(qapp, "light")
    panel = DrawPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    panel.show_frame(still())
    return panel


@pytest.fixture
def answered(panel: DrawPanel) -> DrawPanel:
    """A panel whose questions are answered at once."""

    def answer(question: object) -> None:
        if isinstance(question, DrawingRequest):
            panel.show_reply(see(session(), question))

    panel.asked.connect(answer)
    return panel


def at(sheet: Sheet, x: float, y: float) -> QPoint:
    area = sheet.area()
    return (area.topLeft() + QPointF(x, y) * (area.width() / SIDE)).toPoint()


def seven(sheet: Sheet) -> None:
    """With the mouse."""
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(sheet, button, none, at(sheet, 70, 50))
    for x, y in ((130, 50), (200, 50), (170, 130), (130, 230)):
        QTest.mouseMove(sheet, at(sheet, x, y))
    QTest.mouseRelease(sheet, button, none, at(sheet, 130, 230))


def pen(sheet: Sheet, kind: QEvent.Type, x: float, y: float, pressure: float, eraser: bool = False) -> None:
    """A real tablet event, as Qt makes one of a pen."""
    pointer = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
    device = QPointingDevice.primaryPointingDevice()
    tip = QPointingDevice(
        "pen", 7, device.DeviceType.Stylus, pointer, device.capabilities(), 1, 1, "", device.uniqueId(), sheet
    )
    point = QPointF(at(sheet, x, y))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(
        kind, tip, point, QPointF(sheet.mapToGlobal(point.toPoint())), pressure, 0, 0, 0, 0, 0, none, button, button
    )
    QApplication.sendEvent(sheet, event)
    assert event.isAccepted()


# ------------------------------------------------------------------------------------------------------- the sheet


def test_the_mouse_draws_where_it_goes_and_the_ink_is_seen(panel: DrawPanel) -> None:
    before = panel.sheet.grab().toImage()
    seven(panel.sheet)
    ink = panel.sheet.ink()
    assert ink.shape == (SIDE, SIDE)
    assert ink[50, 140] == 255
    assert ink[230, 130] > 200
    assert ink[200, 60] == 0
    shown = panel.sheet.grab().toImage()
    assert shown != before
    assert shown.pixelColor(at(panel.sheet, 140, 50)).lightness() < 40  # dark on light, as on paper


def test_a_pen_draws_as_wide_as_it_is_pressed_and_its_other_end_erases(panel: DrawPanel) -> None:
    sheet = panel.sheet
    for y, pressure in ((60, 0.1), (180, 1.0)):
        pen(sheet, QEvent.Type.TabletPress, 60, y, pressure)
        pen(sheet, QEvent.Type.TabletMove, 200, y, pressure)
        pen(sheet, QEvent.Type.TabletRelease, 200, y, 0)
    thin, thick = ((sheet.ink()[:, 130] > 127)[half].sum() for half in (slice(0, 120), slice(120, 280)))
    assert 5 <= thin < thick / 2
    pen(sheet, QEvent.Type.TabletPress, 60, 180, 1.0, eraser=True)
    pen(sheet, QEvent.Type.TabletMove, 200, 180, 1.0, eraser=True)
    pen(sheet, QEvent.Type.TabletRelease, 200, 180, 0, eraser=True)
    assert not (sheet.ink()[150:, 130] > 127).any()


def test_the_keyboard_draws_too(panel: DrawPanel) -> None:
    sheet = panel.sheet
    sheet.setFocus()
    QTest.keyClick(sheet, Qt.Key.Key_Down)
    assert sheet.is_empty
    QTest.keyClick(sheet, Qt.Key.Key_Space)
    for _ in range(10):
        QTest.keyClick(sheet, Qt.Key.Key_Down)
    QTest.keyClick(sheet, Qt.Key.Key_Space)
    QTest.keyClick(sheet, Qt.Key.Key_Right)
    rows, columns = np.nonzero(sheet.ink() > 127)
    assert rows.max() - rows.min() >= 100
    assert columns.max() - columns.min() <= 30


def test_undo_takes_back_a_stroke_and_clear_all_of_them(panel: DrawPanel) -> None:
    seven(panel.sheet)
    first = panel.sheet.ink()
    panel.sheet.draw([(20, 20), (20, 260)])
    QTest.keyClick(panel.sheet, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(panel.sheet.ink(), first)
    panel.parts.clear.click()
    assert panel.sheet.is_empty
    assert not panel.sheet.ink().any()
    assert panel.parts.words.text() == EMPTY


def test_the_slider_makes_the_line_wider(panel: DrawPanel) -> None:
    widths = []
    for width in (8, 40):
        panel.parts.pen.setValue(width)
        panel.sheet.draw([(40, 140), (240, 140)])
        widths.append(int((panel.sheet.ink()[:, 140] > 127).sum()))
        panel.sheet.clear()
    assert widths == [8, 40]


# ------------------------------------------------------------------------------------------------- what it makes of it


def test_the_prediction_moves_while_drawing_and_is_that_of_the_engine(answered: DrawPanel) -> None:
    said: list[DrawingReply | None] = []
    answered.sheet.changed.connect(lambda: said.append(answered._now))
    seven(answered.sheet)
    assert len(said) == 5
    told = see(session(), DrawingRequest(1, answered.sheet.ink()))
    powers = np.exp(told.scores - told.scores.max())
    np.testing.assert_allclose(answered.parts.bars.shares, powers / powers.sum(), rtol=1e-5)
    assert answered.parts.preview.full == (1, 32, 32)
    assert "32 pixels high" in answered.parts.preview.toolTip()
    assert f"{told.scores.argmax()} with " in answered.parts.words.text()


def test_while_an_answer_is_on_its_way_only_the_newest_is_asked_about(panel: DrawPanel) -> None:
    asked: list[DrawingRequest] = []
    panel.asked.connect(asked.append)
    seven(panel.sheet)
    assert len(asked) == 1
    panel.show_reply(see(session(), asked[0]))
    assert len(asked) == 2
    assert np.array_equal(asked[1].ink, panel.sheet.ink())
    panel.show_reply(see(session(), asked[1]))
    assert len(asked) == 2


def test_the_network_shows_the_drawing_says_so_and_goes_back(answered: DrawPanel, qtbot: QtBot) -> None:
    network = NetworkPanel()
    qtbot.addWidget(network)
    network.resize(600, 300)
    network.show()
    over = DrawnNetwork(network)
    answered.seen.connect(over.show_cards)
    seven(answered.sheet)
    assert over.isVisible()
    assert over.geometry() == network.rect()
    assert "Your drawing" in over.words.text()
    assert "conv2d" in over.view._describe(1)
    assert "from " in over.view._describe(1)
    network.resize(500, 250)
    assert over.geometry() == network.rect()
    answered.parts.cards.click()
    assert not over.isVisible()
    answered.parts.cards.click()
    assert over.isVisible()
    answered.hide()
    assert not over.isVisible()


def test_another_run_forgets_what_was_said_and_asks_again(answered: DrawPanel) -> None:
    seven(answered.sheet)
    asked: list[object] = []
    answered.asked.connect(asked.append)
    answered.show_frame(still(run=2))
    assert len(asked) == 1
    assert "(was" not in answered.parts.words.text()


# --------------------------------------------------------------------------------------------------- teaching it


def test_put_needs_a_drawing_and_a_label_and_a_place_between_steps(answered: DrawPanel) -> None:
    put = answered.parts.put
    assert not put.isEnabled()
    assert put.toolTip() == "Draw something first"
    seven(answered.sheet)
    assert put.toolTip() == "Say first what it is"
    answered.parts.label.setCurrentIndex(1 + 7)
    assert put.isEnabled()
    answered.show_frame(still(27, allowed=("advance", "seek")))
    assert not put.isEnabled()
    assert put.toolTip().startswith("Finish this step first")


def test_it_is_put_learned_from_and_taken_back(answered: DrawPanel) -> None:
    asked: list[object] = []
    answered.asked.connect(asked.append)
    seven(answered.sheet)
    answered.parts.label.setCurrentIndex(1 + 7)
    answered.parts.at.setValue(3)
    asked.clear()
    QTest.mouseClick(answered.parts.put, Qt.MouseButton.LeftButton)
    put = asked.pop()
    assert isinstance(put, PutDrawing)
    assert (put.label, put.at) == (7, 3)
    assert np.array_equal(put.ink, answered.sheet.ink())
    answered.show_frame(still(26))
    QTest.mouseClick(answered.parts.step, Qt.MouseButton.LeftButton)
    assert asked[-1] == Advance("step")
    answered.show_frame(still(31))
    asked.clear()
    QTest.mouseClick(answered.parts.back, Qt.MouseButton.LeftButton)
    assert asked == [Seek(branch="main", commands=25)]
    assert not answered.parts.back.isEnabled()


def test_after_a_step_the_bars_say_what_it_was_before(panel: DrawPanel) -> None:
    asked: list[DrawingRequest] = []
    panel.asked.connect(asked.append)
    panel.sheet.draw([(140, 40), (140, 240)])
    panel.show_reply(see(session(), asked[0]))  # the stroke has gone on since
    first = see(session(), asked[-1])
    panel.show_reply(first)
    panel.show_frame(still(30))
    scores = np.roll(first.scores, 1)
    panel.show_reply(replace(first, id=asked[-1].id, place=Place("main", 30), step=6, scores=scores))
    assert f"(was {first.scores.argmax()} with" in panel.parts.words.text()
    panel.sheet.draw([(20, 20)])
    panel.show_reply(replace(first, id=asked[-1].id, place=Place("main", 30), step=6))
    assert "(was" not in panel.parts.words.text()


def test_random_data_have_no_labels_and_take_it_without(answered: DrawPanel) -> None:
    answered.show_frame(still(classes=()))
    answered.sheet.draw([(140, 40), (140, 240)])
    assert not answered.parts.label.isEnabled()
    assert answered.parts.put.isEnabled()


# --------------------------------------------------------------------------------------------------------- pictures


def picture(ground: int = 235, ink: int = 40) -> QImage:
    """A photographed one: uneven paper, a dark stroke."""
    image = QImage(200, 300, QImage.Format.Format_RGB32)
    image.fill(QColor(ground, ground, ground))
    with QPainter(image) as painter:
        painter.setPen(QPen(QColor(ink, ink, ink), 18))
        painter.drawLine(100, 40, 100, 260)
    return image


@pytest.mark.parametrize(("ground", "ink"), [(235, 40), (20, 250)], ids=["on paper", "on a blackboard"])
def test_a_picture_is_pasted_as_ink(answered: DrawPanel, ground: int, ink: int) -> None:
    QGuiApplication.clipboard().setImage(picture(ground, ink))
    answered.sheet.setFocus()
    QTest.keyClick(answered.sheet, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    found = answered.sheet.ink()
    assert found[140, 140] > 240
    assert found[140, 60] == 0
    assert answered._now is not None
    answered.sheet.undo()
    assert answered.sheet.is_empty


def test_an_empty_clipboard_is_said(answered: DrawPanel) -> None:
    QGuiApplication.clipboard().clear()
    answered.sheet.setFocus()
    QTest.keyClick(answered.sheet, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "no picture on the clipboard" in answered.parts.words.text()


def test_a_file_is_dropped_in(answered: DrawPanel, tmp_path: Path) -> None:
    picture().save(str(tmp_path / "one.png"))
    given = QMimeData()
    given.setUrls([QUrl.fromLocalFile(str(tmp_path / "one.png"))])
    assert pictures.can_take(given)
    answered.take(given)
    assert answered.sheet.ink()[140, 140] > 240


def test_what_is_no_picture_is_told_in_a_sentence_and_the_drawing_stays(answered: DrawPanel, tmp_path: Path) -> None:
    seven(answered.sheet)
    before = answered.sheet.ink()
    (tmp_path / "notes.png").write_text("not an image")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with (tmp_path / "huge.png").open("wb") as huge:
        huge.truncate(60 * 2**20)
    QImage(50, 50, QImage.Format.Format_RGB32).save(str(tmp_path / "grey.png"))
    for name, words in (
        ("notes.png", "notes.png is not a picture"),
        ("cut.png", "cut.png is not a picture"),
        ("huge.png", "larger than 50 MB"),
        ("gone.png", "cannot be read"),
    ):
        given = QMimeData()
        given.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        answered.take(given)
        assert words in answered.parts.words.text()
    answered.take(QMimeData())
    assert "no picture on the clipboard" in answered.parts.words.text()
    assert np.array_equal(answered.sheet.ink(), before)


def test_a_picture_of_one_grey_is_no_digit() -> None:
    blank = QImage(40, 40, QImage.Format.Format_RGB32)
    blank.fill(QColor(200, 200, 200))
    with pytest.raises(pictures.NoPicture, match="one grey"):
        pictures.from_image(blank)
    assert max(pictures.from_image(picture().scaled(4000, 6000)).shape) <= pictures.SIDE
