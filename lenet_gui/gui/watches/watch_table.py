"""The table of watches: each expression with its value now and its change. It tells what a person wants of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.watches.row_table import RowModel, RowTable
from lenet_gui.gui.widgets.table import LEFT, Index
from lenet_gui.protocol.stops import WatchRow

EXPRESSION, NOW, CHANGE = range(3)
NOT_YET = "not yet computed"
_HEADERS = ("Watch", "Now", "Δ")
_TIPS = (
    "The expression. Double-click or F2 edits it",
    "Its value at this place",
    "Its change since the last stop",
)
# What the widest numbers need, so that no column moves while they change.
_LETTERS = {NOW: 10, CHANGE: 8}
Role = Qt.ItemDataRole


class WatchModel(RowModel[WatchRow]):
    """The watches in the frame's order. An edit is only told: the frame says when it holds."""

    headers, tips, left = _HEADERS, _TIPS, (EXPRESSION,)
    edited = Signal(int, str)
    """A watch, and the expression that somebody wants it to have."""

    def __init__(self) -> None:
        super().__init__(
            lambda row: row.id, lambda row: (row.expression, (row.state, value_text(row)), change_text(row))
        )
        self._slots: dict[int, int] = {}

    def show_slots(self, slots: dict[int, int]) -> None:
        """The colours, counted as `theme.series` does, of the watches that have a curve."""
        changed = {watch for watch in {*slots, *self._slots} if slots.get(watch) != self._slots.get(watch)}
        self._slots = dict(slots)
        for i, row in enumerate(self.rows):
            if row.id in changed:
                self.dataChanged.emit(self.index(i, EXPRESSION), self.index(i, EXPRESSION))

    def flags(self, index: Index) -> Qt.ItemFlag:
        editable = Qt.ItemFlag.ItemIsEditable if index.column() == EXPRESSION else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | editable

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        if role in (Role.DisplayRole, Role.EditRole):
            return (row.expression, value_text(row), change_text(row))[column]
        if role == Role.ToolTipRole:
            return all_digits(row)
        if role == Role.TextAlignmentRole:
            return LEFT if is_words(row) else self.alignment(column)
        if role == Role.ForegroundRole:
            return _ink(row, column)
        if role == Role.FontRole and column == NOW and row.state != "value":
            return QGuiApplication.font()
        if role == Role.DecorationRole and column == EXPRESSION and row.id in self._slots:
            return _swatch(self._slots[row.id])
        return None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        row, wanted = self.rows[index.row()], str(value).strip()
        if role == Role.EditRole and wanted and wanted != row.expression:
            self.edited.emit(row.id, wanted)
        return False


class WatchField(QLineEdit):
    """Where a new expression is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("watch_field")
        self.setAccessibleName("Expression to watch")
        self.setPlaceholderText("expression, e.g. conv1.bias.grad.norm()")
        self.setToolTip(
            "An expression over the model, its gradients and activations, the loss and the step. "
            "Enter watches it, such as conv1.bias.grad.norm() or (relu_1 == 0).mean()"
        )
        self.setFont(theme.mono())
        self.setMinimumWidth(20 * theme.UNIT)


class _Editing(QStyledItemDelegate):
    """A field over the expression; Enter asks for the change, Esc drops it."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        field = QLineEdit(parent)
        field.setObjectName("watch_editor")
        field.setAccessibleName(f"New expression for {index.data()}")
        field.setFont(theme.mono())
        # It is wider than its cell: an edge of its own says which numbers it covers.
        field.setStyleSheet(f"QLineEdit {{ border: 1px solid {theme.colour('accent').name()}; border-radius: 2px; }}")
        return field

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: ARG002
        cell = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        viewport: QWidget = editor.parent()  # pyright: ignore[reportAssignmentType]
        editor.setGeometry(cell.left(), cell.top(), viewport.width() - cell.left(), cell.height())


