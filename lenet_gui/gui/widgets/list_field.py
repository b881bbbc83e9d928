"""A list to choose a value from, with the words that a person reads and the reason where one cannot be chosen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox

from lenet_gui.gui import theme
from lenet_gui.settings import Value

LONGEST = 60
"""Letters of a reason that stand beside an entry; all of it is its tooltip."""


class ListField(QComboBox):
    """A list of values with the words that a person reads. Only a person's choice is told, through `picked`."""

    picked = Signal(object)

    def __init__(self, characters: int) -> None:
        super().__init__()
        # As wide as asked, whatever the entries are: a device's long name must not push the others away.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(characters)
        self.activated.connect(lambda row: self.picked.emit(self.itemData(row)))

    def fill(self, entries: list[tuple[str, Value, str]]) -> None:
        """Entries of (words, value, why it cannot be chosen or empty)."""
        self.clear()
        for row, (words, value, reason) in enumerate(entries):
            short = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"
            self.addItem(f"{words} ({short})" if reason else words, value)
            model = self.model()
            if reason and isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(False)
                model.item(row).setToolTip(reason)
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 6 * theme.UNIT)

    def show_value(self, value: Value) -> None:
        row = self.findData(value)
        # A list that is open is being chosen from: moving its mark would choose something else.
        if row != self.currentIndex() and not self.view().isVisible():
            self.setCurrentIndex(row)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling over the bar must not change a run.
        event.ignore()
