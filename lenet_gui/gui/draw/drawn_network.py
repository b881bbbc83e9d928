"""The network's cards with the activations of a drawing, over those of the step for as long as somebody draws."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.network import card_words
from lenet_gui.gui.network.card_pictures import Pictures
from lenet_gui.gui.network.cards import Look
from lenet_gui.gui.network.network_view import NetworkView
from lenet_gui.protocol.trace import TraceReply

WORDS = "✎ Your drawing: these are its activations, not those of the batch. Nothing of the training has changed."


class DrawnNetwork(QWidget):
    """Lies over a panel, as large as it, while there is something to show."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self.setObjectName("drawn_network")
        self.setAccessibleName("The network's activations for the drawing")
        self.setAutoFillBackground(True)
        self._cards: TraceReply | None = None
        self.words = QLabel(WORDS)
        self.words.setObjectName("drawn_network_words")
        self.words.setMinimumWidth(1)
        self.words.setContentsMargins(theme.UNIT, theme.UNIT, theme.UNIT, theme.UNIT)
        self.view = NetworkView(self._describe)
        self.view.setObjectName("drawn_network_view")
        self.view.setAccessibleName("The operations of the forward of the drawing; the arrow keys go along the graph")
        self.view.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.words)
        layout.addWidget(self.view, 1)
        panel.installEventFilter(self)
        self._dress()
        self.hide()

    def show_cards(self, cards: TraceReply | None) -> None:
        """The trace of the drawing's forward; `None` gives the panel back."""
        self._cards = cards
        if cards is None:
            self.hide()
            return
        self.view.show_cards(card_words.faces(cards), card_words.edges(cards), Pictures(()))
        self.view.show_looks([Look(happened=True) for _ in range(1 + len(cards.operations))])
        if self.isHidden():
            self._cover()
            self.show()
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "words"):
            self._dress()
        super().changeEvent(event)

    def _cover(self) -> None:
        panel = self.parentWidget()
        if panel is not None:
            self.setGeometry(panel.rect())

    def _describe(self, card: int) -> str:
        return card_words.tip(self._cards, card, Look(happened=True)) if self._cards is not None else ""

    def _dress(self) -> None:
        ground, ink = theme.colour("place_ground").name(), theme.colour("text").name()
        style = f"QLabel {{ background: {ground}; color: {ink}; border-radius: 4px; }}"
        if self.words.styleSheet() != style:
            self.words.setStyleSheet(style)
