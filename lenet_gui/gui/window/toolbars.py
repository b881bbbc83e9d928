"""The first bar: going back, the phases of the cycle, how fast to go. Settings are in `run_settings`."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QMenu, QSlider, QToolBar, QToolButton, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.fields import NumberField, whole
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import EVERY_PHASE, PHASES, Frame, Run, SetRate

FASTEST = 1000.0
"""Phases a second at the last place of the slider before unlimited."""
_PLACES = 60
MAX_STEPS = 10**12


class PhaseBar(QToolBar):
    asked = Signal(object)
    """A `Run` or a `SetRate` for the worker."""
    begun = Signal(int)
    """A Run N of that many steps begins."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Phases and run", parent)
        self.setObjectName("phase_bar")
        self.setIconSize(QSize(16, 16))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._actions = actions
        self._running = False
        self._cycle: tuple[str, ...] = ()
        for name in ("back_step", "back_phase"):
            # In words too the bar would not fit a small window.
            self._button(name).setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.addSeparator()
        self.phases = {phase: self._button(phase) for phase in EVERY_PHASE}
        self._menu("zero_grad", ["grad_none", "grad_zeros"])
        self._menu("forward", ["forward_sample", "forward_unsqueeze", "next_batch"])
        self._menu("backward", ["backward_retain", "backward_output"])
        self.addSeparator()
        for name in ("into", "advance_phase", "out", "advance_step"):
            self._button(name).setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._runs = [self._button(name) for name in ("run", "pause", "run_n")]
        self.pause = self._runs[1]
        self.steps = self._steps_field()
        self.addWidget(self.steps)
        self.addSeparator()
        self.slider, self.words = self._speed_slider(), self._speed_words()
        self.addWidget(self.slider)
        self._words_action = self.addWidget(self.words)
        self._show_cycle(PHASES)
        self._say_rate()
        self.highlight("")

    def rate(self) -> float | None:
        """Phases a second, or `None` for unlimited: each place of the slider is the same factor faster."""
        place = self.slider.value()
        return None if place >= _PLACES else round(FASTEST ** (place / (_PLACES - 1)), 2)

    def run(self) -> None:
        self.asked.emit(Run(rate=self.rate()))

    def run_n(self) -> None:
        """Run as many steps as the field says; with a bad number in it nothing runs, and the field says why."""
        self.steps.commit()
        if self.steps.refused():
            self.steps.setFocus()
            return
        steps = int(self.steps.value() or 1)
        self.begun.emit(steps)
        self.asked.emit(Run(steps=steps, rate=self.rate()))

    def show_frame(self, frame: Frame) -> None:
        self._running = frame.running
        self._show_cycle(tuple(command.name for command in frame.cycle))
        # While running, the phases pass too fast to follow: only a slow run shows where it is.
        self.highlight(frame.next if not frame.running or self.rate() is not None else "")

    def _show_cycle(self, phases: tuple[str, ...]) -> None:
        """A run has a button for each of its phases; clipping and a scheduler come and go."""
        if phases == self._cycle:
            return
        self._cycle = phases
        for phase in self.phases:
            self._actions[phase].setVisible(phase in phases)
        # With more of them than five the others make room, so that the bar still fits a small window.
        style = (
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon if phases == PHASES else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        for button in self._runs:
            button.setToolButtonStyle(style)
        self._words_action.setVisible(phases == PHASES)

    def recall(self, preferences: Preferences) -> None:
        """The speed, the steps of Run N and the kind of zero_grad that were chosen."""
        self.slider.setValue(int(preferences.number("speed", _PLACES, 0, _PLACES)))
        self.steps.set_value(int(preferences.number("steps", 100, 1, MAX_STEPS)))
        self._actions.to_zeros.setChecked(preferences.flag("grad_zeros", False))

    def remember(self, preferences: Preferences) -> None:
        preferences.set("speed", self.slider.value())
        preferences.set("steps", self.steps.value() or 100)
        preferences.set("grad_zeros", self._actions.to_zeros.isChecked())

    def keep_focus(self, before: QWidget | None, frame: Frame) -> None:
        """Where the button that had the focus was greyed: pause is next to be pressed, or the next phase.

        Left to Qt the focus would go on to some field.
        """
        if before is not None and before.parent() is self and not before.isEnabled():
            (self.pause if frame.running else self.phases[frame.next]).setFocus()

    def highlight(self, phase: str) -> None:
        """Show which phase is next, in blue on the way forward and in orange on the way back."""
        for name, button in self.phases.items():
            if bool(button.property("next")) != (name == phase):
                button.setProperty("next", name == phase)
                button.style().polish(button)

    def dress(self) -> None:
        """The colours of now for the highlighted phase."""
        ink = theme.colour("on_accent").name()
        for name, button in self.phases.items():
            ground = theme.colour("backward" if name in ("backward", "clip", "step", "schedule") else "forward").name()
            button.setStyleSheet(
                f'QToolButton[next="true"]:enabled {{ background: {ground}; color: {ink}; border-color: {ground}; }}'
                f'QToolButton[next="true"]:enabled:focus {{ border-color: {theme.colour("text").name()}; }}'
            )

    def _button(self, name: str) -> QToolButton:
        action = self._actions[name]
        self.addAction(action)
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        button.setObjectName(f"{name}_button")
        button.setAccessibleName(self._actions.entries[name].text)
        # A press takes the focus, so that a number still being typed in a field is put in force before it.
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _menu(self, phase: str, names: list[str]) -> None:
        choices = {"grad_none": self._actions.to_none, "grad_zeros": self._actions.to_zeros}
        menu = QMenu(f"Other ways of {phase}", self)
        menu.setObjectName(f"{phase}_menu")
        menu.setToolTipsVisible(True)
        for name in names:
            menu.addAction(choices[name] if name in choices else self._actions[name])
        self.phases[phase].setMenu(menu)
        self.phases[phase].setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def _steps_field(self) -> NumberField:
        field = NumberField(whole(1, MAX_STEPS), 6, self)
        field.setObjectName("steps_field")
        field.setAccessibleName("Steps of Run N")
        field.setToolTip("How many whole steps Run N takes")
        field.set_value(100)
        return field

    def _speed_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setObjectName("speed_slider")
        slider.setAccessibleName("Speed of a run")
        slider.setToolTip("How fast Run goes: from one phase a second, to be watched, to as fast as PyTorch can")
        slider.setRange(0, _PLACES)
        slider.setPageStep(10)
        slider.setValue(_PLACES)
        slider.setFixedWidth(80)
        slider.valueChanged.connect(self._slid)
        return slider

    def _speed_words(self) -> QLabel:
        label = QLabel(self)
        label.setObjectName("speed_words")
        label.setAccessibleName("Speed of a run, in words")
        label.setFixedWidth(label.fontMetrics().horizontalAdvance("1,000 phases/s") + theme.UNIT)
        label.setContentsMargins(theme.UNIT, 0, 0, 0)
        return label

    def _slid(self) -> None:
        self._say_rate()
        if self._running:
            self.asked.emit(SetRate(self.rate()))

    def _say_rate(self) -> None:
        rate = self.rate()
        words = "unlimited" if rate is None else "1 phase/s" if rate == 1 else f"{_short(rate)} phases/s"
        self.words.setText(words)
        self.slider.setAccessibleDescription(words)


def _short(rate: float) -> str:
    return f"{rate:.1f}" if rate < 10 and not math.isclose(rate, round(rate)) else f"{rate:,.0f}"
