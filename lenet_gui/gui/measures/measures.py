"""How good the network is: by epoch, as a confusion matrix, by its worst mistakes and by class.

What was measured belongs to a place: elsewhere it is faded until it is measured again. The engine measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.measures.images import ImageBrowser
from lenet_gui.gui.measures.matrix import ConfusionMatrix
from lenet_gui.gui.measures.parts import box, fading, scrolling, side_list, told
from lenet_gui.gui.measures.tables import ClassModel, EpochModel, MeasureTable
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import Frame, Reply, Seek
from lenet_gui.protocol.measures import EpochTable, ImageReply, ImagesReply, Measure, MeasureEpochs, Measures

if TYPE_CHECKING:
    from lenet_gui.gui.measures.epoch_plot import EpochPlot

NOT_YET = "Measure shows how good the network is at this place."
NO_LABELS = "Random tensors have no labels: there is nothing to measure."
PICK = "Click a cell of the matrix for its images."
_WIDE = 560
_EPOCHS, _CONFUSION, _MISTAKES = range(3)
_EMPTY = np.empty((0, 0), np.int64)


class MeasuresPanel(Panel):
    """Asks for measures on demand, and keeps what was measured last of the side that is chosen."""

    title = "Measures"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("measures")
        self.setAccessibleName("Measures")
        self._frame: Frame | None = None
        self._table: EpochTable | None = None
        self._found: dict[str, Measures] = {}
        self._worst_of: Measures | None = None
        self._plot_shown: EpochTable | None = None
        self.side = side_list()
        self.here = tool_button(
            "measure_here",
            "Measure",
            "Measure this side at this place: loss, matrix, mistakes, classes. It changes nothing",
        )
        self.every = tool_button(
            "measure_epochs",
            "Every epoch",
            "Go over this branch again, beside it, and measure both sides where each epoch ended. Pause ends it",
        )
        self.words = Elided(NOT_YET)
        self.words.setObjectName("measures_words")
        self.words.setAccessibleName("What was measured, and where")
        self.shares = tool_button(
            "confusion_shares", "Shares", "Per cent of each label instead of counts", checkable=True
        )
        self.matrix = ConfusionMatrix()
        self.cell = ImageBrowser("cell", PICK)
        self.worst = ImageBrowser("mistakes", "Measure shows the mistakes with the largest loss.")
        self.epochs, self.classes = EpochModel(), ClassModel()
        self.epoch_table = MeasureTable(
            self.epochs, "epoch_table", "Loss and accuracy by epoch", "Double-click or Enter goes to a row's place"
        )
        self.class_table = MeasureTable(
            self.classes, "class_table", "Figures by class", "A header sorts. Ctrl+C copies the rows that are chosen"
        )
        self.class_table.setSortingEnabled(True)
        self.class_table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._lay_out()
        self._join()
        self._say()

    def wanted(self) -> None:
        """Measure the side that is chosen, here."""
        if self.here.isEnabled():
            self.asked.emit(Measure(self.side.currentData()))

    # --------------------------------------------------------------------------------------------------- what comes

    def show_frame(self, frame: Frame) -> None:
        if self._frame is not None and frame.run != self._frame.run:
            self._forget()
        self._frame = frame
        self.here.setEnabled("evaluate" in frame.allowed)
        self.every.setEnabled("seek" in frame.allowed and "evaluate" in frame.allowed)
        self.epochs.show_place(frame.place.commands)
        self._show_epochs()
        self._say()

    def show_reply(self, reply: Reply) -> None:
        match reply:
            case EpochTable():
                self._table = reply
                if self.is_seen():
                    self._show_epochs()
            case Measures():
                self._found[reply.side] = reply
                if reply.side == self.side.currentData():
                    self._show_side()
            case ImagesReply():
                self.cell.show_images(reply)
                self.worst.show_images(reply)
            case ImageReply():
                self.cell.show_image(reply)
                self.worst.show_image(reply)
            case _:
                pass

    def _forget(self) -> None:
        """Another run begins."""
        run = self._table.run if self._table is not None else 0
        if self._frame is None or run <= self._frame.run:
            self._table = None
            self.epochs.show_rows(self.epochs.rows[:0])
        self._found.clear()
        self._show_side()

    # ------------------------------------------------------------------------------------------------ what is shown

    def _show_epochs(self) -> None:
        table, frame = self._table, self._frame
        if self.pages.currentIndex() != _EPOCHS or not self.is_seen():
            return
        plot = self._plot()
        if table is not self._plot_shown:
            self._plot_shown = table
            rows = table.rows if table is not None else self.epochs.rows[:0]
            self.epochs.show_rows(rows)
            plot.show_rows(rows)
        if frame is not None and frame.epoch is not None and frame.batches:
            plot.show_place(frame.epoch + frame.batch / frame.batches)

    def _plot(self) -> EpochPlot:
        # pyqtgraph is loaded when somebody looks.
        from lenet_gui.gui.measures.epoch_plot import EpochPlot

        found = self._epoch_page.findChild(EpochPlot)
        if found is None:
            found = EpochPlot()
            self._epoch_layout.insertWidget(0, found, 2)
        return found

    def _show_side(self) -> None:
        found = self._found.get(self.side.currentData())
        usable = found is not None and found.confusion is not None
        self.cell.clear()
        self.worst.clear()
        self._worst_of = None
        self.matrix.show_counts(found.confusion if usable else _EMPTY, self._names())  # pyright: ignore[reportOptionalMemberAccess, reportArgumentType]
        self.classes.show_rows(found.rows if found is not None else ())
        self._ask_worst()
        self._say()

    def _ask_worst(self) -> None:
        found = self._found.get(self.side.currentData())
        if found is None or found is self._worst_of or self.pages.currentIndex() != _MISTAKES:
            return
        if found.total:
            self._worst_of = found
            self.worst.ask(found.side, self._names())

    def _names(self) -> tuple[str, ...]:
        found = self._found.get(self.side.currentData())
        return tuple(row.name for row in found.rows) if found is not None else ()

    def _say(self) -> None:
        frame, found = self._frame, self._found.get(self.side.currentData())
        away = found is not None and frame is not None and frame.place != found.place
        for effect in self._effects:
            effect.setEnabled(away)
        if found is not None:
            self.words.setText(("Not here: " if away else "") + told(found))
        else:
            self.words.setText(NO_LABELS if frame is not None and frame.epoch is None else NOT_YET)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_epochs()

    def _turned(self) -> None:
        self.shares.setVisible(self.pages.currentIndex() == _CONFUSION)
        self._show_epochs()
        self._ask_worst()

    def _go(self, row: int) -> None:
        frame, table = self._frame, self._table
        if frame is not None and table is not None and "seek" in frame.allowed:
            self.asked.emit(Seek(branch=table.branch, commands=int(self.epochs.rows[row, 2])))

    # -------------------------------------------------------------------------------------------------- its widgets

    def _join(self) -> None:
        self.here.clicked.connect(self.wanted)
        self.every.clicked.connect(lambda: self.asked.emit(MeasureEpochs()))
        self.side.currentIndexChanged.connect(self._show_side)
        self.shares.toggled.connect(self.matrix.show_shares)
        self.matrix.picked.connect(lambda *cell: self.cell.ask(self.side.currentData(), self._names(), *cell))
        self.cell.asked.connect(self.asked)
        self.worst.asked.connect(self.asked)
        self.pages.currentChanged.connect(self._turned)
        self.epoch_table.opened.connect(self._go)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.UNIT)
        top.addWidget(self.side)
        top.addWidget(self.here)
        top.addWidget(self.every)
        top.addStretch(1)
        self._epoch_page = QWidget()
        self._epoch_layout = box(self._epoch_page)
        self._epoch_layout.addWidget(self.epoch_table, 5)
        matrix_page = QWidget()
        self._matrix_layout = box(matrix_page)
        self._matrix_layout.addWidget(self.matrix, 5)
        self._matrix_layout.addWidget(self.cell, 6)
        self.pages = QTabWidget()
        self.pages.setObjectName("measures_pages")
        self.pages.setAccessibleName("What of the measures is shown")
        self.pages.setDocumentMode(True)
        self.pages.setMinimumHeight(16 * theme.UNIT)
        for page, words in (
            (scrolling(self._epoch_page, "epoch_area"), "By epoch"),
            (scrolling(matrix_page, "confusion_area"), "Confusion"),
            (scrolling(self.worst, "mistakes_area"), "Mistakes"),
            (self.class_table, "Classes"),
        ):
            self.pages.addTab(page, words)
        self.pages.setCornerWidget(self.shares)
        self.shares.hide()
        for arrow in self.pages.tabBar().findChildren(QToolButton):
            arrow.setToolTip("The pages that have no room here")
        self._effects = [fading(page) for page in (matrix_page, self.worst, self.class_table)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(top)
        layout.addWidget(Steady(self.words))
        layout.addWidget(self.pages, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        for layout in (self._epoch_layout, self._matrix_layout):
            layout.setDirection(direction)
