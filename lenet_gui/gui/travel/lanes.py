"""The lanes of the timeline under mouse and keyboard. How they look is `timeline_picture`'s, what stands beside them
`timeline`'s."""

from __future__ import annotations

import html
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from lenet_gui.gui.travel import branches, timeline_picture
from lenet_gui.gui.travel.seek_time import SeekTime
from lenet_gui.gui.travel.timeline_picture import LANE, Picture
from lenet_gui.gui.widgets.drag_label import DragLabel
from lenet_gui.protocol import Back, BookmarkRow, DropBookmark, Frame, Reply, Seek

NEAR = 5  # pixels from a bookmark or the handle that still mean it
FORWARD = {Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_End}
BACKWARD = {Qt.Key.Key_Left, Qt.Key.Key_PageDown, Qt.Key.Key_Home}
SINGLE = {Qt.Key.Key_Left, Qt.Key.Key_Right}


@dataclass(slots=True)
class _Drag:
    """A press that has not ended: on which lane, how far from the handle, and the step that it has come to."""

    pressed: QPoint
    lane: int
    branch: str
    offset: int
    mark: BookmarkRow | None
    step: int
    moved: bool = False


class Lanes(QWidget):
    """Steps from left to right. A click goes there, the handle can be dragged, the arrow keys take single steps."""

    asked = Signal(object)
    """A `Seek`, `Back`, `SeekRequest` or `DropBookmark` for the worker."""
    rename_wanted = Signal(str)
    """The name of the branch that is to have another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline_lanes")
        self.setAccessibleName("Timeline of the run")
        self.setAccessibleDescription(
            "Left and Right go one step, Page Up and Page Down a tenth of the branch, Home and End to its ends"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(20 * LANE, LANE)
        self._frame: Frame | None = None
        self._lanes: tuple[branches.Lane, ...] = ()
        self.picture = Picture()
        self._drag: _Drag | None = None
        # What was asked for and has not been reached yet: the next key counts from there.
        self._wanted: int | None = None
        self.label = DragLabel(self)
        self._time = SeekTime(self)
        self._time.asked.connect(self.asked)
        self._time.known.connect(self.label.say_time)

    def show_frame(self, frame: Frame) -> None:
        """Show where the run is and which branches there are; inert where the frame does not allow a seek."""
        self._frame = frame
        if "seek" in frame.allowed:
            self._wanted = None
        else:
            self.leave_drag()
        self._lanes = branches.lanes(frame)
        self.setMinimumHeight(len(self._lanes) * LANE)
        self._lay_out()

    def show_reply(self, reply: Reply) -> None:
        self._time.show_reply(reply)

    def leave_drag(self) -> None:
        """End a drag without going anywhere."""
        if self._drag is not None:
            self._drag = None
            self.label.hide()
            self._time.forget()
            self._lay_out()

    # ---------------------------------------------------------------------------------------------------- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        frame = self._frame
        if event.button() != Qt.MouseButton.LeftButton or frame is None or not self.picture.open:
            return
        place = event.position().toPoint()
        lane = self._lane_at(place)
        branch = self._name_of(lane)
        x, handle_lane = self.picture.handle
        held = lane == handle_lane and abs(place.x() - x) <= NEAR
        step = frame.step if held else self._step_at(place.x(), branch)
        self._drag = _Drag(place, lane, branch, place.x() - x if held else 0, self._mark_at(place), step)
        self._follow(step)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag, place = self._drag, event.position().toPoint()
        if drag is None:
            return
        far = (place - drag.pressed).manhattanLength() >= QApplication.startDragDistance()
        drag.moved = drag.moved or far
        if drag.moved:
            self._follow(self._step_at(place.x() - drag.offset, drag.branch))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, frame = self._drag, self._frame
        if drag is None or frame is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self.leave_drag()
        if drag.mark is not None and not drag.moved:
            self.asked.emit(Seek(branch=drag.mark.place.branch, commands=drag.mark.place.commands))
        elif (drag.step, drag.branch) != (frame.step, frame.place.branch):
            self.asked.emit(Seek(drag.step, drag.branch))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = QPoint(self.picture.handle[0], LANE // 2) if by_key else event.pos()
        menu = self.menu(place)
        if menu is not None:
            menu.popup(self.mapToGlobal(place))

    def menu(self, place: QPoint) -> QMenu | None:
        """What can be done with the branch and the bookmark there; none before the first frame, or in a run."""
        if self._frame is None or not self.picture.open:
            return None
        menu = QMenu(self)
        menu.setObjectName("timeline_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = self._name_of(self._lane_at(place))
        words = name.replace("&", "&&")
        end = menu.addAction(f"Go to the end of {words}", lambda: self.asked.emit(Seek(None, name)))
        end.setObjectName("timeline_go_to_end")
        rename = menu.addAction(f"Rename {words}…", lambda: self.rename_wanted.emit(name))
        rename.setObjectName("timeline_rename")
        mark = self._mark_at(place)
        if mark is not None:
            index = self._frame.bookmarks.index(mark)
            note = mark.note.replace("&", "&&")[:40] or f"step {mark.step:,}"
            drop = menu.addAction(f"Remove the bookmark “{note}”", lambda: self.asked.emit(DropBookmark(index)))
            drop.setObjectName("timeline_remove_bookmark")
        return menu

    def _follow(self, step: int) -> None:
        """Show the handle at a step, and ask what going there would take."""
        drag, frame = self._drag, self._frame
        assert drag is not None
        assert frame is not None
        drag.step = step
        self._lay_out()
        x, lane = self.picture.handle
        name = drag.branch if len(frame.branches) > 1 else ""
        self.label.show_step(QPoint(x, lane * LANE), step, self._steps_of(drag.branch), name)
        self._time.ask(step, drag.branch)

    # ------------------------------------------------------------------------------------------------- the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._drag is not None:
            self.leave_drag()
        elif event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._goes(key, event.isAutoRepeat()):
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # Esc is a shortcut of the window too; while the handle is held it belongs to it.
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._drag is not None
        if event.type() == QEvent.Type.ShortcutOverride and escapes:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(event.pos()), self)
            return True
        return super().event(event)

    def _goes(self, key: Qt.Key, repeated: bool) -> bool:
        """Go where a key leads; whether it leads anywhere."""
        frame = self._frame
        if frame is None or key not in FORWARD | BACKWARD:
            return False
        # A key that is held goes as fast as the worker does, and leaves no queue behind.
        if not self.picture.open or (repeated and self._wanted is not None):
            return True
        last = branches.present(frame).steps
        here = frame.step if self._wanted is None else self._wanted
        far = {Qt.Key.Key_Home: last, Qt.Key.Key_End: last + 1}.get(key, 1 if key in SINGLE else max(1, last // 10))
        if key in FORWARD and (self._wanted is not None or branches.in_past(frame)):
            # The end of a branch may lie behind its last whole step.
            self.asked.emit(Seek(here + far) if here + far <= last else Seek())
            self._wanted = min(here + far, last)
        elif key in BACKWARD and (self._wanted is not None or frame.place.commands):
            self.asked.emit(Back("step") if key in SINGLE else Seek(max(0, here - far)))
            self._wanted = max(0, here - far)
        return True

    # ------------------------------------------------------------------------------------------------- what is where

    def tip(self, place: QPoint) -> str:
        """What lies under the mouse."""
        mark = self._mark_at(place)
        if mark is not None:
            return f"<p>{html.escape(mark.note) or 'Bookmark'}<br>step {mark.step:,}</p>"
        if self._frame is None:
            return ""
        name = self._name_of(self._lane_at(place))
        return f"<p>{html.escape(name)}: {self._steps_of(name):,} steps. Click or drag the handle to go to a step.</p>"

    def x_of(self, step: int) -> int:
        """The pixel at which a step is drawn."""
        assert self._frame is not None
        return timeline_picture.scale(self._frame, self.width(), QFontMetrics(self.font())).x(step)

    def _step_at(self, x: int, branch: str) -> int:
        assert self._frame is not None
        step = timeline_picture.scale(self._frame, self.width(), QFontMetrics(self.font())).step(x)
        return min(max(step, 0), self._steps_of(branch))

    def _steps_of(self, branch: str) -> int:
        assert self._frame is not None
        index = branches.index_of(self._frame, branch)
        return self._frame.branches[index].steps if index >= 0 else self._frame.step

    def _name_of(self, lane: int) -> str:
        assert self._frame is not None
        rows = self._frame.branches
        return rows[self._lanes[lane].branch].name if rows else self._frame.place.branch

    def _lane_at(self, place: QPoint) -> int:
        return min(max(place.y() // LANE, 0), len(self._lanes) - 1)

    def _mark_at(self, place: QPoint) -> BookmarkRow | None:
        marks = self._frame.bookmarks if self._frame is not None else ()
        lane = self._lane_at(place)
        near = [
            (abs(x - place.x()), i)
            for i, (x, at) in enumerate(self.picture.marks)
            if at == lane and abs(x - place.x()) <= NEAR
        ]
        return marks[min(near)[1]] if near else None

    # --------------------------------------------------------------------------------------------------- drawing it

    def _lay_out(self) -> None:
        if self._frame is None:
            return
        drag = self._drag
        handle = (self._frame.step, 0) if drag is None else (drag.step, drag.lane)
        letters = QFontMetrics(self.font())
        picture = timeline_picture.lay_out(self._frame, self._lanes, self.width(), letters, handle)
        if picture != self.picture:
            self.picture = picture
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        letters, focused = QFontMetrics(self.font()), self.hasFocus()
        with QPainter(self) as painter:
            timeline_picture.paint(painter, self.picture, self.size(), event.rect(), letters, focused)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.leave_drag()
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.leave_drag()
