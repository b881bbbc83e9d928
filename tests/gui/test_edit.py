"""Editing a number in the tensor panel: real keys and clicks, what is asked for it, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from lenet_gui.engine import Session, Settings, answers, view
from lenet_gui.gui.numbers.cell_editing import CellField
from lenet_gui.gui.numbers.tensor import TensorPanel
from lenet_gui.protocol import Command, Frame
from lenet_gui.protocol.tensors import LookRequest
from tests.gui import frames, looking

NAME = "conv1.weight"


class Person:
    """Somebody at the panel, with `conv1.weight` in the table at a pause. `asked` holds the commands they gave."""

    def __init__(self, panel: TensorPanel) -> None:
        self.panel, self.table = panel, panel.now.table
        self.asked: list[Command] = []
        self.questions: list[LookRequest] = []
        panel.asked.connect(self._note)
        panel.show_frame(frames.after_backward())
        self.press("tensor_view_table")
        panel.show_tensor(NAME)
        self.answer()

    def _note(self, message: object) -> None:
        if isinstance(message, Command):
            self.asked.append(message)
        elif isinstance(message, LookRequest):
            self.questions.append(message)

    def answer(self, values: np.ndarray | None = None) -> None:
        """The worker answers the panel's newest question."""
        self.panel.show_reply(looking.reply(self.questions[-1], values))

    def press(self, name: str) -> None:
        button = self.panel.findChild(QToolButton, name)
        assert button is not None
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def place(self, row: int, column: int) -> QPoint:
        return self.table.visualRect(self.table.numbers.index(row, column)).center()

    def click(self, row: int, column: int) -> None:
        QTest.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=self.place(row, column))

    def double_click(self, row: int, column: int) -> None:
        self.click(row, column)
        QTest.mouseDClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=self.place(row, column))

    def open_field(self) -> CellField | None:
        found = [field for field in self.table.viewport().findChildren(CellField) if field.isVisible()]
        return found[0] if found else None

    @property
    def field(self) -> CellField:
        field = self.open_field()
        assert field is not None, "no number is being edited"
        return field

    def type(self, text: str) -> None:
        QTest.keyClicks(self.field, text)

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.field, key)

    def shown(self, row: int, column: int) -> str:
        return str(self.table.numbers.index(row, column).data())


@pytest.fixture
def person(qtbot: QtBot) -> Person:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 460)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    return Person(panel)


def edit(index: int, value: float, tensor: str = NAME) -> Command:
    return Command.of("edit", tensor=tensor, index=index, value=value)


def test_a_double_click_a_number_and_enter(person: Person) -> None:
    person.double_click(4, 2)
    person.type("0.25")
    person.key(Qt.Key.Key_Return)
    assert person.asked == [edit(14, 0.25)]
    assert person.open_field() is None
    assert person.table.hasFocus()


def test_the_field_begins_with_the_number_in_all_digits_and_all_of_it_chosen(person: Person) -> None:
    person.double_click(0, 1)
    value = person.table.numbers.cells.values[0, 1]
    assert person.field.text() == str(value)
    assert person.field.selectedText() == person.field.text()
    assert np.float32(person.field.text()) == value


def test_f2_edits_the_current_number(person: Person) -> None:
    person.click(1, 0)
    QTest.keyClick(person.table, Qt.Key.Key_F2)
    person.type("-1e-3")
    person.key(Qt.Key.Key_Enter)
    assert person.asked == [edit(3, -0.001)]


def test_typing_on_a_cell_begins_with_what_is_typed(person: Person) -> None:
    person.click(17, 2)
    QTest.keyClick(person.table, Qt.Key.Key_7)
    assert person.field.text() == "7"
    person.type(".5")
    person.key(Qt.Key.Key_Return)
    assert person.asked == [edit(53, 7.5)]


