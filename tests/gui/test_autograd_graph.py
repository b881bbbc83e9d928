"""The autograd graph as a user notices it: what it asks for, what stands on it at each place, mouse and keyboard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.inside.autograd_graph import NO_GRAPH, NO_TRACE, NOTHING_CHOSEN, AutogradPanel
from lenet_gui.protocol import Frame, Place
from lenet_gui.protocol.trace import NodeRow, Saved, Summary, TraceReply, TraceRequest
from tests.gui import frames, traces

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
BACKWARD = 3
RGB = QImage.Format.Format_RGB32
RELU, LINEAR, LOSS = 10, 11, 12  # nodes of LeNet, by their indices: of the last relu, of fc3, of the loss


def frame(commands: int, item: int = 0, trace: int = 1) -> Frame:
    return replace(frames.after_backward(), place=Place("main", commands, item), trace=trace)


def leaf(reply: TraceReply, parameter: str) -> int:
    return next(index for index, row in enumerate(reply.nodes) if row.parameter == parameter)


def visit(reply: TraceReply, node: int) -> int:
    return reply.parts[BACKWARD].items.index(node)


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> AutogradPanel:
    theme.apply(qapp, "light")
    panel = AutogradPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 560)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def asked(panel: AutogradPanel) -> list[TraceRequest]:
    found: list[TraceRequest] = []
    panel.asked.connect(found.append)
    return found


def show(panel: AutogradPanel, reply: TraceReply, commands: int, item: int = 0) -> None:
    """The panel with this trace, at this place, as the window and the worker would bring it there."""
    ids: list[int] = []
    panel.asked.connect(lambda request: ids.append(request.id))
    panel.show_frame(frame(commands, item, reply.trace))
    for id in ids:
        panel.show_reply(replace(reply, id=id))
    settle()


def move(panel: AutogradPanel, commands: int, item: int = 0) -> None:
    panel.show_frame(frame(commands, item))
    settle()


def colours(panel: AutogradPanel, rect: QRectF) -> set[str]:
    """The colours in a rectangle of the picture, as it is painted now."""
    view = panel.view
    view.bring_into_view(rect)
    settle()
    image: QImage = view.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    place = view.to_view(rect).toRect().intersected(view.viewport().rect())
    return {
        QColor(image.pixel(int(x * ratio), int(y * ratio))).name()
        for x in range(place.left(), place.right() + 1)
        for y in range(place.top(), place.bottom() + 1)
    }


def card(panel: AutogradPanel, node: int) -> QRectF:
    assert panel.view.picture is not None
    return panel.view.picture.rects[node].adjusted(-2, -2, 2, 2)


def named(role: str) -> str:
    return theme.colour(role).name()


# ---------------------------------------------------------------------------------------------- questions and answers


def test_each_trace_is_asked_for_once(panel: AutogradPanel, asked: list[TraceRequest]):
    for item in range(5):
        panel.show_frame(frame(BACKWARD, item))
    assert asked == [TraceRequest(asked[0].id)]
    panel.show_reply(replace(traces.lenet(), id=asked[0].id))
    panel.show_frame(frame(BACKWARD, 9))
    assert len(asked) == 1
    panel.show_frame(frame(6, 1, trace=2))
    assert len(asked) == 2
    assert asked[1].id != asked[0].id


def test_a_hidden_panel_asks_when_it_is_shown(panel: AutogradPanel, asked: list[TraceRequest]):
    panel.hide()
    panel.show_frame(frame(BACKWARD))
    assert asked == []
    panel.show()
    assert len(asked) == 1


def test_while_training_runs_nothing_is_asked_and_a_sentence_says_why(panel: AutogradPanel, asked: list[TraceRequest]):
    panel.show_frame(frames.running())
    assert asked == []
    assert panel.message.isVisible()
    assert panel.message.text() == NO_TRACE


def test_a_trace_without_nodes_says_so(panel: AutogradPanel):
    show(panel, traces.residual(), 2)
    assert panel.message.isVisible()
    assert panel.message.text() == NO_GRAPH


def test_an_answer_to_an_older_question_is_dropped(panel: AutogradPanel, asked: list[TraceRequest]):
    panel.show_frame(frame(BACKWARD, 2))
    panel.show_frame(frame(8, 2, trace=2))
    panel.show_reply(replace(traces.lenet(), id=asked[0].id))
    assert panel.view.picture is None
    panel.show_reply(traces.lenet(asked[1].id, trace=2, commands=5))
    assert panel.view.picture is not None
    assert panel.view.next_node == traces.lenet().parts[BACKWARD].items[2]


def test_an_answer_for_the_run_before_is_dropped(panel: AutogradPanel, asked: list[TraceRequest]):
    panel.show_frame(frame(BACKWARD, 2))
    panel.show_frame(replace(frame(0), run=2))
    panel.show_reply(replace(traces.lenet(), id=asked[0].id))
    assert panel.view.picture is None
    panel.show_reply(replace(traces.lenet(), id=asked[1].id))
    assert panel.view.picture is not None


def test_until_the_next_step_s_trace_has_come_nothing_of_the_last_one_is_shown_as_its_own(
    panel: AutogradPanel, asked: list[TraceRequest]
):
    panel.show_frame(frame(4))
    panel.show_reply(replace(traces.lenet(), id=asked[0].id))
    panel.choose(("node", LOSS))
    assert "has run" in panel.details.toPlainText()
    panel.show_frame(frame(5, trace=2))
    assert "not there yet" in panel.details.toPlainText()
    assert not any(any(state) for state in panel.view.states)


def test_a_damaged_graph_is_a_sentence(panel: AutogradPanel):
    nodes = (NodeRow("A", -1, "", (1,), (), (), ()), NodeRow("B", -1, "", (0,), (), (), ()))
    show(panel, replace(traces.lenet(), nodes=nodes), BACKWARD)
    for item in (1, 2):
        assert panel.message.isVisible()
        assert "cycle" in panel.message.text()
        move(panel, BACKWARD, item)


# --------------------------------------------------------------------------------------------------- what is to be seen


def test_the_loss_stands_on_the_right_and_each_edge_leads_to_the_left(panel: AutogradPanel):
    reply = traces.lenet()
    show(panel, reply, BACKWARD)
    picture = panel.view.picture
    assert picture is not None
    assert picture.first == LOSS
    for edge in picture.edges:
        assert picture.rects[edge.end].right() < picture.rects[edge.begin].left()
    rects = picture.rects
    assert not any(one.intersects(other) for i, one in enumerate(rects) for other in rects[:i])
    assert all(QRectF(0, 0, picture.extent.width(), picture.extent.height()).contains(one) for one in rects)


def test_the_node_that_runs_next_has_the_yellow_outline_and_the_ones_behind_are_orange(panel: AutogradPanel):
    reply = traces.lenet()
    show(panel, reply, BACKWARD, visit(reply, LINEAR))
    assert named("place") in colours(panel, card(panel, LINEAR))
    assert named("backward") in colours(panel, card(panel, LOSS))
    assert named("place") not in colours(panel, card(panel, LOSS))
    later = colours(panel, card(panel, RELU))
    assert not {named("place"), named("backward")} & later
    move(panel, BACKWARD, visit(reply, LINEAR) + 1)
    assert named("place") not in colours(panel, card(panel, LINEAR))
    assert named("backward") in colours(panel, card(panel, LINEAR))


def test_what_is_painted_after_a_move_is_what_is_painted_at_once(panel: AutogradPanel):
    show(panel, traces.lenet(), BACKWARD)
    panel.choose(("node", LINEAR))
    for item in (3, 4, 9, 1, 13):
        move(panel, BACKWARD, item)
        # On the screen stand parts that were painted at different times; grab() paints everything anew.
        screen = panel.screen().grabWindow(panel.winId()).toImage().convertToFormat(RGB)
        anew = panel.grab().toImage().convertToFormat(RGB)
        # At 2x the offscreen screen hands out a part.
        assert screen == anew.copy(screen.rect())


def test_before_its_forward_a_node_is_an_empty_outline(panel: AutogradPanel):
    show(panel, traces.lenet(), 1, 3)
    ground = named("base")
    ahead = panel.view.picture
    assert ahead is not None
    inside = card(panel, RELU).adjusted(6, 30, -6, -6)
    assert colours(panel, inside) == {ground}
    assert "not there yet" in panel.words(RELU)
    assert "has not run yet" in panel.words(0)


def test_a_gradient_that_is_not_finite_is_marked(panel: AutogradPanel):
    reply = traces.lenet()
    bad = Summary(
        (16, 10), "float32", float("nan"), float("nan"), float("nan"), 0.0, False, np.zeros((1, 1), np.float32)
    )
    nodes = list(reply.nodes)
    nodes[LINEAR] = replace(nodes[LINEAR], received=(bad,))
    show(panel, replace(reply, nodes=tuple(nodes)), BACKWARD, visit(reply, LINEAR))
    assert named("error") in colours(panel, card(panel, LINEAR))
    assert "no number of it is finite" in panel.words(LINEAR)
    move(panel, BACKWARD, 0)
    assert named("error") not in colours(panel, card(panel, LINEAR))


def test_the_node_that_runs_next_comes_into_view(panel: AutogradPanel):
    reply = traces.lenet()
    show(panel, reply, BACKWARD)
    for item, node in enumerate(reply.parts[BACKWARD].items):
        move(panel, BACKWARD, item)
        assert panel.view.is_in_view(card(panel, node))


def test_the_same_graph_in_the_next_step_stays_where_it_was(panel: AutogradPanel):
    reply = traces.lenet()
    show(panel, reply, BACKWARD, visit(reply, RELU))
    panel.choose(("node", RELU))
    panel.view.set_zoom(1.5)
    panel.view.bring_into_view(card(panel, RELU).adjusted(-60, -30, 60, 30))
    where = panel.view.to_view(card(panel, RELU))
    show(panel, traces.lenet(trace=2, commands=5), 8, visit(reply, RELU))
    assert panel.view.zoom == 1.5
    assert panel.view.chosen == RELU
    assert panel.view.to_view(card(panel, RELU)) == where


# ------------------------------------------------------------------------------------------------------------- in words


def test_the_details_are_of_the_node_that_runs_next_until_one_is_chosen(panel: AutogradPanel):
    reply = traces.lenet()
    show(panel, reply, 1)
    assert panel.details.toPlainText() == NOTHING_CHOSEN
    move(panel, BACKWARD, visit(reply, RELU))
    assert panel.details.toPlainText().startswith("ReluBackward0 · of relu_3 · runs next")
    panel.choose(("node", LOSS))
    assert panel.details.toPlainText().startswith("NllLossBackward0 · of cross_entropy · criterion · has run")
    assert panel.view.accessibleDescription() == panel.details.toPlainText()


def test_a_node_in_words_says_what_it_keeps_and_what_came_and_went(panel: AutogradPanel):
    reply = traces.lenet()
    nodes = list(reply.nodes)
    came, went = traces.summary((16, 10), 111), traces.summary((16, 84), 5)
    saved = tuple(Saved(name, words) for name, words in (("mat1", "[16, 84]"), ("mat2", "[84, 10]"), ("alpha", "1")))
    nodes[LINEAR] = replace(nodes[LINEAR], saved=saved, received=(came,), gave=(None, went))
    show(panel, replace(reply, nodes=tuple(nodes)), BACKWARD, visit(reply, LINEAR))
    range_in = f"[16, 10]  from {came.low:.4g} to {came.high:.4g}  mean {came.mean:.4g}"
    assert panel.words(LINEAR).splitlines() == [
        "AddmmBackward0 · of linear_2 · fc3 · runs next",
        f"in    {range_in}",
        "out   not yet",
        "keeps mat1  [16, 84]",
        "keeps mat2  [84, 10]",
        "keeps alpha  1",
    ]
    move(panel, BACKWARD, visit(reply, LINEAR) + 1)
    assert panel.words(LINEAR).splitlines()[:4] == [
        "AddmmBackward0 · of linear_2 · fc3 · has run",
        f"in    {range_in}",
        "out   None: not needed",
        f"out   [16, 84]  from {went.low:.4g} to {went.high:.4g}  mean {went.mean:.4g}",
    ]


def test_a_leaf_names_its_parameter(panel: AutogradPanel):
    reply = traces.lenet()
    node = leaf(reply, "fc3.bias")
    show(panel, reply, BACKWARD, visit(reply, node))
    assert panel.words(node).splitlines()[0] == "AccumulateGrad · adds to fc3.bias.grad · runs next"
    assert panel.view.picture is not None
    assert panel.view.picture.cards[node].under == "fc3.bias"


def test_a_card_lists_a_few_of_many_saved_tensors_and_the_details_all(panel: AutogradPanel):
    reply = traces.lenet()
    nodes = list(reply.nodes)
    saved = tuple(Saved(f"tensor{i}", "[3]") for i in range(9))
    nodes[0] = replace(nodes[0], saved=saved)
    show(panel, replace(reply, nodes=tuple(nodes)), BACKWARD)
    assert panel.view.picture is not None
    assert panel.view.picture.cards[0].saved == ("tensor0  [3]", "tensor1  [3]", "and 7 more")
    assert panel.words(0).count("keeps tensor") == 9


def test_what_was_too_large_to_be_kept_is_said(panel: AutogradPanel):
    show(panel, replace(traces.lenet(), partial="Too large: pictures only."), BACKWARD)
    assert "Too large: pictures only." in panel.details.toPlainText()


# -------------------------------------------------------------------------------------------------- mouse and keyboard


@pytest.fixture
def told(panel: AutogradPanel) -> list[Any]:
    """What the panel tells the window: a choice, a place to run to, a breakpoint."""
    found: list[Any] = []
    for signal, name in ((panel.chosen, "chosen"), (panel.run_to, "run to"), (panel.break_at, "break at")):
        signal.connect(lambda value, name=name: found.append((name, value)))
    return found


def click(panel: AutogradPanel, node: int) -> None:
    panel.view.bring_into_view(card(panel, node))
    QTest.mouseClick(panel.view.viewport(), LEFT, PLAIN, panel.view.card_place(node))


def test_a_click_chooses_and_a_click_beside_takes_it_back(panel: AutogradPanel, told: list[Any]):
    show(panel, traces.lenet(), BACKWARD, 2)
    click(panel, RELU)
    assert told == [("chosen", ("node", RELU))]
    assert panel.details.toPlainText().startswith("ReluBackward0")
    assert named("muted") in colours(panel, card(panel, RELU).adjusted(-4, -4, 4, 4))
    QTest.mouseClick(panel.view.viewport(), LEFT, PLAIN, QPoint(3, 3))
    assert panel.view.chosen == -1
    assert len(told) == 1


def test_what_is_chosen_elsewhere_is_marked_and_not_told_again(panel: AutogradPanel, told: list[Any]):
    show(panel, traces.lenet(), 4)
    panel.choose(("operation", 3))
    assert panel.view.chosen == 3
    assert panel.view.is_in_view(card(panel, 3))
    panel.choose(("node", 20))
    assert panel.view.chosen == 20
    for nothing in (("node", 999), ("operation", 999), ("parameter", "fc1.bias"), None):
        panel.choose(nothing)
        assert panel.view.chosen == -1
    assert told == []


def test_what_is_chosen_before_the_trace_has_come_is_marked_when_it_comes(panel: AutogradPanel):
    panel.choose(("operation", 7))
    show(panel, traces.lenet(), BACKWARD)
    assert panel.view.chosen == 7


def test_the_arrows_go_along_the_graph(panel: AutogradPanel, told: list[Any]):
    reply = traces.lenet()
    show(panel, reply, BACKWARD)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Left)
    assert panel.view.chosen == LOSS
    QTest.keyClick(panel.view, Qt.Key.Key_Left)
    assert panel.view.chosen == LINEAR
    QTest.keyClick(panel.view, Qt.Key.Key_Left)
    assert panel.view.chosen == RELU
    QTest.keyClick(panel.view, Qt.Key.Key_Down)
    QTest.keyClick(panel.view, Qt.Key.Key_Down)
    leaves = {leaf(reply, "fc3.weight"), leaf(reply, "fc3.bias")}
    assert panel.view.chosen in leaves
    QTest.keyClick(panel.view, Qt.Key.Key_Left)  # nothing is behind a leaf
    assert panel.view.chosen in leaves
    QTest.keyClick(panel.view, Qt.Key.Key_Right)
    assert panel.view.chosen == LINEAR
    assert told[-1] == ("chosen", ("node", LINEAR))
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    assert panel.view.chosen == -1


def test_each_node_is_reached_with_the_arrows(panel: AutogradPanel):
    reply = traces.lenet()
    show(panel, reply, BACKWARD)
    reached, waiting = {LOSS}, [LOSS]
    while waiting:
        start = waiting.pop()
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            panel.choose(("node", start))
            QTest.keyClick(panel.view, key)
            if panel.view.chosen not in reached:
                reached.add(panel.view.chosen)
                waiting.append(panel.view.chosen)
    assert reached == set(range(len(reply.nodes)))


def test_enter_and_a_double_click_run_to_the_node(panel: AutogradPanel, told: list[Any]):
    reply = traces.lenet()
    show(panel, reply, BACKWARD)
    panel.choose(("node", RELU))
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert told == [("run to", (BACKWARD, visit(reply, RELU)))]
    panel.view.bring_into_view(card(panel, LINEAR))
    QTest.mouseDClick(panel.view.viewport(), LEFT, PLAIN, panel.view.card_place(LINEAR))
    assert told[-1] == ("run to", (BACKWARD, visit(reply, LINEAR)))


def test_the_menu_runs_to_a_node_and_breaks_at_it(panel: AutogradPanel, told: list[Any]):
    reply = traces.lenet()
    show(panel, reply, 1)
    assert panel.menu(-1) is None
    menu = panel.menu(RELU)
    assert menu is not None
    entries = {action.objectName(): action for action in menu.actions()}
    entries["autograd_run_to"].trigger()
    entries["autograd_break_at"].trigger()
    assert told == [("run to", (BACKWARD, visit(reply, RELU))), ("break at", ("node", "ReluBackward0"))]
    menu.close()


def test_a_node_that_no_backward_reaches_cannot_be_run_to(panel: AutogradPanel, told: list[Any]):
    show(panel, traces.lenet(backward=False), 2)
    menu = panel.menu(0)
    assert menu is not None
    run_to = next(action for action in menu.actions() if action.objectName() == "autograd_run_to")
    assert not run_to.isEnabled()
    panel.choose(("node", 0))
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert told == []
    menu.close()


def test_the_words_stand_beside_the_graph_where_there_is_room_else_below_it(panel: AutogradPanel):
    show(panel, traces.lenet(), BACKWARD)
    panel.resize(700, 240)
    settle()
    assert panel.details.x() > panel.pages.geometry().right()
    assert panel.view.height() > 200
    assert panel.view.width() > panel.details.width()
    panel.resize(320, 500)
    settle()
    assert panel.details.y() > panel.pages.geometry().bottom()
    assert panel.view.height() > 2 * panel.details.height()


def test_what_runs_next_is_seen_also_where_the_view_gets_its_room_later(panel: AutogradPanel):
    panel.resize(700, 160)
    show(panel, traces.lenet(), BACKWARD, 9)
    panel.resize(700, 260)
    settle()
    assert panel.view.picture is not None
    assert panel.view.is_in_view(panel.view.picture.whole_rect(panel.view.next_node))
