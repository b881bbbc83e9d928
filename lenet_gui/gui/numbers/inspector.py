"""The model inspector: the tree of modules and parameters with their norms. What is in a tensor is not here."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QHeaderView, QLabel, QLineEdit, QMenu, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Frame, ModuleRow, ParameterRow, PrintRequest

NAME, VALUE, GRADIENT, SHAPE, COUNT, KIND = range(6)
_HEADERS = ("Model", "‖value‖", "‖grad‖", "Shape", "Count", "Type")
_TIPS = (
    "Modules and parameters by their names in PyTorch",
    "The norm of the value: parameter.norm()",
    "The norm of the gradient: parameter.grad.norm(). None: there is no gradient; 0: it is there and is all zeros",
    "parameter.shape",
    "How many numbers: parameter.numel()",
    "parameter.dtype, or the module's class",
)
_WIDEST = ("conv2.weight", "000.000", "000.000", "[16, 6, 3, 3]", "81,194", "float32")
_NAME_ROLE = Qt.ItemDataRole.UserRole


class InspectorPanel(Panel):
    """`chosen` gives the dotted name of the parameter that was selected."""

    title = "Model"
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setAccessibleName("Model inspector")
        self._modules: tuple[ModuleRow, ...] = ()
        self._parameters: tuple[ParameterRow, ...] = ()
        self._items: dict[str, QTreeWidgetItem] = {}

        self.search = QLineEdit()
        self.search.setObjectName("inspector_search")
        self.search.setAccessibleName("Search the model")
        self.search.setPlaceholderText("Search modules and parameters")
        self.search.setToolTip("Show only what has these letters in its name, class or shape (Ctrl+F; Esc clears)")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)

        self.tree = QTreeWidget()
        self._set_up_tree()

        self.total = QLabel("0 parameters")
        self.total.setObjectName("inspector_total")
        self.total.setAccessibleName("Number of parameters")
        self.total.setToolTip("sum(p.numel() for p in net.parameters())")
        self.total.setAlignment(Qt.AlignmentFlag.AlignRight)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.total)
        self.setMinimumWidth(160)

    def _set_up_tree(self) -> None:
        tree = self.tree
        tree.setObjectName("inspector_tree")
        tree.setAccessibleName("Modules and parameters")
        tree.setToolTip("Choose a parameter to see its numbers; Enter prints it in the console")
        tree.setHeaderLabels(list(_HEADERS))
        # Rows of one height and fixed widths: a changed norm then repaints a cell and lays nothing out.
        tree.setUniformRowHeights(True)
        tree.setIndentation(12)
        tree.setAlternatingRowColors(True)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(24)
        words, numbers = QFontMetrics(self.font()), QFontMetrics(theme.mono())
        for column, widest in enumerate(_WIDEST):
            metrics = words if column in (NAME, KIND) else numbers
            tree.setColumnWidth(column, metrics.horizontalAdvance(widest) + (36 if column == NAME else 12))
            tree.headerItem().setToolTip(column, _TIPS[column])
            if column not in (NAME, KIND):
                tree.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        tree.currentItemChanged.connect(self._choose)
        tree.itemActivated.connect(self._print_activated)
        tree.customContextMenuRequested.connect(self._open_menu)

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def choose(self, name: str) -> None:
        """Mark the parameter `name`, as a click on it does. Before the first frame there is none to mark."""
        if name in self._items:
            self.tree.setCurrentItem(self._items[name])

    def show_frame(self, frame: Frame) -> None:
        if frame.modules != self._modules or not _same_tensors(frame.parameters, self._parameters):
            self._build(frame)
        elif frame.parameters is not self._parameters:
            for now, before in zip(frame.parameters, self._parameters, strict=True):
                self._show_norms(now, before)
        self._parameters = frame.parameters

    def _build(self, frame: Frame) -> None:
        name = self._current_name()
        self.tree.setUpdatesEnabled(False)
        self.tree.blockSignals(True)
        self.tree.clear()
        self._items = {}
        self._modules = frame.modules
        for module in frame.modules:
            label = module.kind if not module.path else ""
            item = self._add(module.path, label, (module.path, module.kind))
            item.setText(COUNT, f"{module.count:,}")
            item.setText(KIND, module.kind)
            item.setToolTip(NAME, f"{module.path or 'net'}: {module.kind}, {module.count:,} parameters")
        for row in frame.parameters:
            item = self._add(row.name, "", (row.name, row.dtype, _shape(row)))
            item.setData(NAME, _NAME_ROLE, row.name)
            item.setText(SHAPE, _shape(row))
            item.setText(COUNT, f"{row.count:,}")
            item.setText(KIND, row.dtype)
            item.setToolTip(NAME, f"{row.name} {_shape(row)}, {row.dtype}")
            self._show_norms(row, None)
        self.tree.expandAll()
        self.tree.blockSignals(False)
        if name in self._items:
            self.tree.setCurrentItem(self._items[name])
        tensors = len(frame.parameters)
        self.total.setText(f"{sum(row.count for row in frame.parameters):,} parameters in {tensors} tensors")
        self._filter(self.search.text())
        self.tree.setUpdatesEnabled(True)

    def _add(self, name: str, label: str, words: tuple[str, ...]) -> QTreeWidgetItem:
        """A row below the nearest module above it, which is the root where none between is known."""
        above = name
        while above and (above == name or above not in self._items):
            above = above.rpartition(".")[0]
        parent = self._items.get(above) if name else None
        item = QTreeWidgetItem(parent or self.tree.invisibleRootItem())
        item.setText(NAME, label or name[len(above) + 1 if above else 0 :])
        item.setData(KIND, _NAME_ROLE, " ".join(words).lower())
        for column in (VALUE, GRADIENT, SHAPE, COUNT):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setFont(column, theme.mono())
        self._items[name] = item
        return item

    def _show_norms(self, row: ParameterRow, before: ParameterRow | None) -> None:
        if before is row:
            return
        item = self._items[row.name]
        if before is None or before.value_norm != row.value_norm:
            item.setText(VALUE, norm_text(row.value_norm))
        if before is None or before.grad_norm != row.grad_norm:
            item.setText(GRADIENT, norm_text(row.grad_norm))
            if before is None or (before.grad_norm is None) != (row.grad_norm is None):
                self._show_missing(item, row.grad_norm is None)

    def _show_missing(self, item: QTreeWidgetItem, missing: bool) -> None:
        """`None` is muted and slanted, so that it is told from the number 0 at a glance."""
        font = QFont(theme.mono())
        font.setItalic(missing)
        item.setFont(GRADIENT, font)
        item.setForeground(GRADIENT, theme.colour("muted" if missing else "text"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            for row in self._parameters:
                self._show_missing(self._items[row.name], row.grad_norm is None)
        super().changeEvent(event)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in _below(self.tree.invisibleRootItem()):
            _show_matching(item, words, False)

    def _current_name(self) -> str:
        item = self.tree.currentItem()
        return (item.data(NAME, _NAME_ROLE) or "") if item is not None else ""

    def _choose(self) -> None:
        if name := self._current_name():
            self.chosen.emit(name)

    def _print_activated(self) -> None:
        if name := self._current_name():
            self.asked.emit(PrintRequest(name))

    def _open_menu(self, at: QPoint) -> None:
        if name := self._current_name():
            self.menu(name).popup(self.tree.viewport().mapToGlobal(at))

    def menu(self, name: str) -> QMenu:
        """What can be done with the parameter `name`."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for what in (name, f"{name}.grad"):
            menu.addAction(f"Print {what}").triggered.connect(lambda _=False, w=what: self.asked.emit(PrintRequest(w)))
        menu.addSeparator()
        menu.addAction("Copy name").triggered.connect(lambda: QGuiApplication.clipboard().setText(name))
        return menu


def norm_text(norm: float | None) -> str:
    """Five digits, of one width while a run moves it; `None` where there is nothing to take the norm of."""
    if norm is None:
        return "None"
    if norm == 0:
        return "0"
    return f"{norm:.3f}" if 1e-2 <= norm < 1e4 else f"{norm:.1e}"


def _shape(row: ParameterRow) -> str:
    return f"[{', '.join(map(str, row.shape))}]"


def _same_tensors(now: tuple[ParameterRow, ...], before: tuple[ParameterRow, ...]) -> bool:
    return len(now) == len(before) and all(
        (a.name, a.shape, a.dtype) == (b.name, b.shape, b.dtype) for a, b in zip(now, before, strict=True)
    )


def _below(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for i in range(item.childCount()) if (child := item.child(i)) is not None]


def _show_matching(item: QTreeWidgetItem, words: list[str], above: bool) -> bool:
    """Hide the rows that do not match; those below a match stay, and those above one. True where one is shown."""
    found = above or all(word in item.data(KIND, _NAME_ROLE) for word in words)
    below = [_show_matching(child, words, found) for child in _below(item)]
    shown = found or any(below)
    item.setHidden(not shown)
    return shown
