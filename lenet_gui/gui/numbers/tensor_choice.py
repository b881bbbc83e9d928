"""The field in which one names the tensor to look at: all names of this place, found by any of their letters."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QSizePolicy

from lenet_gui.gui.address import Address, address
from lenet_gui.gui.numbers.pane_words import whole_name
from lenet_gui.protocol.tensors import NameRow, Which

_KINDS = {
    "parameter": "Parameter",
    "gradient": "Gradient",
    "activation": "Output of an operation of this step",
    "state": "A buffer, or what the optimizer keeps",
    "update": "What the last step added",
    "input": "What the network was given",
}


class TensorChoice(QComboBox):
    """`chosen` gives the name and the part that was picked or typed; `wanted` asks for the names of now, when somebody
    comes to choose one.
    """

    chosen = Signal(str, str)
    cell = Signal(object)
    """The index that was typed behind the name, behind `chosen`."""
    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tensor_choice")
        self.setAccessibleName("Tensor to look at")
        self.setToolTip(
            "Any tensor of this place by its name: type some letters of it, or open the list. "
            "conv1.bias[-1] goes to that number"
        )
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.stale = True
        """Whether there may be other names by now."""
        self._rows: dict[str, NameRow] = {}
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)
        completer.activated.connect(self._pick)
        self.textActivated.connect(self._pick)
        for name, popup in (("list", self.view()), ("found", completer.popup())):
            assert popup is not None
            popup.setObjectName(f"tensor_choice_{name}")
            popup.setAccessibleName("Tensors of this place")
            popup.setToolTip("Choose one with the arrow keys and Enter, or with the mouse")
        line = self.lineEdit()
        assert line is not None
        line.setPlaceholderText("Name of a tensor")
        line.setAccessibleName("Tensor to look at")
        line.returnPressed.connect(lambda: self._pick(line.text()))
        line.textEdited.connect(self._want)

    def show_names(self, rows: tuple[NameRow, ...]) -> None:
        """What can be chosen now; what is typed stays."""
        found = {whole_name(Which(row.name, row.part)): row for row in rows}
        if [*found] == [*self._rows]:
            self._rows = found
            return
        self._rows = found
        words = self.currentText()
        with QSignalBlocker(self):
            self.clear()
            for name, row in found.items():
                self.addItem(name)
                shape = f"[{', '.join(map(str, row.shape))}]"
                tip = f"{_KINDS.get(row.kind, row.kind)}, {shape}"
                self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            self.setEditText(words)

    def show_choice(self, which: Which | None) -> None:
        """What is looked at now, unless something is being typed."""
        line = self.lineEdit()
        if line is not None and not (self.hasFocus() and line.isModified()):
            self.setEditText(whole_name(which) if which is not None else "")

    def showPopup(self) -> None:
        self._want()
        super().showPopup()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._want()
        super().focusInEvent(event)

    def _want(self) -> None:
        if self.stale:
            self.stale = False
            self.wanted.emit()

    def _pick(self, name: str) -> None:
        name = name.strip()
        line = self.lineEdit()
        if line is not None:
            line.setModified(False)
        row = self._rows.get(name)
        if row is not None:
            self.chosen.emit(row.name, row.part)
        elif name:
            self._pick_written(name)

    def _pick_written(self, text: str) -> None:
        """Perhaps one of another place: whether there is such a tensor the worker says."""
        try:
            written = address(text)
        except ValueError:
            written = Address(text, ())
        row = self._rows.get(written.name)
        base = written.name.removesuffix(".grad")
        self.chosen.emit(*((row.name, row.part) if row else (base, "grad" if base != written.name else "value")))
        if written.index:
            self.cell.emit(written.index)
