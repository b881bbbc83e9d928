from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QColor, QImage, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.network.network import NO_TRACE, RUNNING, NetworkPanel
from lenet_gui.protocol import Frame, Place
from lenet_gui.protocol.trace import OperationRow, TraceReply, TraceRequest
from tests.gui import frames, traces

LOSS = 13
"""The card of the loss: the batch's is 0, operation `i` has `i + 1`."""


def at(commands: int, item: int = 0, trace: int = 1) -> Frame:
    """The places of `traces.lenet()`: 1 is before its forward, 2 the loss, 3 the backward, 4 the step."""
    return replace(frames.after_forward(), place=Place("main", commands, item), trace=trace)


class Asked(list[TraceRequest]):
    """What the panel has asked, and answers to it."""

    def __init__(self, panel: NetworkPanel) -> None:
        self._panel = panel
        panel.asked.connect(self.append)

    def answer(self, reply: TraceReply) -> None:
        self._panel.show_reply(replace(reply, id=self[-1].id, sample=self[-1].sample))


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> NetworkPanel:
    theme.apply(qapp, "light")
    panel = NetworkPanel()
    qtbot.addWidget(panel)
    panel.resize(1500, 420)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def asked(panel: NetworkPanel) -> Asked:
    return Asked(panel)


def show(panel: NetworkPanel, frame: Frame, reply: TraceReply | None = None) -> Asked:
    """Stop at a place, with the trace that belongs to it."""
    asked = Asked(panel)
    panel.show_frame(frame)
    asked.answer(reply or traces.lenet(trace=frame.trace))
    return asked


def marked(panel: NetworkPanel) -> dict[int, str]:
    looks = enumerate(panel.view._looks)
    return {card: f"{'◂ ' if look.backward else ''}{look.marker}" for card, look in looks if look.marker}


def with_output(panel: NetworkPanel) -> list[int]:
    return [card for card, look in enumerate(panel.view._looks) if look.happened]


def with_gradient(panel: NetworkPanel) -> list[int]:
    return [card for card, look in enumerate(panel.view._looks) if look.gradient == "there"]


def picture(panel: NetworkPanel, rect: QRect | None = None) -> QImage:
    return panel.view.viewport().grab(rect or panel.view.viewport().rect()).toImage()


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def of_card(panel: NetworkPanel, card: int) -> QImage:
    return picture(panel, panel.view.card_rect(card))


# -------------------------------------------------------------------------------------------------------- asking


def test_each_step_is_asked_for_once_and_moving_inside_it_asks_nothing(panel: NetworkPanel, asked: Asked):
    panel.show_frame(at(1))
    assert asked == [TraceRequest(1, 0)]
    panel.show_frame(at(1, 1))
    asked.answer(traces.lenet())
    for item in range(12):
        panel.show_frame(at(1, item))
    assert len(asked) == 1
    panel.show_frame(at(6, trace=2))
    assert len(asked) == 2


def test_a_hidden_panel_asks_nothing(panel: NetworkPanel, asked: Asked):
    panel.hide()
    panel.show_frame(at(1))
    panel.sample.setValue(3)
    assert asked == []


def test_an_answer_that_is_not_the_awaited_one_is_dropped(panel: NetworkPanel, asked: Asked):
    panel.show_frame(at(1))
    panel.show_reply(replace(traces.residual(trace=1), id=99))
    panel.show_reply(frames.tensor(1))
    assert panel.words.text() == NO_TRACE
    asked.answer(traces.lenet())
    panel.show_reply(replace(traces.residual(trace=1), id=1))
    assert len(panel.view._looks) == 14


def test_what_changed_while_a_question_was_under_way_is_asked_afterwards(panel: NetworkPanel, asked: Asked):
    panel.show_frame(at(1))
    panel.show_frame(at(6, trace=2))
    panel.sample.setValue(5)
    assert len(asked) == 1
    asked.answer(traces.lenet())
    assert asked[1:] == [TraceRequest(2, 5)]
    asked.answer(traces.lenet(trace=2, commands=5))
    assert with_output(panel) == [0]
    assert len(asked) == 2


def test_one_who_goes_back_while_the_next_trace_is_on_its_way_keeps_the_one_that_is_shown(panel: NetworkPanel):
    asked = show(panel, at(4))
    panel.show_frame(at(5, trace=2))
    panel.show_frame(at(3))
    asked.answer(traces.lenet(trace=2, commands=5))
    assert with_output(panel) == list(range(14))
    panel.show_frame(at(5, trace=2))
    assert [one.id for one in asked] == [1, 2, 3]


