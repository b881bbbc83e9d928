"""The widgets beside the sheet, and where they stand. What they do is `draw`'s matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.draw.sheet import WIDTH, Sheet
from lenet_gui.gui.numbers.mosaic import Mosaic
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.gui.widgets.prediction_bars import PredictionBars, softmax
from lenet_gui.gui.widgets.steady import Steady

NO_LABEL = "it is a …"
_NARROW, _MOST = 72, 16_777_215


class DrawWidgets:
    """All of one panel."""

    shortcut_context = Qt.ShortcutContext.WidgetWithChildrenShortcut

    def __init__(self, panel: QWidget) -> None:
        self.sheet = Sheet()
        self.words = Elided(" ")
        self.words.setObjectName("draw_words")
        self.words.setAccessibleName("What the network makes of the drawing")
        self.preview = Mosaic()
        self.preview.setObjectName("draw_preview")
        self.preview.setAccessibleName("The drawing as the network is given it")
        self.preview.setToolTip("The drawing as the network is given it")
        self.bars = PredictionBars("draw_bars", "What the network makes of the drawing", "Nothing is drawn.")
        self.bars.setToolTip("softmax(output) for the drawing; a line across a bar is what it was at the place before")
        self.pen = _slider()
        self.clear = tool_button("draw_clear", "Clear", "Take an empty sheet (Del)")
        self.undo = tool_button("draw_undo", "Undo", "Take back the last stroke (Ctrl+Z)")
        self.paste = tool_button("draw_paste", "Paste", "Take a picture from the clipboard (Ctrl+V), or drop one here")
        self.open = tool_button("draw_open", "Open…", "Take a picture from a file")
        self.cards = QCheckBox("On the cards")
        self.cards.setObjectName("draw_cards")
        self.cards.setToolTip("The cards of the network show the activations of the drawing, not those of the batch")
        self.cards.setChecked(True)
        self.label = QComboBox()
        self.label.setObjectName("draw_label")
        self.label.view().setObjectName("draw_label_list")
        self.label.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.label.setMinimumContentsLength(5)
        for widget in (self.label, self.label.view()):
            widget.setAccessibleName("What the drawing is")
            widget.setToolTip("The label with which the drawing comes into the batch")
        self.at = QSpinBox()
        self.at.setObjectName("draw_at")
        self.at.setPrefix("sample ")
        self.at.setAccessibleName("Which sample of the batch it becomes")
        self.at.setToolTip("Which sample of the batch the drawing takes the place of, counted from 0")
        self.put = tool_button("draw_put", "Put into batch", "")
        self.step = tool_button("draw_step", "Step", "Take one whole training step (F8), to see what it learns from it")
        self.back = tool_button("draw_back", "Take it back", "Go back to before the drawing was put in, to the bit")
        self._classes: tuple[str, ...] | None = None
        self.show_classes(())
        self._lay_out(panel)

    def shares(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        return softmax(scores)

    def show_classes(self, classes: tuple[str, ...]) -> None:
        if classes == self._classes:
            return
        self._classes = classes
        self.label.clear()
        self.label.addItem(NO_LABEL if classes else "no label", None)
        for k, name in enumerate(classes):
            self.label.addItem(name, k)
        self.label.setEnabled(bool(classes))

    def show_batch(self, size: int) -> None:
        if self.at.maximum() != max(0, size - 1):
            self.at.setMaximum(max(0, size - 1))

    def explain_put(self, empty: bool, labelled: bool, between: bool, still: bool) -> None:
        """Why it cannot be put in now, where it cannot."""
        if empty:
            why = "Draw something first"
        elif not labelled:
            why = "Say first what it is"
        elif not between:
            why = "Finish this step first: its forward is done" if still else "Pause first"
        else:
            why = "input[i] = drawing: the batch that is next has it as this sample, with this label"
        self.put.setToolTip(why)

    def lay_out_for(self, width: int, height: int) -> None:
        """Beside each other where there is more width than height, so that the sheet is as large as it can be."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        wide = width > 1.25 * height
        self._halves.setDirection(across if wide else down)
        self._left.setDirection(across if wide else down)
        self._tools.setDirection(down if wide else across)
        self.pen.setMaximumWidth(_NARROW if wide else _MOST)

    def _lay_out(self, panel: QWidget) -> None:
        self._tools = _box(theme.UNIT)
        for widget in (self.clear, self.undo, self.paste, self.open):
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._tools.addWidget(widget)
        self._tools.addWidget(self.pen)
        self._tools.addStretch(1)
        self._left = _box(theme.UNIT)
        self._left.addLayout(self._tools)
        self._left.addWidget(self.sheet, 1)
        seen = _row(2 * theme.UNIT)
        seen.addWidget(self.preview, 2)
        seen.addWidget(self.bars, 3)
        teach = _row(theme.UNIT)
        teach.addWidget(self.label, 1)
        teach.addWidget(self.at)
        teach.addWidget(self.cards)
        buttons = _row(theme.UNIT)
        for widget in (self.put, self.step, self.back):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(theme.UNIT)
        right.addWidget(Steady(self.words))
        right.addLayout(seen, 1)
        right.addLayout(teach)
        right.addLayout(buttons)
        self._halves = _box(2 * theme.UNIT)
        self._halves.addLayout(self._left, 1)
        self._halves.addLayout(right, 1)
        self._halves.setContentsMargins(*(theme.UNIT,) * 4)
        content = QWidget()
        content.setLayout(self._halves)
        # In a dock that is too small for them nothing is cut off.
        area = QScrollArea()
        area.setObjectName("draw_area")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(content)
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)


def _box(spacing: int) -> QBoxLayout:
    box = QBoxLayout(QBoxLayout.Direction.LeftToRight)
    box.setSpacing(spacing)
    return box


def _row(spacing: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(spacing)
    return row


def _slider() -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setObjectName("draw_width")
    slider.setAccessibleName("Width of the line")
    slider.setToolTip("How wide the line is; a pen also by how hard it is pressed")
    slider.setRange(6, 48)
    slider.setValue(int(WIDTH))
    slider.setMinimumWidth(24)
    return slider
