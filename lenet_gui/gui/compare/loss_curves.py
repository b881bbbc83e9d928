"""The losses of all compared runs on one plot, by step. Which runs they are is `runs`'s to know."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox, QWidget

from lenet_gui.gui.compare.runs import Runs, smoothed
from lenet_gui.gui.plots.plot_pane import log_switch, spikes_switch, tool
from lenet_gui.gui.plots.step_plot import StepPlot, bind_keys
from lenet_gui.gui.watches.curve_columns import CurveColumns

MOST_CURVES = 8
"""After so many the colours of curves begin anew."""


class LossCurves(StepPlot):
    def __init__(self, runs: Runs, parent: QWidget) -> None:
        self._runs = runs
        self.columns = CurveColumns(MOST_CURVES)
        super().__init__("compare", self.columns, "Add saved sessions, or drop them here.", parent)
        self.view.show_columns(self.columns, 0, ("",) * MOST_CURVES)
        self.view.setAccessibleName("Plot of the losses of all runs")
        self.view.setAccessibleDescription(
            "Drag or press Left and Right to pan, turn the wheel or press plus and minus to zoom, "
            "Shift with Left and Right to read the losses of a step"
        )
        self.smooth = QSpinBox(self)
        self.smooth.setObjectName("compare_smooth")
        self.smooth.setAccessibleName("Smoothing of the curves, in percent")
        self.smooth.setToolTip("An exponential moving average: 0 % shows each step as it was")
        self.smooth.setRange(0, 99)
        self.smooth.setPrefix("smooth ")
        self.smooth.setSuffix(" %")
        self.smooth.valueChanged.connect(self.draw)
        everything = tool(self, "all_compare", "All", "Show all steps (Home)")
        everything.clicked.connect(self.show_all)
        log, spikes = log_switch(self, "compare", self.view), spikes_switch(self, "compare", self.view)
        self._lay_out(self.smooth, log, spikes, everything)
        bind_keys(self.view, self.keys())

    def draw(self) -> None:
        """The runs or their curves have changed."""
        weight = self.smooth.value() / 100
        for curve in self.columns.curves:
            curve.truncate(0)
        for run in self._runs.all:
            if run.colour is not None:
                losses = run.branch.losses
                self.columns.curves[run.colour].write(0, smoothed(losses, weight) if weight else losses)
        self.view.curves.shown = [any(run.colour == i for run in self._runs.all) for i in range(MOST_CURVES)]
        self.view.curves.refresh()
        self._follow()

    def count(self) -> int:
        return len(self.columns)

    def values(self, step: int) -> list[tuple[str, int, float]]:
        row = self.columns.row(step).tolist()
        return [
            (self._runs.title(run), run.colour, row[run.colour]) for run in self._runs.all if run.colour is not None
        ]