def test_another_sample_is_asked_for_and_the_box_knows_how_many_there_are(panel: NetworkPanel):
    asked = show(panel, at(1, 4))
    assert panel.sample.maximum() == 15
    assert panel.of.text() == "of 16"
    panel.sample.setValue(7)
    assert asked[1:] == [TraceRequest(2, 7)]
    before = of_card(panel, 1)
    other = traces.lenet().operations
    moved = replace(other[0].output, picture=other[0].output.picture[::-1])
    asked.answer(replace(traces.lenet(), operations=(replace(other[0], output=moved), *other[1:])))
    assert of_card(panel, 1) != before
    assert with_output(panel) == [0, 1, 2, 3, 4]


def test_another_run_is_another_network(panel: NetworkPanel, asked: Asked):
    panel.show_frame(at(1))
    panel.show_frame(replace(at(1), run=2))
    assert asked == [TraceRequest(1), TraceRequest(2)]


# ------------------------------------------------------------------------------------- what is seen at a place


def test_there_is_nothing_to_see_before_the_first_trace(panel: NetworkPanel):
    panel.show_frame(frames.fresh())
    assert panel.words.text() == NO_TRACE
    panel.show_frame(frames.running())
    assert panel.words.text() == RUNNING


def test_only_what_has_happened_is_shown(panel: NetworkPanel):
    show(panel, at(1, 4))
    assert with_output(panel) == [0, 1, 2, 3, 4]
    assert with_gradient(panel) == []
    assert marked(panel) == {5: "forward"}
    panel.show_frame(at(2))
    assert with_output(panel) == list(range(13))
    assert marked(panel) == {LOSS: "loss"}
    panel.show_frame(at(1, 0))
    assert with_output(panel) == [0]


def test_what_has_not_happened_looks_alike_whatever_will_be_there(panel: NetworkPanel):
    show(panel, at(1, 2))
    empty = of_card(panel, 8)
    panel.show_frame(at(1, 9))
    assert of_card(panel, 8) != empty
    panel.show_frame(at(1, 2))
    assert of_card(panel, 8) == empty
    other = traces.lenet().operations[7]
    changed = replace(other, output=replace(other.output, picture=-other.output.picture, low=-9.0, high=9.0))
    operations = traces.lenet().operations
    panel.show_frame(at(1, 2, trace=2))
    reply = replace(traces.lenet(trace=2), operations=(*operations[:7], changed, *operations[8:]))
    panel.show_reply(replace(reply, id=2))
    assert of_card(panel, 8) == empty


def test_in_a_backward_gradients_come_from_the_loss_on(panel: NetworkPanel):
    show(panel, at(3, 2))
    # The loss's node, the last linear's, then its two parameters.
    assert with_gradient(panel) == [12, 13]
    assert marked(panel) == {12: "◂ backward"}
    panel.show_frame(at(3, 4))
    assert marked(panel) == {11: "◂ backward"}
    panel.show_frame(at(4))
    assert with_gradient(panel) == list(range(1, 14))
    assert marked(panel) == {}


def test_an_operation_that_no_backward_reaches_has_none_in_the_end(panel: NetworkPanel):
    reply = traces.lenet()
    frozen = replace(reply.operations[0], gradient=None, gradient_from=None)
    show(panel, at(3, 5), replace(reply, operations=(frozen, *reply.operations[1:])))
    yet = of_card(panel, 1)
    assert panel.view.look(1).gradient == "yet"
    panel.show_frame(at(4))
    assert panel.view.look(1).gradient == "none"
    assert of_card(panel, 1) != yet


def test_the_phases_have_their_colours_and_the_place_is_yellow(panel: NetworkPanel):
    show(panel, at(1, 4))
    above = panel.view.card_rect(5).adjusted(-2, -20, 2, -2)
    assert theme.colour("forward").name() in colours(picture(panel, above))
    assert theme.colour("place").name() in colours(of_card(panel, 5))
    assert theme.colour("place").name() not in colours(of_card(panel, 6))
    panel.show_frame(at(3, 1))
    above = panel.view.card_rect(13).adjusted(-2, -20, 2, -2)
    assert theme.colour("backward").name() in colours(picture(panel, above))


