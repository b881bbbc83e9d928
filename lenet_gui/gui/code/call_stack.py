"""The call stack: epoch, step, phase, modules, operation, each of which can be gone to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.code.code_place import Next, calls_of
from lenet_gui.gui.code.grounds import piece_ground
from lenet_gui.gui.inside.trace_place import Step
from lenet_gui.protocol import Frame
from lenet_gui.protocol.trace import Part, TraceReply

NAME, WHERE = range(2)
ROWS = (3, 6)
"""So many levels can be seen at once, at least and at most; more scroll."""
_LONGEST_NAME = 34
_ITEMS = {"forward": "operation", "loss": "operation", "backward": "node", "step": "parameter"}
_GO = "Enter or a double-click goes to where it begins"


@dataclass(frozen=True, slots=True)
class Level:
    """A row: what kind of level, its name, where in it one stands, and where it begins (`None`: not known)."""

    kind: str
    name: str
    where: str = ""
    begins: Step | None = None


def levels(frame: Frame, reply: TraceReply | None, now: Next | None) -> list[Level]:
    """The levels of a place, the outermost first. Without the trace of its step they end with the step."""
    found = [] if frame.epoch is None else [Level("epoch", f"epoch {frame.epoch + 1}")]
    start = (reply.parts[0].commands, 0) if reply is not None and reply.parts else None
    found.append(Level("step", f"step {frame.step:,}", "", start))
    if reply is None or now is None:
        return found
    part = reply.parts[now.part]
    found.append(Level("phase", part.name, _count(part, now.item), (part.commands, 0)))
    if now.item < len(part.items):
        found += _modules(reply, part, now)
        found.append(_innermost(reply, part, now))
    return found


def _count(part: Part, item: int) -> str:
    kind = _ITEMS.get(part.name)
    if kind is None or not part.items or item >= len(part.items):
        return "refused" if part.refused and item >= len(part.items) else ""
    return f"{kind} {item + 1} of {len(part.items)}"


def _modules(reply: TraceReply, part: Part, now: Next) -> list[Level]:
    if now.operation < 0:
        return []
    found = []
    for call in calls_of(reply, now.operation):
        row = reply.calls[call]
        again = f", call {row.nth + 1}" if row.nth else ""
        begins = part.commands, _first_item(reply, part, now, call)
        found.append(Level("module", row.path or row.kind, (row.kind if row.path else "the model") + again, begins))
    return found


def _first_item(reply: TraceReply, part: Part, now: Next, call: int) -> int:
    """The item at which one came into a call, in the direction in which its phase runs."""
    for item, row in enumerate(part.items[: now.item]):
        operation = reply.nodes[row].operation if part.name == "backward" else row
        if operation >= 0 and call in calls_of(reply, operation):
            return item
    return now.item


def _innermost(reply: TraceReply, part: Part, now: Next) -> Level:
    here = part.commands, now.item
    if now.update >= 0:
        return Level("parameter", reply.updates[now.update].parameter, "", here)
    operation = reply.operations[now.operation] if now.operation >= 0 else None
    line = f"line {operation.source.line}" if operation is not None and operation.source is not None else ""
    if now.node < 0:
        return Level("operation", operation.name if operation is not None else "", line, here)
    node = reply.nodes[now.node]
    return Level("node", node.name, node.parameter or (operation.name if operation is not None else ""), here)


class CallStack(QTreeWidget):
    """`go_to` gives the place (commands, items) at which the level begins that was activated."""

    go_to = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("call_stack")
        self.setAccessibleName("Call stack")
        self.setToolTip(f"What the next item is part of, the outermost first. {_GO}")
        self.setFont(theme.mono())
        self.setColumnCount(2)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setHeaderHidden(True)
        self.header().setStretchLastSection(True)
        self.header().setMinimumSectionSize(theme.UNIT)
        self._role = ""
        self._levels: list[Level] = []
        self.itemActivated.connect(self._go)

    def show_levels(self, found: list[Level], role: str) -> None:
        """The last one is where one stands; it is drawn on the ground of a role (`place`, `backward`), if any."""
        if (found, role) == (self._levels, self._role):
            return
        grown = len(found) != len(self._levels)
        self._levels, self._role = found, role
        while self.topLevelItemCount() > len(found):
            self.takeTopLevelItem(self.topLevelItemCount() - 1)
        while self.topLevelItemCount() < len(found):
            self.addTopLevelItem(QTreeWidgetItem())
        for i, level in enumerate(found):
            self._write(i, level)
        if grown:
            self.scrollToBottom()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Widths that no words change.
        letter = QFontMetrics(self.font()).horizontalAdvance("0")
        where = letter * len("operation 99 of 99") + 2 * theme.UNIT
        # With or without a scroll bar, which comes and goes with the number of levels.
        room = self.contentsRect().width() - self.verticalScrollBar().sizeHint().width()
        self.setColumnWidth(NAME, max(min(room - where, letter * _LONGEST_NAME), letter * 8))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_levels"):
            for i, level in enumerate(self._levels):
                self._write(i, level)

    def _write(self, i: int, level: Level) -> None:
        item = self.topLevelItem(i)
        assert item is not None
        item.setText(NAME, level.name)
        item.setText(WHERE, level.where)
        where = f"{level.kind}: {level.name}  {level.where}".rstrip()
        unknown = "where it began is not known here"
        for column in (NAME, WHERE):
            item.setToolTip(column, f"{where}\n{unknown if level.begins is None else _GO}")
        item.setData(NAME, Qt.ItemDataRole.AccessibleTextRole, where)
        item.setForeground(NAME, theme.colour("text" if level.begins is not None else "muted"))
        item.setForeground(WHERE, theme.colour("muted"))
        last = self._role and i == len(self._levels) - 1
        font = QFont(self.font())
        font.setBold(bool(last))
        item.setFont(NAME, font)
        for column in (NAME, WHERE):
            item.setData(column, Qt.ItemDataRole.BackgroundRole, piece_ground(self._role) if last else None)

    def _go(self, item: QTreeWidgetItem) -> None:
        begins = self._levels[self.indexOfTopLevelItem(item)].begins
        if begins is not None:
            self.go_to.emit(begins)

    def sizeHint(self) -> QSize:
        return QSize(60 * theme.UNIT, self.height_of(ROWS[1]))

    def minimumSizeHint(self) -> QSize:
        return QSize(30 * theme.UNIT, self.height_of(2))

    def height_of(self, rows: int) -> int:
        """Pixels that so many levels take."""
        row = self.sizeHintForRow(0) if self.topLevelItemCount() else QFontMetrics(self.font()).height() + 2
        return rows * row + 2 * self.frameWidth()


def under_heading(stack: CallStack) -> QWidget:
    """The stack below its name."""
    whole = QWidget()
    heading = QLabel("Call stack")
    heading.setObjectName("call_stack_heading")
    heading.setBuddy(stack)
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme.UNIT)
    layout.addWidget(heading)
    layout.addWidget(stack, 1)
    return whole
