"""Asks what a film is to show: a panel, over which steps, how fast, and into which file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from lenet_gui.gui.widgets.dialog import accept_or_cancel, two_lines
from lenet_gui.protocol import Frame

MOST_PICTURES = 400
FIRST = "network"
"""The panel that is offered first."""


@dataclass(frozen=True, slots=True)
class Film:
    """The panel by its dock's name, the steps that are shown, pictures a second, and the file."""

    panel: str
    steps: tuple[int, ...]
    rate: int
    path: str


class FilmDialog(QDialog):
    """Enter goes on to the file, Esc leaves it."""

    wanted = Signal(object)
    """The `Film`."""

    def __init__(self, frame: Frame, titles: Mapping[str, str], path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("film_dialog")
        self.setWindowTitle("Film of a panel")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._path = path
        newest = next((row.steps for row in frame.branches if row.name == frame.place.branch), frame.step)
        self.panel = QComboBox(self)
        for name, title in titles.items():
            self.panel.addItem(title, name)
        self.panel.setCurrentIndex(max(0, self.panel.findData(FIRST)))
        self.panel.setAccessibleName("The panel that is filmed")
        self.first = self._spin("film_first", "The first step", 0, newest, 0)
        self.last = self._spin("film_last", "The last step", 0, newest, newest)
        every = max(1, -(-newest // 100))
        self.every = self._spin("film_every", "How many steps between two pictures", 1, max(newest, 1), every)
        self.rate = self._spin("film_rate", "Pictures a second", 1, 30, 10)
        self.words = two_lines("film_words", "How long the film will be, or what is wrong")
        self._assemble()
        for spin in (self.first, self.last, self.every, self.rate):
            spin.valueChanged.connect(self._tell)
        self._tell()

    def steps(self) -> tuple[int, ...]:
        """Those that are shown; the last one always is."""
        first, last = self.first.value(), self.last.value()
        steps = range(first, last + 1, self.every.value())
        return (*steps, last) if steps and steps[-1] != last else tuple(steps)

    def accept(self) -> None:
        """Ask for the file, and then say what is wanted."""
        from lenet_gui.gui.window.dialogs import ask_for_file

        if not self._problem():
            ask_for_file(self, "Save the film", self._path, "GIF (*.gif)", self._give)

    def _give(self, path: str) -> None:
        self.wanted.emit(Film(self.panel.currentData(), self.steps(), self.rate.value(), path))
        super().accept()

    def _problem(self) -> str:
        count = len(self.steps())
        if self.first.value() > self.last.value():
            return "The first step is behind the last one: choose an earlier one."
        if count > MOST_PICTURES:
            return f"{count:,} pictures are more than {MOST_PICTURES}: leave more steps out between two of them."
        return ""

    def _tell(self) -> None:
        problem, count = self._problem(), len(self.steps())
        seconds = count / self.rate.value()
        self.words.setText(
            problem or f"{count:,} picture{'' if count == 1 else 's'}, {seconds:.1f} s. The run stays as it is."
        )
        self.go_on.setEnabled(not problem)

    def _spin(self, name: str, says: str, low: int, high: int, value: int) -> QSpinBox:
        spin = QSpinBox(self)
        spin.setObjectName(name)
        spin.setAccessibleName(says)
        spin.setToolTip(says)
        spin.setRange(low, high)
        spin.setGroupSeparatorShown(True)
        spin.setValue(value)
        return spin

    def _assemble(self) -> None:
        form = QFormLayout()
        for label, field in (
            ("Panel", self.panel),
            ("From step", self.first),
            ("To step", self.last),
            ("Every", self.every),
            ("Pictures a second", self.rate),
        ):
            form.addRow(label, field)
        buttons, self.go_on = accept_or_cancel(self, "film_go_on", "Choose a file…", "Where the GIF is written")
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.words)
        layout.addWidget(buttons)
        self.setMinimumWidth(90 * 4)
