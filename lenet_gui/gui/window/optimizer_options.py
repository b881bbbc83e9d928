"""The popover with the optimizer's own parameters. Which optimizers there are comes from the worker."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QFrame, QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.fields import NumberField, finite
from lenet_gui.protocol import Option
from lenet_gui.settings import Options, Value


class OptimizerOptions(QFrame):
    changed = Signal(str, object)
    """A parameter by PyTorch's name, and its new value."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("optimizer_options")
        self.setAccessibleName("The optimizer's own parameters")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._known: tuple[Option, ...] = ()
        self.fields: dict[str, NumberField | QCheckBox] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*[3 * theme.UNIT] * 4)
        self._form: QWidget | None = None

    def show_options(self, known: tuple[Option, ...], options: Options) -> None:
        """Show the parameters that an optimizer has, with the values in force (PyTorch's default where none is)."""
        if known != self._known:
            self._known = known
            self._rebuild()
        in_force = dict(options)
        for option in known:
            field, value = self.fields[option.name], in_force.get(option.name, option.default)
            if isinstance(field, QCheckBox):
                field.setChecked(bool(value))
            elif isinstance(value, int | float):
                field.set_value(float(value))

    def popup(self, place: QPoint) -> None:
        """Open below the button, with the focus in the first field."""
        self.adjustSize()
        self.move(place)
        self.show()
        for field in list(self.fields.values())[:1]:
            field.setFocus()

    def _rebuild(self) -> None:
        if self._form is not None:
            self._form.hide()
            self._form.deleteLater()
        self._form = QWidget(self)
        form = QFormLayout(self._form)
        # The messages of the fields float below them, inside this popover.
        form.setContentsMargins(0, 0, 60 * theme.UNIT, 14 * theme.UNIT)
        self.fields = {option.name: self._field(option) for option in self._known}
        for name, field in self.fields.items():
            label = QLabel(name, self._form)
            label.setFont(theme.mono())
            label.setBuddy(field)
            form.addRow(label, field)
        self._column.addWidget(self._form)

    def _field(self, option: Option) -> NumberField | QCheckBox:
        if option.kind == "bool":
            field = QCheckBox(self._form)
            field.clicked.connect(lambda value: self.changed.emit(option.name, value))
        else:
            field = NumberField(finite, 12, self._form)
            field.committed.connect(lambda value: self._committed(option.name, value))
        field.setObjectName(f"option_{option.name}")
        field.setAccessibleName(option.name)
        field.setToolTip(f"optimizer.param_groups[0]['{option.name}'], by default {option.default}")
        return field

    def _committed(self, name: str, value: Value) -> None:
        self.changed.emit(name, float(value) if isinstance(value, int) else value)