def test_in_a_run_the_cards_stay_and_are_empty(panel: NetworkPanel):
    show(panel, at(4))
    panel.show_frame(frames.running())
    assert len(panel.view._looks) == 14
    assert with_output(panel) == []
    assert with_gradient(panel) == []
    assert panel.words.text() == RUNNING


def test_the_step_before_is_not_shown_for_long_as_if_it_were_this_one(panel: NetworkPanel, qtbot: QtBot):
    show(panel, at(4))
    panel.show_frame(at(6, trace=2))
    qtbot.waitUntil(lambda: with_gradient(panel) == [])
    assert with_output(panel) == []


def test_what_is_not_finite_is_marked(panel: NetworkPanel):
    reply = traces.lenet()
    bad = reply.operations[0].output.picture.copy()
    bad[3:9, 3:9] = np.nan
    output = replace(reply.operations[0].output, finite=False, picture=bad)
    show(
        panel, at(1, 3), replace(reply, operations=(replace(reply.operations[0], output=output), *reply.operations[1:]))
    )
    mark = theme.not_finite(False).name()
    assert mark in colours(of_card(panel, 1))
    assert mark not in colours(of_card(panel, 2))
    assert "not finite" in panel._describe(1)


def test_all_that_can_be_missing_or_broken_is_drawn(panel: NetworkPanel):
    reply = traces.lenet()
    nothing = np.empty((0, 0), np.float32)
    nan = float("nan")
    outputs = [
        replace(one.output, low=nan, high=nan, mean=nan, finite=finite, picture=nothing)
        for one, finite in zip(reply.operations, [True, False] * 7, strict=False)
    ]
    operations = tuple(replace(one, output=it) for one, it in zip(reply.operations, outputs, strict=True))
    show(panel, at(4), replace(reply, operations=operations, partial="only shapes were kept"))
    assert panel.words.text() == "only shapes were kept"
    assert "too large" in panel._describe(1)
    assert "not finite" in panel._describe(2)
    assert not picture(panel).isNull()


def test_a_refused_phase_says_so_in_pytorch_s_words(panel: NetworkPanel):
    show(panel, at(2), traces.lenet(backward=False))
    assert marked(panel) == {14: "loss"}
    assert "0D or 1D target expected" in panel._describe(14)
    assert theme.colour("error").name() in colours(of_card(panel, 14))
    panel.show_frame(at(1, 3))
    assert marked(panel) == {4: "forward"}


def test_a_skip_connection_passes_its_block_without_crossing_a_card(panel: NetworkPanel):
    show(panel, at(1, 5, trace=2), traces.residual())
    cards = panel.view._placed
    assert len({rect.left() for rect in cards.rects}) == len(cards.rects)
    skips = [edge for edge in cards.edges if edge.target - edge.source > 1]
    assert [(edge.source, edge.target) for edge in skips] == [(0, 4), (4, 8)]
    for edge in cards.edges:
        points = [edge.path.pointAtPercent(i / 500) for i in range(501)]
        assert not any(rect.adjusted(1, 1, -1, -1).contains(point) for rect in cards.rects for point in points)


# ---------------------------------------------------------------------------------------- painting only what changed


class Painted(QObject):
    """The region that is painted in a widget."""

    def __init__(self, widget: QObject) -> None:
        super().__init__(widget)
        self.region = QRegion()
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


def test_a_move_paints_the_two_cards_that_it_concerns_of_two_hundred(panel: NetworkPanel, qtbot: QtBot):
    show(panel, at(1, 2, trace=2), traces.residual(50))
    assert len(panel.view._looks) == 201
    QApplication.processEvents()
    painted = Painted(panel.view.viewport())
    panel.show_frame(at(1, 3, trace=2))
    qtbot.waitUntil(lambda: not painted.region.isEmpty())
    changed = panel.view.card_rect(3).united(panel.view.card_rect(4)).adjusted(-8, -30, 8, 8)
    assert changed.contains(painted.region.boundingRect())


def test_a_frame_at_the_same_place_paints_nothing(panel: NetworkPanel):
    show(panel, at(1, 2))
    QApplication.processEvents()
    painted = Painted(panel.view.viewport())
    panel.show_frame(replace(at(1, 2), loss=1.0))
    QApplication.processEvents()
    assert painted.region.isEmpty()


