"""The forms of a breakpoint: all that it can have, or the one number that a common one needs.

What the fields may hold is checked here as far as it is no expression: those are the worker's to read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.dialog import accept_or_cancel, two_lines
from lenet_gui.gui.widgets.list_field import ListField
from lenet_gui.protocol import EVERY_PHASE
from lenet_gui.protocol.stops import Breakpoint

KINDS = {
    "phase": "a phase",
    "module": "a module",
    "operation": "an operation",
    "node": "an autograd node",
    "parameter": "a parameter",
    "when": "a condition holds",
}
_EXAMPLES = {
    "phase": "backward",
    "module": "conv1",
    "operation": "relu_1",
    "node": "AddmmBackward0",
    "parameter": "fc1.weight",
    "when": "",
}
_HITS = re.compile(r"[=%]?[1-9][0-9]{0,14}")
Names = dict[str, tuple[str, ...]]


class _Form(QDialog):
    """Enter sets the breakpoint, Esc leaves all as it is. What is wrong is said below, beside the field that has it."""

    given = Signal(object)
    """The `Breakpoint` that somebody wants."""

    def __init__(self, name: str, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fields = QFormLayout()
        self.fields.setHorizontalSpacing(2 * theme.UNIT)
        self.fields.setVerticalSpacing(2 * theme.UNIT)
        self.words = two_lines(f"{name}_words", "What is wrong")
        self.words.setStyleSheet(f"color: {theme.colour('error').name()};")
        buttons, self.set_button = accept_or_cancel(self, f"{name}_set", "Set", "Set the breakpoint (Enter)")
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(self.fields)
        column.addWidget(self.words)
        column.addWidget(buttons)

    def say(self, words: str, field: QWidget) -> None:
        self.words.setText(words)
        field.setAccessibleDescription(words)
        field.setFocus()

    def line(self, name: str, label: str, tip: str, example: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setAccessibleName(label.replace("&", ""))
        field.setToolTip(tip)
        field.setPlaceholderText(example)
        field.setFont(theme.mono())
        field.setMinimumWidth(64 * theme.UNIT)
        field.textEdited.connect(lambda: self.words.clear())
        self.fields.addRow(label, field)
        return field


class BreakpointForm(_Form):
    """All of a breakpoint. `names` are those that one may want to stop at, by kind; others may be typed."""

    def __init__(self, breakpoint: Breakpoint, names: Names, parent: QWidget | None = None) -> None:
        new = not breakpoint.id
        super().__init__("breakpoint_form", "Add a breakpoint" if new else "Change the breakpoint", parent)
        self._breakpoint, self._names = breakpoint, names | {"phase": EVERY_PHASE}
        self.kind, self.at = self._kind_field(), self._at_field()
        self.condition = self.line(
            "breakpoint_condition", "&Condition", "Stop only where this expression is true, that is, not 0", ""
        )
        self.hits = self.line(
            "breakpoint_hits",
            "&Hits",
            "5: from the fifth time on. =5: the fifth time only. %5: every fifth time. Empty: always",
            "5, =5 or %5",
        )
        self.log = self.line(
            "breakpoint_log",
            "&Log",
            "Do not stop, but write this into the console, with the values of what stands in { }",
            "message, such as loss {loss}",
        )
        self.enabled = QCheckBox("O&n")
        self.enabled.setObjectName("breakpoint_enabled")
        self.enabled.setToolTip("A breakpoint that is off keeps what it is, and does not stop")
        self.fields.addRow("", self.enabled)
        self._fill()

    def accept(self) -> None:
        """Give the breakpoint, if it is one."""
        try:
            hits = hit_count(self.hits.text())
        except ValueError as error:
            self.say(str(error), self.hits)
            return
        kind, at, condition = self.kind.currentData(), self.at.currentText().strip(), self.condition.text().strip()
        if kind == "when" and not condition:
            self.say("There is no condition. Type one, such as loss > 2 and step > 100.", self.condition)
        elif kind == "phase" and at not in EVERY_PHASE:
            self.say(f"There is no phase of this name. Choose one of {', '.join(EVERY_PHASE)}.", self.at)
        elif kind != "when" and not at:
            self.say(f"Type the name of {KINDS[kind]}, such as {_EXAMPLES[kind]}.", self.at)
        else:
            wanted = replace(
                self._breakpoint,
                kind=kind,
                at="" if kind == "when" else at,
                condition=condition,
                hits=hits,
                log=self.log.text().strip(),
                enabled=self.enabled.isChecked(),
            )
            self.given.emit(wanted)
            super().accept()

    def _fill(self) -> None:
        given = self._breakpoint
        self.kind.show_value(given.kind)
        self._show_kind()
        if given.at:
            self.at.setEditText(given.at)
        for field, text in ((self.condition, given.condition), (self.hits, given.hits), (self.log, given.log)):
            field.setText(text)
        self.enabled.setChecked(given.enabled)
        first = self.condition if given.kind == "when" else self.at
        first.setFocus()

    def _show_kind(self) -> None:
        """The names that fit the kind."""
        kind = self.kind.currentData()
        self.words.clear()
        self.at.clear()
        self.at.addItems(list(self._names.get(kind, ())))
        self.at.setCurrentIndex(0 if kind == "phase" else -1)
        self.at.setEnabled(kind != "when")
        field = self.at.lineEdit()
        if field is not None:
            field.setPlaceholderText(_EXAMPLES[kind])
        self.condition.setPlaceholderText("loss > 2 and step > 100" if kind == "when" else "always")

    def _kind_field(self) -> ListField:
        field = ListField(16)
        field.setObjectName("breakpoint_kind")
        field.setAccessibleName("Stop at")
        field.setToolTip("Where a run stops: before the phase, the operation, … begins, or when a condition holds")
        field.fill([(words, kind, "") for kind, words in KINDS.items()])
        field.picked.connect(lambda _: self._show_kind())
        self.fields.addRow("&Stop at", field)
        return field

    def _at_field(self) -> QComboBox:
        field = QComboBox()
        field.setObjectName("breakpoint_at")
        field.setAccessibleName("Name")
        field.setToolTip("Its name, as the cards, the graph and the model inspector have it")
        field.setEditable(True)
        field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        field.setMinimumContentsLength(16)
        field.setFont(theme.mono())
        field.editTextChanged.connect(lambda _: self.words.clear())
        self.fields.addRow("Na&me", field)
        return field


class ThresholdForm(_Form):
    """The one number of a common breakpoint: `condition` makes the condition of how it is written."""

    def __init__(
        self, label: str, example: str, condition: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        super().__init__("threshold_form", "Add a breakpoint", parent)
        self._condition = condition
        self.number = self.line("breakpoint_threshold", label, "A finite number. Enter sets the breakpoint", example)

    def accept(self) -> None:
        try:
            number = finite(self.number.text())
        except ValueError as error:
            self.say(str(error), self.number)
            return
        self.given.emit(Breakpoint(0, "when", condition=self._condition(number)))
        super().accept()


def hit_count(text: str) -> str:
    """`5`, `=5`, `%5` or nothing, without spaces. Raises ValueError with a sentence that says what to type."""
    written = "".join(text.split())
    if written and not _HITS.fullmatch(written):
        raise ValueError(
            f"“{text.strip()[:24]}” is no count of hits. "
            "Type 5 (from the fifth on), =5 (only the fifth) or %5 (every fifth)."
        )
    return written


def finite(text: str) -> str:
    """A finite number as an expression has it. Raises ValueError with a sentence that says what to type."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        given = f"“{text.strip()[:24]}” is not a finite number" if text.strip() else "There is no number"
        raise ValueError(f"{given}. Type one such as 2.5 or 1e-3.")
    return repr(number).removesuffix(".0")
