"""Any tensor, looked at: which one, in which view, and beside which other one. How one is seen is `tensor_pane`'s."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSplitter, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.asking import next_id
from lenet_gui.gui.numbers.indexing import Index
from lenet_gui.gui.numbers.pane_menu import menu_of
from lenet_gui.gui.numbers.pane_words import whole_name
from lenet_gui.gui.numbers.pinned import PinnedPane
from lenet_gui.gui.numbers.tensor_choice import TensorChoice
from lenet_gui.gui.numbers.tensor_pane import TensorPane
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.switch import Switch
from lenet_gui.protocol import Command, Frame, Reply
from lenet_gui.protocol.tensors import LookAnswer, NamesReply, NamesRequest, PinReply, PinRequest, Which
from lenet_gui.protocol.why import SourceCells

_PARTS = {
    "value": ("Value", "The tensor's numbers"),
    "grad": ("Gradient", "tensor.grad: None, or what the backward passes since zero_grad added up"),
    "update": ("Update", "weight = weight - learning_rate * gradient: what the last step did, in numbers"),
}
_VIEWS = {
    "picture": ("Picture", "Filters side by side, a matrix as a heat map; zero is the colour of the ground"),
    "table": (
        "Table",
        "Each number in a cell; Ctrl+C copies the selected ones, and at a pause a double-click edits one",
    ),
    "histogram": ("Bars", "A histogram: how the numbers are spread, with their quantiles"),
    "time": ("Time", "Histograms over the steps, a step a column"),
    "printed": ("Text", "As PyTorch prints it"),
}
NOTHING_CHOSEN = "Choose a parameter in the model, or an operation in the network, to see its numbers."


class TensorPanel(Panel):
    """Shows the tensor named by `show_tensor`, at the place of each frame, and one more where that is pinned."""

    title = "Tensor"
    cell_asked = Signal(str, str, object)
    """Why is this number? The tensor's name, its part (`value`, `grad` or `update`) and the index, a tuple."""
    failed = Signal(str)
    """A picture that could not be written: what happened and what to do."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tensor")
        self.setAccessibleName("Tensor")
        self._name = ""
        self._frame: Frame | None = None
        self._parameters = frozenset[str]()
        self._of_step = False  # whether it is something that this step computes, which no step moves
        self._names_id = self._pin_id = 0
        self.now = TensorPane()
        self.pinned: PinnedPane | None = None
        self.choice = TensorChoice()
        self.pin = tool_button("tensor_pin", "Pin", "Keep this tensor in view as it is here, beside what comes")
        self.why = tool_button("tensor_why", "Why?", "Why is the number under the cursor what it is? (Ctrl+Y)")
        self.more = tool_button("tensor_more", "⋯", "Copy, save as a picture, export as CSV or .npy")
        self.more.setAccessibleName("Copy and export")
        self.parts = Switch("tensor_part", _PARTS, self)
        self.views = Switch("tensor_view", _VIEWS, self)
        for button in self.views.buttons():
            button.setStyleSheet("padding: 3px")  # five beside each other, in a narrow dock
        self.panes = QSplitter(Qt.Orientation.Horizontal)
        self.panes.addWidget(self.now)
        self.panes.setChildrenCollapsible(False)
        self._lay_out()
        self._join(self.now)
        self.parts.buttonClicked.connect(lambda: self._choose())
        self.views.buttonClicked.connect(lambda: self._show_as())
        self.choice.chosen.connect(self.show_tensor)
        self.choice.cell.connect(self.now.go_to)
        self.choice.wanted.connect(self._ask_names)
        self.pin.clicked.connect(self._pin)
        self.why.clicked.connect(self._ask_why)
        self.more.clicked.connect(
            lambda: self._open_menu(self.now, self.more.mapToGlobal(self.more.rect().bottomLeft()))
        )
        self.now.edited.connect(self._edit)
        self.now.looked.connect(lambda _: self._show_choice())
        keys = QShortcut(QKeySequence("Ctrl+Y"), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self._ask_why)
        self._choose()

    @property
    def part(self) -> str:
        """`"value"`, `"grad"` or `"update"`."""
        return self.parts.choice

    @property
    def view(self) -> str:
        """`"picture"`, `"table"`, `"histogram"`, `"time"` or `"printed"`."""
        return self.views.choice

    @property
    def which(self) -> Which | None:
        return Which(self._name, self.part) if self._name else None

    def show_tensor(self, name: str, part: str = "") -> None:
        """Show the parameter, operation or other tensor `name` from now on, and this part of it where that is said."""
        if (name, part or self.part) == (self._name, self.part):
            return
        self._name = name
        self._of_step = bool(self._parameters) and name not in self._parameters
        if self._of_step and self.part == "update":
            part = part or "value"
        if part:
            self.parts.by_choice[part].setChecked(True)
        self._choose()

    def show_frame(self, frame: Frame) -> None:
        if self._frame is not None and frame.run != self._frame.run:
            self._of_step = False
            self._let_go()
        self._frame, self.choice.stale = frame, True
        self._parameters = frozenset(row.name for row in frame.parameters)
        self._of_step = self._of_step and self._name not in self._parameters
        if self._name and not self._of_step and self._name not in self._parameters:
            self._name = ""
            self._choose()
        self.now.table.allow_edits("edit" in frame.allowed and not self._of_step)
        for pane in self._all():
            pane.show_frame(frame)

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, NamesReply) and reply.id == self._names_id:
            self.choice.show_names(reply.names)
        elif isinstance(reply, PinReply) and reply.id == self._pin_id and reply.tensor is not None:
            self._show_pinned(reply.tensor)
        elif isinstance(reply, LookAnswer):
            for pane in self._all():
                pane.asking.answer(reply)

    def light(self, cells: tuple[SourceCells, ...]) -> None:
        """Frame these cells in the picture, if they are of the tensor that it shows."""
        name = whole_name(self.which) if self.which is not None else ""
        ranges = [one.ranges for one in cells if one.name == name]
        picture = self.now.heatmap
        picture.mosaic.light([region for one in ranges for region in picture.indexing.regions(one)])

    def _all(self) -> list[TensorPane]:
        return [self.now] if self.pinned is None else [self.now, self.pinned]

    def _choose(self) -> None:
        """What the buttons and the name say."""
        self.parts.by_choice["update"].setEnabled(not self._of_step)
        self.now.show_tensor(self.which, empty="" if self._name else NOTHING_CHOSEN)
        self._show_choice()
        for button in (self.pin, self.why, self.more):
            button.setEnabled(bool(self._name))
        if self.pinned is not None:
            self.pinned.show_other(self.which)

    def _show_as(self) -> None:
        for pane in self._all():
            pane.show_as(self.view)

    def _show_choice(self) -> None:
        self.choice.show_choice(self.which)

    # ------------------------------------------------------------------------------------------------- what is asked

    def _ask_names(self) -> None:
        self._names_id = next_id()
        self.asked.emit(NamesRequest(self._names_id, self._frame is None or not self._frame.running))

    def _edit(self, index: int, value: float) -> None:
        if self.which is not None:
            self.asked.emit(Command.of("edit", tensor=whole_name(self.which), index=index, value=value))

    def _ask_why(self) -> None:
        index = self.now.current()
        if index is not None:
            self._tell_why(index)

    def _tell_why(self, index: Index) -> None:
        self.cell_asked.emit(self._name, self.part, index)

    def _open_menu(self, pane: TensorPane, at: QPoint) -> None:
        menu = menu_of(pane, self._ask_why if pane is self.now else None, self.failed.emit)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    # --------------------------------------------------------------------------------------------------- the pinned

    def _pin(self) -> None:
        if self.which is not None:
            self._pin_id = next_id()
            self.asked.emit(PinRequest(self._pin_id, self.which))

    def _show_pinned(self, which: Which) -> None:
        if self.pinned is None:
            self.pinned = PinnedPane()
            self._join(self.pinned)
            self.pinned.let_go.connect(self._unpin)
            self.panes.addWidget(self.pinned)
            self.panes.setSizes([1, 1])
            self.pinned.show_as(self.view)
        self.pinned.show_other(self.which)
        if self._frame is not None:
            self.pinned.show_frame(self._frame)
        self.pinned.show_pinned(which)

    def _unpin(self) -> None:
        self._let_go()
        self.asked.emit(PinRequest(next_id(), None))

    def _let_go(self) -> None:
        if self.pinned is not None:
            self.pinned.hide()
            self.pinned.deleteLater()
            self.pinned = None

    # ------------------------------------------------------------------------------------------------------- layout

    def _join(self, pane: TensorPane) -> None:
        pane.asked.connect(self.asked)
        pane.menu_wanted.connect(lambda at: self._open_menu(pane, at))
        if pane is self.now:
            pane.cell_asked.connect(self._tell_why)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.UNIT)
        for widget in (self.choice, self.pin, self.why, self.more):
            top.addWidget(widget)
        # Beside each other where there is room, else one below the other.
        self._switches = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._switches.setSpacing(theme.UNIT)
        self._switches.addLayout(self.parts.row())
        self._switches.addLayout(self.views.row())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(top)
        layout.addLayout(self._switches)
        layout.addWidget(self.panes, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 520
        self._switches.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        beside = self.width() > self.height()
        self.panes.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
