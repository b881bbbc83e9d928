"""What stands above the network: the line of words, and which sample of the batch is drawn."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QSizePolicy, QSpinBox

from lenet_gui.gui.widgets.elided import Elided


def line_of_words() -> QLabel:
    label = Elided(" ")
    label.setObjectName("network_words")
    label.setAccessibleName("What there is to see, or the number under the mouse")
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def sample_box() -> QSpinBox:
    box = QSpinBox()
    box.setObjectName("network_sample")
    box.setAccessibleName("Sample of the batch whose pictures are shown")
    box.setToolTip("The pictures are of this sample of the batch; shapes and numbers are of the whole batch")
    box.setRange(0, 0)
    box.setKeyboardTracking(False)
    return box
