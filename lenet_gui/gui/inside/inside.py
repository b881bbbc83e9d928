"""Moving inside a step, and what its panels tell each other: what is chosen, where to run to, where to stop.

How each panel draws the step is its own; what a move means is the worker's to know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from lenet_gui.gui.inside.trace_place import Step, operation_places
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Frame, Reply, RunTo

# What only a step's panels need is imported when one is there: the first paint must not wait for it.
if TYPE_CHECKING:
    from lenet_gui.protocol.trace import TraceReply
    from lenet_gui.protocol.why import SourceCells

Chosen = tuple[str, int]
"""`operation`, `node` or `batch`, and its index in the trace."""
PANELS = ("network", "autograd", "code")


class Inside(QObject):
    """Joins the panels of the step as they come, and does the actions that are about it."""

    asked = Signal(object)
    """A `Control` for the worker."""

    def __init__(self, panels: dict[str, Any], show: Callable[[str], None]) -> None:
        """`panels` fills as they are loaded; `show` brings a dock to the front."""
        super().__init__()
        self._panels = panels
        self._show = show
        self._trace: TraceReply | None = None
        self._frame: Frame | None = None
        self._chosen: Chosen | None = None

    def doings(self) -> dict[str, Callable[[], None]]:
        """What the window does itself, by the name of the action."""
        return {
            "run_to": self._run_to_chosen,
            "break_here": self._break_at_chosen,
            "watch_here": self._watch,
            "why_here": self._open_why,
        }

    def join(self, name: str, panel: Panel) -> None:
        """A panel has been loaded."""
        found: Any = panel
        if name in PANELS:
            found.chosen.connect(self._choose)
            found.run_to.connect(self._go)
        if name == "network":
            found.break_at.connect(self._break_at)
            found.asked_for.connect(self._show_tensor)
        elif name == "autograd":
            found.break_at.connect(lambda at: self._break_at(*at))
        elif name == "code":
            found.break_at.connect(lambda at: self._break_at(*at))
            found.drop_break.connect(self._drop_break)
            found.go_to.connect(self._go)
        elif name == "tensor":
            found.cell_asked.connect(self._ask_why)
        elif name == "why":
            found.pointed.connect(self._light)
            found.check_wanted.connect(self._check)
        elif name == "diagnoses":
            found.show_tensor.connect(self._show_wrong)

    def show_frame(self, frame: Frame) -> None:
        self._frame = frame
        self._count_problems()
        if frame.place.item:
            self._follow(frame)

    def show_reply(self, reply: Reply) -> None:
        from lenet_gui.protocol.trace import TraceReply

        if isinstance(reply, TraceReply):
            self._trace = reply
            self._count_problems()

    def _count_problems(self) -> None:
        """On the tab of what is wrong, where that is all that is seen of it."""
        if "diagnoses" in self._panels and self._frame is not None:
            self._panels["diagnoses"].show_behind(self._frame, self._current() is not None)

    def _follow(self, frame: Frame) -> None:
        """Inside of the update the parameter that moves next is the one to look at."""
        trace = self._current()
        part = next((one for one in trace.parts if one.commands == frame.place.commands), None) if trace else None
        if trace is not None and part is not None and part.name == "step" and frame.place.item < len(part.items):
            name = trace.updates[part.items[frame.place.item]].parameter
            if "inspector" in self._panels:
                self._panels["inspector"].choose(name)

    @Slot(object)
    def _choose(self, chosen: Chosen) -> None:
        self._chosen = chosen
        for name in PANELS:
            if name in self._panels and self._panels[name] is not self.sender():
                self._panels[name].choose(chosen)
        name = self._tensor_of(chosen)
        if name and "tensor" in self._panels:
            self._panels["tensor"].show_tensor(name)

    def _tensor_of(self, chosen: Chosen) -> str:
        """What the chosen one gives; a node of the autograd graph is no tensor."""
        trace, (kind, index) = self._current(), chosen
        if trace is not None and kind == "operation" and index < len(trace.operations):
            return trace.operations[index].name
        return "input" if kind == "batch" else ""

    @Slot(object)
    def _go(self, place: Step) -> None:
        self.asked.emit(RunTo(*place))

    def _show_tensor(self, name: str, part: str) -> None:
        self._show("tensor")
        self._panels["tensor"].show_tensor(name, part)

    @Slot(str, str)
    def _show_wrong(self, name: str, part: str) -> None:
        """Mark it wherever it is drawn, and open it."""
        trace = self._current()
        for index, operation in enumerate(trace.operations if trace is not None else ()):
            if operation.name == name:
                self._choose(("operation", index))
        if "inspector" in self._panels:
            self._panels["inspector"].choose(name)
        self._show_tensor(name, part)

    def _break_at(self, kind: str, at: str) -> None:
        from lenet_gui.gui.watches.breakpoints import toggled

        # Of the newest frame: a panel that cannot be seen has an older one.
        self.asked.emit(toggled(self._frame.breakpoints if self._frame is not None else (), kind, at))

    @Slot(int)
    def _drop_break(self, number: int) -> None:
        from lenet_gui.protocol.stops import DropBreakpoint

        self.asked.emit(DropBreakpoint(number))

    def _run_to_chosen(self) -> None:
        place = self._place_of_chosen()
        if place is not None:
            self._go(place)

    def _break_at_chosen(self) -> None:
        """At what is chosen; where nothing is, at what runs next, as a debugger's own line is."""
        trace, (kind, index) = self._current(), self._chosen or self._next()
        if trace is None:
            return
        if kind == "operation" and index < len(trace.operations):
            self._break_at(kind, trace.operations[index].name)
        elif kind == "node" and index < len(trace.nodes):
            # Many nodes are called AccumulateGrad; the parameter says which.
            self._break_at(kind, f"{trace.nodes[index].name} {trace.nodes[index].parameter}".strip())
        elif kind == "parameter":
            self._break_at(kind, trace.updates[index].parameter)
        elif kind == "phase":
            self._break_at(kind, trace.parts[index].name)

    def _watch(self) -> None:
        self._show("watches")
        self._panels["watches"].field.setFocus()

    def _open_why(self) -> None:
        self._show("why")
        panel = self._panels["why"]
        if not panel.field.text():
            panel.ask("loss", ())
        panel.field.setFocus()
        panel.field.selectAll()

    @Slot(str, str, object)
    def _ask_why(self, name: str, part: str, index: tuple[int, ...]) -> None:
        """What a weight's change is made of has a panel of its own."""
        panel = "why_moved" if part == "update" else "why"
        self._show(panel)
        if panel == "why":
            self._panels["why"].ask(f"{name}.grad" if part == "grad" else name, index)

    @Slot(str, int)
    def _check(self, name: str, index: int) -> None:
        self._show("why_moved")
        panel = self._panels["why_moved"]
        if self._frame is not None:
            panel.show_frame(self._frame)  # it has been hidden: it may have an older one
        panel.ask(name, index, "check")
        panel.check.click()

    @Slot(object)
    def _light(self, cells: tuple[SourceCells, ...]) -> None:
        """Mark the cells that a number comes from wherever they are drawn."""
        for name in ("batch", "tensor", "network"):
            if name in self._panels:
                self._panels[name].light(cells)

    def _current(self) -> TraceReply | None:
        """The trace of the step that the frame stands in, if it has come."""
        trace, frame = self._trace, self._frame
        return trace if trace is not None and frame is not None and trace.trace == frame.trace else None

    def _next(self) -> Chosen:
        """What runs next: an item within a command, the command itself before its first one."""
        trace, frame = self._current(), self._frame
        if trace is None or frame is None:
            return "", 0
        part = next((i for i, part in enumerate(trace.parts) if part.commands == frame.place.commands), None)
        if part is None:
            return "", 0
        name, items, item = trace.parts[part].name, trace.parts[part].items, frame.place.item
        if not 0 < item < len(items):
            return "phase", part
        return {"backward": "node", "step": "parameter"}.get(name, "operation"), items[item]

    def _place_of_chosen(self) -> Step | None:
        trace = self._current()
        if trace is None or self._chosen is None:
            return None
        kind, index = self._chosen
        if kind == "node":
            for part in trace.parts:
                if part.name == "backward" and index in part.items:
                    return part.commands, part.items.index(index)
        return operation_places(trace).get(index) if kind == "operation" else None
