"""The breakpoints half of the panel: the list, and how one is added. Where a run stops is the worker's."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.watches.breakpoint_form import BreakpointForm, Names, ThresholdForm
from lenet_gui.gui.watches.breakpoint_table import BreakpointTable
from lenet_gui.protocol import EVERY_PHASE, FindNotFinite, Frame
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow, DropBreakpoint, SetBreakpoint
from lenet_gui.protocol.trace import TraceReply

# The conditions with the reserved names that `Breakpoint` speaks of.
LOSS_NOT_FINITE = "not isfinite(loss)"
GRADIENT_NOT_FINITE = "not isfinite(gradient_max)"
DEAD_RELU = "dead_relu"


class Breakpoints(QWidget):
    """The list with what is pressed above it."""

    asked = Signal(object)
    """A `SetBreakpoint` or `FindNotFinite`."""
    dropped = Signal(object)
    """The `BreakpointRow`s that somebody removed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("breakpoints")
        self.names: Names = {}
        """The names that one may want to stop at, by kind."""
        self.table = BreakpointTable()
        self.table.dropped.connect(self.dropped)
        self.table.opened.connect(self.open_form)
        self.table.breakpoints.switched.connect(self._set)
        self.add_button = QPushButton("Add")
        self.add_button.setObjectName("breakpoint_add")
        self.add_button.setToolTip(
            "Add a breakpoint: stop a run at a phase, at an operation, or when a condition holds"
        )
        self.add_button.setAccessibleName("Add a breakpoint")
        self.add_button.setMenu(self._menu())
        self.find_button = QPushButton("Where did it go wrong?")
        self.find_button.setObjectName("find_not_finite")
        self.find_button.setToolTip(
            "Walk back to the first operation at which something was not finite, in whichever step that was"
        )
        self.find_button.setEnabled(False)
        self.find_button.clicked.connect(lambda: self.asked.emit(FindNotFinite()))
        bar = QHBoxLayout()
        bar.setSpacing(theme.UNIT)
        bar.addWidget(self.add_button)
        bar.addStretch(1)
        bar.addWidget(self.find_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)
        for button in (self.add_button, self.find_button):
            button.setAutoDefault(False)

    def show_frame(self, frame: Frame) -> None:
        self.find_button.setEnabled("find" in frame.allowed)
        self.table.breakpoints.show_rows(frame.breakpoints)
        modules = tuple(row.path for row in frame.modules if row.path)
        self.names |= {"module": modules, "parameter": tuple(row.name for row in frame.parameters)}

    def show_trace(self, trace: TraceReply) -> None:
        """Learn the names that a step's operations and nodes have."""
        self.names["operation"] = tuple(dict.fromkeys(row.name for row in trace.operations))
        self.names["node"] = tuple(dict.fromkeys(row.name for row in trace.nodes))

    @Slot(object)
    def open_form(self, breakpoint: Breakpoint) -> None:
        """Let somebody change a breakpoint, or one that is not set yet (`id` 0)."""
        self._open(BreakpointForm(breakpoint, self.names, self))

    def _open(self, form: BreakpointForm | ThresholdForm) -> None:
        form.given.connect(self._set)
        form.open()

    @Slot(object)
    def _set(self, breakpoint: Breakpoint) -> None:
        self.asked.emit(SetBreakpoint(breakpoint))

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("breakpoint_add_menu")
        for phase in EVERY_PHASE:
            menu.addAction(f"At {phase}", lambda phase=phase: self._set(Breakpoint(0, "phase", phase)))
        menu.addSeparator()
        for text, condition in (
            ("When the loss is not finite", LOSS_NOT_FINITE),
            ("When any gradient is not finite", GRADIENT_NOT_FINITE),
            ("When a ReLU is all dead", DEAD_RELU),
        ):
            menu.addAction(text, lambda c=condition: self._set(Breakpoint(0, "when", condition=c)))
        for text, label, example, name in (
            ("When the loss is above…", "Stop when the &loss is above", "2.5", "loss"),
            ("When the gradient norm is above…", "Stop when the gradient &norm is above", "10", "gradient_norm"),
        ):
            menu.addAction(
                text,
                lambda label=label, example=example, name=name: self._open(
                    ThresholdForm(label, example, lambda x: f"{name} > {x}", self)
                ),
            )
        menu.addSeparator()
        menu.addAction("Custom…", lambda: self.open_form(Breakpoint(0, "when")))
        return menu


def toggled(rows: tuple[BreakpointRow, ...], kind: str, at: str) -> SetBreakpoint | DropBreakpoint:
    """What a press beside a thing asks for: a breakpoint at it, or that the plain one there is goes."""
    for row in rows:
        if (row.breakpoint.kind, row.breakpoint.at, row.breakpoint.condition) == (kind, at, ""):
            return DropBreakpoint(row.breakpoint.id)
    return SetBreakpoint(Breakpoint(0, kind, at))
