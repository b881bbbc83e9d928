"""The form with the arguments of a model's constructor. Which ones there are comes from the worker."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QCheckBox, QDialog, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.dialog import accept_or_cancel, two_lines
from lenet_gui.gui.widgets.fields import finite, whole
from lenet_gui.protocol import Option
from lenet_gui.settings import Options, Value

OWNER = "model_"
"""Before the name of an argument, in the settings."""
KINDS = {"int": "a whole number", "float": "a number", "str": "a text", "": "a number, True, False or a text"}
_WHOLE = whole(-(2**31), 2**31)


class ArgumentsDialog(QDialog):
    """Enter takes the arguments, Esc leaves all as it is."""

    def __init__(self, title: str, words: str, known: Sequence[Option], given: Options, parent: QWidget) -> None:
        """`given` are those in force, with `model_` in front, in the place of the defaults."""
        super().__init__(parent)
        self.setObjectName("arguments_dialog")
        self.setWindowTitle(title)
        self._known = tuple(known)
        self.fields: dict[str, QLineEdit | QCheckBox] = {}
        self._words = words
        self.words = two_lines("arguments_words", "What is wrong, or what it is for")
        self.words.setText(words)
        form = QFormLayout()
        in_force = dict(given)
        for option in self._known:
            field = self._field(option, in_force.get(f"{OWNER}{option.name}", option.default))
            label = QLabel(option.name)
            label.setFont(theme.mono())
            label.setBuddy(field)
            form.addRow(label, field)
        buttons, self.use = accept_or_cancel(self, "arguments_use", "Use them", "Start with these arguments")
        column = QVBoxLayout(self)
        column.setContentsMargins(*[4 * theme.UNIT] * 4)
        column.setSpacing(3 * theme.UNIT)
        column.addWidget(self.words)
        column.addLayout(form)
        column.addWidget(buttons)
        self.setMinimumWidth(110 * theme.UNIT)
        self.taken: Options = ()

    def accept(self) -> None:
        """Take what is typed, if all of it can be read; else the words say what to type."""
        found: dict[str, Value] = {}
        for option in self._known:
            try:
                found[option.name] = self._value(option)
            except (ValueError, OverflowError) as error:
                self.words.setText(f"{option.name}: {error}")
                self.words.setStyleSheet(f"color: {theme.colour('error').name()};")
                self.fields[option.name].setFocus()
                return
        changed = {name: value for name, value in found.items() if value != self._default(name)}
        self.taken = tuple((f"{OWNER}{name}", value) for name, value in changed.items())
        super().accept()

    def _default(self, name: str) -> Value:
        return next(option.default for option in self._known if option.name == name)

    def _field(self, option: Option, value: Value) -> QLineEdit | QCheckBox:
        if option.kind == "bool":
            field = QCheckBox(self)
            field.setChecked(bool(value))
        else:
            field = QLineEdit("" if value is None else str(value), self)
            field.setFont(theme.mono())
        field.setObjectName(f"argument_{option.name}")
        field.setAccessibleName(option.name)
        usual = "without a default" if option.default is None else f"by default {option.default!r}"
        field.setToolTip(f"{option.name} of the constructor, {usual}")
        self.fields[option.name] = field
        return field

    def _value(self, option: Option) -> Value:
        field = self.fields[option.name]
        if isinstance(field, QCheckBox):
            return field.isChecked()
        text = field.text().strip()
        if not text and option.kind != "str":
            raise ValueError(f"type {KINDS[option.kind]}.")
        if option.kind == "int":
            return _WHOLE(text)
        if option.kind == "float":
            return finite(text)
        return text if option.kind == "str" else _plain(text)


def _plain(text: str) -> Value:
    """What somebody means who types it into Python, as far as it is plain."""
    if text in ("True", "False"):
        return text == "True"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
