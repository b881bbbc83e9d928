"""The timeline as a user notices it: lanes, the handle, clicks, keys, the list of branches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.travel.timeline import MOST_LANES, Timeline
from lenet_gui.gui.travel.timeline_picture import LANE
from lenet_gui.protocol import Back, BranchRow, DropBookmark, Frame, Seek, SeekReply, SeekRequest
from tests.gui import frames

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[QMainWindow]:
    theme.apply(qapp, "light")
    window = QMainWindow()
    qtbot.addWidget(window)
    window.addToolBar(Qt.ToolBarArea.BottomToolBarArea, Timeline(window))
    window.resize(1000, 400)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()


@pytest.fixture
def timeline(window: QMainWindow) -> Timeline:
    found = window.findChild(Timeline)
    assert isinstance(found, Timeline)
    found.show_frame(frames.in_past(57))
    settle()
    return found


@pytest.fixture
def asked(timeline: Timeline) -> list[Any]:
    """What the worker was asked to do; questions are apart."""
    found: list[Any] = []
    timeline.asked.connect(lambda message: None if isinstance(message, SeekRequest) else found.append(message))
    return found


def at(timeline: Timeline, step: int, lane: int = 0) -> QPoint:
    return QPoint(timeline.lanes.x_of(step), lane * LANE + LANE // 2)


def click(timeline: Timeline, place: QPoint) -> None:
    QTest.mouseClick(timeline.lanes, LEFT, PLAIN, place)


def begin_drag(timeline: Timeline, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(timeline.lanes, LEFT, PLAIN, start)
    for part in range(1, 6):
        QTest.mouseMove(timeline.lanes, start + (end - start) * part / 5)


def shown_step(timeline: Timeline, asked: list[Any]) -> int:
    """The step that a click at the handle's end of the drag led to."""
    assert len(asked) == 1
    assert isinstance(asked[0], Seek)
    assert asked[0].step is not None
    return asked[0].step


def settle() -> None:
    """Let the layout come to rest, which takes a few rounds."""
    for _ in range(5):
        QApplication.processEvents()


def near(timeline: Timeline, step: int) -> Any:
    """A pixel may be worth more than a step."""
    return pytest.approx(step, abs=600 / (timeline.lanes.width() - 200))


def test_it_says_the_step_the_steps_and_the_branch(timeline: Timeline) -> None:
    timeline.show_frame(frames.in_past(57))
    assert timeline.words.text() == "step 57 / 600"
    assert timeline.branch_button.text() == "main"


def test_a_click_goes_there(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(57))
    click(timeline, at(timeline, 420))
    assert shown_step(timeline, asked) == near(timeline, 420)


