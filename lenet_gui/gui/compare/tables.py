"""The runs with what they ended in, and the settings in which they differ, as tables."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.compare.runs import LIVING, Run, Runs

HEADERS = ("run", "steps", "loss", "accuracy")
TIPS = (
    "Uncheck it to take its curve away",
    "Whole steps on this branch",
    "The loss of the last step",
    "The test accuracy that was measured last on this branch, and at which step",
)


class RunTable(QTableWidget):
    """A row a run, which is the plot's legend too."""

    switched = Signal(object, bool)
    """A `Run`, and whether its curve is wanted."""

    def __init__(self, runs: Runs, parent: QWidget) -> None:
        super().__init__(0, len(HEADERS), parent)
        self._runs = runs
        _dress(self, "compare_runs", "The runs that are compared")
        for at, (text, tip) in enumerate(zip(HEADERS, TIPS, strict=True)):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(at, item)
        self.itemChanged.connect(self._changed)

    def show_runs(self) -> None:
        row = self.currentRow()
        self.blockSignals(True)
        self.setRowCount(len(self._runs.all))
        for at, run in enumerate(self._runs.all):
            for column, item in enumerate(_items(run, self._runs.title(run))):
                self.setItem(at, column, item)
        self.blockSignals(False)
        self.setCurrentCell(min(row, self.rowCount() - 1), 0)
        self.viewport().update()

    def chosen(self) -> Run | None:
        """The run of the current row."""
        at = self.currentRow()
        return self._runs.all[at] if 0 <= at < len(self._runs.all) else None

    def _changed(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self.switched.emit(self._runs.all[item.row()], item.checkState() == Qt.CheckState.Checked)


class SettingsTable(QTableWidget):
    """A row for each setting that is not the same everywhere, a column for each run."""

    def __init__(self, runs: Runs, parent: QWidget) -> None:
        super().__init__(0, 0, parent)
        self._runs = runs
        _dress(self, "compare_settings", "Settings that differ")

    def show_runs(self) -> None:
        rows = self._runs.differing()
        self.clear()
        self.setRowCount(len(rows))
        self.setColumnCount(1 + len(self._runs.all) if rows else 0)
        if rows:
            self.setHorizontalHeaderLabels(["setting", *(self._runs.title(run) for run in self._runs.all)])
        for at, (name, values) in enumerate(rows):
            for column, text in enumerate((name, *values)):
                self.setItem(at, column, _item(text))


def _items(run: Run, title: str) -> list[QTableWidgetItem]:
    first = _item(title)
    first.setFlags(first.flags() | Qt.ItemFlag.ItemIsUserCheckable)
    first.setCheckState(Qt.CheckState.Unchecked if run.colour is None else Qt.CheckState.Checked)
    if run.colour is not None:
        first.setIcon(theme.swatch(run.colour))
    first.setToolTip(run.path if run.path != LIVING else "The session that is open")
    loss, share = run.final_loss, run.branch.accuracy
    numbers = [
        _item(f"{len(run.branch.losses):,}"),
        _item("–" if loss is None else f"{loss:.4g}"),
        _item("–" if share is None else f"{share:.2%}"),
    ]
    numbers[2].setToolTip("It was not measured" if share is None else f"Measured at step {run.branch.measured_at:,}")
    for item in numbers:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return [first, *numbers]


def _item(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    item.setToolTip(text)
    return item


def _dress(table: QTableWidget, name: str, words: str) -> None:
    table.setObjectName(name)
    table.setAccessibleName(words)
    table.setToolTip(words)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + theme.UNIT)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setMinimumSize(1, 1)  # as small as the panel wants it
