"""The autograd graph of the step: PyTorch's own nodes, what they keep, and the gradients that pass through them.

It asks for the trace and says what a node is in words; how the graph looks is `graph_picture`'s.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QMenu, QPlainTextEdit, QStackedWidget

from lenet_gui.gui import theme
from lenet_gui.gui.inside.graph_picture import GraphPicture, operation_words
from lenet_gui.gui.inside.graph_view import GraphView
from lenet_gui.gui.inside.node_states import NodeState, NodeStates
from lenet_gui.gui.inside.trace_place import Step
from lenet_gui.gui.network.card_words import shape_words
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Frame, Reply
from lenet_gui.protocol.trace import NodeRow, Summary, TraceReply, TraceRequest

NO_TRACE = "While training runs there is no graph to look into. Pause, and that of the step stands here."
NO_GRAPH = "No autograd graph: nothing in this step's forward has asked for gradients."
NOTHING_CHOSEN = "Choose a node to see what it keeps, and the gradients that came in and went out."
_VIEW_TIP = (
    "The autograd graph, loss.grad_fn: from the loss on the right to the leaves on the left. The arrow keys go along "
    "it, Enter runs to the chosen node. Ctrl+wheel, + and - zoom, Ctrl+0 fits."
)
_DETAIL_LINES = 6
_WIDE = 560
"""Pixels from which on the words about a node stand beside the graph, not below it."""
_ANY = 2**24 - 1
"""Qt's greatest height: as high as there is room."""


