"""Both losses of a race on one plot, over the steps from where the branches part. Which branches is `race`'s."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_pane import log_switch, spikes_switch, tool
from lenet_gui.gui.plots.pyramid import Pyramid
from lenet_gui.gui.plots.step_plot import FIRST_WIDTH, StepPlot, bind_keys
from lenet_gui.protocol import RaceReport

Pair = tuple[int, int]
# After so many `theme.series` begins anew.
COLOURS = 8
STROKE = 7 * theme.UNIT
"""Pixels of a curve's stroke, and of the room around it and its name."""


class LossPlot(StepPlot):
    def __init__(self, parent: QWidget) -> None:
        self.pyramid = Pyramid(0)
        super().__init__("race", self.pyramid, "The losses of both branches will appear here.", parent)
        self._losses = np.empty((0, 2), np.float32)
        self._race: tuple[int, int, Pair] | None = None
        self._colours = (0, 1)
        self._names = ("", "")
        self.view.setAccessibleName("Plot of both losses")
        self.view.setAccessibleDescription(
            "Drag or press Left and Right to pan, turn the wheel or press plus and minus to zoom, "
            "Shift with Left and Right to read the losses of a step"
        )
        # Behind the axis's own slots, which name the steps from 0.
        self.view.getViewBox().sigXRangeChanged.connect(self._name_steps)
        self.view.getViewBox().sigResized.connect(self._name_steps)
        self.names = CurveNames(self)
        self.log = log_switch(self, "race", self.view)
        self.spikes = spikes_switch(self, "race", self.view)
        self.all = tool(self, "all_race", "All", "Show the race from its start to the newest step, and go on so (Home)")
        self.all.clicked.connect(self.show_all)
        self._lay_out(self.names, self.log, self.spikes, self.all)
        bind_keys(self, self.keys())

    def show_losses(self, report: RaceReport, names: tuple[str, str], branches: Pair) -> None:
        """Draw the losses of a race, in the colours of its branches. What the person looks at stays in view."""
        self._names, self._colours = names, _colours(branches)
        self.names.show_names(names, self._colours)
        race, before = (report.start, report.end, self._colours), len(self._losses)
        if race != self._race or not np.array_equal(self._losses, report.losses[:before], equal_nan=True):
            self._begin(race)
            before = 0
        self._losses = report.losses
        # A curve's colour is that of its column.
        rows = np.zeros((len(report.losses) - before, self.pyramid.columns), np.float32)
        rows[:, self._colours] = report.losses[before:]
        self.pyramid.append(rows)
        if before:
            self.view.curves.grown(before)
        else:
            self.view.curves.refresh()
        self._follow()

    def clear(self) -> None:
        """Nothing has been raced."""
        self.names.show_names((), ())
        self._losses = self._losses[:0]
        self._begin(None)
        self._read(None)

    def _begin(self, race: tuple[int, int, Pair] | None) -> None:
        self._race = race
        start, end, _ = race or (0, FIRST_WIDTH + 1, None)
        self._start, self._most = start, end - start - 1
        columns = max(self._colours) + 1
        self.pyramid = Pyramid(columns)
        self.view.show_columns(self.pyramid, 0, ("",) * columns)
        self.view.curves.shown = [i in self._colours for i in range(columns)]
        self.view.curves.refresh()
        self.show_all()
        self._name_steps()

    def count(self) -> int:
        return len(self._losses)

    def values(self, step: int) -> list[tuple[str, int, float]]:
        return list(zip(self._names, self._colours, self._losses[step].tolist(), strict=True))

    def _name_steps(self) -> None:
        # The view counts from where the branches part, the run from its first step.
        left, right = self.view.steps()
        self.view.getAxis("bottom").setRange(self._start + left, self._start + right)


class CurveNames(QWidget):
    """Says which curve is whose, each name behind a stroke of its colour; long names are cut."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("race_curves")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._names: tuple[str, ...] = ()
        self._colours: tuple[int, ...] = ()
        self.show_names((), ())

    def show_names(self, names: tuple[str, ...], colours: tuple[int, ...]) -> None:
        self._names, self._colours = names, colours
        said = " and ".join(names)
        self.setAccessibleName(f"Losses of {said}" if names else "No losses yet")
        self.setToolTip(said)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(20 * theme.UNIT, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            letters, height, x = self.fontMetrics(), self.height(), 0
            title = letters.horizontalAdvance("loss") + 3 * theme.UNIT
            lengths = [letters.horizontalAdvance(name) for name in self._names]
            # Where there is no room for all, the names are more than the word.
            if title + sum(STROKE + length for length in lengths) <= self.width():
                painter.setPen(theme.colour("text"))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, "loss")
                x = title
            for i, (name, colour) in enumerate(zip(self._names, self._colours, strict=True)):
                # What one of them does not need is the other's.
                free = self.width() - x - sum(STROKE + min(length, self.width() // 4) for length in lengths[i + 1 :])
                painter.fillRect(x, height // 2 - 2, 3 * theme.UNIT, theme.UNIT, theme.series(colour))
                written = letters.elidedText(name, Qt.TextElideMode.ElideRight, free - STROKE)
                place = QRect(x + 4 * theme.UNIT, 0, max(0, free - 4 * theme.UNIT), height)
                painter.setPen(theme.colour("text"))
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, written)
                x += STROKE + letters.horizontalAdvance(written)


def _colours(branches: Pair) -> Pair:
    """The colours of two branches by their position. Two of one colour could not be told apart: the second moves on."""
    one, other = (branch % COLOURS for branch in branches)
    return one, (other + 1) % COLOURS if other == one else other
