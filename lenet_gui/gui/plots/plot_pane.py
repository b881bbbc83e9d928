"""One plot with what stands around it: title, switches, legend. What two plots share is `plots`'s."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_legend import Legend
from lenet_gui.gui.plots.plot_readout import digits
from lenet_gui.gui.plots.plot_view import PlotView
from lenet_gui.gui.plots.pyramid import Pyramid
from lenet_gui.gui.widgets.button import tool_button


class PlotPane(QWidget):
    """A plot with its header of title and switches above, and its legend beside it."""

    def __init__(self, name: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self.view = PlotView(Pyramid(0), hint, self)
        self.view.setObjectName(f"plot_{name}")
        self.view.setAccessibleName(f"Plot of the {name}")
        self.view.setAccessibleDescription(
            "Drag or press Left and Right to pan, turn the wheel or press plus and minus to zoom, "
            "Shift with Left and Right to read the numbers of a step; click at a step or press Enter to go there"
        )
        self.legend = Legend(self)
        self.legend.switched.connect(self.view.switch)
        self._title = QLabel(name, self)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.log = log_switch(self, name, self.view)
        self.spikes = spikes_switch(self, name, self.view)
        self.header = QHBoxLayout()
        self.header.setSpacing(theme.UNIT)
        self.header.addWidget(self._title, 1)
        self.header.addWidget(self.log)
        self.header.addWidget(self.spikes)
        body = QHBoxLayout()
        body.setSpacing(theme.UNIT)
        body.addWidget(self.view, 1)
        body.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(self.header)
        layout.addLayout(body, 1)

    def show_columns(self, pyramid: Pyramid, first: int, names: tuple[str, ...]) -> None:
        if names != self.view.names:
            # "conv1.bias.grad[0]", "conv1.bias.grad[1]": what they share is the title, what differs the label.
            self.name = _shared(names) or self.name
            self._title.setText(self.name)
            self.legend.show_names(names, [name.removeprefix(self.name) or name for name in names])
        self.view.show_columns(pyramid, first, names)
        for button in self.legend.buttons:
            button.setChecked(True)

    def read(self, step: int, row: list[float]) -> None:
        curves = self.view.curves
        lines = [
            (name.removeprefix(self.name) or name, theme.series(i), digits(row[curves.first + i]))
            for i, name in enumerate(self.view.names)
            if curves.shown[i]
        ]
        self.view.readout.show_values(self.view.place_of(step).x(), step, lines)


def tool(parent: QWidget, name: str, text: str, tip: str, checkable: bool = False) -> QToolButton:
    button = tool_button(f"plots_{name}", text, tip, checkable)
    button.setParent(parent)
    button.setAccessibleName(f"{text}: {tip}")
    return button


def log_switch(parent: QWidget, name: str, view: PlotView) -> QToolButton:
    tip = "Logarithmic y axis; values of 0 and less are gaps"
    button = tool(parent, f"log_{name}", "Log", tip, checkable=True)
    button.toggled.connect(view.set_logarithmic)
    return button


def spikes_switch(parent: QWidget, name: str, view: PlotView) -> QToolButton:
    tip = "Let the y axis reach the rarest value, not the usual ones only"
    button = tool(parent, f"spikes_{name}", "Spikes", tip, checkable=True)
    button.toggled.connect(view.set_whole_range)
    return button


def _shared(names: tuple[str, ...]) -> str:
    """What all names begin with, without an opening bracket or dot at its end."""
    if not names:
        return ""
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].rstrip("[.")