class WatchTable(RowTable[WatchRow]):
    """A `WatchModel` on the screen, with its keys and its menu."""

    plotted = Signal(object)
    """The ids of the watches whose curves are wanted, or not any more."""

    def __init__(self) -> None:
        self.watches = WatchModel()
        super().__init__(self.watches)
        self.setItemDelegateForColumn(EXPRESSION, _Editing(self))
        self.setObjectName("watch_table")
        self.setAccessibleName("Watches")
        self.setToolTip("F2 edits a watch, Delete removes it, P plots it over the steps, Ctrl+C copies it")
        self.setEditTriggers(QTableView.EditTrigger.DoubleClicked | QTableView.EditTrigger.EditKeyPressed)
        letter = QFontMetrics(self.font()).horizontalAdvance("0")
        for column, letters in _LETTERS.items():
            self.setColumnWidth(column, letter * letters + 2 * theme.UNIT)

    def show_watches(self, rows: Sequence[WatchRow]) -> None:
        self.watches.show_rows(rows)
        for i, row in enumerate(rows):
            # Words have no change, and take its room.
            columns = 2 if is_words(row) else 1
            if self.columnSpan(i, NOW) != columns:
                self.setSpan(i, NOW, 1, columns)

    def copy(self) -> None:
        """Put the selected rows on the clipboard: expression, value with all digits and change, tab-separated."""
        rows = [(row.expression, _value_digits(row), _change_digits(row)) for row in self.chosen()]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row).rstrip("\t") for row in rows))

    def plot(self) -> None:
        if self.chosen():
            self.plotted.emit([row.id for row in self.chosen()])

    def edit_expression(self) -> None:
        self.edit(self.watches.index(self.currentIndex().row(), EXPRESSION))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_P and not event.modifiers():
            self.plot()
        elif event.key() == Qt.Key.Key_F2 and self.currentIndex().isValid():
            self.edit_expression()
        else:
            super().keyPressEvent(event)

    def doings(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        return (
            ("Plot over the steps", "P", self.plot),
            ("Edit", "F2", self.edit_expression),
            ("Copy", "Ctrl+C", self.copy),
            ("Remove", "Del", self.drop),
        )


def number_text(value: float) -> str:
    """Four decimals, as PyTorch prints them, in at most ten characters; whole numbers as such."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    size = abs(value)
    if size < 1e-3 or size >= 1e5:
        return f"{value:.3e}"
    return f"{value:.4f}" if size < 1000 else f"{value:.2f}"


def is_words(row: WatchRow) -> bool:
    """Whether there is no number to show."""
    return row.number is None or row.state != "value"


def value_text(row: WatchRow) -> str:
    if row.state == "not yet":
        return NOT_YET
    return row.words if row.number is None or is_words(row) else number_text(row.number)


def change_text(row: WatchRow) -> str:
    """The change in at most eight characters; empty where there was no number before or is none now."""
    change = _change(row)
    if change is None or change == 0:
        return "" if change is None else "0"
    size = abs(change)
    if change == int(change) and size < 1e5:
        return f"{int(change):+,}"
    if size < 1e-3 or size >= 1e4:
        return f"{change:+.1e}"
    return f"{change:+.4f}" if size < 100 else f"{change:+.1f}"


def all_digits(row: WatchRow) -> str:
    """The value with all its digits, and where it comes from; a problem's sentence."""
    lines = [row.expression, _value_digits(row)]
    if _change(row) is not None:
        lines.append(f"at the last stop {row.before!r}, change {_change_digits(row)}")
    return "\n".join(lines)


def _value_digits(row: WatchRow) -> str:
    return value_text(row) if is_words(row) else repr(row.number)


def _change(row: WatchRow) -> float | None:
    if row.state != "value" or row.number is None or row.before is None:
        return None
    change = row.number - row.before
    return change if math.isfinite(change) else None


def _change_digits(row: WatchRow) -> str:
    change = _change(row)
    return "" if change is None else f"{change:+}"


def _ink(row: WatchRow, column: int) -> object:
    if row.state == "problem" or (column == NOW and row.number is not None and not math.isfinite(row.number)):
        return theme.colour("error")
    quiet = (row.state == "not yet" and column == NOW) or (column == CHANGE and _change(row) == 0)
    return theme.colour("muted") if quiet else None


def _swatch(slot: int) -> QIcon:
    """The curve's colour, which Qt would tint in a selected row."""
    icon = theme.swatch(slot)
    icon.addPixmap(icon.pixmap(icon.availableSizes()[0]), QIcon.Mode.Selected)
    return icon
