"""The curves of plotted watches, over the steps of a branch as they arrive. Which watches there are is `watches`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_pane import tool
from lenet_gui.gui.plots.plot_readout import digits
from lenet_gui.gui.plots.plot_view import PlotView
from lenet_gui.gui.travel import branches
from lenet_gui.gui.watches.curve_columns import CurveColumns
from lenet_gui.gui.watches.curve_legend import CurveLegend
from lenet_gui.protocol import Frame, Seek, WatchSeries

MOST_CURVES = 8
"""After so many the colours of curves begin anew."""
# The axis of steps begins with so many and grows by this factor when a curve has filled it.
FIRST_WIDTH = 20
GROWTH = 2
SHORTEST = 4
"""Steps that are shown at least."""
EDGE = 1 / 64
"""Room before the first step and behind the last, as a share of the steps shown."""
_NAME_LETTERS = 16


@dataclass(slots=True)
class _Curve:
    """`column` is its place among the columns and its colour, `of` is (run, branch, expression) of what it shows."""

    column: int
    expression: str
    of: tuple[int, str, str] | None = None


class WatchPlot(QWidget):
    """Steps have the numbers that they have in the plots of a run: the first taken is step 0."""

    closed = Signal(int)
    """Somebody does not want the curve of this watch any more."""
    asked = Signal(object)
    """A `Seek` to the step that was clicked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("watch_plot")
        self._curves: dict[int, _Curve] = {}
        self.columns = CurveColumns(MOST_CURVES)
        self._width = 0
        self._follows = True  # until the person looks at something else
        self._cursor: int | None = None
        self._may_seek = False
        self.view = self._plot_view()
        log = tool(self, "log_watches", "Log", "Logarithmic y axis; values of 0 and less are gaps", checkable=True)
        log.toggled.connect(self.view.set_logarithmic)
        everything = tool(self, "all_watches", "All", "Show all steps, and those that come (Home)")
        everything.clicked.connect(self.show_all)
        self.legend = CurveLegend()
        self.legend.closed.connect(self.closed)
        header = QHBoxLayout()
        header.setSpacing(theme.UNIT)
        header.addWidget(self.legend, 1)
        header.addWidget(log)
        header.addWidget(everything)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(header)
        layout.addWidget(self.view, 1)
        self._bind_keys()

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
        if self._follows and self._width != self._wanted_width():
            self.show_all()
        self.view.fit()
        self._read_again()

    # ------------------------------------------------------------------------------------------------ what is seen

    @Slot()
    def show_all(self) -> None:
        """From the first step to the newest, and so on from now on."""
        self._follows, self._width = True, self._wanted_width()
        self.view.show_steps(-EDGE * self._width, self._width + EDGE * self._width)
        self.view.fit_again()

    def _wanted_width(self) -> int:
        """How many steps to show: more than there are, so that the axis is steady."""
        width = FIRST_WIDTH
        while width < len(self.columns):
            width *= GROWTH
        return width

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

    # ------------------------------------------------------------------------------------------------ the read-out

    def move_cursor(self, steps: int) -> None:
        """Move the read-out by the keyboard; it begins at the newest step."""
        newest = len(self.columns) - 1
        self._read(newest if self._cursor is None else min(max(self._cursor + steps, 0), newest))

    @Slot(object)
    def _read(self, step: int | None) -> None:
        count = len(self.columns)
        self._cursor = step
        if step is None or not count:
            self.view.readout.hide()
            return
        step = min(max(step, 0), count - 1)
        row = self.columns.row(step).tolist()
        lines = [
            (_short(curve.expression), theme.series(curve.column), digits(row[curve.column]))
            for curve in self._curves.values()
        ]
        self.view.readout.show_values(self.view.place_of(step).x(), step, lines)

    @Slot()
    def _read_again(self) -> None:
        self._read(self._cursor)

    @Slot(int)
    def _go_to(self, step: int) -> None:
        """Ask for the place where this step was the last one done."""
        count = len(self.columns)
        if self._may_seek and count:
            self.asked.emit(Seek(min(max(step, 0), count - 1) + 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._read(None)
        else:
            super().keyPressEvent(event)

    # ------------------------------------------------------------------------------------------------- its controls

    def _plot_view(self) -> PlotView:
        view = PlotView(self.columns, "The values appear here as the steps are gone through again.", self)
        view.show_columns(self.columns, 0, ("",) * MOST_CURVES)
        view.setObjectName("plot_watches")
        view.setMinimumHeight(16 * theme.UNIT)
        view.setAccessibleName("Plot of the watches")
        view.setAccessibleDescription(
            "Drag or press Left and Right to pan, turn the wheel or press plus and minus to zoom, "
            "Shift with Left and Right to read the values of a step; click at a step or press Enter to go there"
        )
        view.hovered.connect(self._read)
        view.resized.connect(self._read_again)
        view.steps_moved.connect(self._moved)
        view.picked.connect(self._go_to)
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
            "Return": lambda: None if self._cursor is None else self._go_to(self._cursor),
        }
        for key, action in keys.items():
            shortcut = QShortcut(QKeySequence(key), self.view, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
