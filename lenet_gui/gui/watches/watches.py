"""Watches and breakpoints in one panel. It sends what a person wants of them, and draws what the frame says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QToolButton, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.watches.breakpoint_table import about
from lenet_gui.gui.watches.breakpoints import Breakpoints, toggled
from lenet_gui.gui.watches.watch_picture import WatchPicture
from lenet_gui.gui.watches.watch_table import WatchField, WatchTable
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import Frame, Incoming, Reply, WatchSeries
from lenet_gui.protocol.stops import (
    BreakpointRow,
    DropBreakpoint,
    DropWatch,
    PlotWatch,
    SetBreakpoint,
    SetWatch,
    WatchRow,
)
from lenet_gui.protocol.trace import TraceReply

if TYPE_CHECKING:
    from lenet_gui.gui.watches.watch_plot import WatchPlot

WIDE = 600
"""Pixels from which on the plot stands beside the tables, not below them."""


class WatchesPanel(Panel):
    """Other panels may ask it to `add_breakpoint` and `add_watch`; `show_watch_series` takes what plots are made of."""

    title = "Watches and breakpoints"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("watches")
        self.setAccessibleName("Watches and breakpoints")
        self._frame: Frame | None = None
        self._removed: list[list[Incoming]] = []  # what brings back each removal, the newest last
        self._about_breakpoints = False
        self._refusal = ""  # why what a person wanted last was not done, until they do something else
        self._said = ("", False)
        self.field = WatchField()
        self.table = WatchTable()
        self.picture = WatchPicture()
        self.plot_button = self._button("watch_plot", "Plot", "Plot the chosen watch over the steps of this branch, "
                                        "those done before too, by going through them again; or close its curve (P)",
                                        self.table.plot)  # fmt: skip
        self.remove = self._button("watch_remove", "Remove", "Remove the chosen watch (Delete; Ctrl+Z brings it back)",
                                   self.table.drop)  # fmt: skip
        self.breakpoints = Breakpoints()
        self.plot: WatchPlot | None = None
        """There once something is plotted."""
        self.words = QLabel()
        self._lay_out()
        self._join()

    # ---------------------------------------------------------------------------------------------- what is drawn

    def show_frame(self, frame: Frame) -> None:
        new_run, self._frame = self._frame is not None and frame.run != self._frame.run, frame
        self.table.show_watches(frame.watches)
        self.breakpoints.show_frame(frame)
        if self.plot is not None:
            there = {row.id for row in frame.watches}
            for watch in self.plot.slots():
                if new_run or watch not in there:
                    self._close_curve(watch)
            self.plot.show_frame(frame)
        self._picture()
        self._say()

    def _picture(self) -> None:
        rows = self.table.chosen()
        if self.picture.show_watch(rows[0] if len(rows) == 1 else None, self._frame):
            self.table.scrollTo(self.table.currentIndex())

    def show_reply(self, reply: Reply) -> None:
        """The names in a step's trace are those that one may want to stop at."""
        if isinstance(reply, TraceReply):
            self.breakpoints.show_trace(reply)
        self.picture.show_reply(reply)

    @Slot(object)
    def show_watch_series(self, series: WatchSeries) -> None:
        """Draw values of a plotted watch. Those of a curve that was closed are dropped."""
        if self.plot is not None:
            self.plot.add(series)

    # ------------------------------------------------------------------------------------------------ what is asked

    @Slot(str)
    def add_watch(self, expression: str) -> None:
        """Watch an expression from now on."""
        if expression.strip():
            self.asked.emit(SetWatch(0, expression.strip()))

    @Slot(str, str)
    def add_breakpoint(self, kind: str, at: str) -> None:
        """Set a breakpoint there, or take away the one without a condition that is there."""
        self.asked.emit(toggled(self._frame.breakpoints if self._frame is not None else (), kind, at))

    @Slot(object)
    def plot_watches(self, ids: list[int]) -> None:
        """Plot these watches, or where all of them are plotted close their curves."""
        plotted = self.plot.slots() if self.plot is not None else {}
        if all(watch in plotted for watch in ids):
            for watch in ids:
                self._close_curve(watch)
            return
        for row in self.table.watches.rows:
            if row.id not in ids or row.id in plotted:
                continue
            plot = self._open_plot()
            if plot.is_full():
                self._refuse(f"{len(plot.slots())} curves are shown at once. Close one first.")
                break
            plot.open_curve(row.id, row.expression)
            self.asked.emit(PlotWatch(row.id))
        self._plotted()

    def _add(self) -> None:
        if not self.field.text().strip():
            self._refuse("There is no expression to watch. Type one, such as loss.")
            return
        self.add_watch(self.field.text())
        self.field.clear()

    @Slot(int, str)
    def _edit(self, watch: int, expression: str) -> None:
        self.asked.emit(SetWatch(watch, expression))
        if self.plot is not None and watch in self.plot.slots():
            self.asked.emit(PlotWatch(watch))

    @Slot(object)
    def _drop_watches(self, rows: list[WatchRow]) -> None:
        self._removed.append([SetWatch(0, row.expression) for row in rows])
        for row in rows:
            self.asked.emit(DropWatch(row.id))

    @Slot(object)
    def _drop_breakpoints(self, rows: list[BreakpointRow]) -> None:
        self._removed.append([SetBreakpoint(replace(row.breakpoint, id=0)) for row in rows])
        for row in rows:
            self.asked.emit(DropBreakpoint(row.breakpoint.id))

    def undo(self) -> None:
        """Bring back what was removed last."""
        for message in self._removed.pop() if self._removed else ():
            self.asked.emit(message)

    # --------------------------------------------------------------------------------------------------- the curves

    def _open_plot(self) -> WatchPlot:
        if self.plot is None:
            # NumPy and pyqtgraph are for those who plot.
            from lenet_gui.gui.watches.watch_plot import WatchPlot

            self.plot = WatchPlot()
            self.plot.closed.connect(self._close_curve)
            self.plot.asked.connect(self.asked)
            self._body.addWidget(self.plot)
            self._body.setCollapsible(1, False)
            self._body.setSizes([3000, 2000])
        if self._frame is not None:
            self.plot.show_frame(self._frame)
        self.plot.show()
        return self.plot

    @Slot(int)
    def _close_curve(self, watch: int) -> None:
        assert self.plot is not None
        self.plot.close_curve(watch)
        self.plot.setVisible(bool(self.plot.slots()))
        self._plotted()

    def _plotted(self) -> None:
        self.table.watches.show_slots(self.plot.slots() if self.plot is not None else {})
        self._chosen()

    # ---------------------------------------------------------------------------------------------- the line of words

    def _chosen(self) -> None:
        """What is selected has changed, or what is plotted."""
        rows = self.table.chosen()
        plotted = self.plot.slots() if self.plot is not None else {}
        self.remove.setEnabled(bool(rows))
        self.plot_button.setEnabled(bool(rows))
        self.plot_button.setChecked(bool(rows) and all(row.id in plotted for row in rows))
        self._picture()
        self._say()

    def _refuse(self, words: str) -> None:
        self._refusal = words
        self._say()

    def _say(self) -> None:
        said = (self._refusal, True) if self._refusal else self._news()
        if said != self._said:
            self._said = said
            self.words.setText(said[0])
            self.words.setToolTip(said[0])
            self._dress()

    def _news(self) -> tuple[str, bool]:
        """What there is to say of the selected rows, or else the first thing that is wrong; and whether it is wrong."""
        chosen = self.breakpoints.table.chosen() if self._about_breakpoints else []
        if chosen:
            return about(chosen[0]), bool(chosen[0].problem)
        for row in self.table.chosen():
            if row.shape:
                return f"{row.expression}: {row.words}", False
        for row in (*self.table.chosen(), *self.table.watches.rows):
            if row.state == "problem":
                return f"{row.expression}: {row.words}", True
        problems = [row.problem for row in self.breakpoints.table.breakpoints.rows if row.problem]
        return (problems[0], True) if problems else ("", False)

    def _dress(self) -> None:
        self.words.setStyleSheet(f"color: {theme.colour('error' if self._said[1] else 'muted').name()};")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "words"):
            self._dress()

    # -------------------------------------------------------------------------------------------------- its widgets

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._body.setOrientation(Qt.Orientation.Horizontal if self.width() >= WIDE else Qt.Orientation.Vertical)

    def _button(self, name: str, text: str, tip: str, act: object) -> QToolButton:
        button = tool_button(name, text, tip, checkable=name == "watch_plot")
        button.setAccessibleName(f"{text} the chosen watch")
        button.setEnabled(False)
        button.clicked.connect(act)
        return button

    def _join(self) -> None:
        self.field.returnPressed.connect(self._add)
        self.field.textEdited.connect(lambda: self._refuse(""))
        self.table.watches.edited.connect(self._edit)
        self.table.dropped.connect(self._drop_watches)
        self.table.plotted.connect(self.plot_watches)
        self.breakpoints.asked.connect(self.asked)
        self.picture.asked.connect(self.asked)
        self.breakpoints.dropped.connect(self._drop_breakpoints)
        for table, is_breakpoints in ((self.table, False), (self.breakpoints.table, True)):
            table.selectionModel().selectionChanged.connect(lambda *_, b=is_breakpoints: self._turn_to(b))
        undo = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        undo.activated.connect(self.undo)

    def _turn_to(self, breakpoints: bool) -> None:
        self._about_breakpoints, self._refusal = breakpoints, ""
        self._chosen()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(theme.UNIT)
        for widget in (self.field, self.plot_button, self.remove):
            bar.addWidget(widget, widget is self.field)
        watches = QWidget()
        column = QVBoxLayout(watches)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(bar)
        column.addWidget(self.table, 1)
        column.addWidget(self.picture)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName("watches_tables")
        self._body = QSplitter(Qt.Orientation.Vertical)
        self._body.setObjectName("watches_body")
        for splitter, children in ((tables, (watches, self.breakpoints)), (self._body, (tables,))):
            splitter.setHandleWidth(theme.UNIT)
            splitter.setChildrenCollapsible(False)
            for child in children:
                splitter.addWidget(child)
        self.words.setObjectName("watches_words")
        self.words.setAccessibleName("About the chosen row, or what is wrong")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self._body, 1)
        layout.addWidget(Steady(self.words, lines=2))
