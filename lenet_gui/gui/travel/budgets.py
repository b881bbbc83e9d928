"""How much room the checkpoints of going back may take: remembered, asked in a dialog, told to the worker.

What checkpoints are kept within it is the worker's to know.
"""

from __future__ import annotations

from itertools import count

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.widgets.dialog import accept_or_cancel, two_lines
from lenet_gui.gui.widgets.fields import whole
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import Budget, BudgetReply, BudgetRequest, Reply, SetBudget

MB = 2**20
MOST = 2**20
"""MB; more than anybody has, and small enough for every count of bytes."""
_LEAST = {"memory": 1, "disk": 0}
_ABOUT = (
    "Checkpoints make going back fast: the more room they have, the nearer is the next one to any place. "
    "They change no number of a run."
)
_ids = count(1)


def remembered(preferences: Preferences) -> Budget:
    """What was chosen; where nothing was, or nonsense was written by hand, what holds at first."""
    given = Budget()
    memory = preferences.number("budget/memory", given.memory / MB, _LEAST["memory"], MOST)
    disk = preferences.number("budget/disk", given.disk / MB, _LEAST["disk"], MOST)
    return Budget(int(memory) * MB, int(disk) * MB)


class BudgetDialog(QDialog):
    """Enter puts it in force, Esc leaves all as it is. What is in use is asked anew as the run goes on."""

    asked = Signal(object)
    """`BudgetRequest`s, and the `SetBudget` in the end."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("budget_dialog")
        self.setWindowTitle("Room for checkpoints")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._preferences = preferences
        self._waiting = 0
        self.fields = {
            "memory": self._field("memory", "MB of memory for checkpoints, 1 or more"),
            "disk": self._field("disk", "MB of the disk for checkpoints that the memory has no room for; 0: none"),
        }
        self.in_use = {name: self._label(f"budget_{name}_in_use", f"In use of the {name}") for name in self.fields}
        self.words = two_lines("budget_words", "What is wrong, or what it is for")
        self.use = self._assemble()
        held = remembered(preferences)
        for name, size in (("memory", held.memory), ("disk", held.disk)):
            self.fields[name].setText(str(size // MB))
        self.fields["memory"].selectAll()

    def ask(self) -> None:
        """What is in use now? One question at a time."""
        if not self._waiting:
            self._waiting = next(_ids)
            self.asked.emit(BudgetRequest(self._waiting))

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, BudgetReply) or reply.id != self._waiting:
            return
        self._waiting = 0
        memory, disk = _of(reply.memory, reply.budget.memory), _of(reply.disk, reply.budget.disk)
        self.in_use["memory"].setText(memory)
        self.in_use["disk"].setText(f"{disk}: it cannot be written" if reply.disk_failed else disk)

    def accept(self) -> None:
        """Put it in force and remember it, if it is a budget."""
        sizes = self._sizes()
        if sizes is None:
            return
        for name, size in sizes.items():
            self._preferences.set(f"budget/{name}", size)
        self.asked.emit(SetBudget(Budget(sizes["memory"] * MB, sizes["disk"] * MB)))
        super().accept()

    def _sizes(self) -> dict[str, int] | None:
        """In MB, as typed; where one is none the words say why."""
        sizes: dict[str, int] = {}
        for name, field in self.fields.items():
            text = field.text().strip()
            try:
                if not text:
                    raise ValueError(f"Type how many MB of {name}, {_LEAST[name]} or more.")
                sizes[name] = int(whole(_LEAST[name], MOST)(text))
            except (ValueError, OverflowError) as error:
                self._say(f"{name.capitalize()}: {error}", field)
                return None
        self._say(_ABOUT)
        return sizes

    def _typed(self) -> None:
        self.use.setEnabled(self._sizes() is not None)

    def _say(self, words: str, wrong: QLineEdit | None = None) -> None:
        self.words.setText(words)
        self.words.setStyleSheet(f"color: {theme.colour('muted' if wrong is None else 'error').name()};")
        for field in self.fields.values():
            field.setAccessibleDescription(words if field is wrong else "")

    # --------------------------------------------------------------------------------------------------- its widgets

    def _field(self, name: str, tip: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(f"budget_{name}")
        field.setAccessibleName(tip)
        field.setToolTip(tip)
        field.setFont(theme.mono())
        field.setFixedWidth(QFontMetrics(field.font()).horizontalAdvance("0" * 10) + 16)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.textChanged.connect(self._typed)
        return field

    def _label(self, name: str, accessible: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setAccessibleName(accessible)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _assemble(self) -> QPushButton:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.UNIT)
        for row, (name, field) in enumerate(self.fields.items()):
            label = QLabel(f"&{name.capitalize()}", self)
            label.setBuddy(field)
            # Room for the longest, so that nothing moves while a run goes on.
            longest = f"{_of(MOST * MB, MOST * MB)}: it cannot be written"
            self.in_use[name].setFont(theme.mono())
            self.in_use[name].setMinimumWidth(QFontMetrics(self.in_use[name].font()).horizontalAdvance(longest))
            for column, widget in enumerate((label, field, QLabel("MB", self), self.in_use[name])):
                grid.addWidget(widget, row, column)
        grid.setColumnStretch(3, 1)
        tip = "From now on, in this session and in every later one (Enter)"
        buttons, use = accept_or_cancel(self, "budget_use", "Use", tip)
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(grid)
        column.addWidget(self.words)
        column.addWidget(buttons)
        return use


def _of(used: int, budget: int) -> str:
    return f"in use: {-(-used // MB):,} MB of {budget // MB:,} MB"