def test_tab_puts_it_in_force_and_goes_on_to_the_next_number(person: Person) -> None:
    person.double_click(0, 2)
    person.type("1")
    person.key(Qt.Key.Key_Tab)
    person.type("2")
    person.key(Qt.Key.Key_Backtab)
    person.key(Qt.Key.Key_Escape)
    assert person.asked == [edit(2, 1.0), edit(3, 2.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("abc", "“abc” is not a number"),
        ("0,5", "Write the decimals after a point: 0.5"),
        ("nan", "NaN would make every weight NaN"),
        ("1e999", "larger than any float"),
        (" ", "Nothing is typed here"),
    ],
)
def test_what_is_no_number_is_explained_and_asks_for_nothing(person: Person, text: str, words: str) -> None:
    person.double_click(4, 2)
    before = person.field.text()
    person.type(text)
    person.key(Qt.Key.Key_Return)
    assert person.asked == []
    assert person.field.text() == text
    message = next(label for label in person.panel.findChildren(QLabel, "field_message") if label.isVisible())
    assert words in message.text()
    assert f"{before} stays in force" in message.text()
    assert words in person.field.accessibleDescription()
    person.field.selectAll()
    person.type("0.5")
    person.key(Qt.Key.Key_Return)
    assert person.asked == [edit(14, 0.5)]
    assert not message.isVisible()


def test_escape_leaves_the_number_as_it_is(person: Person) -> None:
    person.double_click(4, 2)
    person.type("0.25")
    person.key(Qt.Key.Key_Escape)
    assert person.open_field() is None
    assert person.asked == []
    assert person.table.hasFocus()


def test_enter_without_another_number_asks_for_nothing(person: Person) -> None:
    person.double_click(4, 2)
    person.key(Qt.Key.Key_Return)
    assert person.open_field() is None
    assert person.asked == []


def test_a_click_elsewhere_leaves_the_number_as_it_is(person: Person) -> None:
    person.double_click(4, 2)
    person.type("0.25")
    person.click(1, 1)
    assert person.open_field() is None
    assert person.asked == []


def test_an_edited_gradient_is_the_gradient(person: Person) -> None:
    person.press("tensor_part_grad")
    person.answer(np.zeros((6, 1, 3, 3)))
    person.double_click(1, 1)
    person.type("3")
    person.key(Qt.Key.Key_Return)
    assert person.asked == [edit(4, 3.0, "conv1.weight.grad")]


def test_a_tensor_in_one_dimension_and_one_far_down_a_large_one(person: Person) -> None:
    person.panel.show_tensor("conv1.bias")
    person.answer()
    person.double_click(5, 0)
    person.type("1")
    person.key(Qt.Key.Key_Return)
    person.panel.show_tensor("fc1.weight")
    person.answer()
    person.click(7, 1)
    QTest.keyClick(person.table, Qt.Key.Key_2)
    person.key(Qt.Key.Key_Return)
    assert person.asked == [edit(5, 1.0, "conv1.bias"), edit(7 * 576 + 1, 2.0, "fc1.weight")]


def test_what_is_edited_below_a_slider_is_the_number_that_is_seen(person: Person) -> None:
    person.panel.show_tensor("conv2.weight")
    person.answer()
    person.panel.now.leading.sliders[0].setValue(3)
    person.answer()
    assert person.table.numbers.rowCount() == 6 * 3
    person.double_click(4, 2)
    person.type("1")
    person.key(Qt.Key.Key_Return)
    flat = int(np.ravel_multi_index((3, 1, 1, 2), (16, 6, 3, 3)))
    assert person.asked == [edit(flat, 1.0, "conv2.weight")]


def test_a_nan_can_be_mended(person: Person) -> None:
    person.panel.show_tensor("conv1.bias")
    person.answer(np.array([1, np.nan, 3, 4, 5, 6]))
    person.double_click(1, 0)
    person.type("0")
    person.key(Qt.Key.Key_Return)
    assert person.asked == [edit(1, 0.0, "conv1.bias")]


# ------------------------------------------------------------------------------------- where nothing is edited


def try_to_edit(person: Person) -> None:
    person.double_click(1, 0)
    QTest.keyClick(person.table, Qt.Key.Key_F2)
    QTest.keyClick(person.table, Qt.Key.Key_5)
    assert person.open_field() is None
    assert person.asked == []


def test_nothing_is_edited_while_running(person: Person) -> None:
    person.panel.show_frame(frames.running())
    try_to_edit(person)
    person.panel.show_frame(frames.after_backward())
    person.double_click(1, 0)
    assert person.open_field() is not None


def test_what_is_being_typed_is_dropped_when_a_run_begins(person: Person) -> None:
    person.double_click(1, 0)
    person.type("0.5")
    person.panel.show_frame(frames.running())
    assert person.open_field() is None
    assert person.asked == []


