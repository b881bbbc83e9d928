"""The curves of plotted watches, over the steps of a branch as they arrive. Which watches there are is `watches`'s."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_pane import log_switch, tool
from lenet_gui.gui.plots.step_plot import StepPlot, bind_keys
from lenet_gui.gui.travel import branches
from lenet_gui.gui.watches.curve_columns import CurveColumns
from lenet_gui.gui.watches.curve_legend import CurveLegend
from lenet_gui.protocol import Frame, Seek, WatchSeries

MOST_CURVES = 8
"""After so many the colours of curves begin anew."""


@dataclass(slots=True)
class _Curve:
    """`column` is its place among the columns and its colour, `of` is (run, branch, expression) of what it shows."""

    column: int
    expression: str
    of: tuple[int, str, str] | None = None


class WatchPlot(StepPlot):
    closed = Signal(int)
    """Somebody does not want the curve of this watch any more."""
    asked = Signal(object)
    """A `Seek` to the step that was clicked at."""

    def __init__(self) -> None:
        self.columns = CurveColumns(MOST_CURVES)
        super().__init__("watches", self.columns, "The values appear here as the steps are gone through again.")
        self.setObjectName("watch_plot")
        self._curves: dict[int, _Curve] = {}
        self._may_seek = False
        self.view.show_columns(self.columns, 0, ("",) * MOST_CURVES)
        self.view.setMinimumHeight(16 * theme.UNIT)
        self.view.setAccessibleName("Plot of the watches")
        self.view.setAccessibleDescription(
            "Drag or press Left and Right to pan, turn the wheel or press plus and minus to zoom, "
            "Shift with Left and Right to read the values of a step; click at a step or press Enter to go there"
        )
        self.view.picked.connect(self._go_to)
        everything = tool(self, "all_watches", "All", "Show all steps, and those that come (Home)")
        everything.clicked.connect(self.show_all)
        self.legend = CurveLegend()
        self.legend.closed.connect(self.closed)
        self._lay_out(self.legend, log_switch(self, "watches", self.view), everything)
        here = {"Return": lambda: None if self._cursor is None else self._go_to(self._cursor)}
        bind_keys(self.view, {**self.keys(), **here})

    # ------------------------------------------------------------------------------------------------- the curves

    def slots(self) -> dict[int, int]:
        """The curves' colours, counted as `theme.series` does, by their watches."""
        return {watch: curve.column for watch, curve in self._curves.items()}

    def is_full(self) -> bool:
        return len(self._curves) >= MOST_CURVES

    def open_curve(self, watch: int, expression: str) -> None:
        """Make room for a curve, which is empty until its values come. The plot must not be full."""
        taken = set(self.slots().values())
        column = next(i for i in range(MOST_CURVES) if i not in taken)
        self._curves[watch] = _Curve(column, expression)
        self.legend.add_curve(watch, column)
        self.legend.show_name(watch, expression)
        self._draw(0)

    def close_curve(self, watch: int) -> None:
        curve = self._curves.pop(watch)
        self.legend.drop_curve(watch)
        self.columns.curves[curve.column].truncate(0)
        self._draw(0)

    def add(self, series: WatchSeries) -> None:
        """Take values of a curve. Those of another run, branch or expression than before begin it anew."""
        curve = self._curves.get(series.watch)
        if curve is None:
            return
        values, of = self.columns.curves[curve.column], (series.run, series.branch, series.expression)
        new = of != curve.of
        if new:
            curve.of, curve.expression = of, series.expression
            values.truncate(0)
            self.legend.show_name(series.watch, series.expression)
        changed = min(series.first, len(values))
        values.write(series.first, series.values)
        self._draw(0 if new else changed)

    def show_frame(self, frame: Frame) -> None:
        """Say of a curve that it is of another branch than the one that one is on, and mark the place."""
        self._may_seek = "seek" in frame.allowed
        for watch, curve in self._curves.items():
            elsewhere = curve.of is not None and curve.of[:2] != (frame.run, frame.place.branch)
            where = f"of {curve.of[1]}" if curve.of is not None and elsewhere else ""
            self.legend.show_name(watch, curve.expression, where)
        self.view.mark_place(frame.step - 1 if branches.in_past(frame) else None)

    def _draw(self, changed: int) -> None:
        """Draw anew from a step on; 0 draws all."""
        shown = [i in self.slots().values() for i in range(MOST_CURVES)]
        if shown != self.view.curves.shown or not changed:
            self.view.curves.shown = shown
            self.view.curves.refresh()
        else:
            self.view.curves.grown(changed)
        self._follow()

    def count(self) -> int:
        return len(self.columns)

    def values(self, step: int) -> list[tuple[str, int, float]]:
        row = self.columns.row(step).tolist()
        return [(curve.expression, curve.column, row[curve.column]) for curve in self._curves.values()]

    @Slot(int)
    def _go_to(self, step: int) -> None:
        """Ask for the place where this step was the last one done."""
        count = len(self.columns)
        if self._may_seek and count:
            self.asked.emit(Seek(min(max(step, 0), count - 1) + 1))
