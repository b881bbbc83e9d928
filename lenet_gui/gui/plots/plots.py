"""The live plots: the loss and the gradients over the steps, side by side, over the same stretch of the run."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.plots import plot_export
from lenet_gui.gui.plots.plot_pane import PlotPane, tool
from lenet_gui.gui.plots.pyramid import Pyramid
from lenet_gui.gui.plots.step_plot import bind_keys
from lenet_gui.gui.travel import branches
from lenet_gui.protocol import Frame, Seek, Series

# The axis of steps grows by this factor when the run has filled it, and a window that follows moves by this share of
# its width: a few axis layouts for a whole run, where every frame would need one.
GROWTH = 2
LEAP = 0.25
FIRST_WIDTH = 20
# Room before step 0, as a share of the steps shown.
EDGE = 1 / 64
# During a run the y axis is looked at again when there are this many times more steps, and at its end.
MORE = 1.4


class PlotsPanel(Panel):
    """Draws what `add` gives it. Following the newest ends when the user drags, and one press brings it back."""

    title = "Plots"
    failed = Signal(str)
    """An export that could not be written: what happened and what to do, in a sentence or two."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plots")
        self.setAccessibleName("Plots of the loss and the gradients")
        self.names: tuple[str, ...] = ()
        self.pyramid = Pyramid(0)
        self._run: int | None = None
        self._width: float | None = None  # of the window that follows, in steps; None shows the whole run
        self._fit_at = 0.0
        self._cursor: int | None = None
        self._may_seek = False
        self.loss = PlotPane("loss", "The loss of each step will appear here.", self)
        self.gradients = PlotPane("gradients", "The gradients of each step will appear here.", self)
        self._plots = (self.loss, self.gradients)
        self.follow, self.all, self.export = self._tools()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.UNIT, theme.UNIT, theme.UNIT, theme.UNIT)
        layout.setSpacing(2 * theme.UNIT)
        for plot in self._plots:
            layout.addWidget(plot, 1)
            plot.view.steps_moved.connect(lambda dragged, plot=plot: self._on_moved(plot, dragged))
            plot.view.hovered.connect(self._read)
            plot.view.picked.connect(self._go_to)
            plot.view.resized.connect(self._read_again)
            plot.legend.switched.connect(self._read_again)
        self._bind_keys()
        self._show_newest()

    # ---------------------------------------------------------------------------------------------------- the data

    def add(self, series: Series) -> None:
        """Take rows [n, len(names)] of the step log. A `first` below what is there drops what lies behind it."""
        if series.run != self._run or series.names != self.names:
            self._start(series)
        before = len(self.pyramid)
        if series.first < before:
            self.pyramid.truncate(series.first)
        self.pyramid.append(series.rows)
        if series.first < before or not before:
            self._fit_at = 0.0
            for plot in self._plots:
                plot.view.curves.refresh()
            self._read_again()
        else:
            for plot in self._plots:
                plot.view.curves.grown(before)
        self._show_newest()

    def show_frame(self, frame: Frame) -> None:
        self._may_seek = "seek" in frame.allowed
        last_done = frame.step - 1 if branches.in_past(frame) else None
        for plot in self._plots:
            plot.view.mark_place(last_done)
        if not frame.running:
            self._fit_at = 0.0
            self._show_newest()

    def _start(self, series: Series) -> None:
        self._run, self.names, self.pyramid = series.run, series.names, Pyramid(len(series.names))
        self._fit_at = 0.0
        # The loss is the first column, the rest are gradients; a log without a loss is all gradients.
        count = 1 if series.names[:1] == ("loss",) else 0
        self.loss.show_columns(self.pyramid, 0, series.names[:count])
        self.gradients.show_columns(self.pyramid, count, series.names[count:])

    def _show_newest(self) -> None:
        """Move the steps' axis if the newest step has left it, and the y axes if there is much more to see."""
        count = len(self.pyramid)
        left, right = self.loss.view.steps()
        if self.follow.isChecked():
            if self._width is None:
                # Down again only after the run went far back, so that stepping to and fro moves nothing.
                fits = max(FIRST_WIDTH, count - 1) <= right <= max(2 * FIRST_WIDTH, 4 * count)
                if not fits or left != -EDGE * right:
                    right = max(FIRST_WIDTH, math.ceil(count * GROWTH))
                    self._show_steps(-EDGE * right, right)
            elif not right - self._width * (1 + LEAP) <= count - 1 <= right:
                right = count - 1 + self._width * LEAP
                self._show_steps(right - self._width, right)
        if count >= self._fit_at:
            self._fit_at = count * MORE
            for plot in self._plots:
                plot.view.fit()

    def _show_steps(self, left: float, right: float) -> None:
        for plot in self._plots:
            plot.view.show_steps(left, right)
        self._fit_at = len(self.pyramid) * MORE

    # ------------------------------------------------------------------------------------------------ what is seen

    def _on_moved(self, moved: PlotPane, dragged: bool) -> None:
        left, right = moved.view.steps()
        self._show_steps(left, right)
        if dragged or not left <= len(self.pyramid) - 1 <= right:
            self.follow.setChecked(False)
        self._width = right - left
        self._read_again()

    @Slot(bool)
    def _on_follow(self, on: bool) -> None:
        if on:
            for plot in self._plots:
                plot.view.fit_again()
            self._show_newest()

    @Slot()
    def show_all(self) -> None:
        """The whole run, and the newest from now on."""
        self._width = None
        self.follow.setChecked(True)
        self._on_follow(True)

    def pan(self, share: float) -> None:
        """Move by a share of what is in view, as a drag does."""
        left, right = self.loss.view.steps()
        self.follow.setChecked(False)
        self._show_steps(left + share * (right - left), right + share * (right - left))
        self._width = right - left

    def zoom(self, factor: float) -> None:
        """Show `factor` times as many steps, around the newest while following, else around the middle."""
        left, right = self.loss.view.steps()
        newest = min(right, len(self.pyramid) - 1.0)
        centre = newest if self.follow.isChecked() else (left + right) / 2
        left, right = centre + (left - centre) * factor, centre + (right - centre) * factor
        if right - left >= 4:
            self._show_steps(left, right)
            self._width = right - left

    @Slot(object)
    def _read(self, step: int | None) -> None:
        """Show the numbers of a step in both plots; `None` takes them away."""
        self._cursor = step
        if step is None or not len(self.pyramid):
            for plot in self._plots:
                plot.view.readout.hide()
            return
        step = min(max(step, 0), len(self.pyramid) - 1)
        row = self.pyramid.row(step).tolist()
        for plot in self._plots:
            plot.read(step, row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # No shortcut: Esc is the window's first, which would be one too many.
        if event.key() == Qt.Key.Key_Escape:
            self._read(None)
        else:
            super().keyPressEvent(event)

    @Slot()
    def _read_again(self) -> None:
        self._read(self._cursor)

    def move_cursor(self, steps: int) -> None:
        """Move the read-out by the keyboard; it begins at the newest step."""
        newest = len(self.pyramid) - 1
        at = newest if self._cursor is None else min(max(self._cursor + steps, 0), newest)
        self._read(at if at >= 0 else None)

    @Slot(int)
    def _go_to(self, step: int) -> None:
        """Ask for the place where this step was the last one done."""
        if self._may_seek and len(self.pyramid):
            self.asked.emit(Seek(min(max(step, 0), len(self.pyramid) - 1) + 1))

    # ----------------------------------------------------------------------------------------------------- to files

    def export_png(self, path: Path) -> bool:
        """Write the picture; False and `failed` where that is not possible."""
        plots = [(plot.name, plot.view) for plot in self._plots]
        return self._export(path, lambda: plot_export.write_png(path, plots))

    def export_svg(self, path: Path) -> bool:
        """Write the picture as lines; False and `failed` where that is not possible."""
        plots = [(plot.name, plot.view) for plot in self._plots]
        return self._export(path, lambda: plot_export.write_svg(path, plots))

    def export_csv(self, path: Path) -> bool:
        """Write every number; False and `failed` where that is not possible."""
        return self._export(path, lambda: plot_export.write_csv(path, self.names, self.pyramid))

    def _export(self, path: Path, write: Callable[[], None]) -> bool:
        try:
            write()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            self.failed.emit(f"{path} was not written: {reason}. Free some space or choose another folder.")
            return False
        return True

    @Slot()
    def _ask_png(self) -> None:
        self._ask("plots.png", "Picture (*.png)", self.export_png)

    @Slot()
    def _ask_svg(self) -> None:
        self._ask("plots.svg", "Picture (*.svg)", self.export_svg)

    @Slot()
    def _ask_csv(self) -> None:
        self._ask("run.csv", "Numbers (*.csv)", self.export_csv)

    def _ask(self, name: str, kinds: str, write: Callable[[Path], bool]) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Export the plots", name, kinds)
        if chosen:
            path = Path(chosen)
            write(path if path.suffix else path.with_suffix(Path(name).suffix))

    # -------------------------------------------------------------------------------------------------- its controls

    def _tools(self) -> tuple[QToolButton, QToolButton, QToolButton]:
        follow = tool(self, "follow", "Follow", "Keep the newest step in view (F). Dragging ends it.", checkable=True)
        follow.setChecked(True)
        follow.toggled.connect(self._on_follow)
        everything = tool(self, "all", "All", "Show the whole run, from the first step to the newest (Home)")
        everything.clicked.connect(self.show_all)
        export = tool(self, "export", "Export", "Save the plots as a picture, or their numbers")
        menu = QMenu(export)
        menu.addAction("Picture (PNG) …", self._ask_png)
        menu.addAction("Picture (SVG) …", self._ask_svg)
        menu.addAction("Numbers (CSV) …", self._ask_csv)
        export.setMenu(menu)
        export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for button in (follow, everything, export):
            self.gradients.header.addWidget(button)
        return follow, everything, export

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "F": self.follow.click,
            "Home": self.show_all,
            "Left": lambda: self.pan(-0.25),
            "Right": lambda: self.pan(0.25),
            "+": lambda: self.zoom(1 / 1.5),
            "-": lambda: self.zoom(1.5),
            "Shift+Left": lambda: self.move_cursor(-1),
            "Shift+Right": lambda: self.move_cursor(1),
            "Return": lambda: None if self._cursor is None else self._go_to(self._cursor),
        }
        bind_keys(self, keys)
