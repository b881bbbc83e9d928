"""The pieces that the panel of measures is put together from, and its words."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QComboBox, QFrame, QGraphicsOpacityEffect, QScrollArea, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.measures.tables import epoch_words
from lenet_gui.protocol.measures import SIDES, Measures

FADED = 0.4
"""How much remains to be seen of what is of another place."""


def told(found: Measures) -> str:
    """`test at step 900 (epoch 10): 333 of 360 right (92.50 %) · CrossEntropyLoss 0.2814`."""
    if found.missing and not found.total:
        return found.missing
    where = f"{found.side} at step {found.step:,} (epoch {epoch_words(found.epoch)})"
    words = f"{where}: {found.correct:,} of {found.total:,} right ({100 * found.correct / found.total:.2f} %)"
    words += f" · {found.loss_name} {found.loss:.4g}" if found.loss is not None else f" · {found.why_no_loss}"
    if found.total < found.whole:
        words += f" · a fixed sample of {found.whole:,}"
    return f"{words} · {found.missing}" if found.missing else words


def side_list() -> QComboBox:
    side = QComboBox()
    side.setObjectName("measures_side")
    side.view().setObjectName("measures_side_list")
    for widget in (side, side.view()):
        widget.setAccessibleName("Which images are measured")
        widget.setToolTip(
            "The images held out for testing, or at most 10,000 of those trained on, always the same ones"
        )
    for name in SIDES:
        side.addItem(name.capitalize(), name)
    return side


def box(page: QWidget) -> QBoxLayout:
    layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
    layout.setContentsMargins(0, theme.UNIT, 0, 0)
    layout.setSpacing(2 * theme.UNIT)
    return layout


def scrolling(page: QWidget, name: str) -> QScrollArea:
    """In a dock that is too small for it nothing is cut off."""
    area = QScrollArea()
    area.setObjectName(name)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(page)
    return area


def fading(page: QWidget) -> QGraphicsOpacityEffect:
    effect = QGraphicsOpacityEffect(page)
    effect.setOpacity(FADED)
    effect.setEnabled(False)
    page.setGraphicsEffect(effect)
    return effect
