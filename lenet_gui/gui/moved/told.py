"""Rich text that is read and copied. What it says is `words`' to know."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTextBrowser

from lenet_gui.gui import theme


class Told(QTextBrowser):
    """`says` is for the tooltip and for a reader."""

    def __init__(self, name: str, says: str) -> None:
        super().__init__()
        self._told = ""
        self.setObjectName(name)
        self.setAccessibleName(says)
        self.setToolTip(says)
        self.setFont(theme.mono())
        self.setOpenLinks(False)
        self.document().setDocumentMargin(theme.UNIT)
        self.setMinimumSize(40 * theme.UNIT, 10 * theme.UNIT)
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)

    def tell(self, html: str) -> None:
        """Where it is the same, selection and scroll position stay."""
        if html != self._told:
            self._told = html
            at = self.verticalScrollBar().value()
            self.setHtml(html)
            self.verticalScrollBar().setValue(at)
