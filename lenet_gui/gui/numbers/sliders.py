"""Sliders over the leading dimensions of a tensor: which sample of a batch, which channel, or all side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from lenet_gui.gui import theme
from lenet_gui.protocol.tensors import ALL

MOST = 4
"""Dimensions that have a slider; more are seen as a whole."""


class Leading(QWidget):
    """One slider for each dimension but the last two; the leftmost place is all of it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tensor_leading")
        self._shape: tuple[int, ...] = ()
        self.sliders = [_slider(k) for k in range(MOST)]
        self.labels = [QLabel() for _ in range(MOST)]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        for label, slider in zip(self.labels, self.sliders, strict=True):
            label.setFont(theme.mono())
            label.setMinimumWidth(8)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            row.addWidget(label)
            row.addWidget(slider, 1)
            slider.valueChanged.connect(self._moved)
        self.hide()

    def show_shape(self, shape: tuple[int, ...], leading: tuple[int, ...], batched: bool) -> None:
        """The sliders that this shape has, where they stand now."""
        leading = leading[: max(0, len(shape) - 2)]
        self._shape = shape[: len(leading)]
        for k, (label, slider) in enumerate(zip(self.labels, self.sliders, strict=True)):
            shown = k < len(leading) and shape[k] > 1
            label.setVisible(shown)
            slider.setVisible(shown)
            slider.blockSignals(True)
            slider.setRange(ALL, shape[k] - 1 if shown else 0)
            slider.setValue(leading[k] if k < len(leading) else ALL)
            slider.blockSignals(False)
            name = self._name(k, len(leading), batched)
            slider.setAccessibleName(f"Which {name}, or all of them")
            slider.setToolTip(f"Which {name} is seen; at the left end all of them, side by side")
            label.setProperty("dimension", name)
        self._write()
        self.setVisible(any(size > 1 for size in self._shape[:MOST]))

    def leading(self) -> tuple[int, ...]:
        """As `View.leading` has it."""
        chosen = [slider.value() if self._shape[k] > 1 else ALL for k, slider in enumerate(self._sliders())]
        return (*chosen, *(ALL,) * (len(self._shape) - len(chosen)))

    def _sliders(self) -> list[QSlider]:
        return self.sliders[: len(self._shape)]

    def _moved(self) -> None:
        self._write()
        self.changed.emit()

    def _write(self) -> None:
        for label, slider in zip(self.labels, self._sliders(), strict=False):
            value = "all" if slider.value() == ALL else str(slider.value())
            words = f"{label.property('dimension')} {value}"
            # As wide as the longest that it will say: the sliders stay where they are.
            widest = f"{label.property('dimension')} {'0' * max(3, len(str(slider.maximum())))}"
            label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + 2)
            label.setText(words)

    def _name(self, k: int, count: int, batched: bool) -> str:
        if batched:
            return ("sample", "channel")[k] if k < 2 else f"dim {k}"
        return ("out", "in")[k] if count == 2 and k < 2 else f"dim {k}"


def _slider(k: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setObjectName(f"tensor_leading_{k}")
    slider.setMinimumWidth(24)
    slider.setPageStep(8)
    return slider
