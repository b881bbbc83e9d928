"""The call stack as a user notices it: its levels at a place, and where each of them leads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.code.call_stack import NAME, WHERE, CallStack, levels
from lenet_gui.gui.code.code_place import next_item
from lenet_gui.protocol import Frame, Place
from lenet_gui.protocol.trace import TraceReply
from tests.gui import frames, traces

FORWARD, BACKWARD, UPDATE = 6, 8, 9  # of a step whose first command is the fifth
LENET = traces.lenet(commands=5)


@pytest.fixture
def stack(qtbot: QtBot, qapp: QApplication) -> CallStack:
    theme.apply(qapp, "light")
    stack = CallStack()
    qtbot.addWidget(stack)
    stack.resize(300, 140)
    stack.show()
    return stack


@pytest.fixture
def gone(stack: CallStack) -> list[Any]:
    found: list[Any] = []
    stack.go_to.connect(found.append)
    return found


def at(commands: int, item: int = 0) -> Frame:
    return replace(frames.after_backward(), place=Place("main", commands, item), trace=1, step=128, epoch=1)


def show(stack: CallStack, frame: Frame, reply: TraceReply | None = LENET) -> None:
    now = None if reply is None else next_item(reply, (frame.place.commands, frame.place.item))
    stack.show_levels(levels(frame, reply, now), "place" if now is not None else "")


def rows(stack: CallStack) -> list[str]:
    items = [item(stack, row) for row in range(stack.topLevelItemCount())]
    return [f"{one.text(NAME)}  {one.text(WHERE)}".rstrip() for one in items]


def item(stack: CallStack, row: int) -> QTreeWidgetItem:
    found = stack.topLevelItem(row)
    assert found is not None
    return found


def activate(stack: CallStack, row: int) -> None:
    stack.setFocus()
    stack.setCurrentItem(item(stack, row))
    QTest.keyClick(stack, Qt.Key.Key_Return)


def test_in_a_forward_it_goes_down_to_the_operation_and_its_line(stack: CallStack):
    show(stack, at(FORWARD, 3))
    assert rows(stack) == [
        "epoch 2",
        "step 128",
        "forward  operation 4 of 12",
        "Net  the model",
        "conv2  Conv2d",
        "conv2d_1  line 8",
    ]
    show(stack, at(FORWARD, 4))
    assert rows(stack)[3:] == ["Net  the model", "relu_1  line 8"]


def test_in_a_backward_it_goes_down_to_the_node(stack: CallStack):
    show(stack, at(BACKWARD, 7))
    assert rows(stack)[2:] == ["backward  node 8 of 23", "Net  the model", "fc2  Linear", "AccumulateGrad  fc2.weight"]


def test_in_the_update_it_goes_down_to_the_parameter(stack: CallStack):
    show(stack, at(UPDATE, 2))
    assert rows(stack)[2:] == ["step  parameter 3 of 10", "conv2.weight"]


def test_modules_within_modules_are_levels_of_their_own(stack: CallStack):
    show(stack, at(1, 6), traces.residual())
    assert rows(stack)[3:] == ["Residual  the model", "blocks.1  Block", "blocks.1.two  Conv2d", "conv2d_3"]


def test_each_level_leads_to_where_it_begins(stack: CallStack, gone: list[Any]):
    show(stack, at(1, 6), traces.residual())
    for row in range(1, 7):
        activate(stack, row)
    assert gone == [(0, 0), (1, 0), (1, 0), (1, 4), (1, 6), (1, 6)]


def test_in_a_backward_a_module_begins_at_its_first_node(stack: CallStack, gone: list[Any]):
    show(stack, at(BACKWARD, 7))
    activate(stack, 4)
    assert gone == [(BACKWARD, 5)]
    reply = LENET.nodes[LENET.parts[3].items[5]]
    assert reply.name == "AddmmBackward0"


def test_where_an_epoch_began_is_not_known(stack: CallStack, gone: list[Any]):
    show(stack, at(FORWARD, 3))
    activate(stack, 0)
    assert gone == []


def test_a_second_call_of_a_module_is_told_from_the_first(stack: CallStack):
    calls = tuple(replace(call, nth=1) if call.path == "conv2" else call for call in LENET.calls)
    show(stack, at(FORWARD, 3), replace(LENET, calls=calls))
    assert "conv2  Conv2d, call 2" in rows(stack)


def test_a_refused_command_says_so(stack: CallStack):
    show(stack, at(7), traces.lenet(commands=5, backward=False))
    assert rows(stack)[2:] == ["loss  refused"]


def test_without_a_trace_there_are_epoch_and_step_alone(stack: CallStack, gone: list[Any]):
    show(stack, replace(at(FORWARD, 3), epoch=None), None)
    assert rows(stack) == ["step 128"]
    activate(stack, 0)
    assert gone == []


def test_its_size_is_the_same_with_few_and_with_many_levels(stack: CallStack):
    show(stack, at(FORWARD, 3))
    sizes = stack.sizeHint(), stack.minimumSizeHint(), stack.columnWidth(NAME)
    show(stack, at(UPDATE + 1))
    assert (stack.sizeHint(), stack.minimumSizeHint(), stack.columnWidth(NAME)) == sizes
    show(stack, at(1, 6), traces.residual())
    assert (stack.sizeHint(), stack.minimumSizeHint(), stack.columnWidth(NAME)) == sizes


def test_moving_leaves_the_row_that_the_keyboard_is_on(stack: CallStack):
    show(stack, at(FORWARD, 3))
    stack.setCurrentItem(item(stack, 2))
    for operation in (4, 5, 6, 7):
        show(stack, at(FORWARD, operation))
    assert stack.currentItem() is item(stack, 2)


def test_it_changes_its_colours_while_it_is_open(stack: CallStack, qapp: QApplication):
    show(stack, at(FORWARD, 3))
    last = item(stack, 5)
    for scheme in ("dark", "light"):
        theme.apply(qapp, scheme)
        assert last.background(NAME).color() == theme.colour("place_ground")
        assert last.foreground(NAME).color() == theme.colour("text")
