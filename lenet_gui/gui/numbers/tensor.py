"""One tensor's numbers: as a picture, as a table, as PyTorch prints them; its value, its gradient, its last update."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QStackedWidget, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.heatmap import Heatmap
from lenet_gui.gui.numbers.tables import NumberTable
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.gui.widgets.switch import Switch
from lenet_gui.protocol import Command, Frame, Reply, TensorReply, TensorRequest, UpdateReply, UpdateRequest

_PARTS = {
    "value": ("Value", "The parameter's numbers"),
    "grad": ("Gradient", "parameter.grad: None, or what the backward passes since zero_grad added up"),
    "update": ("Update", "weight = weight - learning_rate * gradient: what the last step did, in numbers"),
}
_VIEWS = {
    "picture": ("Picture", "Filters side by side, a matrix as a heat map; zero is the colour of the ground"),
    "table": (
        "Table",
        "Each number in a cell; Ctrl+C copies the selected ones, and at a pause a double-click edits one",
    ),
    "printed": ("Printed", "As PyTorch prints it"),
}
NOTHING_CHOSEN = "Choose a parameter in the model to see its numbers."
NO_GRADIENT = "None: no backward has reached it yet."
NOT_YET = "Not computed yet at this place."
NOT_MOVED = "This step has not moved it yet."
NO_UPDATE = "No step has been taken yet: nothing has moved this parameter."


class TensorPanel(Panel):
    """Shows the tensor named by `show_tensor`, at the place of each frame."""

    title = "Tensor"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tensor")
        self.setAccessibleName("Tensor")
        self._name = ""
        self._id = 0
        self._waiting = False
        self._behind = False
        self._run = 0
        self._parameters = frozenset[str]()
        self._of_operation = False  # whether it is an output of this step, which no step moves
        self._reply: Reply | None = None

        self.heading = _label("tensor_name", "Name and shape of the tensor")
        self.formula = _label("tensor_formula", "The optimizer's rule with its numbers")
        self.statistics = _label("tensor_statistics", "Range, mean and norm")
        self.statistics.setWordWrap(True)
        self.statistics.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.message = _label("tensor_message", "What there is to see")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.heatmap = Heatmap()
        self.table = NumberTable()
        self.table.edited.connect(self._edit)
        self.printed = QPlainTextEdit()
        self.printed.setReadOnly(True)
        self.printed.setFont(theme.mono())
        self.printed.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.printed.setObjectName("tensor_printed")
        self.printed.setAccessibleName("The tensor as PyTorch prints it")
        self.printed.setToolTip("print(tensor): four digits, and the middle left out where there are many numbers")
        self.pages = QStackedWidget()
        for page in (self.message, self.heatmap, self.table, self.printed):
            self.pages.addWidget(page)
        self.parts = Switch("tensor_part", _PARTS, self)
        self.views = Switch("tensor_view", _VIEWS, self)
        self.parts.buttonClicked.connect(self._start_over)
        self.views.buttonClicked.connect(self._draw)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.heading)
        layout.addLayout(self.parts.row())
        layout.addLayout(self.views.row())
        layout.addWidget(self.formula)
        layout.addWidget(self.pages, 1)
        # Two lines, needed or not, so that the picture above keeps its size.
        layout.addWidget(Steady(self.statistics, lines=2))
        self._draw()

    @property
    def part(self) -> str:
        """`"value"`, `"grad"` or `"update"`."""
        return self.parts.choice

    @property
    def view(self) -> str:
        """`"picture"`, `"table"` or `"printed"`."""
        return self.views.choice

    def show_tensor(self, name: str, part: str = "") -> None:
        """Show the parameter or operation `name` from now on, its `value` or `grad` where that is said."""
        if (name, part or self.part) == (self._name, self.part):
            return
        self._name, self._of_operation = name, bool(self._parameters) and name not in self._parameters
        if self._of_operation and self.part == "update":
            part = part or "value"
        if part:
            self.parts.by_choice[part].setChecked(True)
        self._start_over()

    def show_frame(self, frame: Frame) -> None:
        if frame.run != self._run:
            # What was asked of the run before may never be answered.
            self._run = frame.run
            self._waiting = self._of_operation = False
        self.table.allow_edits("edit" in frame.allowed and not self._of_operation)
        self._parameters = frozenset(row.name for row in frame.parameters)
        self._of_operation = self._of_operation and self._name not in self._parameters
        if self._name and not self._of_operation and self._name not in self._parameters:
            self._name = ""
            self._start_over()
        self._ask()

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, TensorReply | UpdateReply) or reply.id != self._id or not self._name:
            return
        self._waiting = False
        if not _same_numbers(self._reply, reply):
            self._reply = reply
            self._draw()
        if self._behind:
            self._ask()

    def _start_over(self) -> None:
        # What was asked before is stale: its answer comes with an older id and is dropped.
        self._waiting = False
        self._reply = None
        self.table.stop_editing()
        self._draw()
        if self.is_seen():
            self._ask()

    def _ask(self) -> None:
        """Ask for the numbers of now, unless the answer to the last question is still on its way."""
        self._behind = self._waiting
        if self._waiting or not self._name:
            return
        self._id += 1
        self._waiting = True
        if self.part == "update":
            self.asked.emit(UpdateRequest(self._id, self._name))
        else:
            self.asked.emit(TensorRequest(self._id, self._name, self.part))

    def _edit(self, index: int, value: float) -> None:
        self.asked.emit(Command.of("edit", tensor=self._whole_name(), index=index, value=value))

    def _draw(self) -> None:
        reply = self._reply
        # An update is a table of numbers and nothing else; the other views say so by being greyed.
        for button in self.views.buttons():
            button.setEnabled(self.part != "update")
        self.parts.by_choice["update"].setEnabled(not self._of_operation)
        self.formula.setVisible(isinstance(reply, UpdateReply))
        if isinstance(reply, UpdateReply):
            self._draw_update(reply)
        elif isinstance(reply, TensorReply):
            self._draw_tensor(reply)
        else:
            self._heading(())
            self._say("" if self._name else NOTHING_CHOSEN)

    def _draw_tensor(self, reply: TensorReply) -> None:
        self._heading(reply.shape)
        values = reply.values
        if values is None:
            # Without a shape nothing is known of it yet: that is not a gradient that is None.
            self._say(NO_GRADIENT if reply.shape else NOT_YET)
            return
        self.statistics.setText(statistics_text(values, reply.shape))
        if self.view == "picture":
            self.heatmap.show_values(values)
            self.pages.setCurrentWidget(self.heatmap)
        elif self.view == "table":
            self.table.numbers.show_tensor(values)
            self.pages.setCurrentWidget(self.table)
        else:
            if self.printed.toPlainText() != reply.printed:
                self.printed.setPlainText(reply.printed)
            self.pages.setCurrentWidget(self.printed)

    def _draw_update(self, reply: UpdateReply) -> None:
        self.formula.setText(reply.formula)
        if reply.before is None:
            self._heading(())
            self._say(NO_UPDATE)
            return
        self._heading(reply.before.shape)
        columns = {"before": reply.before}
        if reply.gradient is not None:
            columns["gradient"] = reply.gradient
        columns |= {kept.name: kept.values for kept in reply.state}
        if reply.after is None:
            self.statistics.setText(NOT_MOVED)
        else:
            change = reply.after - reply.before
            columns |= {"after": reply.after, "change": change}
            self.statistics.setText(f"change: {statistics_text(change, change.shape)}")
        self.table.numbers.show_columns(columns)
        self.pages.setCurrentWidget(self.table)

    def _heading(self, shape: tuple[int, ...]) -> None:
        name = self._whole_name()
        self.heading.setText(f"{name}  [{', '.join(map(str, shape))}]" if shape else name or " ")

    def _whole_name(self) -> str:
        return f"{self._name}.grad" if self._name and self.part == "grad" else self._name

    def _say(self, words: str) -> None:
        self.message.setText(words)
        self.statistics.setText(" ")
        self.pages.setCurrentWidget(self.message)


def _same_numbers(shown: Reply | None, reply: Reply) -> bool:
    """Whether what is shown is what has come: most phases change no weight."""
    if not isinstance(shown, TensorReply) or not isinstance(reply, TensorReply):
        return False
    if (shown.name, shown.part, shown.shape) != (reply.name, reply.part, reply.shape):
        return False
    if shown.values is None or reply.values is None:
        return shown.values is reply.values
    return shown.values.tobytes() == reply.values.tobytes()


def statistics_text(values: NDArray[np.float32], shape: tuple[int, ...]) -> str:
    """Range, mean and norm of the finite numbers, in float64; how many are not finite, or were left out."""
    finite = values[np.isfinite(values)].astype(np.float64)
    total = int(np.prod(shape, dtype=np.int64))
    words = [f"{total:,} numbers" if values.size == total else f"first {values.size:,} of {total:,} numbers"]
    if values.size and not values.any():
        words.append("all of them 0")
    elif finite.size:
        words += [
            f"from {finite.min():.4g} to {finite.max():.4g}",
            f"mean {finite.mean():.4g}",
            f"norm {np.linalg.norm(finite):.4g}",
        ]
    if missing := int(np.isnan(values).sum()):
        words.append(f"{missing:,} NaN")
    if infinite := values.size - finite.size - missing:
        words.append(f"{infinite:,} Inf")
    return " · ".join(words)


def _label(name: str, says: str) -> QLabel:
    label = QLabel(" ")
    label.setObjectName(name)
    label.setAccessibleName(says)
    label.setToolTip(says)
    label.setFont(theme.mono())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # Long words are cut off instead of making the whole dock wider while numbers change.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
