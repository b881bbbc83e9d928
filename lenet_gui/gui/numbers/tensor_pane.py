"""One tensor as it is seen: its picture, table, histogram, course over the steps, or as PyTorch prints it.

Which tensor it is, and beside which other, is the panel's to say.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.asking import Asking, next_id
from lenet_gui.gui.numbers.heatmap import Heatmap
from lenet_gui.gui.numbers.histogram import BINS, HistogramView
from lenet_gui.gui.numbers.indexing import Index
from lenet_gui.gui.numbers.over_time import OverTime
from lenet_gui.gui.numbers.pane_cursor import PaneCursor
from lenet_gui.gui.numbers.pane_words import (
    MISSING,
    ONLY_NOW,
    below_heading,
    heading,
    is_batched,
    label_of,
    name_of,
    printed_of,
    step_of,
    words_of,
)
from lenet_gui.gui.numbers.sliders import Leading
from lenet_gui.gui.numbers.statistics import statistics_text
from lenet_gui.gui.numbers.tables import NumberTable
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import Frame
from lenet_gui.protocol.tensors import Block, Cells, LookReply, LookRequest, View, Which

_FINER_MS = 60
"""So long a part of a picture must have stayed before a finer one of it is asked for."""


class TensorPane(QWidget):
    """Shows what `show_tensor` names, at the place of each frame, in the view that `show_as` names."""

    asked = Signal(object)
    edited = Signal(int, float)
    cell_asked = Signal(object)
    """The index of a number that somebody asks about."""
    menu_wanted = Signal(object)
    """The place on the screen for a menu."""
    looked = Signal(object)
    """A `LookReply` that is shown now."""

    def __init__(self) -> None:
        super().__init__()
        self.which: Which | None = None
        self.minus: Which | None = None
        self.reply: LookReply | None = None
        self._leading: tuple[int, ...] | None = None
        self._as = "picture"
        self._frame: Frame | None = None
        self._empty = ""
        self.asking = Asking()
        self.heading = label_of("tensor_name", "Name and shape of the tensor")
        self.formula = label_of("tensor_formula", "The optimizer's rule with its numbers")
        self.statistics = words_of("tensor_statistics", "Range, mean, spread, norm and the share of zeros")
        self.message = words_of("tensor_message", "What there is to see")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.leading = Leading()
        self.heatmap, self.table, self.histogram, self.over_time = Heatmap(), NumberTable(), HistogramView(), OverTime()
        self._cursor = PaneCursor(self.heatmap, self.table)
        self.printed = printed_of()
        self.pages = QStackedWidget()
        for page in (self.message, self.heatmap, self.table, self.histogram, self.over_time, self.printed):
            self.pages.addWidget(page)
        self._finer = QTimer(self)
        self._finer.setSingleShot(True)
        self._finer.setInterval(_FINER_MS)
        self._lay_out()
        self._join()
        self._draw()

    # ---------------------------------------------------------------------------------------------- what is seen

    def show_tensor(self, which: Which | None, minus: Which | None = None, empty: str = "") -> None:
        """From now on this one, without `minus`; where there is none, `empty` says what to do."""
        self._empty = empty
        if (which, minus) == (self.which, self.minus) and which is not None:
            return
        if which is None or self.which is None or (which.name, which.part) != (self.which.name, self.which.part):
            self._leading = None
            self.over_time.plot.clear()
        self.which, self.minus = which, minus
        self._start_over()

    def show_as(self, view: str) -> None:
        """As `picture`, `table`, `histogram`, `time` or `printed`."""
        if view != self._as:
            self._as = view
            self._start_over()

    def show_frame(self, frame: Frame) -> None:
        if self._frame is None or frame.run != self._frame.run:
            # What was asked of the run before may never be answered.
            self.asking.forget()
            self.over_time.plot.clear()
        self._frame = frame
        self.ask()

    @property
    def view(self) -> View:
        assert self.which is not None
        return View(self.which, self.minus, self._leading)

    @property
    def is_now(self) -> bool:
        """Whether it is of the place where the run stands, and nothing is taken off it."""
        return self.which is not None and not self.which.pinned and self.minus is None

    def current(self) -> Index | None:
        """The index of the number that the cursor is on."""
        page = self.pages.currentWidget()
        if page is self.heatmap and self.heatmap.mosaic.cursor_cell is not None:
            return self.heatmap.index(self.heatmap.mosaic.cursor_cell)
        if page is self.table and self.table.currentIndex().isValid():
            return self.table.numbers.at(self.table.currentIndex())
        return None

    def go_to(self, index: Index) -> None:
        """Put the cursor on this number of the tensor, once that is there; fewer indices choose what is seen."""
        self._cursor.wanted = index
        if self.reply is not None:
            self._show(self.reply)

    def _start_over(self) -> None:
        self.asking.forget()
        self.reply = None
        self.table.stop_editing()
        self._draw()
        if not self.visibleRegion().isEmpty():
            self.ask()

    def ask(self) -> None:
        """Ask for the numbers of now, unless the answer to the last question is still on its way."""
        if self.which is None or (self._as == "time" and not self.is_now):
            return
        if self.asking.waiting:
            self.asking.behind = True
            return
        self.asking.look(self._request())

    def _request(self, finer: bool = False) -> LookRequest:
        # Of all the pages: the picture has its size only when it is seen.
        seen, size = self._as, self.pages.size() * self.devicePixelRatioF()
        room = max(1, size.height()), max(1, size.width())
        return LookRequest(
            next_id(),
            self.view,
            room=room if seen == "picture" else (0, 0),
            region=self.heatmap.mosaic.region() if finer else None,
            block=self.table.around() if seen == "table" else None,
            bins=BINS if seen in ("histogram", "time") else 0,
            printed=seen == "printed",
            inside=self._frame is None or not self._frame.running,
        )

    def _ask_finer(self) -> None:
        if (
            self.which is not None
            and self._as == "picture"
            and not self.asking.waiting
            and not self.visibleRegion().isEmpty()
        ):
            self.asking.look(self._request(finer=True))

    # ---------------------------------------------------------------------------------------------------- drawing

    def _show(self, reply: LookReply) -> None:
        """Of all but what is seen nothing has come, and the figures may have stayed."""
        self.reply = reply
        if reply.view.leading is not None:
            self._leading = reply.view.leading
        self._draw()
        leading, problem = self._cursor.arrive(reply)
        if problem:
            self.statistics.setText(problem)
        self._leading = leading or self._leading
        self.looked.emit(reply)
        if self.asking.behind or leading:
            self.ask()

    def _draw(self) -> None:
        reply = self.reply
        words = below_heading(reply) if reply is not None else ""
        self.formula.setVisible(bool(words))
        if reply is None:
            self._say(ONLY_NOW if self.which and self._as == "time" and not self.is_now else self._empty)
            self.heading.setText(name_of(self.which, self.minus) or " ")
            return
        self.heading.setText(heading(reply, self.which, self.minus))
        self.formula.setText(words)
        self.leading.show_shape(reply.shape, reply.view.leading or (), is_batched(reply, self._frame))
        if reply.missing and self._as != "time" and not (reply.cells and reply.columns):
            self._say(MISSING.get(reply.missing, reply.missing))
            return
        words = statistics_text(reply.summary) if reply.summary is not None else MISSING.get(reply.missing, " ")
        words = f"change: {words}" if reply.kind == "update" and reply.summary else words
        self.statistics.setText(words)
        self.statistics.setToolTip(words)  # a narrow dock cuts them off
        self._fill(reply)

    def _fill(self, reply: LookReply) -> None:
        match self._as:
            case "picture":
                self.heatmap.show_reply(reply)
                self.pages.setCurrentWidget(self.heatmap)
            case "table":
                self.table.numbers.show_reply(reply)
                self.pages.setCurrentWidget(self.table)
                self.table.cover()
            case "histogram":
                self.histogram.show_histogram(reply.histogram)
                self.pages.setCurrentWidget(self.histogram)
            case "time":
                if reply.histogram is not None and self._frame is not None and not self._frame.running:
                    self.over_time.plot.add(step_of(reply, self._frame), reply.histogram)
                self.pages.setCurrentWidget(self.over_time)
            case _:
                if self.printed.toPlainText() != reply.printed:
                    self.printed.setPlainText(reply.printed)
                self.pages.setCurrentWidget(self.printed)

    def _say(self, words: str) -> None:
        self.message.setText(words)
        self.statistics.setText(" ")
        if self.reply is None:
            self.leading.hide()
        self.pages.setCurrentWidget(self.message)

    # ------------------------------------------------------------------------------------------------- its parts

    def _exact(self, cells: Cells) -> None:
        if cells.values.size:
            self.heatmap.show_exact(cells.block.row, cells.block.column, str(cells.values[0, 0]))

    def _slide(self) -> None:
        self._leading = self.leading.leading()
        self.ask()

    def _cells(self, kind: str, block: Block) -> None:
        if self.which is not None:
            self.asking.cells(kind, self.view, block)

    def _plot(self, steps: int) -> None:
        if self.which is not None and self.is_now:
            self.asking.plot(self.which, steps, max(16, self.over_time.plot.width()), BINS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.reply is not None and self.reply.picture is not None:
            reduced = self.reply.picture.down * self.reply.picture.across > 1
            if reduced and self._as == "picture":
                self._finer.start()

    def _join(self) -> None:
        self.asking.asked.connect(self.asked)
        self.asking.looked.connect(self._show)
        self.asking.scrolled.connect(self.table.numbers.show_cells)
        self.asking.copied.connect(self.table.copy_from)
        self.asking.read.connect(self._exact)
        self.asking.series.connect(self.over_time.add_series)
        self.asking.exported.connect(lambda path: self.statistics.setText(f"Written: {path}"))
        self.leading.changed.connect(self._slide)
        self.heatmap.wanted.connect(self._finer.start)
        self._finer.timeout.connect(self._ask_finer)
        self.heatmap.exact_wanted.connect(lambda block: self._cells("read", block))
        self.heatmap.mosaic.opened.connect(lambda cell: self.cell_asked.emit(self.heatmap.index(cell)))
        self.heatmap.mosaic.menu_wanted.connect(self.menu_wanted)
        self.table.wanted.connect(lambda block: self._cells("scrolled", block))
        self.table.copy_wanted.connect(lambda block: self._cells("copied", block))
        self.table.edited.connect(self.edited)
        self.table.opened.connect(self.cell_asked)
        self.table.menu_wanted.connect(self.menu_wanted)
        self.over_time.wanted.connect(self._plot)

    def _lay_out(self) -> None:
        self.head = QHBoxLayout()
        self.head.setSpacing(theme.UNIT)
        self.head.addWidget(self.heading, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(self.head)
        layout.addWidget(self.formula)
        layout.addWidget(self.leading)
        layout.addWidget(self.pages, 1)
        # Two lines, needed or not, so that the picture above keeps its size.
        layout.addWidget(Steady(self.statistics, lines=2))