def test_the_ends_are_reached_by_clicking_beyond_them(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(57))
    click(timeline, QPoint(0, LANE // 2))
    click(timeline, QPoint(timeline.lanes.width() - 1, LANE // 2))
    assert asked == [Seek(0, "main"), Seek(600, "main")]


def test_dragging_the_handle_shows_the_step_and_how_long_it_takes_and_goes_there_when_released(
    timeline: Timeline, asked: list[Any], window: QMainWindow
) -> None:
    questions: list[SeekRequest] = []
    timeline.asked.connect(lambda message: questions.append(message) if isinstance(message, SeekRequest) else None)
    timeline.show_frame(frames.in_past(57))
    label = timeline.lanes.label
    begin_drag(timeline, at(timeline, 57), at(timeline, 512))
    assert asked == []
    assert label.isVisible()
    assert window.rect().contains(label.geometry())
    newest = questions[-1]
    assert newest.step == near(timeline, 512)
    timeline.show_reply(SeekReply(newest.id, newest.step, 0.4))
    assert label.text() == f"step {newest.step} · about 0.4 s"
    # An answer to an older question comes late, and is not taken.
    timeline.show_reply(SeekReply(questions[0].id, questions[0].step, 77.0))
    assert label.text() == f"step {newest.step} · about 0.4 s"
    QTest.mouseRelease(timeline.lanes, LEFT, PLAIN, at(timeline, 512))
    assert not label.isVisible()
    assert asked == [Seek(newest.step, "main")]


def test_pressing_the_handle_without_moving_it_goes_nowhere(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(57))
    click(timeline, at(timeline, 57) + QPoint(3, 0))
    assert asked == []


def test_escape_ends_a_drag_where_it_began(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(57))
    before = timeline.lanes.picture
    begin_drag(timeline, at(timeline, 57), at(timeline, 300))
    QTest.keyClick(timeline.lanes, Qt.Key.Key_Escape)
    QTest.mouseRelease(timeline.lanes, LEFT, PLAIN, at(timeline, 300))
    assert asked == []
    assert timeline.lanes.picture == before
    assert not timeline.lanes.label.isVisible()


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (Qt.Key.Key_Left, Back("step")),
        (Qt.Key.Key_Right, Seek(58)),
        (Qt.Key.Key_PageUp, Seek(117)),
        (Qt.Key.Key_PageDown, Seek(0)),
        (Qt.Key.Key_Home, Seek(0)),
        (Qt.Key.Key_End, Seek()),
    ],
)
def test_the_keys_go_to_and_fro(timeline: Timeline, asked: list[Any], key: Qt.Key, message: object) -> None:
    timeline.show_frame(frames.in_past(57))
    QTest.keyClick(timeline.lanes, key)
    assert asked == [message]


def test_keys_pressed_faster_than_the_run_goes_back_add_up(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(57))
    for _ in range(3):
        QTest.keyClick(timeline.lanes, Qt.Key.Key_Right)
    assert asked == [Seek(58), Seek(59), Seek(60)]
    timeline.show_frame(frames.in_past(60))
    QTest.keyClick(timeline.lanes, Qt.Key.Key_Right)
    assert asked[-1] == Seek(61)


def test_at_the_ends_the_keys_ask_for_nothing(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(0))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_PageDown):
        QTest.keyClick(timeline.lanes, key)
    timeline.show_frame(frames.in_past(600))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_PageUp):
        QTest.keyClick(timeline.lanes, key)
    assert asked == []


def test_behind_the_last_whole_step_right_still_goes_on(timeline: Timeline, asked: list[Any]) -> None:
    partly = BranchRow("main", "", 0, 600, 3003)
    timeline.show_frame(frames.in_past(600, (partly,), phases=1))
    QTest.keyClick(timeline.lanes, Qt.Key.Key_Right)
    assert asked == [Seek()]


def test_in_a_run_it_is_inert_and_looks_so(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(600))
    before = timeline.lanes.grab().toImage()
    timeline.show_frame(replace(frames.in_past(600), running=True, allowed=("pause", "set")))
    assert timeline.lanes.grab().toImage() != before
    click(timeline, at(timeline, 300))
    QTest.keyClick(timeline.lanes, Qt.Key.Key_Left)
    assert asked == []
    assert not timeline.branch_button.isEnabled()
    assert timeline.lanes.menu(at(timeline, 300)) is None


def test_a_drag_ends_when_a_run_begins(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.in_past(57))
    begin_drag(timeline, at(timeline, 57), at(timeline, 300))
    timeline.show_frame(frames.seeking())
    QTest.mouseRelease(timeline.lanes, LEFT, PLAIN, at(timeline, 300))
    assert asked == []
    assert not timeline.lanes.label.isVisible()


def test_a_run_at_the_end_of_one_branch_paints_no_lane_again(timeline: Timeline) -> None:
    def running(step: int) -> Frame:
        row = BranchRow("main", "", 0, step, 5 * step)
        return replace(frames.in_past(step, (row,)), running=True, allowed=("pause",))

    timeline.show_frame(running(500))
    painted: list[object] = []
    paint = timeline.lanes.paintEvent
    timeline.lanes.paintEvent = lambda event: (painted.append(event), paint(event))[0]  # type: ignore[method-assign]
    settle()
    painted.clear()
    for step in range(501, 560):
        timeline.show_frame(running(step))
        QApplication.processEvents()
    assert timeline.words.text() == "step 559 / 559"
    assert painted == []
    # A listener that would hear of it.
    timeline.show_frame(frames.in_past(57))
    QApplication.processEvents()
    assert painted


