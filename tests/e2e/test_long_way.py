"""A long way to another place in the real window: what it costs is said before, and it can be left off."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from lenet_gui.engine import Session, Settings
from lenet_gui.protocol import Frame
from tests.e2e.conftest import Person
from tests.e2e.test_going_back import bias, dialog, inspector, run_steps

STEPS = 400


def choose_budgets(person: Person, memory: str, disk: str) -> None:
    """By keyboard alone, once the dialog is open."""
    person.choose("go_menu", "budgets")
    found = dialog(person, "budget_dialog")
    for name, text in (("memory", memory), ("disk", disk)):
        field = found.findChild(QLineEdit, f"budget_{name}")
        assert isinstance(field, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
    QTest.keyClick(found, Qt.Key.Key_Return)
    person.until(lambda: not found.isVisible())
    come_back(person)


def come_back(person: Person) -> None:
    # Without a window manager nobody gives the keys back to the window.
    person.window.activateWindow()
    person.until(person.window.isActiveWindow)


def in_use(person: Person, name: str) -> str:
    """What the dialog says of the memory or the disk."""
    person.choose("go_menu", "budgets")
    found = dialog(person, "budget_dialog")
    label = found.findChild(QLabel, f"budget_{name}_in_use")
    assert isinstance(label, QLabel)
    person.until(lambda: bool(label.text()))
    words = label.text()
    QTest.keyClick(found, Qt.Key.Key_Escape)
    come_back(person)
    return words


def seconds_to(person: Person, step: int) -> float:
    """What the dialog that asks where to go says of a step; it stays open."""
    field, words = person.widget("go_to_field"), person.widget("go_to_words")
    assert isinstance(field, QLineEdit)
    assert isinstance(words, QLabel)
    field.selectAll()
    QTest.keyClicks(field, str(step))
    person.until(lambda: words.text().startswith("Going there: "))
    found = re.search(r"about ([\d.]+) s", words.text())
    return float(found[1]) if found else 0.0


def set_out(person: Person) -> Frame:
    """Go to the step that is farthest by what is said, and wait until one is on the way."""
    come_back(person)
    QTest.keyClick(person.window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    dialog(person, "go_to_dialog")
    costs = {step: seconds_to(person, step) for step in range(STEPS - 25, 0, -50)}
    far = max(costs, key=lambda step: costs[step])
    assert costs[far] >= 0.5
    seconds_to(person, far)
    before = person.frame
    QTest.keyClick(person.widget("go_to_field"), Qt.Key.Key_Return)
    come_back(person)
    frame = person.frame_with(before, running=True, allowed=("pause",))
    person.until(lambda: person.window.status.findChild(object, "status_progress").isVisible())  # type: ignore[attr-defined]
    return frame


def test_a_long_way_is_said_before_and_left_off_without_a_trace(person: Person) -> None:
    person.type("batch_size_field", "64")
    person.until(lambda: person.frame is not None and person.frame.settings.batch_size == 64)
    choose_budgets(person, "1", "0")
    run_steps(person, STEPS)
    assert in_use(person, "memory") in ("in use: 1 MB of 1 MB", "in use: 0 MB of 1 MB")
    assert in_use(person, "disk") == "in use: 0 MB of 0 MB"
    before, rows, numbers = person.frame, inspector(person), bias(person)
    assert before is not None
    for leave_off in (
        lambda: QTest.keyClick(person.window, Qt.Key.Key_Escape),
        lambda: QTest.keyClick(person.window, Qt.Key.Key_F6),
        lambda: person.click("pause_button"),
    ):
        way = set_out(person)
        leave_off()
        after = person.frame_with(way, running=False)
        assert after.reason.startswith("cancelled on the way to step")
        assert (after.place, after.step, after.loss, after.graph) == (
            before.place, before.step, before.loss, before.graph,
        )  # fmt: skip
        person.until(lambda: inspector(person) == rows)
        assert not person.window.status.findChild(object, "status_progress").isVisible()  # type: ignore[attr-defined]
    assert bias(person) == numbers
    # Optimizer, generators and data went nowhere either: it goes on as if nobody had tried.
    run_steps(person, 5)
    session = Session(Settings())
    session.set(batch_size=64)
    session.run(STEPS + 5)
    assert bias(person) == repr(dict(session.model.named_parameters())["conv1.bias"])