def test_the_card_that_is_next_is_followed_and_nothing_jumps_while_it_is_seen(panel: NetworkPanel):
    panel.resize(700, 300)
    show(panel, at(1, 0, trace=2), traces.residual(50))
    bar = panel.view.horizontalScrollBar()
    places = []
    for item in range(200):
        panel.show_frame(at(1, item, trace=2))
        assert panel.view.viewport().rect().contains(panel.view.card_rect(item + 1))
        places.append(bar.value())
    # A page at a time, not at each step.
    assert len(set(places)) < 100
    assert places == sorted(places)


def test_one_who_looks_elsewhere_is_left_there_until_the_step_moves_on(panel: NetworkPanel):
    panel.resize(700, 300)
    show(panel, at(1, 0))
    bar = panel.view.horizontalScrollBar()
    bar.setValue(bar.maximum())
    panel.show_frame(at(1, 0))
    assert bar.value() == bar.maximum()
    panel.show_frame(at(1, 1))
    assert bar.value() < bar.maximum()


# ------------------------------------------------------------------------------------------- choosing and asking


def click(panel: NetworkPanel, qtbot: QtBot, card: int) -> None:
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.card_rect(card).center())


def test_a_click_chooses_a_card_and_says_which(panel: NetworkPanel, qtbot: QtBot):
    show(panel, at(1, 4))
    told: list[object] = []
    panel.chosen.connect(told.append)
    click(panel, qtbot, 3)
    click(panel, qtbot, 0)
    assert told == [("operation", 2), ("batch", 0)]
    assert theme.colour("accent").name() in colours(picture(panel, panel.view.card_rect(0).adjusted(-4, -4, 4, 4)))


def test_another_panel_s_choice_is_marked_and_not_told_again(panel: NetworkPanel):
    show(panel, at(3, 2))
    told: list[object] = []
    panel.chosen.connect(told.append)
    for selection, card in (
        (("operation", 4), 5),
        (("node", 2), 3),
        (("node", 13), None),  # an AccumulateGrad: no operation made it
        (("operation", 400), None),
        (("batch", 0), 0),
        (("parameter", "conv1.bias"), None),
        (None, None),
    ):
        panel.choose(selection)
        assert panel.view.chosen_card == card
    assert told == []


def test_the_arrow_keys_go_along_the_graph(panel: NetworkPanel, qtbot: QtBot):
    show(panel, at(1, 0, trace=2), traces.residual())
    told: list[object] = []
    panel.chosen.connect(told.append)
    keys = (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Right)
    for key in keys:
        qtbot.keyClick(panel.view, key)
    assert told == [("batch", 0), *(("operation", i) for i in (0, 1, 0, 7, 7))]
    assert "blocks.1 (Block)" in panel.view.accessibleDescription()


def test_enter_runs_to_the_chosen_card(panel: NetworkPanel, qtbot: QtBot):
    show(panel, at(0))
    places: list[object] = []
    panel.run_to.connect(places.append)
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    panel.choose(("operation", 6))
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    panel.choose(("operation", 12))
    qtbot.keyClick(panel.view, Qt.Key.Key_Enter)
    assert places == [(1, 6), (2, 0)]


def test_a_double_click_shows_the_tensor(panel: NetworkPanel, qtbot: QtBot):
    show(panel, at(4))
    with qtbot.waitSignal(panel.asked_for) as shown:
        centre = panel.view.card_rect(4).center()
        qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert shown.args == ["conv2d_1", "value"]


def entries(panel: NetworkPanel, card: int) -> dict[str, QAction]:
    return {action.text(): action for action in panel.menu_of(card).actions() if action.text()}


def test_the_menu_of_a_card(panel: NetworkPanel):
    show(panel, at(1, 2, trace=2), traces.residual())
    told: list[object] = []
    panel.run_to.connect(told.append)
    panel.break_at.connect(lambda *what: told.append(what))
    panel.asked_for.connect(lambda *what: told.append(what))
    menu = entries(panel, 1)
    assert list(menu) == [
        "Run to here",
        "Break at conv2d",
        "Break at module blocks.0.one",
        "Break at module blocks.0",
        "Show tensor",
        "Show gradient",
    ]
    assert not menu["Show gradient"].isEnabled()
    for action in menu.values():
        action.trigger()
    assert told == [
        (1, 0),
        ("operation", "conv2d"),
        ("module", "blocks.0.one"),
        ("module", "blocks.0"),
        ("conv2d", "value"),
    ]
    assert not entries(panel, 6)["Show tensor"].isEnabled()
    assert list(entries(panel, 0)) == ["Show tensor", "Show gradient"]