def colours_along(timeline: Timeline, lane: int, first: int, last: int) -> set[str]:
    y = lane * LANE + LANE // 2
    picture = timeline.lanes.grab()
    xs = range(timeline.lanes.x_of(first) + 6, timeline.lanes.x_of(last) - 6)
    return {pixel(picture, x, y).name() for x in xs}


def pixel(picture: QPixmap, x: int, y: int) -> QColor:
    """The colour at a place of the widget, however sharp the screen is."""
    scale = picture.devicePixelRatio()
    return picture.toImage().pixelColor(round(scale * x), round(scale * y))


def test_what_was_done_has_the_branch_s_colour_and_what_lies_ahead_is_pale(timeline: Timeline) -> None:
    timeline.show_frame(frames.branched(300))
    settle()
    # The present line is the first lane: what it shares with main in main's colour, then its own.
    assert colours_along(timeline, 0, 0, 200) - {"#1b1f24"} == {theme.series(0).name()}
    assert colours_along(timeline, 0, 200, 300) == {theme.series(1).name()}
    ahead = colours_along(timeline, 0, 300, 400)
    assert len(ahead) == 1
    assert ahead != {theme.series(1).name()}
    # Main is drawn from where the present line has left it.
    ground = theme.colour("panel").name()
    assert colours_along(timeline, 1, 0, 200) == {ground}
    rest = colours_along(timeline, 1, 200, 600)
    assert len(rest) == 1
    assert not rest & {ground, theme.series(0).name()}


def test_a_click_on_another_lane_goes_to_that_branch(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.branched(300))
    click(timeline, at(timeline, 500, lane=1))
    assert asked == [Seek(asked[0].step, "main")]
    assert asked[0].step == near(timeline, 500)
    # That of the first lane ends earlier.
    click(timeline, at(timeline, 500))
    assert asked[1:] == [Seek(400, "warmer")]


def test_the_list_switches_branches(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.branched(300))
    timeline.menu.aboutToShow.emit()
    entries = {entry.text(): entry for entry in timeline.menu.actions() if entry.isCheckable()}
    assert list(entries) == ["main  ·  600 steps", "warmer  ·  400 steps"]
    assert [entry.isChecked() for entry in entries.values()] == [False, True]
    entries["main  ·  600 steps"].trigger()
    assert asked == [Seek(None, "main")]


def test_a_branch_is_renamed_from_the_list_and_from_its_lane(timeline: Timeline) -> None:
    wanted: list[str] = []
    timeline.rename_wanted.connect(wanted.append)
    timeline.show_frame(frames.branched(300))
    timeline.menu.aboutToShow.emit()
    timeline.menu.actions()[-1].trigger()
    entry_of(timeline, at(timeline, 500, lane=1), "timeline_rename").trigger()
    assert wanted == ["warmer", "main"]


def entry_of(timeline: Timeline, place: QPoint, name: str) -> QAction:
    menu = timeline.lanes.menu(place)
    assert menu is not None
    return next(entry for entry in menu.actions() if entry.objectName() == name)


def test_a_bookmark_says_its_note_and_is_gone_to_and_removed(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.branched(300))
    first = at(timeline, 100)
    assert "before it falls" in timeline.lanes.tip(first)
    assert "before it falls" not in timeline.lanes.tip(at(timeline, 150))
    click(timeline, first)
    assert asked == [Seek(branch="main", commands=500)]
    entry_of(timeline, at(timeline, 400), "timeline_remove_bookmark").trigger()
    assert asked[1:] == [DropBookmark(1)]


def test_the_end_of_a_branch_is_one_click_away(timeline: Timeline, asked: list[Any]) -> None:
    timeline.show_frame(frames.branched(300))
    entry_of(timeline, at(timeline, 300, lane=1), "timeline_go_to_end").trigger()
    assert asked == [Seek(None, "main")]


