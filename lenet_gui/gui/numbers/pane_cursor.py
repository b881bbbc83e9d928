"""A number that somebody has named by its index: what of its tensor has to be seen for it, and the cursor on it."""

from __future__ import annotations

import numpy as np

from lenet_gui.gui.address import Address
from lenet_gui.gui.numbers.heatmap import Heatmap
from lenet_gui.gui.numbers.indexing import Index, Indexing
from lenet_gui.gui.numbers.pane_words import whole_name
from lenet_gui.gui.numbers.tables import NumberTable
from lenet_gui.protocol.tensors import ALL, LookReply


class PaneCursor:
    """The way to the number that is `wanted`; empty: to none."""

    def __init__(self, heatmap: Heatmap, table: NumberTable) -> None:
        self._heatmap, self._table = heatmap, table
        self.wanted: Index = ()

    def arrive(self, reply: LookReply) -> tuple[tuple[int, ...], str]:
        """Put the cursor there. Gives the `View.leading` to look at first, where another part of the tensor is seen;
        and what is wrong, in one sentence, where there is no such place. Else both are empty.
        """
        if not self.wanted or not reply.shape:
            return (), ""
        wanted, self.wanted = self.wanted, ()
        try:
            index = Address(whole_name(reply.view.tensor), wanted).within(reply.shape)
        except ValueError as problem:
            return (), f"{problem}."
        leading = _leading_for(index, reply)
        if leading != (reply.view.leading or ()):
            self.wanted = wanted
            return leading, ""
        if len(index) == len(reply.shape):
            self._place(index, reply)
        return (), ""

    def _place(self, index: Index, reply: LookReply) -> None:
        indexing = Indexing(reply.shape, reply.view.leading or ())
        flat, full = indexing.flat_seen(index), self._heatmap.mosaic.full
        if reply.picture is not None and reply.picture.full == full:
            tile, row, column = (int(one) for one in np.unravel_index(flat, full))
            self._heatmap.mosaic.point_at((tile, row, column))
        if reply.cells is not None:
            row, column = (indexing.flat(index), 0) if reply.columns else indexing.table_cell(flat)
            found = self._table.numbers.index(row, column)
            self._table.setCurrentIndex(found)
            self._table.scrollTo(found)


def _leading_for(index: Index, reply: LookReply) -> tuple[int, ...]:
    """With which this number is seen. What is seen side by side stays so, unless a whole map is meant."""
    whole = len(index) == len(reply.shape)
    now = reply.view.leading or ()
    return tuple(at if k >= len(index) or (at == ALL and whole) else index[k] for k, at in enumerate(now))
