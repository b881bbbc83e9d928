"""The chosen watch as a picture, where it is a tensor. Its numbers are asked for, as many as there are pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.protocol import Frame, Place, Reply
from lenet_gui.protocol.stops import LookAtWatch, WatchRow

if TYPE_CHECKING:
    from lenet_gui.gui.numbers.heatmap import Heatmap
    from lenet_gui.protocol.tensors import Block, Region

LEAST, MOST = 22 * theme.UNIT, 40 * theme.UNIT
"""Its height; in between, half of what it shares with the table."""


class WatchPicture(QWidget):
    """There is nothing to see of it until a tensor is chosen."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("watch_picture")
        self.setAccessibleName("Picture of the chosen watch")
        self.heatmap: Heatmap | None = None
        self._wanted: tuple[int, str, int, Place] | None = None
        self._id = 0
        self._exact_id = 0
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def show_watch(self, row: WatchRow | None, frame: Frame | None) -> bool:
        """Of this row, as of this frame; whether it has taken room for it. In a run what was seen would be of another
        place: nothing is.
        """
        if row is None or frame is None or frame.running or row.state != "value" or not row.shape:
            self._wanted = None
            self.hide()
            return False
        wanted = row.id, row.expression, frame.run, frame.place
        opening = self.isHidden()
        if wanted != self._wanted:
            self._wanted = wanted
            self._opened()
            self.show()
            self._settle()
            self._ask()
        return opening

    def _settle(self) -> None:
        """Take the size that it will have at once: as many numbers are asked for."""
        around = self.parentWidget()
        if around is not None:
            self.setFixedHeight(max(LEAST, min(MOST, around.height() // 2)))
        for layout in (around.layout() if around is not None else None, self._layout):
            if layout is not None:
                layout.activate()

    def show_reply(self, reply: Reply) -> None:
        from lenet_gui.protocol.tensors import LookReply

        if not isinstance(reply, LookReply) or self.heatmap is None or self._wanted is None:
            return
        if reply.id == self._id:
            self.setVisible(not reply.missing)
            self.heatmap.show_reply(reply)
        elif reply.id == self._exact_id and reply.cells is not None and reply.cells.values.size:
            block = reply.cells.block
            self.heatmap.show_exact(block.row, block.column, str(reply.cells.values[0, 0]))

    def _ask(self, region: Region | None = None) -> None:
        heatmap = self._opened()
        assert self._wanted is not None
        self._id = _next_id()
        size = heatmap.mosaic.size() * self.devicePixelRatioF()
        room = max(1, size.height()), max(1, size.width())
        self.asked.emit(LookAtWatch(self._id, self._wanted[0], room, region))

    def _ask_exact(self, block: Block) -> None:
        if self._wanted is not None:
            self._exact_id = _next_id()
            self.asked.emit(LookAtWatch(self._exact_id, self._wanted[0], (0, 0), block=block))

    def _ask_finer(self) -> None:
        if self._wanted is not None and self.heatmap is not None:
            self._ask(self.heatmap.mosaic.region())

    def _opened(self) -> Heatmap:
        if self.heatmap is None:
            # NumPy is for those who look at a tensor.
            from lenet_gui.gui.numbers.heatmap import Heatmap

            self.heatmap = Heatmap()
            self.heatmap.mosaic.setObjectName("watch_mosaic")
            self.heatmap.mosaic.setAccessibleName("The chosen watch; the arrow keys go from number to number")
            self.heatmap.read_out.setObjectName("watch_read_out")
            self.heatmap.wanted.connect(self._ask_finer, Qt.ConnectionType.QueuedConnection)
            self.heatmap.exact_wanted.connect(self._ask_exact)
            self._layout.addWidget(self.heatmap)
        return self.heatmap


def _next_id() -> int:
    from lenet_gui.gui.numbers.asking import next_id

    return next_id()
