"""Where the panels stand: docks that are there at once, and the panels that fill them when they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel


# Each panel is imported when its dock is filled: NumPy and pyqtgraph must not delay the window's first paint.
def _inspector() -> Panel:
    from lenet_gui.gui.numbers.inspector import InspectorPanel

    return InspectorPanel()


def _tensor() -> Panel:
    from lenet_gui.gui.numbers.tensor import TensorPanel

    return TensorPanel()


def _batch() -> Panel:
    from lenet_gui.gui.numbers.batch import BatchPanel

    return BatchPanel()


def _console() -> Panel:
    from lenet_gui.gui.console import ConsolePanel

    return ConsolePanel()


def _plots() -> Panel:
    from lenet_gui.gui.plots.plots import PlotsPanel

    return PlotsPanel()


def _network() -> Panel:
    from lenet_gui.gui.network.network import NetworkPanel

    return NetworkPanel()


def _autograd() -> Panel:
    from lenet_gui.gui.inside.autograd_graph import AutogradPanel

    return AutogradPanel()


def _code() -> Panel:
    from lenet_gui.gui.code.code import CodePanel

    return CodePanel()


def _watches() -> Panel:
    from lenet_gui.gui.watches.watches import WatchesPanel

    return WatchesPanel()


def _diagnoses() -> Panel:
    from lenet_gui.gui.diagnoses.diagnoses import DiagnosesPanel

    return DiagnosesPanel()


def _race() -> Panel:
    from lenet_gui.gui.plots.race import RacePanel

    return RacePanel()


def _compare() -> Panel:
    from lenet_gui.gui.compare.compare import ComparePanel

    return ComparePanel()


def _why() -> Panel:
    from lenet_gui.gui.why.why import WhyPanel

    return WhyPanel()


def _why_moved() -> Panel:
    from lenet_gui.gui.moved.moved import WhyMovedPanel

    return WhyMovedPanel()


def _measures() -> Panel:
    from lenet_gui.gui.measures.measures import MeasuresPanel

    return MeasuresPanel()


def _draw() -> Panel:
    from lenet_gui.gui.draw.draw import DrawPanel

    return DrawPanel()


def _range_test() -> Panel:
    from lenet_gui.gui.plots.rate_range import RateRangePanel

    return RateRangePanel()


LOADERS: dict[str, Callable[[], Panel]] = {
    "inspector": _inspector,
    "console": _console,
    "tensor": _tensor,
    "batch": _batch,
    "plots": _plots,
    "network": _network,
    "code": _code,
    "watches": _watches,
    "diagnoses": _diagnoses,
    "autograd": _autograd,
    "race": _race,
    "range_test": _range_test,
    "compare": _compare,
    "why": _why,
    "why_moved": _why_moved,
    "measures": _measures,
    "draw": _draw,
}
_TITLES = {
    "inspector": "Model inspector",
    "network": "Network",
    "autograd": "Autograd graph",
    "code": "Code",
    "watches": "Watches and breakpoints",
    "diagnoses": "What is wrong?",
    "tensor": "Tensor",
    "batch": "Batch",
    "console": "Console",
    "plots": "Plots",
    "race": "Race",
    "range_test": "Learning-rate range test",
    "compare": "Compare runs",
    "why": "Why this number?",
    "why_moved": "Why did it move?",
    "measures": "Measures",
    "draw": "Draw a digit",
}
# What stands above what in the first layout, and the upper one's share of the height.
_COLUMNS = {("inspector", "tensor"): 0.49, ("network", "batch"): 0.57, ("code", "watches"): 0.56}
_PLOTS = 0.21
"""The share of plots and console."""
_BARS = 150
"""Pixels that the bars take."""


class Docks:
    """The docks by name. They can be moved, closed and put back."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        window.setDockNestingEnabled(True)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.by_name = {name: _empty_dock(name, title, window) for name, title in _TITLES.items()}
        self.views = {name: _view(name, _TITLES[name], dock) for name, dock in self.by_name.items()}
        """Shows a dock, brings one that stands behind another to the front, and hides one that is seen."""

    def arrange(self) -> None:
        """The layout that the window has at first: model left, network in the middle, code right, plots below."""
        window, docks = self._window, self.by_name
        for dock in docks.values():
            dock.setFloating(False)
            window.removeDockWidget(dock)
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, docks["inspector"])
        window.splitDockWidget(docks["inspector"], docks["network"], across)
        window.splitDockWidget(docks["network"], docks["code"], across)
        for upper, lower in _COLUMNS:
            window.splitDockWidget(docks[upper], docks[lower], down)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docks["plots"])
        window.splitDockWidget(docks["plots"], docks["console"], across)
        window.tabifyDockWidget(docks["network"], docks["autograd"])
        window.tabifyDockWidget(docks["tensor"], docks["race"])
        window.tabifyDockWidget(docks["race"], docks["range_test"])
        # With the network in sight: it shows the drawing's activations.
        window.tabifyDockWidget(docks["batch"], docks["draw"])
        window.tabifyDockWidget(docks["draw"], docks["compare"])
        # With the batch and the tensor in sight: what a number comes from is marked in them.
        for name, behind in pairwise(("autograd", "measures", "diagnoses", "why", "why_moved")):
            window.tabifyDockWidget(docks[name], docks[behind])
        for name in ("network", "batch"):
            docks[name].raise_()
        for name, dock in docks.items():
            dock.setVisible(name not in ("race", "range_test", "compare", "why_moved"))  # until somebody wants them
        self.size()

    def size(self) -> None:
        """The sizes of the first layout, as shares of the window."""
        docks, width, height = self.by_name, self._window.width(), self._window.height() - _BARS
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        row = [docks["inspector"], docks["network"], docks["code"]]
        self._window.resizeDocks(row, [int(width * share) for share in (0.22, 0.52, 0.26)], across)
        self._window.resizeDocks([docks["plots"], docks["console"]], [int(width * 0.7), int(width * 0.3)], across)
        for (upper, lower), share in _COLUMNS.items():
            column = [docks[upper], docks[lower], docks["plots"]]
            shares = (share * (1 - _PLOTS), (1 - share) * (1 - _PLOTS), _PLOTS)
            self._window.resizeDocks(column, [int(height * share) for share in shares], down)

    def bring_up(self, name: str) -> None:
        """Show a dock, in front of those that it shares a place with."""
        self.by_name[name].show()
        self.by_name[name].raise_()

    def fill(self, name: str) -> Panel:
        """Import the panel and put it in the dock's place, at the size that the dock has."""
        dock, panel = self.by_name[name], LOADERS[name]()
        placeholder = dock.widget()
        least = panel.minimumSize()
        # Until it has been laid out for the dock's size a panel may ask for more room than it then needs, and the
        # docks around it would jump.
        panel.setMinimumSize(1, 1)
        dock.setWidget(panel)
        panel.windowTitleChanged.connect(dock.setWindowTitle)
        QTimer.singleShot(0, panel, lambda: panel.setMinimumSize(least))
        placeholder.deleteLater()
        return panel


