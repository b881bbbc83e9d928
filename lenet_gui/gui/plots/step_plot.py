"""A plot over the steps that stands by itself: how it follows the newest step, is moved by keys and is read.

What its curves are is the children's. The live plots, which move together, are `plots`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_readout import digits
from lenet_gui.gui.plots.plot_view import PlotView
from lenet_gui.gui.plots.pyramid import Pyramid

# The axis of steps begins with so many and grows by this factor when the curves have filled it.
FIRST_WIDTH = 20
GROWTH = 2
SHORTEST = 4
"""Steps that are shown at least."""
EDGE = 1 / 64
"""Room before the first step and behind the last, as a share of the steps shown."""
_NAME_LETTERS = 16


class StepPlot(QWidget):
    """Steps have the numbers that they have in the plots of a run: the first taken is step 0."""

    def __init__(self, name: str, pyramid: Pyramid, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._start = 0  # the run's number of the plot's first step
        self._most: float = math.inf  # steps that there can be
        self._width: float = 0
        self._follows = True  # until the person looks at something else
        self._cursor: int | None = None
        self.view = PlotView(pyramid, hint, self)
        self.view.setObjectName(f"plot_{name}")
        self.view.hovered.connect(self._read)
        self.view.resized.connect(self._read_again)
        self.view.steps_moved.connect(self._moved)

    def count(self) -> int:
        """How many steps there are."""
        raise NotImplementedError

    def values(self, step: int) -> list[tuple[str, int, float]]:
        """Name, colour as `theme.series` counts them, and value of each curve, at a step of the plot."""
        raise NotImplementedError

    def _lay_out(self, *header: QWidget) -> None:
        """Put the header above the plot; its first part takes the room there is."""
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        for i, widget in enumerate(header):
            row.addWidget(widget, 0 if i else 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(row)
        layout.addWidget(self.view, 1)

    # ------------------------------------------------------------------------------------------------ what is seen

    @Slot()
    def show_all(self) -> None:
        """From the first step to the newest, and so on from now on."""
        self._follows, self._width = True, self._wanted_width()
        self.view.show_steps(-EDGE * self._width, self._width + EDGE * self._width)
        self.view.fit_again()
        self._read_again()

    def _follow(self) -> None:
        """The curves have changed."""
        if self._follows and self._width != self._wanted_width():
            self.show_all()
        self.view.fit()
        self._read_again()

    def _wanted_width(self) -> float:
        """How many steps to show: more than there are, so that the axis is steady, but no more than there can be."""
        width = FIRST_WIDTH
        while width < self.count():
            width *= GROWTH
        return max(SHORTEST, min(width, self._most))

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
        newest = self.count() - 1
        at = newest if self._cursor is None else min(max(self._cursor + steps, 0), newest)
        self._read(at if at >= 0 else None)

    @Slot(object)
    def _read(self, step: int | None) -> None:
        self._cursor = step
        if step is None or not self.count():
            self.view.readout.hide()
            return
        step = min(max(step, 0), self.count() - 1)
        lines = [(_short(name), theme.series(colour), digits(value)) for name, colour, value in self.values(step)]
        self.view.readout.show_values(self.view.place_of(step).x(), self._start + step, lines)

    @Slot()
    def _read_again(self) -> None:
        self._read(self._cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._read(None)
        else:
            super().keyPressEvent(event)

    def keys(self) -> dict[str, Callable[[], object]]:
        return {
            "Home": self.show_all,
            "Left": lambda: self.pan(-0.25),
            "Right": lambda: self.pan(0.25),
            "+": lambda: self.zoom(1 / 1.5),
            "-": lambda: self.zoom(1.5),
            "Shift+Left": lambda: self.move_cursor(-1),
            "Shift+Right": lambda: self.move_cursor(1),
        }


def bind_keys(widget: QWidget, keys: dict[str, Callable[[], object]]) -> None:
    """Let these keys do these things while the widget or a part of it has the focus."""
    for key, action in keys.items():
        shortcut = QShortcut(QKeySequence(key), widget, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
