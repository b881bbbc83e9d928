"""Inside a step, in the real window: by keys, on the cards, with breakpoints and watches, forwards and back."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from lenet_gui.engine import Session, Settings
from lenet_gui.gui.network.network import NetworkPanel
from lenet_gui.protocol import Frame
from tests.e2e.conftest import Person

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


def key(person: Person, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> Frame:
    """Press keys that lead to another place, and wait for it."""
    before = person.frame
    QTest.keyClick(person.window, key, modifiers)
    return person.frame_with(before, running=False)


def into(person: Person, times: int) -> Frame:
    frames = [key(person, Qt.Key.Key_F11) for _ in range(times)]
    return frames[-1]


def place(frame: Frame) -> tuple[int, int]:
    return frame.place.commands, frame.place.item


def network(person: Person) -> NetworkPanel:
    found = person.widget("network")
    assert isinstance(found, NetworkPanel)
    person.until(
        lambda: found._trace is not None and person.frame is not None and found._trace.trace == person.frame.trace
    )
    return found


def test_into_over_and_out_by_keys_and_all_the_way_back(person: Person) -> None:
    seen = [place(key(person, Qt.Key.Key_F10))]  # over zero_grad
    assert seen == [(1, 0)]
    frame = into(person, 3)
    assert place(frame) == (1, 3)
    assert "before conv2d_1" in frame.reason
    assert not {"zero_grad", "set"} & {*frame.allowed}
    assert place(key(person, Qt.Key.Key_F11, SHIFT)) == (2, 0)  # out: forward is done
    assert place(key(person, Qt.Key.Key_F10)) == (3, 0)  # over the loss
    frame = into(person, 6)
    assert place(frame) == (3, 6)
    grads = {row.name: row.grad_norm for row in frame.parameters}
    assert grads["fc3.weight"] is not None
    assert grads["conv1.weight"] is None  # not yet: nothing is shown before it has happened
    assert place(key(person, Qt.Key.Key_F11, CONTROL | SHIFT)) == (3, 5)
    assert place(key(person, Qt.Key.Key_F11, CONTROL)) == (3, 0)  # out, back: to the start of backward
    assert place(key(person, Qt.Key.Key_F10, CONTROL | SHIFT)) == (2, 0)
    assert place(key(person, Qt.Key.Key_F11, CONTROL | SHIFT)) == (1, 11)  # into the forward again, at its end


def test_the_parameters_move_one_by_one_inside_of_the_step(person: Person) -> None:
    for _ in range(4):
        key(person, Qt.Key.Key_F10)
    before = {row.name: row.value_norm for row in person.frame.parameters}  # type: ignore[union-attr]
    frame = into(person, 3)
    moved = [row.name for row in frame.parameters if row.value_norm != before[row.name]]
    assert moved == ["conv1.weight", "conv1.bias", "conv2.weight"]
    frame = key(person, Qt.Key.Key_F11, SHIFT)
    assert (frame.step, place(frame)) == (1, (5, 0))
    plain = Session(Settings())
    plain.run(1)
    norms = {name: torch.linalg.vector_norm(one.detach()).item() for name, one in plain.model.named_parameters()}
    assert {row.name: row.value_norm for row in frame.parameters} == pytest.approx(norms, rel=1e-6)


def test_a_card_is_chosen_and_run_to(person: Person) -> None:
    panel = network(person)
    names = [operation.name for operation in panel._trace.operations]  # type: ignore[union-attr]
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Home)
    chosen: list[object] = []
    panel.chosen.connect(chosen.append)
    for _ in range(5):
        QTest.keyClick(panel.view, Qt.Key.Key_Right)
    assert chosen[-1] == ("operation", 4)
    frame = key(person, Qt.Key.Key_F10, CONTROL)
    assert place(frame) == (1, 4)
    assert f"before {names[4]}" in frame.reason


def test_a_breakpoint_stops_a_run_forwards_and_back(person: Person) -> None:
    panel = network(person)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Home)
    for _ in range(2):
        QTest.keyClick(panel.view, Qt.Key.Key_Right)
    before = person.frame
    QTest.keyClick(person.window, Qt.Key.Key_F9)
    frame = person.frame_with(before)
    assert [(row.breakpoint.kind, row.breakpoint.at) for row in frame.breakpoints] == [("operation", "relu")]
    stops = []
    for _ in range(3):
        frame = key(person, Qt.Key.Key_F5)
        person.until(lambda: person.frame is not None and not person.frame.running and "stopped" in person.frame.reason)
        stops.append(place(person.frame))  # type: ignore[arg-type]
    assert stops == [(1, 1), (6, 1), (11, 1)]
    for expected, hits in (((6, 1), 2), ((1, 1), 1)):
        QTest.keyClick(person.window, Qt.Key.Key_F5, CONTROL | SHIFT)
        person.until(lambda expected=expected: person.frame is not None and place(person.frame) == expected)
        person.until(lambda: person.frame is not None and not person.frame.running)
        assert person.frame is not None
        assert person.frame.breakpoints[0].hits == hits


def test_a_watch_follows_the_cursor(person: Person) -> None:
    field = person.widget("watches").findChildren(QLineEdit)[0]
    field.setFocus()
    for expression in ("conv1.bias.grad.norm()", "(relu == 0).mean()", "loss.__class__"):
        field.selectAll()
        QTest.keyClicks(field, expression)
        QTest.keyClick(field, Qt.Key.Key_Return)
    person.until(lambda: person.frame is not None and len(person.frame.watches) == 2)
    person.until(lambda: "__class__" in person.notice())  # refused in words
    key(person, Qt.Key.Key_F10)
    frame = into(person, 2)
    share = next(row for row in frame.watches if "relu" in row.expression)
    plain = Session(Settings())
    plain.zero_grad()
    weight, bias = plain.model.get_parameter("conv1.weight"), plain.model.get_parameter("conv1.bias")
    zeros = (torch.relu(torch.conv2d(plain.input, weight, bias)) == 0).float().mean().item()
    assert share.number == pytest.approx(zeros, rel=1e-6)


def test_where_it_went_wrong_first(person: Person) -> None:
    person.type("lr_field", "1e30")
    person.until(lambda: person.frame is not None and person.frame.settings.lr == 1e30)
    person.type("steps_field", "20")
    person.click("run_n_button")
    person.until(lambda: person.frame is not None and not person.frame.running and person.frame.step > 1)
    person.click("find_not_finite")
    person.until(lambda: "Here it went wrong first" in person.notice())
    assert person.frame is not None
    # By hand: the second step's forward, operation by operation.
    plain = Session(Settings(lr=1e30))
    plain.run(1)
    plain.next_batch()
    net, images = plain.model, plain.input
    first = torch.max_pool2d(torch.relu(net.get_submodule("conv1")(images)), 2)
    second = net.get_submodule("conv2")(first)
    assert torch.isfinite(first).all()
    assert not torch.isfinite(second).all()
    assert (person.frame.step, place(person.frame)) == (1, (7, 3))
    assert "The output of conv2d_1 in conv2 is" in person.notice()
