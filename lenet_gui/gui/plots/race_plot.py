"""Both losses of a race on one plot, over the steps from where the branches part. Which branches is `race`'s."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_pane import tool
from lenet_gui.gui.plots.plot_readout import digits
from lenet_gui.gui.plots.plot_view import PlotView
from lenet_gui.gui.plots.pyramid import Pyramid
from lenet_gui.protocol import RaceReport

Pair = tuple[int, int]
# After so many `theme.series` begins anew.
COLOURS = 8
# The axis of steps begins with so many and grows by this factor when the race has filled it, up to the whole race.
FIRST_WIDTH = 20
GROWTH = 2
SHORTEST = 4
"""Steps that are shown at least."""
# Room before the first step and behind the last, as a share of the steps shown.
EDGE = 1 / 64
STROKE = 7 * theme.UNIT
"""Pixels of a curve's stroke, and of the room around it and its name."""
_NAME_LETTERS = 16


class LossPlot(QWidget):
    """Steps have the numbers that they have in the plots of a run: the first taken is step 0."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.pyramid = Pyramid(0)
        self._losses = np.empty((0, 2), np.float32)
        self._race: tuple[int, int, Pair] | None = None
        self._start = 0
        self._colours = (0, 1)
        self._names = ("", "")
        self._cursor: int | None = None
        self._width = 0
        self._follows = True  # until the person looks at something else
        self.view = self._plot_view()
        self.names = CurveNames(self)
        self.log = tool(self, "log_race", "Log", "Logarithmic y axis; values of 0 and less are gaps", checkable=True)
        self.log.toggled.connect(self.view.set_logarithmic)
        tip = "Let the y axis reach the rarest value, not the usual ones only"
        self.spikes = tool(self, "spikes_race", "Spikes", tip, checkable=True)
        self.spikes.toggled.connect(self.view.set_whole_range)
        self.all = tool(self, "all_race", "All", "Show the race from its start to the newest step, and go on so (Home)")
        self.all.clicked.connect(self.show_all)
        header = QHBoxLayout()
        header.setSpacing(theme.UNIT)
        header.addWidget(self.names, 1)
        for button in (self.log, self.spikes, self.all):
            header.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(header)
        layout.addWidget(self.view, 1)
        self._bind_keys()

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
        if self._follows and self._width != self._wanted_width():
            self.show_all()
        self.view.fit()
        self._read_again()

    def clear(self) -> None:
        """Nothing has been raced."""
        self.names.show_names((), ())
        self._losses = self._losses[:0]
        self._begin(None)
        self._read(None)

    def _begin(self, race: tuple[int, int, Pair] | None) -> None:
        self._race, self._start = race, race[0] if race else 0
        columns = max(self._colours) + 1
        self.pyramid = Pyramid(columns)
        self.view.show_columns(self.pyramid, 0, ("",) * columns)
        self.view.curves.shown = [i in self._colours for i in range(columns)]
        self.view.curves.refresh()
        self.show_all()

    # ------------------------------------------------------------------------------------------------ what is seen

    @Slot()
    def show_all(self) -> None:
        """From the start to the newest step, and so on from now on."""
        self._follows, self._width = True, self._wanted_width()
        self.view.show_steps(-EDGE * self._width, self._width + EDGE * self._width)
        self.view.fit_again()
        self._name_steps()
        self._read_again()

    def _wanted_width(self) -> int:
        """How many steps to show: more than there are, so that the axis is steady, but no more than there can be."""
        start, end, _ = self._race or (0, FIRST_WIDTH + 1, None)
        width = FIRST_WIDTH
        while width < len(self._losses):
            width *= GROWTH
        return max(SHORTEST, min(width, end - start - 1))

    @Slot()
    def _moved(self) -> None:
        self._follows = False
        self._read_again()

    def pan(self, share: float) -> None:
        """Move by a share of what is in view."""
        left, right = self.view.steps()
        self.view.show_steps(left + share * (right - left), right + share * (right - left))
        self._moved()

    def zoom(self, factor: float) -> None:
        """Show `factor` times as many steps around the middle."""
        left, right = self.view.steps()
        middle = (left + right) / 2
        if factor * (right - left) >= SHORTEST:
            self.view.show_steps(middle + (left - middle) * factor, middle + (right - middle) * factor)
            self._moved()

    def _name_steps(self) -> None:
        # The view counts from where the branches part, the run from its first step.
        left, right = self.view.steps()
        self.view.getAxis("bottom").setRange(self._start + left, self._start + right)

    # ------------------------------------------------------------------------------------------------ the read-out

    def move_cursor(self, steps: int) -> None:
        """Move the read-out by the keyboard; it begins at the newest step."""
        newest = len(self._losses) - 1
        at = newest if self._cursor is None else min(max(self._cursor + steps, 0), newest)
        self._read(at if at >= 0 else None)

    @Slot(object)
    def _read(self, row: int | None) -> None:
        self._cursor = row
        if row is None or not len(self._losses):
            self.view.readout.hide()
            return
        row = min(max(row, 0), len(self._losses) - 1)
        values = zip(self._names, self._colours, self._losses[row].tolist(), strict=True)
        lines = [(_short(name), theme.series(colour), digits(value)) for name, colour, value in values]
        self.view.readout.show_values(self.view.place_of(row).x(), self._start + row, lines)

    @Slot()
    def _read_again(self) -> None:
        self._read(self._cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._read(None)
        else:
            super().keyPressEvent(event)

    # ------------------------------------------------------------------------------------------------- its controls

    def _plot_view(self) -> PlotView:
        view = PlotView(self.pyramid, "The losses of both branches will appear here.", self)
        view.setObjectName("plot_race")
        view.setAccessibleName("Plot of both losses")
        view.setAccessibleDescription(
            "Drag or press Left and Right to pan, turn the wheel or press plus and minus to zoom, "
            "Shift with Left and Right to read the losses of a step"
        )
        view.hovered.connect(self._read)
        view.resized.connect(self._read_again)
        view.steps_moved.connect(self._moved)
        # Behind the axis's own slots, which name the steps from 0.
        view.getViewBox().sigXRangeChanged.connect(self._name_steps)
        view.getViewBox().sigResized.connect(self._name_steps)
        return view

    def _bind_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "Home": self.show_all,
            "Left": lambda: self.pan(-0.25),
            "Right": lambda: self.pan(0.25),
            "+": lambda: self.zoom(1 / 1.5),
            "-": lambda: self.zoom(1.5),
            "Shift+Left": lambda: self.move_cursor(-1),
            "Shift+Right": lambda: self.move_cursor(1),
        }
        for key, action in keys.items():
            shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)


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


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
