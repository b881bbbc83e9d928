"""What is said of the number under the mouse on a card, and which cells of the cards are framed.

It asks the worker only for what a small picture does not have to the bit.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, Signal

from lenet_gui.gui.address import Address, Index
from lenet_gui.gui.network.card_cells import Spot, drawn_words, index_of, places_of
from lenet_gui.gui.network.card_words import BATCH
from lenet_gui.gui.numbers.asking import Asking
from lenet_gui.protocol.tensors import Block, Cells, View, Which
from lenet_gui.protocol.trace import Summary, TraceReply
from lenet_gui.protocol.why import SourceCells

EXACT = ("float32", "float16", "bfloat16")
"""Numbers that a picture has to the bit."""
_GRADIENT = ".grad"

Lit = dict[int, list[tuple[bool, QRectF]]]
"""By card the framed cells of its pictures: whether of the gradient, and where in the picture."""


class Pointing(QObject):
    """Of one network. `words` are about the number under the mouse; empty: there is none."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.asking = Asking()
        self.asking.read.connect(self._read)
        self._named = ("", "")

    def point(self, trace: TraceReply | None, spot: Spot | None) -> None:
        """The mouse is here now, or nowhere."""
        before, self.words = self.words, ""
        summary = None if trace is None or spot is None else _summary(trace, spot)
        index = None if summary is None or spot is None else index_of(summary, spot.row, spot.column)
        if trace is not None and spot is not None and summary is not None and index is not None:
            self._tell(trace, spot, summary, index)
        if self.words != before:
            self.changed.emit()

    def _tell(self, trace: TraceReply, spot: Spot, summary: Summary, index: Index) -> None:
        name = "input" if spot.card == BATCH else trace.operations[spot.card - 1].name
        whole, drawn = f"{name}{_GRADIENT if spot.gradient else ''}", drawn_words(summary)
        self._named = str(Address(whole, index)), f"   ({drawn})" if drawn else ""
        exact = summary.dtype in EXACT
        self._say(str(summary.picture[spot.row, spot.column]) if exact else "…")
        if not exact:
            view = View(Which(name, "grad" if spot.gradient else "value"), leading=index[:-2])
            row, column = ((0, 0, *index)[-2:]) if len(index) > 1 else ((0, *index)[-1], 0)
            self.asking.cells("read", view, Block(row, column, 1, 1))

    def _say(self, number: str) -> None:
        self.words = f"{self._named[0]}  {number}{self._named[1]}"

    def _read(self, cells: Cells) -> None:
        if self.words and cells.values.size:
            self._say(str(cells.values[0, 0]))
            self.changed.emit()


def lit(trace: TraceReply | None, cells: tuple[SourceCells, ...]) -> Lit:
    """Where these cells are on the cards; the newest of operations that share a name."""
    found: Lit = {}
    if trace is None:
        return found
    cards = {"input": BATCH} | {one.name: card for card, one in enumerate(trace.operations, 1)}
    for one in cells:
        gradient = one.name.endswith(_GRADIENT)
        card = cards.get(one.name.removesuffix(_GRADIENT))
        summary = None if card is None else _summary(trace, Spot(card, gradient, 0, 0))
        if card is not None and summary is not None:
            found.setdefault(card, []).extend((gradient, place) for place in places_of(summary, one.ranges))
    return found


def _summary(trace: TraceReply, spot: Spot) -> Summary | None:
    if spot.card == BATCH:
        return None if spot.gradient else trace.batch
    if spot.card > len(trace.operations):
        return None
    one = trace.operations[spot.card - 1]
    return one.gradient if spot.gradient else one.output
