"""Joins what goes to other places in the run: the timeline, the dialogs that ask where to, and Esc, which cancels.

Also how much room that may take.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QInputDialog, QMainWindow

from lenet_gui.gui import theme
from lenet_gui.gui.travel import branches
from lenet_gui.gui.travel.timeline import Timeline
from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import AddBookmark, Budget, Control, Frame, RenameBranch, Reply, SetBudget

if TYPE_CHECKING:
    from lenet_gui.gui.travel.budgets import BudgetDialog
    from lenet_gui.gui.travel.go_to import GoToDialog


class Going(QObject):
    """Lives as long as its window. What the worker is asked goes out through `asked`."""

    asked = Signal(object)
    cancelled = Signal()
    """Esc was pressed on the way to another place."""

    def __init__(self, window: QMainWindow, notices: NoticeArea, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._notices, self._preferences = window, notices, preferences
        self._frame: Frame | None = None
        self._dialog: GoToDialog | None = None
        self._budgets: BudgetDialog | None = None
        self.timeline = Timeline(window)
        self.timeline.asked.connect(self.asked)
        self.timeline.rename_wanted.connect(self.rename)
        self._cancel = QAction("Leave off going there", window)
        self._cancel.setObjectName("cancel_going")
        self._cancel.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        self._cancel.setEnabled(False)
        self._cancel.triggered.connect(self.cancelled)
        window.addAction(self._cancel)

    def doings(self) -> dict[str, Callable[[], object]]:
        """What the actions of these names do."""
        return {"go_to": self.go_to, "add_bookmark": self.add_bookmark, "budgets": self.choose_budgets}

    def show_ready(self) -> None:
        """The worker can be told what room was chosen, before it does anything."""
        from lenet_gui.gui.travel.budgets import remembered

        chosen = remembered(self._preferences)
        if chosen != Budget():
            self.asked.emit(SetBudget(chosen))

    def show_frame(self, frame: Frame) -> None:
        """What may be done from here; in a run nothing else is looked at each time."""
        before, self._frame = self._frame, frame
        if before is not None and frame.running and frame.allowed == before.allowed:
            return
        going = branches.only_cancelled(frame)
        # Only one of the two may have the key at a time.
        self._notices.lend_escape(going)
        self._cancel.setEnabled(going)
        self.timeline.show_frame(frame)
        if self._dialog is not None:
            self._dialog.show_frame(frame)

    def show_numbers(self, frame: Frame) -> None:
        """Where the run is, as often as the other numbers are shown."""
        self.timeline.show_frame(frame)
        if self._budgets is not None:
            self._budgets.ask()

    def show_reply(self, reply: Reply) -> None:
        self.timeline.show_reply(reply)
        if self._dialog is not None:
            self._dialog.show_reply(reply)
        if self._budgets is not None:
            self._budgets.show_reply(reply)

    def go_to(self) -> None:
        """Ask for a step or a bookmark."""
        # Imported when it is wanted: the first paint must not wait for it.
        from lenet_gui.gui.travel.go_to import GoToDialog

        if self._frame is None:
            return
        dialog = self._dialog = GoToDialog(self._frame, self._window)
        dialog.asked.connect(self.asked)
        dialog.finished.connect(self._forget_dialog)
        dialog.open()

    def choose_budgets(self) -> None:
        """Ask how much room checkpoints may take."""
        from lenet_gui.gui.travel.budgets import BudgetDialog

        dialog = self._budgets = BudgetDialog(self._preferences, self._window)
        dialog.asked.connect(self.asked)
        dialog.finished.connect(self._forget_dialog)
        dialog.ask()
        dialog.open()

    def add_bookmark(self) -> None:
        """Ask for a note on this place."""
        if self._frame is not None:
            where = f"Step {self._frame.step:,}, before {self._frame.next}. What is it?"
            self._ask("bookmark_dialog", "Add bookmark", where, "", AddBookmark)

    def rename(self, branch: str) -> None:
        """Ask for another name of a branch. Whether it can be had is the worker's to say."""
        self._ask("rename_dialog", "Rename branch", "Its name from now on:", branch, partial(RenameBranch, branch))

    def _ask(self, name: str, title: str, words: str, text: str, message: Callable[[str], Control]) -> None:
        dialog = QInputDialog(self._window)
        dialog.setObjectName(name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(words)
        dialog.setTextValue(text)
        dialog.resize(dialog.sizeHint().expandedTo(QSize(90 * theme.UNIT, 0)))
        dialog.textValueSelected.connect(lambda text: self.asked.emit(message(text)))
        dialog.open()

    def _forget_dialog(self) -> None:
        self._dialog = self._budgets = None