def test_nothing_is_edited_in_the_update(qtbot: QtBot) -> None:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 460)
    panel.show()
    looker = looking.Looker(panel, Session(Settings(data="random", batch_size=1)))
    looker.do("zero_grad", "forward", "loss", "backward", "step")
    panel.views.by_choice["table"].click()
    panel.show_tensor("conv1.bias", "update")
    assert panel.now.pages.currentWidget() is panel.now.table
    asked = len(looker.asked)
    place = panel.now.table.visualRect(panel.now.table.numbers.index(1, 0)).center()
    QTest.mouseClick(panel.now.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    for key in (Qt.Key.Key_F2, Qt.Key.Key_5):
        QTest.keyClick(panel.now.table, key)
    assert panel.now.table.viewport().findChildren(CellField) == []
    assert len(looker.asked) == asked


def test_what_is_being_typed_never_lands_in_another_tensor(person: Person) -> None:
    person.double_click(1, 0)
    person.type("0.5")
    person.panel.show_tensor("conv2.weight")
    assert person.open_field() is None
    person.answer()
    person.press("tensor_part_grad")
    person.answer()
    assert person.open_field() is None
    assert person.asked == []


# ---------------------------------------------------------------------------------------------- around it


def test_new_numbers_leave_alone_what_is_being_typed(person: Person) -> None:
    person.double_click(1, 0)
    person.type("0.5")
    person.panel.show_frame(frames.after_zeros())
    person.answer(np.full((6, 1, 3, 3), 0.75))
    assert person.field.text() == "0.5"
    person.key(Qt.Key.Key_Escape)
    assert person.shown(1, 0) == " 0.7500"


def test_the_table_says_that_it_can_be_edited_and_how(person: Person) -> None:
    numbers = person.table.numbers
    tip = str(numbers.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "Double-click" in tip
    assert "F2" in tip
    assert "F2" in person.table.toolTip()
    person.panel.show_frame(frames.running())
    assert "Double-click" not in str(numbers.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))


def test_the_field_has_a_name_for_those_who_hear_it(person: Person) -> None:
    person.double_click(4, 2)
    assert person.field.accessibleName() == "New number at [1, 0, 1] [2]"


def test_the_field_lies_within_the_table_and_its_message_follows_it(person: Person) -> None:
    for column in range(3):
        person.double_click(6, column)
        assert person.table.viewport().rect().contains(person.field.geometry())
        person.key(Qt.Key.Key_Escape)
    person.double_click(6, 2)
    person.type("x")
    message = next(label for label in person.panel.findChildren(QLabel, "field_message") if label.isVisible())
    before = message.y() - person.field.mapTo(person.panel, QPoint()).y()
    person.table.verticalScrollBar().setValue(3)
    assert message.y() - person.field.mapTo(person.panel, QPoint()).y() == before


def test_no_field_and_no_message_is_left_behind(person: Person) -> None:
    for _ in range(3):
        person.double_click(4, 2)
        person.type("x")
        person.key(Qt.Key.Key_Return)
        person.key(Qt.Key.Key_Escape)
    for _ in range(2):  # the field, and then its message
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [widget.objectName() for widget in person.panel.findChildren(QWidget)]
    assert "number_editor" not in left
    assert "field_message" not in left


def test_the_edited_number_comes_back_from_the_engine(person: Person) -> None:
    session = Session(Settings(data="random", batch_size=1))
    viewer = view.Viewer(session)

    def at_a_pause() -> Frame:
        return viewer.frame(view.Situation(2, "test", False, None, None, 0.0, True))

    def answered() -> None:
        person.panel.show_reply(answers.answer(session, person.questions[-1]))

    person.panel.show_frame(at_a_pause())
    answered()
    person.double_click(4, 2)
    person.type("0.125")
    person.key(Qt.Key.Key_Return)
    session.apply(person.asked[0])
    asked = len(person.questions)
    person.panel.show_frame(at_a_pause())
    assert len(person.questions) == asked + 1
    answered()
    assert person.shown(4, 2) == " 0.1250"
    assert person.table.currentIndex().row() == 4
    assert session.model.get_parameter(NAME)[1, 0, 1, 2].item() == 0.125