def join(panels: dict[str, Any], name: str) -> None:
    """What panels tell each other, once both are there; `name` is the one that has just come."""
    if {"inspector", "tensor"} <= set(panels) and name in ("inspector", "tensor"):
        panels["inspector"].chosen.connect(panels["tensor"].show_tensor)
    if {"draw", "network"} <= set(panels) and name in ("draw", "network"):
        from lenet_gui.gui.draw.drawn_network import DrawnNetwork

        panels["draw"].seen.connect(DrawnNetwork(panels["network"]).show_cards)
    if {"tensor", "why_moved"} <= set(panels) and name in ("tensor", "why_moved"):
        panels["tensor"].cell_asked.connect(panels["why_moved"].ask_at)


def _empty_dock(name: str, title: str, window: QMainWindow) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(f"{name}_dock")
    dock.setAccessibleName(title)
    dock.setWidget(_placeholder(dock))
    return dock


def _view(name: str, title: str, dock: QDockWidget) -> QAction:
    """Checked while the dock is to be seen. Qt's own is also while it stands behind another, and would then hide it."""
    action = QAction(title, dock)
    action.setObjectName(f"view_{name}")
    action.setToolTip(f"Show, bring to the front, or hide: {title}")
    action.setCheckable(True)
    dock.visibilityChanged.connect(action.setChecked)

    def press(wanted: bool) -> None:
        dock.setVisible(wanted)
        if wanted:
            dock.raise_()

    action.triggered.connect(press)
    return action


def _placeholder(parent: QWidget) -> QWidget:
    empty = QLabel(parent)
    empty.setAutoFillBackground(True)
    empty.setMinimumSize(40 * theme.UNIT, 20 * theme.UNIT)
    return empty
