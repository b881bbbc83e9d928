"""What the panels of a step tell each other, and the actions about what is chosen, in the window without a worker."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from lenet_gui.gui.inside.graph_view import GraphView
from lenet_gui.protocol import Place, RunTo
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow, DropBreakpoint, SetBreakpoint
from lenet_gui.protocol.tensors import LookRequest, Which
from lenet_gui.protocol.trace import TraceRequest
from tests.gui import frames, traces
from tests.gui.test_window import opened

FORWARD, LOSS, BACKWARD, STEP = 1, 2, 3, 4
INSIDE = ("advance", "run", "back", "seek", "evaluate", "new", "find")


def at(commands, item=0, trace=1, **changes):
    frame = replace(frames.after_backward(), place=Place("main", commands, item), trace=trace, reason="before conv2d_1")
    return replace(frame, **{"allowed": INSIDE, **changes})


def show(window, frame):
    window.show_frame(frame)
    window.show_numbers(frame)


@pytest.fixture
def window(qtbot, asked):
    """Stopped in the forward, before its fourth operation; each question for a trace is answered."""
    window = opened(qtbot)

    def answer(message):
        if isinstance(message, TraceRequest) and window.frame is not None:
            window.show_reply(replace(traces.lenet(trace=window.frame.trace), id=message.id))
        elif not isinstance(message, LookRequest):
            asked.append(message)

    window.asked.connect(answer)
    show(window, at(FORWARD, 3))
    window.docks.by_name["autograd"].raise_()
    graph = window.findChild(GraphView)
    assert graph is not None
    qtbot.waitUntil(lambda: graph.states != ())
    window.docks.by_name["network"].raise_()
    qtbot.waitUntil(window.panels["network"].is_seen)
    asked.clear()
    yield window
    window.close()


def choose_card(window, operation):
    window.panels["network"].view._choose_aloud(operation + 1)


def test_what_is_chosen_in_one_panel_is_marked_in_the_others(window):
    network, graph, code = (window.panels[name] for name in ("network", "autograd", "code"))
    choose_card(window, 3)
    assert graph.view.chosen == 3
    assert [piece.row for piece in code.view.marks.chosen] == [piece.row for piece in code._listing.pieces[3]]
    graph.view.picked.emit(7)
    assert network.view.chosen_card == 8
    assert code._chosen_operation() == 7
    code._press(code._listing.pieces[9][0].row)
    assert network.view.chosen_card == 10
    assert graph.view.chosen == 9


def test_the_network_chooses_the_batch_which_no_node_is(window):
    choose_card(window, 5)
    choose_card(window, -1)
    assert window.panels["network"].view.chosen_card == 0
    assert window.panels["autograd"].view.chosen == -1


def test_run_to_the_chosen_one_goes_to_before_it(qtbot, window, asked):
    qtbot.keyClick(window, Qt.Key.Key_F10, Qt.KeyboardModifier.ControlModifier)
    assert asked == []  # nothing is chosen
    choose_card(window, 5)
    qtbot.keyClick(window, Qt.Key.Key_F10, Qt.KeyboardModifier.ControlModifier)
    window.panels["autograd"].view.picked.emit(11)
    qtbot.keyClick(window, Qt.Key.Key_F10, Qt.KeyboardModifier.ControlModifier)
    order = traces.lenet().parts[BACKWARD].items
    assert asked == [RunTo(FORWARD, 5), RunTo(BACKWARD, order.index(11))]


def test_enter_on_a_card_and_a_level_of_the_call_stack_are_gone_to(qtbot, window, asked):
    choose_card(window, 2)
    qtbot.keyClick(window.panels["network"].view, Qt.Key.Key_Return)
    stack = window.panels["code"].stack
    stack.itemActivated.emit(stack.topLevelItem(2), 0)
    assert asked == [RunTo(FORWARD, 2), RunTo(FORWARD, 0)]


def test_nothing_is_run_to_in_a_step_whose_trace_has_not_come(qtbot, window, asked):
    choose_card(window, 5)
    for name in ("network", "code", "autograd"):
        window.docks.by_name[name].hide()
    show(window, at(FORWARD + 5, trace=2))
    qtbot.keyClick(window, Qt.Key.Key_F10, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert asked == []


def test_break_here_sets_a_breakpoint_at_the_chosen_one_and_takes_it_away(qtbot, window, asked):
    choose_card(window, 4)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert asked == [SetBreakpoint(Breakpoint(0, "operation", "relu_1"))]
    # The panel with the list may be hidden: what is there is read off the newest frame.
    window.docks.by_name["watches"].hide()
    there = (BreakpointRow(Breakpoint(7, "operation", "relu_1"), 0, "", ""),)
    show(window, at(FORWARD, 3, breakpoints=there))
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert asked[1:] == [DropBreakpoint(7)]
    window.panels["autograd"].view.picked.emit(11)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert asked[2:] == [SetBreakpoint(Breakpoint(0, "node", "AddmmBackward0"))]


@pytest.mark.parametrize(
    ("commands", "item", "stop"),
    [
        (FORWARD, 3, ("operation", "conv2d_1")),
        (FORWARD, 0, ("phase", "forward")),
        (LOSS, 0, ("phase", "loss")),
        (BACKWARD, 1, ("node", "AddmmBackward0")),
        (BACKWARD, 2, ("node", "AccumulateGrad fc3.bias")),
        (STEP, 2, ("parameter", "conv2.weight")),
    ],
)
def test_with_nothing_chosen_it_breaks_at_what_runs_next(qtbot, window, asked, commands, item, stop):
    show(window, at(commands, item))
    asked.clear()
    qtbot.keyClick(window, Qt.Key.Key_F9)
    kind, name = stop
    assert asked == [SetBreakpoint(Breakpoint(0, kind, name))]


def test_a_breakpoint_is_set_and_dropped_from_the_panels(window, asked):
    window.panels["network"].break_at.emit("module", "conv2")
    window.panels["autograd"].break_at.emit(("node", "ReluBackward0"))
    window.panels["code"].break_at.emit(("phase", "backward"))
    window.panels["code"].drop_break.emit(4)
    assert asked == [
        SetBreakpoint(Breakpoint(0, "module", "conv2")),
        SetBreakpoint(Breakpoint(0, "node", "ReluBackward0")),
        SetBreakpoint(Breakpoint(0, "phase", "backward")),
        DropBreakpoint(4),
    ]


def test_show_tensor_brings_the_tensor_to_the_front(qtbot, window):
    window.docks.views["race"].trigger()
    qtbot.waitUntil(window.panels["race"].isVisible)
    window.panels["network"].asked_for.emit("relu_1", "grad")
    qtbot.waitUntil(window.panels["tensor"].isVisible)
    assert window.panels["tensor"].which == Which("relu_1", "grad")


def test_a_card_that_is_chosen_is_looked_at(window):
    tensor = window.panels["tensor"]
    choose_card(window, 1)
    assert tensor.which == Which("relu")
    choose_card(window, -1)
    assert tensor.which == Which("input")
    window.panels["autograd"].view.picked.emit(3)
    assert tensor.which == Which("input"), "a node is no tensor"


def test_watch_brings_its_field_to_the_keyboard(qtbot, window):
    window.docks.by_name["watches"].hide()
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.panels["watches"].isVisible)
    assert QApplication.focusWidget() is window.panels["watches"].field


def test_why_it_stopped_stands_in_the_status_bar(window):
    assert window.status.reason.text() == "before conv2d_1"
    assert window.status.reason.isVisible()
    assert window.status.fields["phase"].text() == f"next: {window.frame.next}"


def test_nothing_moves_while_one_goes_from_place_to_place(window):
    trace = traces.lenet()
    stack, bars = window.panels["code"].stack, (window.phase_bar, window.settings_bar, window.status)

    def places():
        shown = [*window.docks.by_name.values(), *bars, *window.phase_bar.phases.values()]
        shown += [*window.status.fields.values(), window.status.reason]
        return [widget.geometry() for widget in shown], stack.columnWidth(0)

    QApplication.processEvents()
    before = places()
    for part in trace.parts:
        for item in range(len(part.items)):
            words = f"before item {item} of {part.name}, which may have a name as long as this one is"
            show(window, at(part.commands, item, next=part.name, reason=words))
            QApplication.processEvents()
            assert places() == before


def test_inside_of_the_update_the_parameter_that_moves_next_is_looked_at(window):
    tensor, inspector = window.panels["tensor"], window.panels["inspector"]
    show(window, at(STEP, 2))
    assert inspector.tree.currentItem().text(0) == "weight"
    assert tensor.now.heading.text().startswith("conv2.weight")
    show(window, at(STEP, 3))
    assert tensor.now.heading.text().startswith("conv2.bias")
    inspector.choose("fc1.bias")
    show(window, at(BACKWARD, 3))  # elsewhere a person's own choice stays
    assert tensor.now.heading.text().startswith("fc1.bias")
