import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lenet_gui.gui.widgets.fields import NumberField, above_zero, whole


@pytest.fixture
def field(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = NumberField(above_zero, 10, window)
    other = QWidget(window)
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column = QVBoxLayout(window)
    column.addWidget(made)
    column.addWidget(other)
    made.set_value(0.05)
    window.show()
    qtbot.waitExposed(window)
    made.setFocus()
    # pytest-qt keeps the window by a weak reference only.
    yield made
    window.close()


def type_over(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-1", "negative"),
        ("0", "never move a weight"),
        ("1e-400", "never move a weight"),
        ("nan", "NaN"),
        ("1e400", "finite"),
        ("abc", "not a number"),
        ("0,05", "0.05"),
        ("9" * 400, "finite"),
    ],
)
def test_a_bad_number_is_explained_and_changes_nothing(qtbot, field, text, words):
    with qtbot.assertNotEmitted(field.committed):
        type_over(qtbot, field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert words in field.refused()
    assert "0.05 stays in force" in field.refused()
    assert field.text() == text
    assert field.value() == 0.05


def test_enter_puts_the_number_in_force(qtbot, field):
    type_over(qtbot, field, "1e-1")
    with qtbot.waitSignal(field.committed) as got:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert got.args == [0.1]
    assert field.text() == "0.1"


def test_escape_brings_back_the_number_in_force(qtbot, field):
    type_over(qtbot, field, "abc")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "0.05"
    assert not field.refused()


def test_leaving_the_field_puts_the_number_in_force(qtbot, field):
    type_over(qtbot, field, "0.2")
    with qtbot.waitSignal(field.committed):
        field.parentWidget().findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)[1].setFocus()
    assert field.value() == 0.2


def test_what_is_being_typed_survives_a_frame(qtbot, field):
    type_over(qtbot, field, "0.0")
    field.set_value(0.07)
    assert field.text() == "0.0"
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "0.07"


@pytest.mark.parametrize(
    ("text", "words"), [("2.5", "whole"), ("0", "too small"), ("99", "too large"), ("", "Nothing")]
)
def test_a_whole_number_is_asked_for(text, words):
    with pytest.raises(ValueError, match=words):
        whole(1, 64)(text)


def test_a_whole_number_may_be_written_as_a_float():
    assert whole(1, 64)("16.0") == 16