class AutogradPanel(Panel):
    """Draws the nodes from the loss to the leaves, each as far as it has come at the place of the frame."""

    title = "Autograd graph"
    chosen = Signal(object)
    """`("node", index)`: a node was chosen here."""
    run_to = Signal(object)
    """The place before a node runs: (commands, items)."""
    break_at = Signal(object)
    """`("node", name)`: stop before nodes of that name run."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("autograd")
        self.setAccessibleName(self.title)
        self._run = self._trace = self._asked = self._id = 0
        self._place: Step | None = None
        self._reply: TraceReply | None = None
        self._moments: NodeStates | None = None
        self._selection: object = None
        self._problem = ""
        self.message = QLabel(" ")
        self.message.setObjectName("autograd_message")
        self.message.setAccessibleName("Why there is no graph to see")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.message.setForegroundRole(self.message.palette().ColorRole.PlaceholderText)
        self.view = GraphView(lambda node: self.words(node))
        self.view.setToolTip(_VIEW_TIP)
        self.view.picked.connect(self._picked)
        self.view.entered.connect(self._go)
        self.details = QPlainTextEdit()
        self.details.setObjectName("autograd_details")
        self.details.setAccessibleName("The chosen node")
        self.details.setToolTip("What the node keeps for its backward, and the gradients that came in and went out")
        self.details.setReadOnly(True)
        # One that comes and goes would wrap the lines anew from node to node.
        self.details.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.details.setFont(theme.mono())
        self.pages = QStackedWidget()
        self.pages.addWidget(self.message)
        self.pages.addWidget(self.view)
        self.setFocusProxy(self.view)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._halves.setContentsMargins(*(theme.UNIT,) * 4)
        self._halves.setSpacing(theme.UNIT)
        self._halves.addWidget(self.pages, 5)
        self._halves.addWidget(self.details, 3)
        self._draw()

    # --------------------------------------------------------------------------------------------- frames and replies

    def show_frame(self, frame: Frame) -> None:
        if frame.run != self._run:
            self._run, self._asked = frame.run, 0
            self._forget()
        self._trace = frame.trace
        self._place = (frame.place.commands, frame.place.item)
        self._ask()
        self._draw()

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, TraceReply) or reply.id != self._id:
            return
        self._asked = reply.trace
        same = self._reply is not None and _shape(self._reply.nodes) == _shape(reply.nodes)
        try:
            moments = NodeStates(reply)
            picture = GraphPicture(reply, moments.before, self.font())
        except ValueError as problem:
            self._forget(str(problem))
            return
        self._reply, self._moments = reply, moments
        self.view.show_picture(picture, moments.at(self._place_in_trace()), start=not same)
        if self._node_of(self._selection) != self.view.chosen:
            self.choose(self._selection)
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide, lines = self.width() >= _WIDE, _DETAIL_LINES * self.details.fontMetrics().lineSpacing() + 4 * theme.UNIT
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self.details.setMinimumHeight(0 if wide else min(lines, self.height() // 3))
        self.details.setMaximumHeight(_ANY if wide else lines)

    def _ask(self) -> None:
        """Ask for the trace of this step, once; the answer to an older question comes with another id."""
        if self._trace and self._trace != self._asked and self.is_seen():
            self._id += 1
            self._asked = self._trace
            self.asked.emit(TraceRequest(self._id))

    def _forget(self, problem: str = "") -> None:
        self._reply = self._moments = None
        self._problem = problem
        self._id += 1  # what was asked before is stale
        self._draw()

    def _place_in_trace(self) -> Step | None:
        """The place, as long as the trace that is here is of its step; until then nothing has happened."""
        return self._place if self._reply is not None and self._reply.trace == self._trace else None

    def _draw(self) -> None:
        if self._trace == 0 or self._moments is None or not self._moments.nodes:
            waiting = self._problem or " "
            self.message.setText(NO_TRACE if not self._trace else NO_GRAPH if self._reply is not None else waiting)
            self.pages.setCurrentWidget(self.message)
        else:
            self.view.show_states(self._moments.at(self._place_in_trace()))
            self.pages.setCurrentWidget(self.view)
        self._tell()

    # ------------------------------------------------------------------------------------------------------ the choice

    @Slot(object)
    def choose(self, selection: object) -> None:
        """Choose `("node", index)`, or the node of `("operation", index)`; anything else chooses none."""
        self._selection = selection
        self.view.choose(self._node_of(selection))
        self._tell()

    def _node_of(self, selection: object) -> int:
        match selection, self._reply:
            case ("node", int(index)), TraceReply() as reply if 0 <= index < len(reply.nodes):
                return index
            case ("operation", int(index)), TraceReply() as reply if 0 <= index < len(reply.operations):
                return reply.operations[index].node
        return -1

    def _picked(self, node: int) -> None:
        self._selection = ("node", node) if node >= 0 else None
        self._tell()
        if node >= 0:
            self.chosen.emit(("node", node))

    def _go(self, node: int) -> None:
        assert self._moments is not None
        place = self._moments.run_to(node, self._place_in_trace())
        if place is not None:
            self.run_to.emit(place)

    # ------------------------------------------------------------------------------------------------------- in words

    def _tell(self) -> None:
        """The chosen node in words, or where none is, the one that runs next."""
        shown = self.pages.currentWidget() is self.view
        node = self.view.chosen if self.view.chosen >= 0 else self.view.next_node
        words = self.words(node) if shown and node >= 0 else NOTHING_CHOSEN if shown else ""
        if shown and self._reply is not None and self._reply.partial:
            words += f"\n{self._reply.partial}"
        if self.details.toPlainText() != words:
            self.details.setPlainText(words)
            self.view.setAccessibleDescription(words)

    def words(self, node: int) -> str:
        """All that is known of a node at this place, as lines."""
        if self._reply is None or not 0 <= node < len(self.view.states):
            return ""
        row, state = self._reply.nodes[node], self.view.states[node]
        if not state.there:
            return f"{row.name}\nnot there yet: it is made by {_maker(self._reply, row)}"
        lines = [_heading(self._reply, row, state)]
        lines += _gradients("in   ", row.received, state.received)
        if not row.parameter:
            lines += _gradients("out  ", row.gave, state.gave)
        lines += [f"keeps {one.name}  {one.words}" for one in row.saved]
        return "\n".join(lines)

    # --------------------------------------------------------------------------------------------------------- the menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        node = self.view.chosen if by_key else self.view.node_at(self.view.viewport().mapFromGlobal(event.globalPos()))
        menu = self.menu(node)
        if menu is not None:
            at = self.view.card_place(node) if by_key else QPoint()
            menu.popup(self.view.viewport().mapToGlobal(at) if by_key else event.globalPos())

    def menu(self, node: int) -> QMenu | None:
        """What can be done with a node; none where there is none."""
        if self._reply is None or self._moments is None or not 0 <= node < len(self._reply.nodes):
            return None
        row = self._reply.nodes[node]
        name = f"{row.name} {row.parameter}".strip()  # many are called AccumulateGrad
        menu = QMenu(self)
        menu.setObjectName("autograd_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        run = menu.addAction("Run to here", lambda: self._go(node))
        run.setObjectName("autograd_run_to")
        run.setEnabled(self._moments.run_to(node, self._place_in_trace()) is not None)
        stop = menu.addAction("Break at this node", lambda: self.break_at.emit(("node", name)))
        stop.setObjectName("autograd_break_at")
        return menu

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._reply is not None and self._moments is not None:
            picture = GraphPicture(self._reply, self._moments.before, self.font())
            self.view.show_picture(picture, self.view.states, start=False)


def _shape(nodes: tuple[NodeRow, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """What two graphs that look the same have in common."""
    return [(node.name, node.next) for node in nodes]


def _heading(reply: TraceReply, row: NodeRow, state: NodeState) -> str:
    words = [row.name]
    if row.parameter:
        words.append(f"adds to {row.parameter}.grad")
    elif of := operation_words(reply, row.operation):
        words.append(f"of {of}")
    words.append("runs next" if state.next else "has run" if state.visited else "has not run yet")
    return " · ".join(words)


def _maker(reply: TraceReply, row: NodeRow) -> str:
    return operation_words(reply, row.operation) or "an operation of this step"


def _gradients(way: str, summaries: tuple[Summary | None, ...], come: bool) -> list[str]:
    if not come:
        return [f"{way} not yet"]
    return [f"{way} {_summary_words(one)}" for one in summaries]


def _summary_words(summary: Summary | None) -> str:
    if summary is None:
        return "None: not needed"
    shape = shape_words(summary)
    if summary.low != summary.low:
        return f"{shape}  no number of it is finite"
    words = f"{shape}  from {summary.low:.4g} to {summary.high:.4g}  mean {summary.mean:.4g}"
    return words if summary.finite else f"{words}  some are not finite"
