"""The panel that compares runs: which sessions are in it, and asking for them. What is drawn is in the other files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSplitter, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.compare.loss_curves import MOST_CURVES, LossCurves
from lenet_gui.gui.compare.runs import LIVING, Run, Runs
from lenet_gui.gui.compare.tables import RunTable, SettingsTable
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.protocol import Frame, Reply
from lenet_gui.protocol.compare import CompareReply, CompareRequest

WIDE = 600
"""Pixels from which on the tables stand beside the plot, not below it."""
EVERY = 1.0
"""Seconds between two looks at a run that goes on."""
_ids = count(1)


class ComparePanel(Panel):
    """Saved sessions beside the living one."""

    title = "Compare runs"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("compare")
        self.setAccessibleName("Compare runs")
        self.setAcceptDrops(True)
        self.runs = Runs(MOST_CURVES)
        self.recent: Callable[[], Sequence[str]] = tuple
        """The files that were used lately."""
        self._asked_for: dict[int, str] = {}
        self._told: object = None
        self._due = 0.0
        self.plot = LossCurves(self.runs, self)
        self.table = RunTable(self.runs, self)
        self.settings = SettingsTable(self.runs, self)
        self.table.switched.connect(self._switch)
        self.words = Elided()
        self.words.setObjectName("compare_words")
        self.add, self.remove = self._buttons()
        self._lay_out()

    def add_file(self, path: str) -> None:
        """Ask for the session in a file."""
        self._ask(str(Path(path)))

    def show_frame(self, frame: Frame) -> None:
        """The living run is asked for anew where something was done; while it runs, now and then."""
        told = frame.run, frame.branches, frame.step, frame.accuracy, frame.settings
        if told == self._told or LIVING in self._asked_for.values():
            return
        if frame.running and time.monotonic() < self._due:
            return
        self._told, self._due = told, time.monotonic() + EVERY
        self._ask(LIVING)

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, CompareReply) or self._asked_for.pop(reply.id, None) is None:
            return
        if reply.problem:
            self._say(reply.problem)
            return
        self._say("")
        self.runs.put(reply.path, reply.branches)
        self._show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in _dropped(event):
            self.add_file(path)
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = Qt.Orientation.Horizontal if self.width() >= WIDE else Qt.Orientation.Vertical
        if wanted != self.split.orientation():
            self._stand(wanted)

    # --------------------------------------------------------------------------------------------------- inside

    def _stand(self, orientation: Qt.Orientation) -> None:
        """Side by side where there is room, and in either way no larger at least than a dock at the window's side."""
        across = orientation == Qt.Orientation.Horizontal
        self.split.setOrientation(orientation)
        for part in self._parts:
            part.setMinimumSize(*((80, 36) if across else (250, 36)))
        self.split.setSizes([400, 330, 180])  # only how they stand to each other counts

    def _ask(self, path: str) -> None:
        number = next(_ids)
        self._asked_for[number] = path
        self.asked.emit(CompareRequest(number, path))

    def _show(self) -> None:
        self.plot.draw()
        self.table.show_runs()
        self.settings.show_runs()
        same = len(self.runs.all) > 1 and not self.settings.rowCount()
        self.same.setText("All settings are the same" if same else "Settings that differ")
        self.remove.setEnabled(any(path != LIVING for path in self.runs.paths))

    def _switch(self, run: Run, wanted: bool) -> None:
        if not self.runs.draw(run, wanted):
            self._say(f"There are {MOST_CURVES} curves already: uncheck one first.")
        self._show()

    def _remove(self) -> None:
        """The session of the chosen row; without one, the newest."""
        run = self.table.chosen()
        saved = [path for path in self.runs.paths if path != LIVING]
        path = run.path if run is not None and run.path != LIVING else saved[-1] if saved else ""
        if path:
            self.runs.drop(path)
            self._say("")
            self._show()

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setToolTip(words)

    def _choose(self) -> None:
        from lenet_gui.gui.window.dialogs import ask_for_file

        used = list(self.recent())
        folder = str(Path(used[0]).parent) if used else str(Path.home())
        ask_for_file(self, "Compare with a session", folder, "Sessions (*.lenet)", self.add_file, new=False)

    def _fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        menu.addAction("Choose a file…", self._choose)
        if used := [path for path in self.recent() if path not in self.runs.paths]:
            menu.addSeparator()
        for path in used:
            action = menu.addAction(Path(path).name.replace("&", "&&"), lambda path=path: self.add_file(path))
            action.setToolTip(path)

    def _buttons(self) -> tuple[QPushButton, QPushButton]:
        add, remove = QPushButton("Add"), QPushButton("Remove")
        add.setObjectName("compare_add")
        add.setToolTip("Lay a saved session beside this run; or drop its file here")
        menu = QMenu(add)
        menu.setObjectName("compare_menu")
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: self._fill_menu(menu))
        add.setMenu(menu)
        remove.setObjectName("compare_remove")
        remove.setToolTip("Take the session of the chosen row away; its file stays")
        remove.setEnabled(False)
        remove.clicked.connect(self._remove)
        for button in (add, remove):
            button.setAutoDefault(False)
        return add, remove

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(theme.UNIT)
        tools.addWidget(self.add)
        tools.addWidget(self.remove)
        tools.addWidget(self.words, 1)
        self.same = QLabel()
        self.split = QSplitter()
        self.split.setChildrenCollapsible(False)
        self._parts = (self.plot, _column(tools, self.table), _column(self.same, self.settings))
        for part in self._parts:
            self.split.addWidget(part)
        self._stand(Qt.Orientation.Vertical)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.addWidget(self.split)
        self._show()


def _column(above: QHBoxLayout | QWidget, table: QWidget) -> QWidget:
    found = QWidget()
    layout = QVBoxLayout(found)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme.UNIT)
    if isinstance(above, QWidget):
        layout.addWidget(above)
    else:
        layout.addLayout(above)
    layout.addWidget(table, 1)
    return found


def _dropped(event: QDropEvent) -> list[str]:
    """The sessions among what is dragged."""
    paths = [url.toLocalFile() for url in event.mimeData().urls()]
    return [path for path in paths if path.endswith(".lenet")]
