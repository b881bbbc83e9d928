"""The network, drawn from the trace of a step: a card an operation, as of the cursor's place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.inside.trace_place import Step, backward_end, operation_places, upcoming
from lenet_gui.gui.network import card_words
from lenet_gui.gui.network.card_cells import Spot
from lenet_gui.gui.network.card_pictures import Pictures
from lenet_gui.gui.network.card_words import BATCH
from lenet_gui.gui.network.cards import Look
from lenet_gui.gui.network.header import line_of_words, sample_box
from lenet_gui.gui.network.network_view import NetworkView
from lenet_gui.gui.network.pointing import Pointing, lit
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.canvas import STEP
from lenet_gui.protocol import Frame, Reply
from lenet_gui.protocol.tensors import CellsReply
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from lenet_gui.protocol.why import SourceCells

Selection = tuple[str, int]
"""What is chosen, and its index in the trace: `("operation", 3)`, `("node", 5)`, `("batch", 0)`."""
NO_TRACE = "The network is drawn once a step has been stopped in."
RUNNING = "Running: the pictures come at the next stop."
_PATIENCE_MS = 150
"""So long the step before stays to be seen while the next one's trace is on its way; then the cards are emptied."""


class NetworkPanel(Panel):
    """Asks for the trace of each step, and moves over it with the frames' places."""

    title = "Network"
    chosen = Signal(object)
    """A `Selection`, chosen here."""
    run_to = Signal(object)
    """(commands, item): the place before an operation."""
    break_at = Signal(str, str)
    """The kind and the name of a breakpoint: `operation` or `module`."""
    asked_for = Signal(str, str)
    """The name of an operation (`input`: the batch), and `value` or `grad`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("network")
        self.setAccessibleName("Network")
        self._frame: Frame | None = None
        self._trace: TraceReply | None = None
        self._places: dict[int, Step] = {}
        self._pictures = Pictures(())
        self._id = 0
        self._waiting = False
        self._behind = False
        self._has = self._asked = (0, 0)  # trace and sample
        self.words = line_of_words()
        self.sample = sample_box()
        self._line = ""  # what is said where the mouse is over no number
        self._pointing = Pointing()
        self.of = QLabel("of 1")
        self.view = NetworkView(self._describe)
        self.view.setObjectName("network_view")
        self.view.setAccessibleName("The operations of the step; the arrow keys go along the graph")
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._show_place)
        self.sample.valueChanged.connect(lambda: self._ask())
        self.view.chosen.connect(self._tell)
        self.view.opened.connect(self._open)
        self.view.entered.connect(self._run_to)
        self.view.menu_wanted.connect(self._show_menu)
        self.view.pointed.connect(self._point)
        self._pointing.changed.connect(lambda: self._say(self._line))
        self._pointing.asking.asked.connect(self.asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(self._header())
        layout.addWidget(self.view, 1)
        self._say(NO_TRACE)

    def show_frame(self, frame: Frame) -> None:
        if self._frame is not None and frame.run != self._frame.run:
            # What was asked of the run before may never be answered.
            self._waiting = False
            self._drop()
        self._frame = frame
        self._fit_samples(max(1, frame.samples.size))
        if frame.trace and (frame.trace, self.sample.value()) != self._has:
            self._ask()
        if self._is_of(frame) or not frame.trace:
            self._patience.stop()
            self._show_place()
        elif not self._patience.isActive():
            self._patience.start()

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, CellsReply):
            self._pointing.asking.answer(reply)
        if not isinstance(reply, TraceReply) or reply.id != self._id or not self._waiting:
            return
        self._waiting = False
        frame = self._frame
        # One may have gone back to the step that is shown while the next one's trace was on its way.
        if frame is None or reply.trace == frame.trace or not self._is_of(frame):
            self._has = reply.trace, self._asked[1]
            self._take(reply)
        if frame is not None and self._is_of(frame):
            self._patience.stop()
            self._show_place()
        if self._behind:
            self._ask()

    def choose(self, selection: object) -> None:
        """Mark the card that belongs to a `Selection` of another panel; what has no card leaves none marked."""
        self.view.choose(self._card(selection))

    def light(self, cells: tuple[SourceCells, ...]) -> None:
        """Frame these cells on the cards, of the sample that is drawn."""
        self.view.light(lit(self._trace, cells))

    # ---------------------------------------------------------------------------------------------- asking

    def _ask(self) -> None:
        """Ask for the trace of now, unless the answer to the last question is still on its way."""
        wanted = (self._frame.trace if self._frame else 0), self.sample.value()
        if not wanted[0] or wanted == self._has or not self.is_seen():
            return
        self._behind = self._waiting and wanted != self._asked
        if self._waiting:
            return
        self._id += 1
        self._waiting, self._asked = True, wanted
        self.asked.emit(TraceRequest(self._id, wanted[1]))

    def _fit_samples(self, count: int) -> None:
        if self.sample.maximum() != count - 1:
            self.sample.setMaximum(count - 1)
            self.of.setText(f"of {count:,}")

    # --------------------------------------------------------------------------------------------- showing

    def _is_of(self, frame: Frame) -> bool:
        return self._trace is not None and frame.trace == self._trace.trace

    def _take(self, trace: TraceReply) -> None:
        self._trace = trace
        self._places = operation_places(trace)
        self._pictures = Pictures(one.gradient for one in trace.operations)
        self.view.show_cards(card_words.faces(trace), card_words.edges(trace), self._pictures)

    def _drop(self) -> None:
        self._trace, self._has, self._pictures = None, (0, 0), Pictures(())
        self.view.choose(None)
        self.view.show_cards((), (), self._pictures)

    def _show_place(self) -> None:
        frame, trace = self._frame, self._trace
        if frame is None or trace is None:
            self._say(RUNNING if frame and frame.running else NO_TRACE)
            return
        at = (frame.place.commands, frame.place.item) if self._is_of(frame) else None
        looks = self._looks(trace, at)
        self.view.show_looks(looks)
        self._point(self.view.spot)
        words = RUNNING if frame.running else trace.partial
        limit = self._pictures.gradient_limit
        if limit and not words and any(look.gradient == "there" for look in looks):
            words = f"gradients from −{limit:g} to {limit:g}, by powers of ten"
        self._say(words)

    def _looks(self, trace: TraceReply, at: Step | None) -> list[Look]:
        """How each card stands at a place; without one nothing has happened."""
        if at is None:
            refused = [Look()] if card_words.refusal(trace) else []
            return [Look(), *(Look(gradient="yet") for _ in trace.operations), *refused]
        next_up, end = upcoming(trace, at), backward_end(trace)
        looks = [Look(happened=card_words.is_given(trace))]
        for index, one in enumerate(trace.operations):
            before = self._places.get(index)
            happened = before is not None and at >= (before[0], before[1] + 1)
            since = one.gradient_from
            none = since is None and end is not None and at >= end
            gradient = "there" if since is not None and at >= since else "none" if none else "yet"
            here = next_up is not None and next_up.operation == index
            marker, backward = (next_up.part.name, next_up.backward) if here and next_up else ("", False)
            looks.append(Look(happened, gradient, marker, backward))
        if card_words.refusal(trace):
            here = next_up is not None and next_up.operation is None and bool(next_up.part.refused)
            looks.append(Look(happened=here, marker=next_up.part.name if here and next_up else ""))
        return looks

    def _say(self, words: str) -> None:
        self._line = words
        words = self._pointing.words or words
        if words != self.words.text():
            self.words.setText(words)

    def _point(self, spot: Spot | None) -> None:
        look = self.view.look(spot.card) if spot is not None else Look()
        there = spot is not None and (look.gradient == "there" if spot.gradient else look.happened)
        self._pointing.point(self._trace, spot if there else None)

    # -------------------------------------------------------------------------------------------- choosing

    def _tell(self, card: int) -> None:
        if card == BATCH:
            self.chosen.emit(("batch", 0))
        elif self._name(card):
            self.chosen.emit(("operation", card - 1))

    def _card(self, selection: object) -> int | None:
        trace = self._trace
        if trace is None or not isinstance(selection, tuple) or len(selection) != 2:
            return None
        kind, index = selection
        if kind == "batch":
            return BATCH
        if kind == "node" and 0 <= index < len(trace.nodes):
            index = trace.nodes[index].operation
        elif kind != "operation":
            return None
        return index + 1 if 0 <= index < len(trace.operations) else None

    def _describe(self, card: int) -> str:
        return card_words.tip(self._trace, card, self.view.look(card)) if self._trace else ""

    def _open(self, card: int, part: str = "value") -> None:
        name = self._name(card)
        if name:
            self.asked_for.emit(name, part)

    def _name(self, card: int) -> str:
        if self._trace is None or card > len(self._trace.operations):
            return ""
        return "input" if card == BATCH else self._trace.operations[card - 1].name

    def _run_to(self, card: int) -> None:
        place = self._places.get(card - 1)
        if place is not None:
            self.run_to.emit(place)

    def menu_of(self, card: int) -> QMenu:
        """What can be done with a card."""
        menu = QMenu(self)
        name = self._name(card)

        def entry(words: str, act: Callable[[], None], possible: bool = True) -> None:
            action = menu.addAction(words.replace("&", "&&"))
            action.triggered.connect(lambda: act())
            action.setEnabled(possible)

        if card - 1 in self._places and self._trace is not None:
            entry("Run to here", lambda: self._run_to(card))
            entry(f"Break at {name}", lambda: self.break_at.emit("operation", name))
            for path in card_words.modules_around(self._trace, card - 1):
                entry(f"Break at module {path}", lambda path=path: self.break_at.emit("module", path))
            menu.addSeparator()
        if name:
            look = self.view.look(card)
            entry("Show tensor", lambda: self._open(card), look.happened)
            entry("Show gradient", lambda: self._open(card, "grad"), look.gradient == "there")
        return menu

    def _show_menu(self, card: int, where: QPoint) -> None:
        menu = self.menu_of(card)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if menu.actions():
            menu.popup(where)
        else:
            menu.deleteLater()

    # ----------------------------------------------------------------------------------------- the header

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(self.words, 1)
        row.addWidget(QLabel("sample"))
        row.addWidget(self.sample)
        row.addWidget(self.of)
        row.addSpacing(theme.UNIT)
        for name, words, tip, act in (
            ("zoom_out", "−", "Smaller cards (−, Ctrl+wheel)", lambda: self.view.set_zoom(self.view.zoom / STEP)),
            ("zoom_in", "+", "Larger cards (+, Ctrl+wheel)", lambda: self.view.set_zoom(self.view.zoom * STEP)),
            ("zoom_fit", "Fit", "The whole network; again: cards of their usual size (Ctrl+0)", self.view.fit),
        ):
            button = tool_button(f"network_{name}", words, tip)
            button.setAccessibleName(tip)
            button.clicked.connect(act)
            row.addWidget(button)
        return row