def test_a_card_s_words_say_only_what_is_known_at_the_place(panel: NetworkPanel):
    show(panel, at(1, 1))
    panel.choose(("operation", 0))
    words = panel.view.accessibleDescription()
    for part in (
        "conv2d",
        "module conv1 (Conv2d)",
        "net.py, line 7",
        "[16, 6, 30, 30], float32",
        "mean",
        "zeros",
        "inputs: the batch",
        "conv1.weight, conv1.bias",
        "gradient: not computed yet",
    ):
        assert part in words
    panel.show_frame(at(1, 0))
    words = panel.view.accessibleDescription()
    assert "mean" not in words
    assert "not computed yet" in words


# -------------------------------------------------------------------------------------------------- sizes and looks


def test_zooming_with_the_keys_and_back(panel: NetworkPanel, qtbot: QtBot):
    panel.resize(700, 300)
    show(panel, at(1, 2))
    width = panel.view.card_rect(1).width()
    qtbot.keyClick(panel.view, Qt.Key.Key_Plus)
    assert panel.view.card_rect(1).width() > width
    for _ in range(6):
        qtbot.keyClick(panel.view, Qt.Key.Key_Minus)
    assert panel.view.card_rect(1).width() < width
    qtbot.keyClick(panel.view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    view = panel.view.viewport().rect()
    assert all(view.contains(panel.view.card_rect(card)) for card in range(14))
    qtbot.keyClick(panel.view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert panel.view.card_rect(1).width() == width


def test_dragging_pans_and_chooses_nothing(panel: NetworkPanel, qtbot: QtBot):
    panel.resize(700, 300)
    show(panel, at(1, 2))
    view, start = panel.view.viewport(), panel.view.card_rect(3).center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for by in (20, 60, 120):
        qtbot.mouseMove(view, start - QPoint(by, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start - QPoint(120, 0))
    assert panel.view.horizontalScrollBar().value() == pytest.approx(120, abs=2)
    assert panel.view.chosen_card is None


@pytest.mark.parametrize("size", [(640, 215), (800, 330), (1500, 420), (2400, 900)])
def test_cards_grow_with_the_room_and_need_no_vertical_scrolling(panel: NetworkPanel, size: tuple[int, int]):
    panel.resize(*size)
    show(panel, at(4))
    assert panel.view.verticalScrollBar().maximum() == 0
    card = panel.view.card_rect(1)
    assert card.width() >= 88
    assert card.height() >= 124
    if size[0] >= 1500:
        assert panel.view.horizontalScrollBar().maximum() == 0
    if size[0] >= 2400:
        assert card.width() > 140


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_draws_itself_in_the_colours_of_the_window(panel: NetworkPanel, qapp: QApplication, scheme: str):
    show(panel, at(3, 9))
    theme.apply(qapp, scheme)
    QApplication.processEvents()
    image = picture(panel)
    assert image.pixelColor(2, 2) == QColor(theme.colour("panel"))
    (card,) = marked(panel)
    assert theme.colour("place").name() in colours(of_card(panel, card))


def test_a_loss_is_written_as_a_number_and_a_picture_has_its_tensor_s_colours(panel: NetworkPanel):
    show(panel, at(3))
    value = float(traces.lenet().operations[12].output.picture[0, 0])
    assert f"{value:.4f}" in panel._describe(LOSS)
    # What is never negative has no blue; zero is the darkest of the sequential colours.
    assert "#440154" in colours(of_card(panel, 2))
    assert "#440154" not in colours(of_card(panel, 1))


def test_the_same_module_called_twice_has_two_cards(panel: NetworkPanel):
    reply = traces.residual(1)
    calls = (*reply.calls, replace(reply.calls[2], nth=1))
    again: OperationRow = replace(reply.operations[2], call=len(calls) - 1)
    show(
        panel,
        at(1, 4, trace=2),
        replace(reply, calls=calls, operations=(*reply.operations[:2], again, reply.operations[3])),
    )
    assert [face.module for face in panel.view._faces][1:4] == ["blocks.0.one", "blocks.0", "blocks.0.one · call 2"]
