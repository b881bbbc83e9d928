"""One diagnosis as a card: what is wrong, the numbers, the cause, the line to change, and a way to where it is."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.protocol.diagnoses import Diagnosis

_STRIPE = theme.UNIT


class Card(QFrame):
    """Shows the diagnosis that it is given, another one at any time."""

    wanted = Signal(object)
    """The `Diagnosis` whose place somebody wants to see."""

    def __init__(self, name: str) -> None:
        """`name` is its own among the widgets."""
        super().__init__()
        self.setObjectName(name)
        self.diagnosis: Diagnosis | None = None
        self.title = wrapped_label(f"{name}_title", "What is wrong")
        self.evidence = wrapped_label(f"{name}_evidence", "Evidence")
        self.rows = wrapped_label(f"{name}_rows", "The numbers")
        self.rows.setTextFormat(Qt.TextFormat.RichText)
        self.cause = wrapped_label(f"{name}_cause", "The cause")
        self.code = wrapped_label(f"{name}_code", "The line of PyTorch to change")
        self.code.setFont(theme.mono())
        self.button = tool_button(f"{name}_show", "Show me", "Go to the place, and open the tensor that it is about")
        self.button.clicked.connect(lambda: self.wanted.emit(self.diagnosis))
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self._lay_out()

    def show_diagnosis(self, diagnosis: Diagnosis) -> None:
        if diagnosis == self.diagnosis:
            return
        self.diagnosis = diagnosis
        self.title.setText(diagnosis.title)
        self.evidence.setText(diagnosis.evidence)
        self.cause.setText(diagnosis.cause)
        self.code.setText(diagnosis.code)
        self.button.setVisible(diagnosis.show is not None)
        self.button.setAccessibleName(f"Show me: {diagnosis.title}")
        self.setAccessibleName(f"{'Note' if diagnosis.severity == 'note' else 'Problem'}: {diagnosis.title}")
        self.dress()
        self.update()

    def dress(self) -> None:
        """In the colours of now."""
        if self.diagnosis is None:
            return
        muted, mono = theme.colour("muted").name(), theme.mono().family()
        cells = "".join(
            f"<tr><td style='color:{muted}; padding-right:12px'>{escape(label)}</td>"
            f"<td style='font-family:\"{mono}\"'>{escape(value)}</td></tr>"
            for label, value in self.diagnosis.rows
        )
        self.rows.setText(f"<table cellspacing='0' cellpadding='1'>{cells}</table>")
        ground, edge = theme.colour("alternate").name(), theme.colour("grid").name()
        self.code.setStyleSheet(
            f"background: {ground}; border: 1px solid {edge}; border-radius: 2px; padding: {theme.UNIT}px;"
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "code"):
            self.dress()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """A ground with an edge, and a stripe that says how bad it is."""
        note = self.diagnosis is not None and self.diagnosis.severity == "note"
        with QPainter(self) as painter:
            area = self.rect().adjusted(0, 0, -1, -1)
            painter.fillRect(area, theme.colour("base"))
            painter.setPen(theme.colour("grid"))
            painter.drawRect(area)
            painter.fillRect(0, 0, _STRIPE, self.height(), theme.colour("place" if note else "error"))

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.addWidget(self.button)
        foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_STRIPE + 2 * theme.UNIT, 2 * theme.UNIT, 2 * theme.UNIT, 2 * theme.UNIT)
        layout.setSpacing(theme.UNIT + theme.UNIT // 2)
        for one in (self.title, self.evidence, self.cause, self.code):
            layout.addWidget(one)
        layout.addLayout(foot)
        layout.addWidget(self.rows)


class Cards(QWidget):
    """A column of cards that keeps those it has while their numbers change."""

    wanted = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.cards: list[Card] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * theme.UNIT)

    def show_diagnoses(self, diagnoses: tuple[Diagnosis, ...]) -> None:
        while len(self.cards) < len(diagnoses):
            card = Card(f"{self._name}_{len(self.cards)}")
            card.wanted.connect(self.wanted)
            self._column.addWidget(card)
            self.cards.append(card)
        for card in self.cards[len(diagnoses) :]:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        del self.cards[len(diagnoses) :]
        for card, diagnosis in zip(self.cards, diagnoses, strict=True):
            card.show_diagnosis(diagnosis)
        self.setVisible(bool(diagnoses))


def wrapped_label(name: str, says: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setAccessibleName(says)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # Long names must not make the dock wider.
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
