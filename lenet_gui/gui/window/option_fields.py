"""A field for one parameter of something of PyTorch's, by the kind of value that it takes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.fields import FieldMessage, NumberField, finite, whole
from lenet_gui.gui.widgets.list_field import ListField
from lenet_gui.protocol import Option
from lenet_gui.settings import Value

CHARACTERS = 12
_WHOLE = whole(-(2**53), 2**53)
NOTHING = "None"


class TextField(QLineEdit):
    """A number or nothing, or several whole numbers. Enter (or leaving the field) puts it in force.

    A text that is none of these stays as it was typed, with a message below the field, and changes nothing.
    """

    committed = Signal(object)

    def __init__(self, read: Callable[[str], Value], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read, self._value = read, ""
        self._message = FieldMessage(self)
        self.setFont(theme.mono())
        self.setPlaceholderText(NOTHING)
        self.setFixedWidth(QFontMetrics(self.font()).horizontalAdvance("0" * CHARACTERS) + 16)
        self.returnPressed.connect(self.commit)

    def set_value(self, value: Value) -> None:
        """Show what is in force. What somebody is typing is left alone."""
        typing = self.text() != self._value
        self._value = "" if value is None else str(value)
        if not typing:
            self.setText(self._value)

    def commit(self) -> None:
        if self.text() == self._value:
            self._message.hide()
            return
        try:
            found = self._read(self.text().strip())
        except (ValueError, OverflowError) as error:
            self._message.say(str(error), error=True)
            return
        self._message.hide()
        self._value = self.text()
        self.committed.emit(found)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.commit()
        super().focusOutEvent(event)


OptionField = NumberField | TextField | QCheckBox | ListField


def option_field(option: Option, parent: QWidget, changed: Callable[[Value], object]) -> OptionField:
    """The field; what a person chooses is handed to `changed`."""
    if option.kind == "bool":
        box = QCheckBox(parent)
        box.clicked.connect(changed)
        return box
    if option.kind == "choice":
        field = ListField(CHARACTERS)
        none: list[tuple[str, Value, str]] = [(NOTHING, None, "")] if option.optional else []
        field.fill([*none, *((word, word, "") for word in option.choices)])
        field.picked.connect(changed)
        return field
    number = _WHOLE if option.kind == "int" else finite
    if option.kind == "ints" or option.optional:
        text = TextField(_several if option.kind == "ints" else lambda typed: number(typed) if typed else None, parent)
        text.committed.connect(changed)
        return text
    plain = NumberField(number, CHARACTERS, parent)
    plain.committed.connect(lambda value: changed(float(value) if option.kind == "float" else value))
    return plain


def show_value(field: OptionField, value: Value) -> None:
    """Show what is in force."""
    if isinstance(field, QCheckBox):
        field.setChecked(bool(value))
    elif isinstance(field, TextField | ListField):
        field.set_value(value) if isinstance(field, TextField) else field.show_value(value)
    elif isinstance(value, int | float):
        field.set_value(value)


def _several(typed: str) -> str:
    """Raises ValueError with a sentence that says what to type."""
    parts = [part.strip() for part in typed.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ValueError("Type whole numbers with commas between them, such as 30, 80.")
    return ", ".join(parts)
