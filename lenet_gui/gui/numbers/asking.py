"""The questions that one view of a tensor has open: one of each kind at a time, and never about what nobody sees."""

from __future__ import annotations

from itertools import count

from PySide6.QtCore import QObject, Signal

from lenet_gui.protocol.tensors import (
    Block,
    CellsReply,
    CellsRequest,
    Exported,
    ExportTensor,
    HistogramSeries,
    LookAnswer,
    LookReply,
    LookRequest,
    PlotHistograms,
    View,
    Which,
)

_ids = count(1)  # of the whole window: an answer goes to every view, and each knows its own


def next_id() -> int:
    return next(_ids)


class Asking(QObject):
    """Sends questions, and hands out the answers that are still wanted."""

    asked = Signal(object)
    looked = Signal(object)
    """A `LookReply`."""
    scrolled = Signal(object)
    """The `Cells` that the table wanted."""
    copied = Signal(object)
    """The `Cells` that are to be copied."""
    read = Signal(object)
    """The `Cells` of one number that is to be read."""
    exported = Signal(str)
    series = Signal(object)
    """A `HistogramSeries`."""

    def __init__(self) -> None:
        super().__init__()
        self._look = self._series = self._export = 0
        self._cells: dict[str, int] = {}
        self._next: dict[str, tuple[View, Block]] = {}
        self.waiting = False
        self.behind = False
        """Whether something changed since the question whose answer is on its way."""

    def look(self, request: LookRequest) -> None:
        """Ask for all that is seen."""
        self._look, self.waiting, self.behind = request.id, True, False
        self.asked.emit(request)

    def cells(self, kind: str, view: View, block: Block) -> None:
        """Ask for cells to be `scrolled`, `copied` or `read`; while an answer is on its way only the newest waits."""
        if self._cells.get(kind) and kind != "copied":
            self._next[kind] = (view, block)
            return
        self._cells[kind] = next_id()
        self.asked.emit(CellsRequest(self._cells[kind], view, block))

    def plot(self, which: Which, steps: int, most: int, bins: int) -> None:
        self._series = next_id()
        self.asked.emit(PlotHistograms(self._series, which, steps, most, bins))

    def export(self, view: View, path: str) -> None:
        self._export = next_id()
        self.asked.emit(ExportTensor(self._export, view, path))

    def forget(self) -> None:
        """What was asked before is stale: its answer comes with an older id and is dropped."""
        self._look = self._series = 0
        self.waiting = self.behind = False
        self._cells.clear()
        self._next.clear()

    def answer(self, reply: LookAnswer) -> None:
        match reply:
            case LookReply(id=id) if id == self._look and self.waiting:
                self.waiting = False
                self._cells.clear()  # they may have been of the place before
                self._next.clear()
                self.looked.emit(reply)
            case CellsReply(id=id) if id in self._cells.values():
                kind = next(one for one, its in self._cells.items() if its == id)
                del self._cells[kind]
                getattr(self, kind).emit(reply.cells)
                if kind in self._next:
                    self.cells(kind, *self._next.pop(kind))
            case HistogramSeries(id=id) if id == self._series:
                self.series.emit(reply)
            case Exported(id, path) if id == self._export:
                self.exported.emit(path)
            case _:
                pass
