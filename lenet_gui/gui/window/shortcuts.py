"""Looking up and changing the keys of actions. Which actions there are is in `actions`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.preferences import Preferences

# GNOME takes these for itself, so that nothing bound to them arrives.
TAKEN = ("Alt+F10", "Alt+F5", "Alt+F4", "Alt+F8")


class ShortcutsDialog(QDialog):
    """Every action with its keys. A change holds at once and is remembered."""

    def __init__(self, actions: Actions, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts_dialog")
        self.setWindowTitle("Shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 560)
        self._actions = actions
        self._preferences = preferences
        self.edits: dict[str, QKeySequenceEdit] = {}
        self.conflict = QLabel("Click a field and press the new keys.", self)
        self.conflict.setObjectName("shortcut_conflict")
        self.conflict.setWordWrap(True)
        self._table = self._make_table()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        defaults = buttons.addButton("Reset to defaults", QDialogButtonBox.ButtonRole.ResetRole)
        defaults.setObjectName("reset_shortcuts")
        defaults.setToolTip("Give every action the keys it had at first")
        defaults.clicked.connect(self._reset)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        for widget in (self._table, self.conflict, buttons):
            column.addWidget(widget)

    def change(self, name: str, keys: QKeySequence) -> None:
        """Bind these keys, unless another action has them: then nothing changes and the conflict is told."""
        if keys == self._actions[name].shortcut():
            return
        refusal = self._refusal(name, keys)
        if refusal:
            self.conflict.setText(refusal)
            self.edits[name].setKeySequence(self._actions[name].shortcut())
            return
        self.conflict.setText("")
        self._actions.set_keys(name, keys)
        portable = keys.toString(QKeySequence.SequenceFormat.PortableText)
        if portable == QKeySequence(self._actions.entries[name].keys).toString():
            self._preferences.forget(f"keys/{name}")
        else:
            self._preferences.set(f"keys/{name}", portable)

    def _refusal(self, name: str, keys: QKeySequence) -> str:
        if keys.isEmpty():
            return ""
        words = keys.toString(QKeySequence.SequenceFormat.NativeText)
        if keys.toString() in TAKEN:
            return f"{words} belongs to the desktop and would not arrive here. Choose other keys."
        for other, action in self._actions.by_name.items():
            if other != name and action.shortcut() == keys:
                return f"{words} is taken by “{self._actions.entries[other].text}”. Clear it there first."
        return ""

    def _reset(self) -> None:
        for name, entry in self._actions.entries.items():
            self._preferences.forget(f"keys/{name}")
            self._actions.set_keys(name, QKeySequence(entry.keys))
            self.edits[name].setKeySequence(QKeySequence(entry.keys))
        self.conflict.setText("Every action has its own keys again.")

    def _make_table(self) -> QTableWidget:
        entries = self._actions.entries
        table = QTableWidget(len(entries), 3, self)
        table.setObjectName("shortcuts_table")
        table.setAccessibleName("Actions and their keys")
        table.setToolTip("Click into the last column and press the new keys")
        table.setHorizontalHeaderLabels(["Action", "PyTorch", "Keys"])
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setTabKeyNavigation(False)
        for row, (name, entry) in enumerate(entries.items()):
            for column, text in enumerate((entry.text, entry.code)):
                table.setItem(row, column, QTableWidgetItem(text))
            table.setCellWidget(row, 2, self._edit(name))
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(2, 140)
        return table

    def _edit(self, name: str) -> QKeySequenceEdit:
        edit = QKeySequenceEdit(self._actions[name].shortcut(), self)
        edit.setObjectName(f"keys_{name}")
        edit.setAccessibleName(f"Keys of {self._actions.entries[name].text}")
        edit.setToolTip("Press the new keys; the cross removes them")
        edit.setMaximumSequenceLength(1)
        edit.setClearButtonEnabled(True)
        edit.editingFinished.connect(lambda: self.change(name, edit.keySequence()))
        self.edits[name] = edit
        return edit
