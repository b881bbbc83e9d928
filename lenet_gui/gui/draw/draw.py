"""Draw a digit, see what the network makes of it, teach it that digit and take that back.

The engine centres and scales the drawing as the data are, and runs it forward beside the training.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QFileDialog

from lenet_gui.gui.draw import pictures
from lenet_gui.gui.draw.layout import DrawWidgets
from lenet_gui.gui.numbers.colour_scale import SEQUENTIAL, steady_range
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Advance, Frame, Place, Reply, Seek
from lenet_gui.protocol.drawing import DrawingReply, DrawingRequest, PutDrawing

EMPTY = "Draw a digit: what the network makes of it appears while you draw."
_NOTHING = np.empty(0, np.float32)
_NO_IMAGE = np.empty((0, 1, 1), np.float32)
_ids = count(1)


class DrawPanel(Panel):
    """One question is on its way at a time: what is drawn meanwhile is asked about when its answer has come."""

    title = "Draw a digit"
    seen = Signal(object)
    """The activations for the drawing, a `TraceReply`; `None` when they are no longer to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("draw")
        self.setAccessibleName("Draw a digit")
        self.setAcceptDrops(True)
        self._frame: Frame | None = None
        self._id = 0
        self._waiting = self._behind = False
        self._revision = 0
        self._asked: tuple[int, Place | None] = (-1, None)
        # What the network said of this very drawing here, and at the place before: (revision, place, step, scores).
        self._now: DrawingReply | None = None
        self._now_revision = -1
        self._before: DrawingReply | None = None
        # Where the training stood before the drawing was put into a batch.
        self._home: Place | None = None
        self._dock: QDockWidget | None = None
        self.parts = DrawWidgets(self)
        self.sheet = self.parts.sheet
        self._join()
        self._allow()
        self._say(EMPTY)

    def wanted(self) -> None:
        """Somebody wants to draw."""
        self.sheet.setFocus()

    # --------------------------------------------------------------------------------------------------- what comes

    def show_frame(self, frame: Frame) -> None:
        before, self._frame = self._frame, frame
        if before is not None and frame.run != before.run:
            self._waiting, self._home, self._asked = False, None, (-1, None)
            self._now = self._before = None
            self._show()
        self.parts.show_classes(frame.classes)
        self.parts.show_batch(frame.samples.size)
        self._allow()
        self._ask()

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, DrawingReply) or reply.id != self._id or not self._waiting:
            return
        self._waiting = False
        same = self._now is not None and self._now_revision == self._asked[0]
        if same and self._now is not None and self._now.place != reply.place:
            self._before = self._now
        elif not same:
            self._before = None
        self._now, self._now_revision = reply, self._asked[0]
        self._show()
        if self._behind:
            self._ask()

    # --------------------------------------------------------------------------------------------------- asking

    def _changed(self) -> None:
        self._revision += 1
        self._allow()
        if self.sheet.is_empty:
            self._now = self._before = None
            self._show()
        self._ask()

    def _ask(self) -> None:
        place = self._frame.place if self._frame is not None else None
        wanted = (self._revision, place)
        if place is None or self.sheet.is_empty or wanted == self._asked or not self.is_seen():
            return
        self._behind = self._waiting
        if self._waiting:
            return
        self._id = next(_ids)
        self._waiting, self._asked = True, wanted
        self.asked.emit(DrawingRequest(self._id, self.sheet.ink(), self.parts.cards.isChecked()))

    # --------------------------------------------------------------------------------------------------- showing

    def _show(self) -> None:
        now, before = self._now, self._before
        if now is None:
            self.parts.preview.show_tiles(_NO_IMAGE, SEQUENTIAL)
            self.parts.bars.show_scores(_NOTHING, ())
            self._say(EMPTY)
            self.seen.emit(None)
            return
        image = now.image[None] if now.image.ndim == 2 else _NO_IMAGE
        self.parts.preview.show_tiles(image, SEQUENTIAL, steady_range(image, SEQUENTIAL))
        self.parts.preview.setToolTip(f"The drawing as the network is given it. {now.how}")
        label = self.parts.label.currentData()
        was = before.scores if before is not None else None
        self.parts.bars.show_scores(now.scores, now.names, -1 if label is None else label, was)
        self._say(now.missing or self._told(now, before))
        self.seen.emit(now.cards if self.parts.cards.isChecked() else None)

    def _told(self, now: DrawingReply, before: DrawingReply | None) -> str:
        """`3 with 81.2 % at step 12 (was 7 with 55.0 % at step 11)`."""
        if not len(now.scores):
            return EMPTY
        words = f"{self._best(now)} at step {now.step:,}"
        return f"{words} (was {self._best(before)} at step {before.step:,})" if before is not None else words

    def _best(self, reply: DrawingReply) -> str:
        shares = self.parts.shares(reply.scores)
        best = int(np.argmax(np.nan_to_num(shares)))
        return f"{reply.names[best]} with {100 * shares[best]:.1f} %"

    def _say(self, words: str) -> None:
        self.parts.words.setText(words)

    def _allow(self) -> None:
        frame, parts = self._frame, self.parts
        allowed = frame.allowed if frame is not None else ()
        labelled = parts.label.currentData() is not None or (frame is not None and not frame.classes)
        between = "put" in allowed
        parts.put.setEnabled(between and labelled and not self.sheet.is_empty)
        parts.step.setEnabled("advance" in allowed)
        parts.back.setEnabled(self._home is not None and "seek" in allowed)
        parts.undo.setEnabled(not self.sheet.is_empty)
        parts.clear.setEnabled(not self.sheet.is_empty)
        parts.explain_put(self.sheet.is_empty, labelled, between, "seek" in allowed)

    # --------------------------------------------------------------------------------------------------- teaching

    def _put(self) -> None:
        frame = self._frame
        if frame is None:
            return
        if self._home is None or self._home.branch != frame.place.branch or self._home.commands > frame.place.commands:
            self._home = frame.place
        label = self.parts.label.currentData()
        self.asked.emit(PutDrawing(self.sheet.ink(), -1 if label is None else label, self.parts.at.value()))

    def _back(self) -> None:
        if self._home is not None:
            home, self._home = self._home, None
            self.asked.emit(Seek(branch=home.branch, commands=home.commands))
            self._allow()

    # --------------------------------------------------------------------------------------------------- pictures

    def take(self, given: QMimeData) -> None:
        """A picture that was dropped or pasted; what is none is told in a sentence."""
        self._take(lambda: pictures.from_mime(given))

    def _paste(self) -> None:
        # Where nothing was ever copied, Qt has nothing to give, whatever its types say.
        given: QMimeData | None = QGuiApplication.clipboard().mimeData()
        self.take(given or QMimeData())

    def _open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "A picture of a digit", "", "Pictures (*.png *.jpg *.jpeg *.bmp *.gif)"
        )
        if path:
            self._take(lambda: pictures.from_file(Path(path)))

    def _take(self, read: Callable[[], NDArray[np.uint8]]) -> None:
        try:
            ink = read()
        except pictures.NoPicture as error:
            self._say(str(error))
            return
        self.sheet.put_in(ink)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if pictures.can_take(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.take(event.mimeData())

    # --------------------------------------------------------------------------------------------------- the panel

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        dock = self.parentWidget()
        if isinstance(dock, QDockWidget) and dock is not self._dock:
            # Qt does not hide a dock that goes behind another as a tab.
            self._dock = dock
            dock.visibilityChanged.connect(self._come_or_gone)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen.emit(None)

    def _come_or_gone(self, here: bool) -> None:
        if not here:
            self.seen.emit(None)
        elif self._now is not None:
            self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.parts.lay_out_for(self.width(), self.height())

    def _mode_changed(self) -> None:
        self._asked = (-1, None)
        self._ask()
        if not self.parts.cards.isChecked():
            self.seen.emit(None)

    def _label_chosen(self) -> None:
        self._allow()
        if self._now is not None:
            self._show()

    def _join(self) -> None:
        parts = self.parts
        self.sheet.changed.connect(self._changed)
        parts.pen.valueChanged.connect(self.sheet.set_width)
        parts.clear.clicked.connect(self.sheet.clear)
        parts.undo.clicked.connect(self.sheet.undo)
        parts.paste.clicked.connect(self._paste)
        parts.open.clicked.connect(self._open)
        parts.cards.toggled.connect(self._mode_changed)
        parts.label.currentIndexChanged.connect(self._label_chosen)
        parts.put.clicked.connect(self._put)
        parts.step.clicked.connect(lambda: self.asked.emit(Advance("step")))
        parts.back.clicked.connect(self._back)
        for keys, act in (
            (QKeySequence.StandardKey.Undo, self.sheet.undo),
            (QKeySequence.StandardKey.Paste, self._paste),
            (QKeySequence.StandardKey.Delete, self.sheet.clear),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.sheet)
            shortcut.setContext(parts.shortcut_context)
            shortcut.activated.connect(act)
