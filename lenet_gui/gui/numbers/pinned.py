"""The second view beside the first: a tensor that was pinned, as it was, as it is now, or less what is seen now."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from lenet_gui.gui.numbers.tensor_pane import TensorPane
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.protocol.tensors import Which


class PinnedPane(TensorPane):
    """`let_go` says that it is no longer wanted."""

    let_go = Signal()

    def __init__(self) -> None:
        super().__init__()
        for child in self.findChildren(QWidget):
            if child.objectName() and not child.objectName().startswith("qt_"):
                child.setObjectName(f"pinned_{child.objectName()}")
        self._pinned: Which | None = None
        self._other: Which | None = None
        self.follow = tool_button(
            "pinned_follow", "Follow", "Show it as it is now, beside the other, instead of as it was", True
        )
        self.difference = tool_button("pinned_difference", "Δ", "This one minus the other one, number by number", True)
        self.unpin = tool_button("pinned_unpin", "✕", "Unpin: let it go, and show one tensor alone")
        self.difference.setAccessibleName("Difference to the other one")
        for button in (self.follow, self.difference, self.unpin):
            self.head.addWidget(button)
        self.follow.toggled.connect(self._choose)
        self.difference.toggled.connect(self._choose)
        self.unpin.clicked.connect(self.let_go)
        self.table.allow_edits(False)

    def show_pinned(self, which: Which) -> None:
        """This one from now on, pinned by the worker."""
        self._pinned = which
        self.reply = None
        self.show_tensor(None)
        self._choose()

    def show_other(self, which: Which | None) -> None:
        """What stands beside it."""
        if which != self._other:
            self._other = which
            if self.difference.isChecked():
                self._choose()

    def _choose(self) -> None:
        if self._pinned is not None:
            own = Which(self._pinned.name, self._pinned.part, not self.follow.isChecked())
            self.show_tensor(own, self._other if self.difference.isChecked() else None)
