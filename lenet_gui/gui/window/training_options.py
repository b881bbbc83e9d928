"""The popover with the parameters of the optimizer and the loss, with clipping, and with the scheduler.

What there is comes from the worker, and so does what each of them takes.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.list_field import ListField
from lenet_gui.gui.window.option_fields import OptionField, option_field, show_value
from lenet_gui.protocol import Option, PartChoice, TrainingChoices
from lenet_gui.settings import Settings, Value

_TITLES = {"optimizer": "Optimizer", "clip": "Clip gradients", "loss": "Loss", "scheduler": "Scheduler"}
_COLUMNS = (("optimizer", "clip"), ("loss", "scheduler"))
_NONE = {"clip": "No clipping", "scheduler": "No scheduler"}
_TIPS = {
    "clip": "torch.nn.utils: between backward and step, what keeps the gradients from being too long",
    "scheduler": "torch.optim.lr_scheduler: what changes the learning rate on the way. Another parameter makes it anew",
}
_CODE = {
    "optimizer": "optimizer.param_groups[0][{!r}]",
    "loss": "criterion = nn.{}(…, {}=…)",
    "clip": "torch.nn.utils.{}(…, {}=…)",
    "scheduler": "torch.optim.lr_scheduler.{}(optimizer, …, {}=…)",
}
PER = Option("per", "choice", "epoch", ("epoch", "step"))


class TrainingOptions(QFrame):
    changed = Signal(object)
    """What is to be set, by the names of the settings."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("training_options")
        self.setAccessibleName("Parameters of the training")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._bar = parent
        self._choices: TrainingChoices | None = None
        self._known: tuple[object, ...] = ()
        self._epochs = True
        self.fields: dict[str, OptionField] = {}
        """By the name of the setting: `momentum`, `loss_label_smoothing`."""
        self.lists = {owner: self._list(owner) for owner in _NONE}
        self._titles = {owner: _heading(title) for owner, title in _TITLES.items()}
        self._forms: dict[str, QWidget] = {}
        self._slots = {owner: QVBoxLayout() for owner in _TITLES}
        self._lay_out()

    def show_choices(self, choices: TrainingChoices) -> None:
        self._choices, self._known = choices, ()
        for owner, parts in (("clip", choices.clips), ("scheduler", choices.schedulers)):
            self.lists[owner].fill([(one.name or _NONE[owner], one.name, one.reason) for one in parts])

    def show_settings(self, settings: Settings, epochs: bool) -> None:
        """Show what there is to choose with these settings, with the values in force. `epochs`: the data has some."""
        self._epochs = epochs
        known = {owner: self._options(owner, settings) for owner in _TITLES}
        names = tuple(getattr(settings, owner) for owner in _TITLES)
        if (names, tuple(known.values())) != self._known:
            self._known = names, tuple(known.values())
            self.fields = {}
            for owner, options in known.items():
                self._rebuild(owner, options, settings)
            if self.isVisible():
                self.adjustSize()
        for owner, field in self.lists.items():
            field.show_value(getattr(settings, owner))
        for owner, options in known.items():
            in_force = settings.of(owner)
            for option in options:
                show_value(self.fields[_setting(owner, option.name)], in_force.get(option.name, option.default))

    def popup(self, place: QPoint) -> None:
        """Open below the button, with the focus in the first field."""
        self.adjustSize()
        # Near the right edge of the screen it begins further left.
        room = self._bar.window().geometry().right() - self.width()
        self.move(max(0, min(place.x(), room)), place.y())
        self.show()
        for field in list(self.fields.values())[:1]:
            field.setFocus()

    def _options(self, owner: str, settings: Settings) -> tuple[Option, ...]:
        if self._choices is None:
            return ()
        name = getattr(settings, owner)
        parts = {
            "optimizer": self._choices.optimizers,
            "loss": self._choices.losses,
            "clip": self._choices.clips,
            "scheduler": self._choices.schedulers,
        }[owner]
        found = next((one.options for one in parts if one.name == name), ())
        return (PER, *found) if owner == "scheduler" and name else found

    def _rebuild(self, owner: str, options: tuple[Option, ...], settings: Settings) -> None:
        if (before := self._forms.pop(owner, None)) is not None:
            before.hide()
            before.deleteLater()
        self._titles[owner].setText(
            _TITLES[owner] if owner in _NONE else f"{_TITLES[owner]}: {getattr(settings, owner)}"
        )
        form = self._forms[owner] = QWidget(self)
        rows = QFormLayout(form)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(theme.UNIT)
        for option in options:
            setting = _setting(owner, option.name)
            field = option_field(option, form, lambda value, setting=setting: self.changed.emit({setting: value}))
            field.setObjectName(f"option_{setting}")
            field.setAccessibleName(option.name)
            field.setToolTip(_tip(owner, getattr(settings, owner), option))
            label = QLabel(option.name, form)
            label.setFont(theme.mono())
            label.setBuddy(field)
            rows.addRow(label, field)
            self.fields[setting] = field
        if not options and owner not in _NONE:
            rows.addRow(QLabel("It has none.", form))
        self._slots[owner].addWidget(form)

    def _picked(self, owner: str, name: str) -> None:
        assert self._choices is not None
        parts: tuple[PartChoice, ...] = self._choices.clips if owner == "clip" else self._choices.schedulers
        preset = next((one.preset for one in parts if one.name == name), ())
        changes: dict[str, Value] = {owner: name} | {_setting(owner, option): value for option, value in preset}
        if owner == "scheduler" and name and not self._epochs:
            changes["scheduler_per"] = "step"
        self.changed.emit(changes)

    def _list(self, owner: str) -> ListField:
        field = ListField(22)
        field.setObjectName(f"{owner}_list")
        field.setAccessibleName(_TITLES[owner])
        field.setToolTip(_TIPS[owner])
        field.picked.connect(lambda name: self._picked(owner, name))
        return field

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(*[3 * theme.UNIT] * 4)
        row.setSpacing(6 * theme.UNIT)
        for owners in _COLUMNS:
            column = QVBoxLayout()
            column.setSpacing(2 * theme.UNIT)
            for owner in owners:
                column.addWidget(self._titles[owner])
                if owner in self.lists:
                    column.addWidget(self.lists[owner])
                column.addLayout(self._slots[owner])
                column.addSpacing(2 * theme.UNIT)
            column.addStretch(1)
            # The messages of the fields float below them, inside this popover.
            column.addSpacing(10 * theme.UNIT)
            row.addLayout(column)


def _setting(owner: str, option: str) -> str:
    return option if owner == "optimizer" else f"{owner}_{option}"


def _tip(owner: str, name: str, option: Option) -> str:
    if option is PER:
        return "When the scheduler takes its step: at the end of each epoch, or behind each step of the optimizer"
    code = _CODE[owner].format(option.name) if owner == "optimizer" else _CODE[owner].format(name, option.name)
    return f"{code}, {'which has no default' if option.required else f'by default {option.default}'}"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    bold = label.font()
    bold.setBold(True)
    label.setFont(bold)
    return label
