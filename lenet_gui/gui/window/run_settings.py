"""The second bar: what the run is made with. A change is a `set` command, or else a wish for a new run."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolBar, QToolButton, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.fields import NumberField, Read, above_zero, whole
from lenet_gui.gui.widgets.list_field import ListField
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.training_options import TrainingOptions
from lenet_gui.protocol import Choice, Command, Frame, OptimizerChoice, Ready, TrainingChoices
from lenet_gui.settings import Settings, Value

_DIALOGS = {"own": "Own images…", "prepare": "Normalise, augment…"}


class SettingsBar(QToolBar):
    asked = Signal(object)
    """A `set` command for the worker."""
    new_run_wanted = Signal(object)
    """The `Settings` of a run that would have to start over."""
    model_picked = Signal(object)
    """A model by its name, or another entry of that list."""
    data_asked = Signal(str)
    """An entry of the list of data that opens a dialog: `own`, `prepare`, or data whose files are not here yet."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Settings of the run", parent)
        self.setObjectName("settings_bar")
        self._settings: Settings | None = None
        self._shown: tuple | None = None
        self._wanted: Settings | None = None
        self._choices: tuple[OptimizerChoice, ...] = ()
        self._presets: dict[str, dict[str, Value]] = {}
        self._rate: float | None = None
        self._epochs = True
        self._data: list[tuple[str, str, bool | None]] = []
        self._asking: dict[str, str] = {}
        self.device = self._list("device", "Device", 4, "Where the tensors are and PyTorch computes")
        self.data = self._list("data", "Data", 10, "What the network is trained on. Another needs a new run")
        self.model = self._list("model", "Model", 6, "The network. Another needs a new run")
        self.batch_size = self._number("batch_size", "Batch", whole(1, 2**31 - 1), 4, "Samples in a batch")
        self.loss = self._list("loss", "Loss", 12, "criterion: how far the output is from the target")
        self.optimizer = self._list("optimizer", "Optimizer", 9, "The rule by which step() moves the parameters")
        self.lr = self._number("lr", "Learning rate", above_zero, 8, "optimizer.param_groups[0]['lr']")
        self.options = TrainingOptions(self)
        self.options.changed.connect(self._option_changed)
        self.more = self._popover_button()
        self.mode = self._list("mode", "Mode", 4, "net.train() or net.eval(): dropout and batch norm differ")
        self.seed = self._number("seed", "Seed", whole(0, 2**63 - 1), 5, "torch.manual_seed. Another needs a new run")
        self.threads = self._list("threads", "Threads", 1, "torch.set_num_threads: more threads, other last bits")
        self._wire()
        self.addSeparator()
        for name in ("new_run", "evaluate"):
            self._action_button(actions, name)
        self.allow(())

    def show_ready(self, ready: Ready) -> None:
        """Fill the lists with what there is."""
        self.device.fill([(device.label, device.name, device.reason) for device in ready.devices])
        self.show_data(ready.data)
        self.mode.fill([("train", "train", ""), ("eval", "eval", "")])
        self.threads.fill([(str(count), count, "") for count in range(1, ready.cores + 1)])
        self._show_settings()

    def show_choices(self, choices: TrainingChoices) -> None:
        """Fill the lists with what this model can be trained with."""
        self._choices = choices.optimizers
        self._presets = {one.name: dict(one.preset) for one in choices.losses}
        self.loss.fill([(one.name, one.name, one.reason) for one in choices.losses])
        for row, one in enumerate(choices.losses):
            self.loss.setItemData(row, one.reason or one.note, Qt.ItemDataRole.ToolTipRole)
        self.optimizer.fill([(one.label, row, one.reason) for row, one in enumerate(choices.optimizers)])
        self.options.show_choices(choices)
        self._show_settings()

    def show_data(self, choices: tuple[Choice, ...]) -> None:
        """Fill the list of data; what takes a dialog first ends with an ellipsis."""
        self._asking = {choice.value: choice.label for choice in choices if choice.missing} | _DIALOGS
        self._data = [entry for choice in choices for entry in _data_entries(choice)]
        self._data += [(words, name, None) for name, words in _DIALOGS.items()]
        self.data.fill([(words, row, "") for row, (words, _, _) in enumerate(self._data)])
        self._show_settings()

    def show_models(self, entries: list[tuple[str, Value, str]]) -> None:
        """Fill the list of models: words, value, why it cannot be chosen."""
        self.model.fill(entries)
        self._show_settings()

    def data_label(self, name: str) -> str:
        """What people call data whose files are not here yet."""
        return self._asking.get(name, name)

    def show_frame(self, frame: Frame) -> None:
        now = frame.allowed, frame.settings, frame.lr
        if now != self._shown:
            self._shown = now
            self._rate, self._epochs = frame.lr, frame.batches is not None
            self.allow(frame.allowed)
            self._explain(dict(frame.barred))
            self._settings = frame.settings
            self._show_settings()

    def wanted(self) -> Settings | None:
        """What a new run would start from: the settings in force, with the choices that wait for it."""
        return self._wanted or self._settings

    def forget_wanted(self) -> None:
        """The new run was not wanted, or it has begun: show what is in force."""
        self._wanted = None
        self._show_settings()

    def allow(self, allowed: tuple[str, ...]) -> None:
        for widget in (self.device, self.batch_size, self.loss, self.optimizer, self.mode, self.threads):
            widget.setEnabled("set" in allowed)
        self.lr.setEnabled("set" in allowed or "lr" in allowed)
        self.more.setEnabled("set" in allowed)
        self.options.setEnabled("set" in allowed)
        for widget in (self.data, self.model, self.seed):
            widget.setEnabled("new" in allowed)

    def _explain(self, why: dict[str, str]) -> None:
        """What can never be chosen with this run says so."""
        changed = (self.device, self.batch_size, self.loss, self.optimizer, self.more, self.mode, self.threads)
        for word, widgets in (("set", changed), ("new", (self.data, self.model, self.seed))):
            for widget in widgets if word in why else ():
                widget.setToolTip(why[word])

    def _show_settings(self) -> None:
        settings = self._settings
        if settings is None:
            return
        for widget, value in (
            (self.device, settings.device),
            (self.loss, settings.loss),
            (self.mode, settings.mode),
            (self.threads, settings.threads),
        ):
            widget.show_value(value)
        self.batch_size.set_value(settings.batch_size)
        self._show_rate(settings)
        row = _row_of(self._choices, settings)
        if row is not None:
            self.optimizer.show_value(row)
            self.options.show_settings(settings, self._epochs)
        start = self._wanted or settings
        for row, (_, name, redraw) in enumerate(self._data):
            if name == start.data and redraw in (None, start.redraw):
                self.data.show_value(row)
        self.model.show_value(start.model)
        self.seed.set_value(start.seed)

    def _show_rate(self, settings: Settings) -> None:
        self.lr.set_value(settings.lr if self._rate is None else self._rate)
        if not self.lr.hasFocus():
            self.lr.setCursorPosition(0)  # of many digits the first ones count
        if settings.scheduler:
            self.lr.setToolTip(
                f"optimizer.param_groups[0]['lr'], as {settings.scheduler} has left it ({settings.lr:g} was set).\n"
                "What is set here holds for the next step; the scheduler goes on from it, or puts its own in its place."
            )
        else:
            self.lr.setToolTip("optimizer.param_groups[0]['lr']")

    def _wire(self) -> None:
        for widget, key in (
            (self.device, "device"),
            (self.mode, "mode"),
            (self.threads, "threads"),
        ):
            widget.picked.connect(lambda value, key=key: self._set(key, value))
        self.batch_size.committed.connect(lambda value: self._set("batch_size", value))
        # Also what was set before, which a scheduler may have moved.
        self.lr.committed.connect(lambda value: self.asked.emit(Command.of("set", lr=value)))
        self.loss.picked.connect(self._loss_picked)
        self.optimizer.picked.connect(self._optimizer_picked)
        self.data.picked.connect(self._data_picked)
        self.model.picked.connect(self._model_picked)
        self.seed.committed.connect(lambda value: self.want(seed=value))
        self.asked.connect(self._expect_answer)

    def _expect_answer(self) -> None:
        # What was asked for may be refused: then the same settings have to be shown again.
        self._shown = None

    def _set(self, key: str, value: Value) -> None:
        if self._settings is not None and getattr(self._settings, key) != value:
            self.asked.emit(Command.of("set", **{key: value}))

    def _option_changed(self, changes: dict[str, Value]) -> None:
        self.asked.emit(Command.of("set", **changes))

    def _loss_picked(self, name: str) -> None:
        if self._settings is not None and self._settings.loss != name:
            preset = {f"loss_{option}": value for option, value in self._presets.get(name, {}).items()}
            self.asked.emit(Command.of("set", loss=name, **preset))

    def _optimizer_picked(self, row: int) -> None:
        # Chosen again it is a new optimizer too: its state is forgotten, as in PyTorch.
        choice = self._choices[row]
        self.asked.emit(Command.of("set", optimizer=choice.name, lr=choice.lr, **dict(choice.preset)))

    def _model_picked(self, name: str) -> None:
        # What opens a dialog first leaves the model shown that is in force.
        self._show_settings()
        self.model_picked.emit(name)

    def _data_picked(self, row: int) -> None:
        _, name, redraw = self._data[row]
        start = self.wanted()
        if name in self._asking:
            self._show_settings()
            self.data_asked.emit(name)
            return
        if start is not None and (start.data, start.redraw) == (name, start.redraw if redraw is None else redraw):
            return  # chosen again it keeps its options
        self.want(data=name) if redraw is None else self.want(data=name, redraw=redraw)

    def want(self, **changes: Value) -> None:
        """These settings with some replaced are wanted, which takes a new run."""
        start = self.wanted()
        if start is None:
            return
        self._wanted = start.change(**changes)
        if self._wanted == self._settings:
            self.forget_wanted()
        else:
            self.new_run_wanted.emit(self._wanted)

    def _list(self, name: str, caption: str, characters: int, tip: str) -> ListField:
        field = ListField(characters)
        self._place(field, f"{name}_list", caption, tip)
        return field

    def _number(self, name: str, caption: str, read: Read, characters: int, tip: str) -> NumberField:
        field = NumberField(read, characters)
        self._place(field, f"{name}_field", caption, tip)
        return field

    def _popover_button(self) -> QToolButton:
        button = QToolButton()
        button.setText("Parameters…")
        button.clicked.connect(lambda: self.options.popup(button.mapToGlobal(QPoint(0, button.height() + 2))))
        self._place(button, "options_button", "", "Of the optimizer and the loss; clipping; a learning-rate scheduler")
        return button

    def _action_button(self, actions: Actions, name: str) -> None:
        button = QToolButton()
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setDefaultAction(actions[name])
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._place(button, f"{name}_button", "", "")
        button.setAccessibleName(actions.entries[name].text)

    def _place(self, field: QWidget, name: str, caption: str, tip: str) -> None:
        """Put a control into the bar with its caption above it, so that twelve of them fit beside each other."""
        field.setObjectName(name)
        field.setAccessibleName(caption or tip)
        if tip:
            field.setToolTip(tip)
        cell = QWidget(self)
        cell.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(cell)
        column.setContentsMargins(theme.UNIT // 2, 0, theme.UNIT // 2, theme.UNIT // 2)
        column.setSpacing(1)
        label = QLabel(caption, cell)
        label.setObjectName("caption")
        label.setBuddy(field)
        small = label.font()
        small.setPointSizeF(small.pointSizeF() * 0.85)
        label.setFont(small)
        column.addWidget(label)
        column.addWidget(field)
        self.addWidget(cell)


def _row_of(choices: tuple[OptimizerChoice, ...], settings: Settings) -> int | None:
    """The entry that describes these settings best: of one class, the one most of whose preset is switched on."""
    options = settings.of("optimizer")
    rows = [
        (len(choice.preset), row)
        for row, choice in enumerate(choices)
        if choice.name == settings.optimizer and all(options.get(name) for name, _ in choice.preset)
    ]
    # The first entry of the class where none fits, for instance RMSprop with its preset's alpha set to 0.
    fallback = [(0, row) for row, choice in enumerate(choices) if choice.name == settings.optimizer]
    found = rows or fallback[:1]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _data_entries(choice: Choice) -> list[tuple[str, str, bool | None]]:
    """(words, data, redraw) of each entry. Random data comes in two kinds, the other kinds do not care (`None`)."""
    if choice.value != "random":
        return [(f"{choice.label} ({choice.missing})…" if choice.missing else choice.label, choice.value, None)]
    return [(f"{choice.label}, new each batch", "random", True), (f"{choice.label}, the same kept", "random", False)]
