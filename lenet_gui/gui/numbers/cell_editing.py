"""One number of a table while it is edited: the field over its cell, and the keys that put it in force."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMoveEvent
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.number_model import NumberModel
from lenet_gui.gui.widgets.fields import NumberField, finite

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
# The keys that put a number in force, and what is edited after it.
_ENTER: dict[int, QStyledItemDelegate.EndEditHint] = {
    Qt.Key.Key_Return: QStyledItemDelegate.EndEditHint.NoHint,
    Qt.Key.Key_Enter: QStyledItemDelegate.EndEditHint.NoHint,
    Qt.Key.Key_Tab: QStyledItemDelegate.EndEditHint.EditNextItem,
    Qt.Key.Key_Backtab: QStyledItemDelegate.EndEditHint.EditPreviousItem,
}

Index = QModelIndex | QPersistentModelIndex


class CellField(NumberField):
    """The number of one cell while it is edited. Only `commit` puts it in force; what else is typed is dropped."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(finite, 14, parent)
        self.setObjectName("number_editor")
        # It is wider than its cell: an edge of its own says which numbers it covers.
        self.setStyleSheet(f"QLineEdit {{ border: 1px solid {theme.colour('accent').name()}; border-radius: 2px; }}")
        self.setAlignment(_RIGHT)
        # The message floats over the whole window, and would outlive the field there.
        self.destroyed.connect(self._message.deleteLater)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # A frame, a key of the window or a click can take the cell away: none of them means to change a weight.
        QLineEdit.focusOutEvent(self, event)

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        if self._message.isVisible():
            self._message.say(self._message.text(), self._message.is_error)


class CellEditing(QStyledItemDelegate):
    """Opens a `CellField` over a cell. What is no number stays as it was typed, with a message below it."""

    committed = Signal(int, float)
    """A number of the tensor, by its flat index, and what it is to be."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002
        numbers = index.model()
        assert isinstance(numbers, NumberModel)
        field, flat = CellField(parent), numbers.flat(index)
        field.setAccessibleName(f"New number at {numbers.cell_text(index)}")
        field.committed.connect(lambda number: self.committed.emit(flat, number))
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, CellField)
        editor.set_value(index.data(Qt.ItemDataRole.EditRole))

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: ARG002
        cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        # As wide as all digits of a number need, to the left of the cell's right edge while there is room.
        left = max(min(0, cell.left()), cell.right() + 1 - editor.width())
        editor.setGeometry(left, cell.top(), editor.width(), cell.height())

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(editor, CellField) and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            hint = _ENTER.get(event.key())
            if hint is not None:
                editor.commit()
                if not editor.refused():
                    self.closeEditor.emit(editor, hint)
                return True
        return super().eventFilter(editor, event)
