"""The code beside the step: the model's own functions and the lines of the training step, and the call stack below.

What the lines are is `listing`'s, the words beside them `line_notes`'s, how they are drawn `code_view`'s.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.code import code_breaks
from lenet_gui.gui.code.call_stack import ROWS, CallStack, levels, under_heading
from lenet_gui.gui.code.code_place import Next, next_item
from lenet_gui.gui.code.code_view import CodeView, Marks
from lenet_gui.gui.code.line_notes import LineNotes, summary_words
from lenet_gui.gui.code.listing import Listing, Piece, listing
from lenet_gui.gui.inside.trace_place import Step, operation_places
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Frame, Reply
from lenet_gui.protocol.stops import BreakpointRow
from lenet_gui.protocol.trace import TraceReply, TraceRequest

NOTHING_YET = "The code is shown where a step is looked at: pause, or go one phase on."
_MOST_TIPS = 12
_CODE_FIRST = 180
"""Pixels that the code has before the call stack shows more than the least of its levels."""


class CodePanel(Panel):
    """Choosing is told by `("operation", index)`; breakpoints by kind and name; places by commands and items."""

    title = "Code"
    chosen = Signal(object)
    """`("operation", index)`: the line of this operation was clicked."""
    break_at = Signal(object)
    """`("operation", name)` or `("phase", name)`: stop there from now on."""
    drop_break = Signal(int)
    """The id of the breakpoint that is wanted no longer."""
    run_to = Signal(object)
    """`(commands, item)`: run to there, or back to there."""
    go_to = Signal(object)
    """`(commands, item)`: where a level of the call stack begins."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("code")
        self.setAccessibleName("Code")
        self._frame: Frame | None = None
        self._id = 0
        self._asked = 0  # the trace whose answer is on its way
        self._trace = 0  # the one that has come
        self._reply: TraceReply | None = None
        self._listing = Listing()
        self._notes: LineNotes | None = None
        self._choice: tuple[str, int] | None = None
        self._revealed: Piece | None = None

        self.view = CodeView(self.tip)
        self.view.setObjectName("code_text")
        self.view.setAccessibleName("The model's code and the training step")
        self.view.setAccessibleDescription("Enter chooses the operation of the line, F9 sets a breakpoint on it")
        self.view.setToolTip("The line that runs next is marked. Click a line to see its operation, and again the next")
        self.view.setPlaceholderText(NOTHING_YET)
        self.view.pressed.connect(self._press)
        self.view.margin_pressed.connect(self._switch_break)
        self.view.menu_wanted.connect(lambda row, place: self.menu(row).popup(place))
        self.stack = CallStack()
        self.stack.go_to.connect(self.go_to)

        self._parts = QSplitter(Qt.Orientation.Vertical)
        self._parts.setObjectName("code_splitter")
        self._parts.addWidget(self.view)
        self._parts.addWidget(under_heading(self.stack))
        self._parts.setStretchFactor(0, 1)
        self._parts.setChildrenCollapsible(False)
        self._parts.splitterMoved.connect(self._parted)
        self._parted_by_hand = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.addWidget(self._parts)

    # ----------------------------------------------------------------------------------------------- what comes in

    def show_frame(self, frame: Frame) -> None:
        before, self._frame = self._frame, frame
        if frame is before:
            return
        if before is not None and before.run != frame.run:
            # Another run's traces may have the same names.
            self._trace = self._asked = 0
        self._ask()
        self._draw()

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, TraceReply) or reply.id != self._id:
            return
        self._asked, self._trace = 0, reply.trace
        self._show_trace(reply)
        self._ask()
        self._draw()

    @Slot(object)
    def choose(self, selection: tuple[str, int]) -> None:
        """Mark the code of `("operation", index)`, or of the operation of `("node", index)`."""
        self._choice = selection
        self._draw()
        pieces = self._chosen_pieces()
        if pieces:
            self.view.reveal(pieces[0])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._parted_by_hand:
            row, room = self.stack.height_of(1), self._parts.height()
            rows = min(max((room - _CODE_FIRST) // row, ROWS[0]), ROWS[1])
            self._parts.setSizes([room, self.stack.height_of(rows) + self.stack.y()])

    def _parted(self) -> None:
        self._parted_by_hand = True

    def _ask(self) -> None:
        """Ask for the trace of this step, unless it is there or on its way. Hidden, it asks nothing."""
        frame = self._frame
        if frame is None or not self.is_seen():
            return
        if frame.trace in (0, self._trace):
            self._asked = 0
        elif frame.trace != self._asked:
            self._id += 1
            self._asked = frame.trace
            self.asked.emit(TraceRequest(self._id))

    def _show_trace(self, reply: TraceReply) -> None:
        made, before = listing(reply), self._listing
        self._reply, self._listing = reply, made
        if made.lines != before.lines:
            # The same code stays as it is: where it was scrolled to, what was selected.
            self.view.show_lines(made.lines, made.colours)
            self._revealed = None
        self._notes = LineNotes(reply, made)
        self.view.reserve(self._notes.longest())

    def _current(self) -> TraceReply | None:
        """The trace of the step that the frame stands in, if it has come; in a run there is none."""
        frame = self._frame
        if frame is None or frame.running or not frame.trace or frame.trace != self._trace:
            return None
        return self._reply

    def _here(self) -> Step:
        assert self._frame is not None
        return self._frame.place.commands, self._frame.place.item

    # --------------------------------------------------------------------------------------------------- drawing it

    def _draw(self) -> None:
        frame = self._frame
        if frame is None:
            return
        reply, marks, now = self._current(), Marks(dots=self._dots()), None
        if reply is not None and self._notes is not None:
            now = next_item(reply, self._here())
            marks = replace(marks, notes=self._notes.at(self._here(), now), chosen=self._chosen_pieces())
            marks = self._with_next(marks, reply, now)
        self.view.show_marks(marks)
        self.stack.show_levels(levels(frame, reply, now), marks.role if now is not None else "")
        if now is not None:
            self._reveal(now, marks)

    def _with_next(self, marks: Marks, reply: TraceReply, now: Next | None) -> Marks:
        if now is None:
            return marks
        role = "backward" if reply.parts[now.part].name == "backward" else "place"
        pieces = tuple(self._listing.pieces.get(now.operation, ()))
        rows = {piece.row: role for piece in pieces} | {self._listing.rows[now.part]: role}
        return replace(marks, rows=rows, pieces=pieces, role=role)

    def _reveal(self, now: Next, marks: Marks) -> None:
        """Go to what runs next, once for each time that it is another: a person may look elsewhere."""
        target = marks.pieces[0] if marks.pieces else Piece(self._listing.rows[now.part], 0, 0)
        if target != self._revealed:
            self._revealed = target
            self.view.go_to(target)

    def _chosen_pieces(self) -> tuple[Piece, ...]:
        return tuple(self._listing.pieces.get(self._chosen_operation(), ()))

    def _chosen_operation(self) -> int:
        reply = self._current()
        if reply is None or self._choice is None:
            return -1
        kind, index = self._choice
        if kind == "node" and 0 <= index < len(reply.nodes):
            return reply.nodes[index].operation
        return index if kind == "operation" else -1

    # ----------------------------------------------------------------------------------------- lines and breakpoints

    def _press(self, row: int) -> None:
        """Choose the first operation of a line, or the one behind that which is chosen."""
        operations = self._listing.covers.get(row, [])
        if self._current() is None or not operations:
            return
        chosen = self._chosen_operation()
        place = operations.index(chosen) + 1 if chosen in operations else 0
        self._choice = "operation", operations[place % len(operations)]
        self._draw()
        self.chosen.emit(self._choice)

    def _dots(self) -> dict[int, bool]:
        return {row: any(one.breakpoint.enabled for one in there) for row, there in self._breakpoints().items()}

    def _breakpoints(self) -> dict[int, tuple[BreakpointRow, ...]]:
        if self._frame is None or self._reply is None:
            return {}
        return code_breaks.on_rows(self._reply, self._listing, self._frame.breakpoints)

    def _stop(self, row: int) -> tuple[str, str] | None:
        return None if self._reply is None else code_breaks.stop_on(self._reply, self._listing, row)

    def _switch_break(self, row: int) -> None:
        there, stop = self._breakpoints().get(row), self._stop(row)
        if there:
            self.drop_break.emit(there[0].breakpoint.id)
        elif stop is not None:
            self.break_at.emit(stop)

    def _beginning(self, row: int) -> Step | None:
        reply = self._current()
        return None if reply is None else code_breaks.beginning(reply, self._listing, row, self._here())

    # ------------------------------------------------------------------------------------------- by menu and by key

    @Slot()
    def toggle_break(self) -> None:
        """Set or remove a breakpoint on the line of the insertion mark, which goes along with what runs next."""
        self._switch_break(self.view.current_row())

    @Slot()
    def run_to_line(self) -> None:
        """Run to the line of the insertion mark, forwards or back."""
        self._run_to(self.view.current_row())

    def _run_to(self, row: int) -> None:
        place = self._beginning(row)
        if place is not None:
            self.run_to.emit(place)

    def menu(self, row: int) -> QMenu:
        """What can be done with a line."""
        menu = QMenu(self)
        menu.setObjectName("code_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        run = menu.addAction("Run to here", lambda: self._run_to(row))
        run.setObjectName("code_run_to")
        run.setEnabled(self._beginning(row) is not None)
        there = row in self._breakpoints()
        stop = menu.addAction("Break here" if not there else "Remove the breakpoint")
        stop.triggered.connect(lambda: self._switch_break(row))
        stop.setObjectName("code_break")
        stop.setEnabled(there or self._stop(row) is not None)
        menu.addSeparator()
        copy = menu.addAction("Copy", self.view.copy)
        copy.setObjectName("code_copy")
        copy.setEnabled(self.view.textCursor().hasSelection())
        return menu

    def tip(self, row: int) -> str:
        """The file of a line, its operations with their values as far as they have run, and its breakpoints."""
        reply, said = self._current(), [code_breaks.words(one) for one in self._breakpoints().get(row, ())]
        if reply is None:
            return "\n".join(said)
        places, here = operation_places(reply), self._here()
        part = reply.parts[self._listing.parts[row]] if row in self._listing.parts else None
        if part is not None and part.refused and here == (part.commands, len(part.items)):
            said.append(part.refused)
        for index in self._listing.covers.get(row, [])[:_MOST_TIPS]:
            one = reply.operations[index]
            said.append(f"{one.name}: {summary_words(one.output) if here > places[index] else 'has not run yet'}")
        file = self._listing.files.get(row)
        return "\n".join([*said, f"{file}:{self._listing.lines[row].number}"] if file else said)