def test_it_grows_with_the_branches_up_to_five_lanes_and_then_scrolls(timeline: Timeline, window: QMainWindow) -> None:
    rows = (frames.MAIN, *(BranchRow(f"branch {n}", "main", 10 * n, 300, 1500) for n in range(2, 20)))
    heights = []
    for count in (1, 2, 3, 19):
        timeline.show_frame(frames.in_past(57, rows[:count]))
        settle()
        heights.append(timeline.lanes.visibleRegion().boundingRect().height())
    assert heights == [LANE, 2 * LANE, 3 * LANE, MOST_LANES * LANE]
    assert timeline.lanes.height() == 19 * LANE
    assert window.height() == 400


def test_branches_of_branches_leave_where_their_parents_are_drawn(timeline: Timeline) -> None:
    rows = (
        frames.MAIN,
        frames.WARMER,
        BranchRow("early", "warmer", 50, 90, 450),  # left while warmer was still main
        BranchRow("late", "warmer", 350, 380, 1900),
    )
    timeline.show_frame(frames.in_past(57, rows))
    x = timeline.lanes.x_of
    assert timeline.lanes.picture.joints == ((x(200), 0, 1, 1), (x(50), 0, 2, 2), (x(350), 1, 3, 3))
    timeline.show_frame(frames.in_past(57, rows, "late"))
    # late is first, then main, warmer and early.
    assert timeline.lanes.picture.joints == ((x(200), 0, 1, 0), (x(350), 0, 2, 1), (x(50), 0, 3, 2))


def test_without_branches_in_the_frame_it_still_draws(timeline: Timeline) -> None:
    timeline.show_frame(frames.fresh())
    assert not timeline.lanes.grab().isNull()
    assert timeline.words.text() == "step 0 / 0"


def test_long_and_strange_names_neither_push_nor_are_read_as_code(timeline: Timeline) -> None:
    timeline.show_frame(frames.in_past(57))
    width = timeline.lanes.width()
    strange = BranchRow("<b>&" + "x" * 76, "", 0, 600, 3000)
    timeline.show_frame(frames.in_past(57, (strange, replace(frames.WARMER, parent=strange.name)), strange.name))
    QApplication.processEvents()
    assert timeline.lanes.width() > width - 150
    assert timeline.branch_button.text().startswith("<b>&&x")
    assert "&lt;b&gt;" in timeline.lanes.tip(QPoint(300, 5))


def test_the_words_keep_their_place_while_numbers_grow(timeline: Timeline) -> None:
    timeline.show_frame(frames.in_past(0))
    settle()
    before = timeline.words.geometry(), timeline.lanes.width()
    timeline.show_frame(frames.in_past(600))
    QApplication.processEvents()
    assert (timeline.words.geometry(), timeline.lanes.width()) == before


def test_focus_is_seen(timeline: Timeline, window: QMainWindow) -> None:
    window.activateWindow()
    timeline.branch_button.setFocus()
    without = timeline.lanes.grab().toImage()
    timeline.lanes.setFocus()
    QApplication.processEvents()
    assert timeline.lanes.hasFocus()
    assert timeline.lanes.grab().toImage() != without


def test_every_control_has_a_name_and_a_tooltip(timeline: Timeline) -> None:
    timeline.show_frame(frames.in_past(57))
    for control in (timeline.lanes, timeline.words, timeline.branch_button):
        assert control.objectName()
        assert control.accessibleName()
    assert timeline.words.toolTip()
    assert timeline.branch_button.toolTip()
    assert timeline.lanes.tip(QPoint(300, 5))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_drawn_on_the_ground_of_the_scheme(timeline: Timeline, qapp: QApplication, scheme: str) -> None:
    theme.apply(qapp, scheme)
    timeline.show_frame(frames.branched())
    picture = timeline.lanes.grab()
    assert pixel(picture, 2, 2) == theme.colour("panel")
    handle = timeline.lanes.picture.handle
    assert pixel(picture, handle[0], LANE // 2) == theme.colour("place")
