"""Images of what was measured, and one of them large with what the network said of it."""

from __future__ import annotations

import math
from itertools import count

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import SEQUENTIAL, steady_range
from lenet_gui.gui.numbers.mosaic import Cell, Mosaic
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.gui.widgets.prediction_bars import PredictionBars
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol.measures import ImageReply, ImageRequest, ImagesReply, ImagesRequest

_ids = count(1)
NOTHING = np.empty((0, 1, 1), np.float32)


class ImageStrip(Mosaic):
    """Images with label and prediction below, one of them chosen by a click or the arrow keys."""

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__(caption=16)
        self.setObjectName(name)
        self.setAccessibleName("Images that were measured; the arrow keys choose one")
        self.setToolTip("Click an image, or choose it with the arrow keys, to see it large with its outputs")
        self.at = -1
        self._captions: tuple[str, ...] = ()

    def show_images(self, reply: ImagesReply | None, names: tuple[str, ...]) -> None:
        self.at = -1
        pairs = zip(reply.labels, reply.predictions, strict=True) if reply is not None else ()
        self._captions = tuple(f"{_name(names, one)}→{_name(names, other)}" for one, other in pairs)
        images = NOTHING if reply is None or not len(reply.images) else reply.images
        self.show_tiles(images, SEQUENTIAL, steady_range(images, SEQUENTIAL))

    def choose(self, k: int) -> None:
        if 0 <= k < self.full[0]:
            self.at = k
            self.update()
            self.chosen.emit(k)

    def paint_marks(self, painter: QPainter) -> None:
        painter.setFont(theme.mono())
        painter.setPen(theme.colour("muted"))
        metrics = painter.fontMetrics()
        for k, words in enumerate(self._captions):
            rect = self.tile_rect(k)
            below = QRectF(rect.x() - 2, rect.bottom() + 1, rect.width() + 4, 15)
            cut = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(below.width()))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, cut if cut == words or len(cut) > 2 else "")
        if 0 <= self.at < self.full[0]:
            painter.setPen(QPen(theme.colour("place"), 3))
            painter.drawRect(self.tile_rect(self.at))

    def point_at(self, cell: Cell | None) -> None:
        # Only a click or a key chooses here.
        pass

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if cell := self.cell_at(event.position()):
            self.choose(cell[0])

    def step_cursor(self, down: int, right: int) -> None:
        self.choose(0 if self.at < 0 else self.at + down * self.columns + right)


class ImageBrowser(QWidget):
    """Asks for the images of a cell, or for the worst mistakes, and for each that is chosen."""

    asked = Signal(object)

    def __init__(self, name: str, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self._images = self._image = 0
        self._reply: ImagesReply | None = None
        self._names: tuple[str, ...] = ()
        self.words = Elided(empty)
        self.words.setObjectName(f"{name}_words")
        self.words.setAccessibleName("Which images these are")
        self.strip = ImageStrip(f"{name}_images")
        self.large = Mosaic()
        self.large.setObjectName(f"{name}_large")
        self.large.setAccessibleName("The chosen image")
        self.large.setToolTip("The chosen image as the network was given it")
        self.bars = PredictionBars(f"{name}_outputs", "What the network said of the chosen image", "Choose an image.")
        self.about = Elided(" ")
        self.about.setObjectName(f"{name}_about")
        self.about.setAccessibleName("The chosen image")
        self.strip.chosen.connect(self._choose)
        beside = QVBoxLayout()
        beside.setSpacing(theme.UNIT)
        beside.addWidget(Steady(self.about))
        beside.addWidget(self.bars, 1)
        one = QHBoxLayout()
        one.setSpacing(2 * theme.UNIT)
        one.addWidget(self.large, 2)
        one.addLayout(beside, 3)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(2 * theme.UNIT)
        self._halves.addWidget(self.strip, 1)
        self._halves.addLayout(one, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(Steady(self.words))
        layout.addLayout(self._halves, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.6 * self.height()
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def ask(self, side: str, names: tuple[str, ...], label: int = -1, predicted: int = -1) -> None:
        """For the images of a cell; without one for the worst mistakes."""
        self._names, self._images = names, next(_ids)
        self.asked.emit(ImagesRequest(self._images, side, label, predicted))

    def clear(self) -> None:
        self._images = self._image = 0
        self._reply = None
        self.words.setText(self._empty)
        self.strip.show_images(None, ())
        self._show_one(None)

    def show_images(self, reply: ImagesReply) -> None:
        if reply.id != self._images:
            return
        self._reply = reply
        self.strip.show_images(reply, self._names)
        self.words.setText(_words(reply, self._names))
        self._show_one(None)

    def show_image(self, reply: ImageReply) -> None:
        if reply.id == self._image:
            self._show_one(reply)

    def _choose(self, k: int) -> None:
        if self._reply is not None:
            self._image = next(_ids)
            self.asked.emit(ImageRequest(self._image, self._reply.side, self._reply.indices[k]))

    def _show_one(self, reply: ImageReply | None) -> None:
        if reply is None:
            self.large.show_tiles(NOTHING, SEQUENTIAL)
            self.bars.show_scores(np.empty(0, np.float32), ())
            self.about.setText(" ")
            return
        self.large.show_tiles(reply.image[None], SEQUENTIAL, steady_range(reply.image, SEQUENTIAL))
        self.bars.show_scores(reply.scores, reply.names, reply.label)
        loss = "" if math.isnan(reply.loss) else f" · loss {reply.loss:.4g}"
        self.about.setText(f"{reply.side} image {reply.index:,} · ◆ label {_name(reply.names, reply.label)}{loss}")


def _words(reply: ImagesReply, names: tuple[str, ...]) -> str:
    if reply.label < 0:
        what = f"{reply.count:,} mistake{'' if reply.count == 1 else 's'}, the largest loss first"
    elif not reply.count:
        return f"No image of {_name(names, reply.label)} was taken for {_name(names, reply.predicted)}."
    else:
        taken = f"label {_name(names, reply.label)} taken for {_name(names, reply.predicted)}"
        what = f"{reply.count:,} × {taken}"
    shown = len(reply.indices)
    return what if shown == reply.count else f"{what} · {shown} shown"


def _name(names: tuple[str, ...], k: int) -> str:
    return names[k] if 0 <= k < len(names) else str(k)
