"""The fields that say what is done to images: the share that is held out, normalisation, augmentation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.dialog import accept_or_cancel
from lenet_gui.gui.widgets.fields import NumberField, Read, finite, whole
from lenet_gui.settings import Settings, Value

TEST_SHARE, MOST_SHARE = 0.2, 0.9
MOST_SHIFT = 16
USUAL: dict[str, Value] = {"test_share": TEST_SHARE, "normalise": False, "shift": 0, "rotate": 0.0, "flip": False}
"""What the engine does where nothing is said."""


class PreparingFields(QWidget):
    """A form. `split` has a field for the held-out share too, for images without a test set of their own."""

    changed = Signal()

    def __init__(self, split: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.fields: dict[str, NumberField | QCheckBox] = {}
        if split:
            self._number("test_share", "Held out", between(0, MOST_SHARE), "the share of each class that is tested on",
                         "From 0 to 0.9; the same images whatever the seed")  # fmt: skip
        self._flag("normalise", "Normalise", "take the mean of the training pixels away, divide by their std",
                   "(pixels - mean) / std, for training and testing")  # fmt: skip
        self._number("shift", "Move by up to", whole(0, MOST_SHIFT), "pixels, each epoch another way",
                     "Each training image, up, down, left or right")  # fmt: skip
        self._number("rotate", "Turn by up to", between(0, 180), "degrees, each epoch another way",
                     "Each training image, both ways")  # fmt: skip
        self._flag("flip", "Mirror", "half of the training images, left to right", "Not for digits or letters: a 2 "
                   "is none from behind")  # fmt: skip

    def show_options(self, given: dict[str, Value]) -> None:
        """Options by their names without `data_`."""
        for name, field in self.fields.items():
            value = given.get(name, USUAL[name])
            if isinstance(field, QCheckBox):
                field.setChecked(bool(value))
            elif isinstance(value, int | float):
                field.set_value(value)

    def options(self) -> dict[str, Value]:
        """What differs from the usual, as settings have it: `data_shift` and so on."""
        return {f"data_{name}": value for name, value in self._values().items() if value != USUAL[name]}

    def refused(self) -> bool:
        """Whether a field holds something that is no such number. What is typed counts as put in force."""
        numbers = [field for field in self.fields.values() if isinstance(field, NumberField)]
        for field in numbers:
            field.commit()
        return any(field.refused() for field in numbers)

    def _values(self) -> dict[str, Value]:
        return {
            name: field.isChecked() if isinstance(field, QCheckBox) else field.value()
            for name, field in self.fields.items()
        }

    def _number(self, name: str, caption: str, read: Read, unit: str, tip: str) -> None:
        field = NumberField(read, 6)
        field.committed.connect(self.changed)
        self._place(name, field, caption, tip)
        words = QLabel(unit)
        row = QWidget()
        column = QFormLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.addRow(field, words)
        self.form.addRow(caption, row)

    def _flag(self, name: str, caption: str, words: str, tip: str) -> None:
        field = QCheckBox(words)
        field.toggled.connect(self.changed)
        self._place(name, field, caption, tip)
        self.form.addRow(caption, field)

    def _place(self, name: str, field: NumberField | QCheckBox, caption: str, tip: str) -> None:
        field.setObjectName(f"data_{name}")
        field.setAccessibleName(caption)
        field.setToolTip(tip)
        self.fields[name] = field


class PreparingDialog(QDialog):
    """The fields for the data of the run, which another choice starts anew."""

    def __init__(self, settings: Settings, split: bool, prepared: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("preparing_dialog")
        self.setWindowTitle("What is done to the images")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fields = PreparingFields(split, self)
        self.fields.show_options(settings.of("data"))
        drawn = settings.data == "random"
        self.fields.setDisabled(drawn)
        words = f"In this run: {prepared or 'nothing but their greys from 0 to 1'}."
        now = QLabel("Random tensors are trained on as they are drawn: choose other data." if drawn else words)
        now.setObjectName("preparing_now")
        now.setWordWrap(True)
        buttons, accept = accept_or_cancel(
            self, "preparing_accept", "Start a new run with this", "Another choice needs one"
        )
        accept.setDisabled(drawn)
        column = QVBoxLayout(self)
        column.setSpacing(3 * theme.UNIT)
        for widget in (now, self.fields, buttons):
            column.addWidget(widget)

    def accept(self) -> None:
        if not self.fields.refused():
            super().accept()


def between(low: float, high: float) -> Callable[[str], float]:
    """Reads a number within the range. It raises ValueError with a sentence that says what to type."""

    def read(text: str) -> float:
        number = finite(text)
        if not low <= number <= high:
            raise ValueError(f"{text} is too {'small' if number < low else 'large'}. Type {low:g} to {high:g}.")
        return number

    return read
