"""Going back in the real window: by keys, on the timeline, by a click in the plot; branching, and coming back again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListWidget, QMenu, QTreeWidget, QTreeWidgetItemIterator, QWidget

from lenet_gui.engine import Session, Settings
from lenet_gui.gui.console import ConsolePanel
from lenet_gui.gui.plots.plots import PlotsPanel
from lenet_gui.gui.travel.timeline import Timeline
from lenet_gui.protocol import Frame
from tests.e2e.conftest import Person

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def key(person: Person, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> Frame:
    """Press keys that lead to another place, and wait for it."""
    before = person.frame
    QTest.keyClick(person.window, key, modifiers)
    return person.frame_with(before, running=False)


def inspector(person: Person) -> list[str]:
    """Every number of the model inspector, as it can be read."""
    tree = person.widget("inspector_tree")
    assert isinstance(tree, QTreeWidget)
    rows, item = [], QTreeWidgetItemIterator(tree)
    while item.value() is not None:
        rows.append(" ".join(item.value().text(column) for column in range(tree.columnCount())))
        item += 1  # type: ignore[operator]
    return rows


def run_steps(person: Person, steps: int) -> None:
    assert person.frame is not None
    end = person.frame.step + steps
    person.type("steps_field", str(steps))
    person.click("run_n_button")
    person.until(lambda: person.frame is not None and person.frame.step == end and not person.frame.running)


def bias(person: Person) -> str:
    """What print(net.conv1.bias) says here."""
    length = len(person.console())
    person.choose("print_menu", "print_conv1_bias")
    person.until(lambda: "requires_grad=True)" in person.console()[length:])
    return person.console()[length:].removeprefix(">>> net.conv1.bias\n").rstrip()


def timeline(person: Person) -> Timeline:
    found = person.widget("timeline")
    assert isinstance(found, Timeline)
    return found


def drag_to(person: Person, step: int) -> Frame:
    """Take the handle to a step; its label says so all the way."""
    lanes = timeline(person).lanes
    start = QPoint(lanes.picture.handle[0], 8)
    end = QPoint(lanes.x_of(step), 8)
    before = person.frame
    QTest.mousePress(lanes, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for part in range(1, 11):
        QTest.mouseMove(lanes, start + (end - start) * part / 10)
    label = person.widget("drag_label")
    person.until(lambda: any(words in label.text() for words in ("at once", "about")))  # type: ignore[attr-defined]
    assert label.text().startswith(f"step {step}")  # type: ignore[attr-defined]
    QTest.mouseRelease(lanes, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    return person.frame_with(before, step=step, running=False)


def switch_to(person: Person, branch: str) -> Frame:
    """Choose a branch from the list at the end of the timeline."""
    menu = person.window.findChild(QMenu, "branch_menu")
    assert isinstance(menu, QMenu)
    menu.popup(person.window.mapToGlobal(QPoint(600, 300)))
    person.until(menu.isVisible)
    entry = next(entry for entry in menu.actions() if entry.objectName() == f"branch_{branch}")
    before = person.frame
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
    return person.frame_with(before, running=False)


def dialog(person: Person, name: str) -> QWidget:
    person.until(lambda: any(one.isVisible() for one in person.window.findChildren(QWidget, name)))
    return person.widget(name)


def answer(person: Person, name: str, text: str) -> None:
    """Type a text into a dialog and press Enter."""
    field = dialog(person, name).findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    # Without a window manager nobody gives the keys back to the window.
    person.window.activateWindow()
    person.until(person.window.isActiveWindow)


def is_grey(person: Person, words: str) -> bool:
    """Whether the last time that the console says so is greyed."""
    console = person.window.panels["console"]
    assert isinstance(console, ConsolePanel)
    document = console.text.document()
    found = place = document.find(words)
    while not place.isNull():
        found, place = place, document.find(words, place)
    assert not found.isNull()
    greyed = console.text.extraSelections()
    ends = [(one.cursor.selectionStart(), one.cursor.selectionEnd()) for one in greyed]  # type: ignore[attr-defined]
    return any(start <= found.position() <= end for start, end in ends)


def test_phases_and_steps_back_show_the_numbers_of_then_and_forward_again_the_same(person: Person) -> None:
    seen: list[list[str]] = [inspector(person)]
    for _ in range(10):
        key(person, Qt.Key.Key_F10)
        seen.append(inspector(person))
    assert seen[5] != seen[10]
    assert "None" in " ".join(seen[6])
    for place in (9, 8, 7):
        frame = key(person, Qt.Key.Key_F10, CONTROL | SHIFT)
        assert inspector(person) == seen[place]
        assert frame.place.commands == place
    assert is_grey(person, "optimizer.step()")
    assert not is_grey(person, "output = net(input)")
    assert person.widget("status_step").text() == "step 1 of 2"  # type: ignore[attr-defined]
    # Within a step a step back is to its beginning, and then to the one before.
    assert key(person, Qt.Key.Key_F8, CONTROL | SHIFT).place.commands == 5
    assert inspector(person) == seen[5]
    assert key(person, Qt.Key.Key_F8, CONTROL | SHIFT).place.commands == 0
    assert inspector(person) == seen[0]
    for place in range(1, 11):
        key(person, Qt.Key.Key_F10)
        assert inspector(person) == seen[place]
    assert not is_grey(person, "optimizer.step()")
    assert person.frame is not None
    assert [row.name for row in person.frame.branches] == ["main"]


@pytest.fixture
def ran(person: Person) -> Person:
    """Somebody who has run 40 steps."""
    run_steps(person, 40)
    return person


def test_the_buttons_go_back_too(ran: Person) -> None:
    ran.press("back_step_button", step=39)
    ran.press("back_phase_button", step=38, next="step")


def test_the_timeline_goes_to_a_step_to_the_bit(ran: Person) -> None:
    drag_to(ran, 13)
    session = Session(Settings())
    session.run(13)
    assert bias(ran) == repr(dict(session.model.named_parameters())["conv1.bias"])
    assert timeline(ran).words.text() == "step 13 / 40"
    lanes = timeline(ran).lanes
    lanes.setFocus()
    for pressed, step in ((Qt.Key.Key_Right, 14), (Qt.Key.Key_PageDown, 10), (Qt.Key.Key_Left, 9)):
        before = ran.frame
        QTest.keyClick(lanes, pressed)
        ran.frame_with(before, step=step)
    before = ran.frame
    QTest.keyClick(lanes, Qt.Key.Key_End)
    ran.frame_with(before, step=40)


def test_a_click_on_a_point_of_the_loss_goes_there(ran: Person) -> None:
    plots = ran.window.panels["plots"]
    assert isinstance(plots, PlotsPanel)
    view = plots.loss.view
    before = ran.frame
    place = view.place_of(24).toPoint() + QPoint(0, 30)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    ran.frame_with(before, step=25)
    assert view.mark.isVisible()
    key(ran, Qt.Key.Key_End, CONTROL)
    assert not view.mark.isVisible()


def test_another_learning_rate_in_the_past_makes_a_branch_and_the_old_one_stays(ran: Person) -> None:
    end = bias(ran)
    drag_to(ran, 20)
    shared = bias(ran)
    ran.type("lr_field", "0.2")
    ran.until(lambda: ran.frame is not None and ran.frame.settings.lr == 0.2)
    run_steps(ran, 10)
    assert ran.frame is not None
    assert [(row.name, row.parent, row.leaves, row.steps) for row in ran.frame.branches] == [
        ("main", "", 0, 40),
        ("branch 2", "main", 20, 30),
    ]
    assert timeline(ran).branch_button.text() == "branch 2"
    other = bias(ran)
    assert other not in (end, shared)
    frame = switch_to(ran, "main")
    assert (frame.place.branch, frame.step, frame.settings.lr) == ("main", 40, 0.05)
    assert bias(ran) == end
    assert is_grey(ran, "lr'] = 0.2")
    # A name of its own; then to its end by that name, and what both share is the same.
    switch_to(ran, "branch 2")
    timeline(ran).rename_wanted.emit("branch 2")
    answer(ran, "rename_dialog", "hotter")
    ran.until(lambda: timeline(ran).branch_button.text() == "hotter")
    assert bias(ran) == other
    assert not is_grey(ran, "lr'] = 0.2")
    drag_to(ran, 20)
    assert bias(ran) == shared


def test_a_bookmark_brings_one_back_to_the_phase(ran: Person) -> None:
    for _ in range(2):
        key(ran, Qt.Key.Key_F10)
    rows = inspector(ran)
    QTest.keyClick(ran.window, Qt.Key.Key_D, CONTROL)
    answer(ran, "bookmark_dialog", "behind the forward")
    ran.until(lambda: ran.frame is not None and len(ran.frame.bookmarks) == 1)
    drag_to(ran, 7)
    QTest.keyClick(ran.window, Qt.Key.Key_G, CONTROL)
    dialog(ran, "go_to_dialog")
    marks = ran.widget("go_to_bookmarks")
    assert isinstance(marks, QListWidget)
    assert marks.item(0).text() == "step 40  ·  behind the forward"
    marks.setFocus()
    QTest.keyClick(marks, Qt.Key.Key_Home)
    words = ran.widget("go_to_words")
    ran.until(lambda: words.text().startswith("Going there: "))  # type: ignore[attr-defined]
    before = ran.frame
    QTest.keyClick(marks, Qt.Key.Key_Return)
    ran.frame_with(before, step=40, next="loss")
    assert inspector(ran) == rows
