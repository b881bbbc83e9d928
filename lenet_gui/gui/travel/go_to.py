"""The dialog that asks which step to go to, or which bookmark, and says how long that takes before one goes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.gui.travel import branches
from lenet_gui.gui.travel.seek_time import SeekTime
from lenet_gui.gui.widgets.dialog import accept_or_cancel, two_lines
from lenet_gui.gui.widgets.fields import whole
from lenet_gui.protocol import BookmarkRow, DropBookmark, Frame, Reply, Seek

_INDEX = Qt.ItemDataRole.UserRole


class GoToDialog(QDialog):
    """Enter goes, Esc leaves. What is typed is a step of the branch that one is on; a bookmark may be on any."""

    asked = Signal(object)
    """The `Seek` in the end; before it `SeekRequest`s, and a `DropBookmark` for each bookmark that is deleted."""

    def __init__(self, frame: Frame, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("go_to_dialog")
        self.setWindowTitle("Go to step")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._frame = frame
        self._last = branches.present(frame).steps
        self._chosen: BookmarkRow | None = None
        self._time = SeekTime(self)
        self._time.asked.connect(self.asked)
        self._time.known.connect(lambda words: self._say(f"Going there: {words}."))
        self.field = self._step_field()
        self.words = two_lines("go_to_words", "How long it takes, or what is wrong")
        self.list = self._bookmark_list()
        self.go = self._assemble()
        self._fill(frame.bookmarks)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.field.setText(str(self._frame.step))
        self.field.selectAll()

    def show_frame(self, frame: Frame) -> None:
        """Take over bookmarks that came or went."""
        if frame.bookmarks != self._frame.bookmarks:
            self._frame = frame
            self._fill(frame.bookmarks)

    def show_reply(self, reply: Reply) -> None:
        self._time.show_reply(reply)

    def accept(self) -> None:
        """Go there, if there is such a place."""
        if self._chosen is not None:
            place = self._chosen.place
            self.asked.emit(Seek(branch=place.branch, commands=place.commands))
        elif (step := self._step()) is not None:
            self.asked.emit(Seek(step))
        else:
            return
        super().accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.list and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            item = self.list.currentItem()
            if event.key() == Qt.Key.Key_Delete and item is not None and item.data(_INDEX) is not None:
                self.asked.emit(DropBookmark(item.data(_INDEX)))
                return True
        return super().eventFilter(watched, event)

    def _step(self) -> int | None:
        """The step that is typed; where there is none the words say why."""
        text = self.field.text().strip()
        try:
            if not text:
                raise ValueError(f"Type a step from 0 to {self._last:,}.")
            return int(whole(0, self._last)(text.replace(",", "")))
        except (ValueError, OverflowError) as error:
            self._say(str(error), error=True)
            return None

    def _typed(self) -> None:
        self._chosen = None
        self.list.setCurrentRow(-1)
        step = self._step()
        self.go.setEnabled(step is not None)
        if step is None:
            self._time.forget()
        else:
            self._say("")
            self._time.ask(step, self._frame.place.branch)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is None or item.data(_INDEX) is None:
            return
        chosen = self._frame.bookmarks[item.data(_INDEX)]
        self.field.blockSignals(True)
        self.field.setText(str(chosen.step))
        self.field.blockSignals(False)
        self._chosen = chosen
        self.go.setEnabled(True)
        self._say("")
        self._time.ask(chosen.step, chosen.place.branch)

    def _say(self, words: str, error: bool = False) -> None:
        self.words.setText(words)
        self.words.setStyleSheet(f"color: {theme.colour('error' if error else 'muted').name()};")
        self.field.setAccessibleDescription(words)

    def _fill(self, marks: tuple[BookmarkRow, ...]) -> None:
        self.list.clear()
        several = len(self._frame.branches) > 1
        for i, mark in enumerate(marks):
            place = f"step {mark.step:,}" + (f" of {mark.place.branch}" if several else "")
            item = QListWidgetItem(f"{place}  ·  {mark.note}" if mark.note else place)
            item.setData(_INDEX, i)
            self.list.addItem(item)
        if not marks:
            empty = QListWidgetItem("No bookmarks yet: Ctrl+D adds one where you are.")
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(empty)

    # --------------------------------------------------------------------------------------------------- its widgets

    def _step_field(self) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName("go_to_field")
        field.setAccessibleName("Step to go to")
        field.setToolTip(f"How many whole steps are to be done there, from 0 to {self._last:,}")
        field.setFont(theme.mono())
        field.setFixedWidth(QFontMetrics(field.font()).horizontalAdvance("0" * 12) + 16)
        field.textChanged.connect(self._typed)
        return field

    def _bookmark_list(self) -> QListWidget:
        marks = QListWidget(self)
        marks.setObjectName("go_to_bookmarks")
        marks.setAccessibleName("Bookmarks")
        marks.setToolTip("A bookmark is a place to the phase, on its own branch. Delete removes it")
        marks.setMinimumSize(90 * theme.UNIT, 24 * theme.UNIT)
        marks.currentItemChanged.connect(self._choose)
        marks.itemDoubleClicked.connect(self.accept)
        marks.installEventFilter(self)
        return marks

    def _assemble(self) -> QPushButton:
        name = self._frame.place.branch
        of = QLabel(f"of {self._last:,}" + (f" on {name}" if len(self._frame.branches) > 1 else ""), self)
        of.setObjectName("go_to_of")
        of.setTextFormat(Qt.TextFormat.PlainText)
        label = QLabel("&Step", self)
        label.setBuddy(self.field)
        row = QHBoxLayout()
        for widget in (label, self.field, of):
            row.addWidget(widget, 1 if widget is of else 0)
        bookmarks = QLabel("&Bookmarks", self)
        bookmarks.setBuddy(self.list)
        buttons, go = accept_or_cancel(self, "go_to_go", "Go", "Go there (Enter)")
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(row)
        for widget in (self.words, bookmarks, self.list, buttons):
            column.addWidget(widget)
        return go
