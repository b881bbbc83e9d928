"""Why one weight moves: the optimizer's arithmetic, the samples' shares, a check by finite difference, a step tried.

What is said of the answers is `words`', the line of losses `trying`'s.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.moved import words
from lenet_gui.gui.moved.cell import Cell, Shape, read
from lenet_gui.gui.moved.share_table import ShareTable
from lenet_gui.gui.moved.told import Told
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.fields import FieldMessage
from lenet_gui.gui.widgets.switch import Switch
from lenet_gui.protocol import Frame, Place, Reply
from lenet_gui.protocol.moved import CheckReply, CheckRequest, LineReply, MovedReply, MovedRequest

if TYPE_CHECKING:
    from lenet_gui.gui.moved.trying import Trying

_PARTS = {
    "step": ("Step", "The optimizer's arithmetic for this number, line by line, down to PyTorch's new value"),
    "samples": ("Samples", "What each sample of the batch adds to this number of the gradient"),
    "check": ("Check", "A finite difference of the loss, in double precision, beside the gradient"),
    "try": ("Try", "The true loss of this batch behind the step, over the learning rate"),
}
RUNNING = "Pause the run to ask about a number."
NOT_A_PARAMETER = "No step moves this number: it is no parameter. Its gradient can be checked, though."
CHECK_HINT = "Move this number a little up and down, and see by how much the loss changes."
WIDE = 560
"""Pixels from which on things stand beside each other."""
_ids = count(1)


class WhyMovedPanel(Panel):
    """About the number that `ask` names, or that is typed; at first the first of the model."""

    title = "Why did it move?"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("why_moved")
        self.setAccessibleName("Why did this weight move?")
        self._cell: Cell | None = None
        self._shapes: dict[str, Shape] = {}
        self._asked_at: tuple[str, tuple[int, ...]] | None = None
        self._at: tuple[int, Place] | None = None
        self._still = False
        self._waiting = False
        self._behind = False
        self._id = self._check_id = 0
        self._reply: MovedReply | None = None
        self._checked: CheckReply | None = None

        self.field = QLineEdit()
        self.field.setObjectName("moved_cell")
        self.field.setAccessibleName("Which number")
        self.field.setToolTip("One number of a parameter, such as conv1.weight[0, 0, 1, 2]; Enter asks about it")
        self.field.setPlaceholderText("conv1.bias[3]")
        self.field.setFont(theme.mono())
        self.field.returnPressed.connect(self._typed)
        self.field.textEdited.connect(lambda: self._message.hide())
        self._message = FieldMessage(self.field)
        self.parts = Switch("moved_part", _PARTS, self)
        self.parts.buttonClicked.connect(self._draw)
        self.step = Told("moved_step", "The optimizer's arithmetic")
        self.gradient = Told("moved_gradient", "Where the gradient comes from")
        self.shares = ShareTable()
        self.check = QPushButton("Check it")
        self.check.setObjectName("moved_check")
        self.check.setToolTip("(loss(v + h) - loss(v - h)) / 2h in double precision. It changes nothing")
        self.check.setAutoDefault(False)
        self.check.clicked.connect(self._ask_check)
        self.found = Told("moved_found", "What the finite difference says")
        self.trying: Trying | None = None
        self._may_take = False
        self.pages = QStackedWidget()
        for page in (self.step, self._samples_page(), self._check_page()):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        self._top = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._top.setSpacing(theme.UNIT)
        self._top.addWidget(self.field)
        self._top.addLayout(self.parts.row())
        layout.addLayout(self._top)
        layout.addWidget(self.pages, 1)
        self._draw()

    def ask(self, name: str, index: int, part: str = "") -> None:
        """Tell of number `index` (flat, from 0) of a parameter or an operation's output, in `part` where it is said."""
        name = name.removesuffix(".grad")
        self._choose(Cell(name, index, self._shapes.get(name)))
        if part:
            self.parts.by_choice[part].setChecked(True)
            self._draw()

    @Slot(str, str, object)
    def ask_at(self, name: str, part: str, at: tuple[int, ...]) -> None:  # noqa: ARG002 (a gradient's cell is a weight's)
        """The same of the number at this place of a tensor, where that is a parameter or its gradient."""
        self._asked_at = name.removesuffix(".grad"), at
        self._follow()

    def show_frame(self, frame: Frame) -> None:
        self._still = not frame.running
        self._shapes = {row.name: row.shape for row in frame.parameters}
        self._may_take = "set" in frame.allowed
        if self.trying is not None:
            self.trying.show_place(self._still, self._may_take)
        at = frame.run, frame.place
        moved = at != self._at
        if self._at is not None and self._at[0] != frame.run:
            self._cell = None
        self._at = at
        self._find_cell()
        self._follow()
        if moved:
            # What was asked of the place before may never be answered.
            self._waiting = False
            self._checked, self._check_id = None, 0
            if self.trying is not None:
                self.trying.forget()
        if moved or (self._reply is None and not self._waiting):
            self._ask()
        self._draw()

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, LineReply):
            if self.trying is not None:
                self.trying.show_reply(reply)
        elif isinstance(reply, MovedReply) and reply.id == self._id:
            self._waiting = False
            if self._still:
                self._reply = reply
                self._draw()
            if self._behind:
                self._ask()
        elif isinstance(reply, CheckReply) and reply.id == self._check_id:
            self._checked, self._check_id = reply, 0
            self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        for layout in (self._top, self._samples):
            layout.setDirection(direction)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "pages"):
            self._draw()
        super().changeEvent(event)

    # ----------------------------------------------------------------------------------------------------- the number

    def _follow(self) -> None:
        """To the number that another panel asked for, once a frame has told the shapes: a hidden one gets none."""
        if self._asked_at is None or not self._shapes:
            return
        (name, at), self._asked_at = self._asked_at, None
        shape = self._shapes.get(name)
        if shape is not None and len(shape) == len(at):
            self._choose(Cell.at(name, at, shape))

    def _find_cell(self) -> None:
        """The first number of the model until there is another; a chosen one that was asked about before any frame."""
        if self._cell is not None and self._cell.shape is None and self._cell.name in self._shapes:
            self._cell = Cell(self._cell.name, self._cell.index, self._shapes[self._cell.name])
        if self._cell is None:
            first = next(((name, shape) for name, shape in self._shapes.items() if 0 not in shape), None)
            self._cell = None if first is None else Cell(first[0], 0, first[1])
        if self._cell is not None and not self.field.isModified():
            self.field.setText(str(self._cell))

    def _typed(self) -> None:
        try:
            cell = read(self.field.text(), self._shapes)
        except ValueError as error:
            self._message.say(str(error), error=True)
            return
        self._message.hide()
        self._choose(cell)

    def _choose(self, cell: Cell) -> None:
        self.field.setText(str(cell))
        self.field.setModified(False)
        if cell == self._cell:
            return
        self._cell, self._reply, self._checked = cell, None, None
        self._waiting, self._check_id = False, 0
        if self.is_seen():  # else when it is shown
            self._ask()
        self._draw()

    # --------------------------------------------------------------------------------------------------------- asking

    def _ask(self) -> None:
        """Ask about the number as of now, unless the answer to the last question is still on its way."""
        self._behind = self._waiting
        cell = self._cell
        if not self._still or cell is None or cell.name not in self._shapes:
            self._reply = None
            return
        if not self._waiting:
            self._id, self._waiting = next(_ids), True
            self.asked.emit(MovedRequest(self._id, cell.name, cell.index))

    def _ask_check(self) -> None:
        if self._cell is not None and self._still:
            self._check_id = next(_ids)
            self.asked.emit(CheckRequest(self._check_id, self._cell.name, self._cell.index))

    # -------------------------------------------------------------------------------------------------------- drawing

    def _draw(self) -> None:
        if self.parts.choice == "try" and self.trying is None:
            self._add_trying()
        self.pages.setCurrentIndex(list(_PARTS).index(self.parts.choice))
        self.check.setEnabled(self._still and self._cell is not None)
        reply = self._reply
        hint = self._hint()
        arithmetic = None if reply is None else reply.arithmetic
        shares = None if reply is None else reply.shares
        self.step.tell(hint if arithmetic is None else words.arithmetic(arithmetic))
        self.gradient.tell(hint if shares is None else words.gradient(shares))
        if self.shares.shares.shown is not shares:
            self.shares.shares.show_shares(shares)
        self.found.tell(CHECK_HINT if self._checked is None else words.check(self._checked))

    def _add_trying(self) -> None:
        # Only when it is wanted: pyqtgraph takes a third of a second to import.
        from lenet_gui.gui.moved.trying import Trying

        self.trying = Trying()
        self.trying.asked.connect(self.asked)
        self.trying.show_place(self._still, self._may_take)
        self.pages.addWidget(self.trying)

    def _hint(self) -> str:
        """What is said where there is nothing to show."""
        if not self._still and self._at is not None:
            return RUNNING
        if self._cell is not None and self._shapes and self._cell.name not in self._shapes:
            return NOT_A_PARAMETER
        return "" if self._reply is None else self._reply.words

    def _samples_page(self) -> QWidget:
        page = QWidget()
        self._samples = QBoxLayout(QBoxLayout.Direction.TopToBottom, page)
        self._samples.setContentsMargins(0, 0, 0, 0)
        self._samples.setSpacing(theme.UNIT)
        self._samples.addWidget(self.gradient, 2)
        self._samples.addWidget(self.shares, 3)
        return page

    def _check_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        row = QHBoxLayout()
        row.addWidget(self.check)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addWidget(self.found, 1)
        return page
