"""Number fields that take any text and say what is wrong with it. Which setting they belong to is not known here."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QHideEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from lenet_gui.gui import theme

Read = Callable[[str], int | float]


def whole(low: int, high: int) -> Read:
    """Reads a whole number within the range. It raises ValueError with a sentence that says what to type."""

    def read(text: str) -> int:
        number = _number(text)
        if isinstance(number, float) and not number.is_integer():
            raise ValueError(f"{text} is not a whole number. Type one such as {max(low, 16)}.")
        if number < low:
            raise ValueError(f"{text} is too small. Type {low:,} or more.")
        if number > high:
            raise ValueError(f"{text} is too large. Type {high:,} or less.")
        return int(number)

    return read


def above_zero(text: str) -> float:
    """Reads a finite number greater than 0. It raises ValueError with a sentence that says what to type."""
    number = float(_number(text))
    if number < 0:
        raise ValueError(f"{text} is negative. Type a number greater than 0, such as 0.05.")
    if number == 0:
        # 1e-400 is 0 once it is a float, and would look like a mistake of ours were it called 0.
        raise ValueError(f"{text} is 0 as a float and would never move a weight. Type a number greater than 0.")
    return number


def finite(text: str) -> float:
    """Reads a finite number; what it may be is for PyTorch to say. It raises ValueError as the others do."""
    return float(_number(text))


def _number(text: str) -> int | float:
    if not text:
        raise ValueError("Nothing is typed here. Type a number, or press Esc for the one in force.")
    if "," in text and "." not in text:
        raise ValueError(f"{text} has a comma. Write the decimals after a point: {text.replace(',', '.', 1)}.")
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"“{text[:24]}” is not a number. Type digits, such as 0.05 or 5e-2.") from None
    if math.isnan(number):
        raise ValueError("NaN would make every weight NaN. Type a number.")
    if math.isinf(number):
        raise ValueError(f"{text[:24]} is larger than any float. Type a finite number.")
    # Whole numbers are kept exact: a seed may have more digits than a float.
    return int(text) if text.lstrip("+-").isdecimal() else number


class NumberField(QLineEdit):
    """One number. Enter (or leaving the field) puts it in force, Esc brings back the one that is.

    A text that is no such number stays as it was typed, with a message below the field, and changes nothing.
    """

    committed = Signal(object)
    """The new number, an int or a float."""

    def __init__(self, read: Read, characters: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._value: int | float | None = None
        self._message = FieldMessage(self)
        self.setFont(theme.mono())
        self.setFixedWidth(QFontMetrics(self.font()).horizontalAdvance("0" * characters) + 16)
        self.textEdited.connect(self._edited)
        self.returnPressed.connect(self.commit)

    def value(self) -> int | float | None:
        """The number in force, whatever is typed."""
        return self._value

    def set_value(self, value: int | float) -> None:
        """Show the number in force. What somebody is typing is left alone."""
        typing = self.pending()
        self._value = value
        if not typing and self.text() != written(value):
            self.setText(written(value))

    def pending(self) -> bool:
        return self._value is not None and self.text().strip() != written(self._value)

    def commit(self) -> None:
        if not self.pending():
            self._message.hide()
            return
        try:
            number = self._read(self.text().strip())
        except (ValueError, OverflowError) as error:
            in_force = "" if self._value is None else f"\n{written(self._value)} stays in force; Esc brings it back."
            self._message.say(f"{error}{in_force}", error=True)
            return
        changed = number != self._value
        self._value = number
        self.setText(written(number))
        self._message.hide()
        if changed:
            self.committed.emit(number)

    def revert(self) -> None:
        if self._value is not None:
            self.setText(written(self._value))
        self._message.hide()
        self.selectAll()

    def refused(self) -> str:
        """What is wrong with the text, or empty."""
        return self._message.text() if self._message.is_error else ""

    def _edited(self) -> None:
        if self.pending():
            self._message.say("Enter puts it in force, Esc brings back " + written(self._value or 0), error=False)
        else:
            self._message.hide()

    def _reverts(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_Escape and self.pending()

    def event(self, event: QEvent) -> bool:
        # Esc is a shortcut of the window too (it dismisses a notice): while something is typed it belongs to the field.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._reverts(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._reverts(event):
            self.revert()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        # Qt would choose a word, which in 0.05 is one side of the point.
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.commit()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._message.hide()
        super().hideEvent(event)


def written(value: int | float) -> str:
    """A number in the fewest digits that give it back, as Python and PyTorch print it."""
    return repr(value)


class FieldMessage(QLabel):
    """A line of words below a field. It floats over what lies there, so that nothing moves."""

    def __init__(self, field: QWidget) -> None:
        super().__init__(field)
        self._field = field
        self.is_error = False
        self.setObjectName("field_message")
        self.setMargin(theme.UNIT + 2)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def say(self, words: str, error: bool) -> None:
        self.is_error = error
        self.setText(words)
        self._field.setAccessibleDescription(words)
        ink, edge = ("error", "error") if error else ("muted", "grid")
        self.setStyleSheet(
            f"color: {theme.colour(ink).name()}; background: {theme.colour('base').name()};"
            f" border: 1px solid {theme.colour(edge).name()}; border-radius: 4px;"
        )
        window = self._field.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self.adjustSize()
        below = self._field.mapTo(window, QPoint(0, self._field.height() + 2))
        self.move(max(0, min(below.x(), window.width() - self.width() - theme.UNIT)), below.y())
        self.show()
        self.raise_()

    def hide(self) -> None:
        self.is_error = False
        self._field.setAccessibleDescription("")
        super().hide()
