"""What is wrong? Asks at each new stop, shows the answer as cards, and leads to the place of each.

What is looked for, and how, is the engine's to know.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.diagnoses.card import Cards, wrapped_label
from lenet_gui.gui.panel import Panel
from lenet_gui.protocol import Frame, Pause, Place, Reply, Seek
from lenet_gui.protocol.diagnoses import CloserReply, DiagnosesReply, DiagnosesRequest, Diagnosis, LookCloser

TITLE = "What is wrong?"
NOTHING = "Nothing looks wrong."
NOT_LOOKED = "Looks at each place where the training stops."
RUNNING = "It runs. At the next stop everything is looked at again."
QUIET_MS = 500
"""So long a stop must have lasted until the problems are counted for a tab that stands behind another."""
IN_RUN_EVERY = 1.0
"""Seconds between two questions about a run that goes on: its log alone is looked at."""
LOOK = ("Look closer", "Take 20 steps on a copy to see whether they overshoot, and compare training with held-out "
        "digits over the run; where a number is not finite, find where it began. Changes nothing.")  # fmt: skip
CANCEL = ("Cancel", "Leave off looking closer; what is found so far stays")


class DiagnosesPanel(Panel):
    """Its window title has the number of problems at this place, or none; the dock that holds it shows it."""

    title = TITLE
    show_tensor = Signal(str, str)
    """The name and the part (`value`, `grad`, `update`) of a tensor that somebody wants to see."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("diagnoses")
        self.setAccessibleName(TITLE)
        self.setWindowTitle(TITLE)
        self._run: int | None = None
        self._place: Place | None = None
        self._asked: tuple[int, Place] | None = None  # what the newest question is about
        self._asked_at = 0.0
        self._here: tuple[int, Place] | None = None
        self._stop: Frame | None = None  # at which the problems are to be counted, behind another tab
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET_MS)
        self._quiet.timeout.connect(self._count_behind)
        self._id = 0
        self._waiting = self._behind = self._looking = False
        self._closer_id = 0
        self._found: tuple[Diagnosis, ...] = ()
        self._branch = self._count = ""
        self.head = wrapped_label("diagnoses_head", "How much is wrong")
        self.about = wrapped_label("diagnoses_about", "What was looked at")
        self.cards = Cards("diagnosis")
        self.closer_head = wrapped_label("diagnoses_closer", "What looking closer has found")
        self.closer = Cards("closer")
        self.button = QPushButton(LOOK[0])
        self._lay_out()
        self._say(NOT_LOOKED, "")
        self._forget_closer()
        self._dress()

    # ---------------------------------------------------------------------------------------------- what is drawn

    def show_frame(self, frame: Frame) -> None:
        if frame.run != self._run:
            # What was asked of the run before may never be answered.
            self._run, self._asked, self._waiting, self._looking = frame.run, None, False, False
            self._forget_closer()
            self._show(())
            self._count = ""
            self._say(NOT_LOOKED, "")
        self._place, self._here = frame.place, (frame.run, frame.place)
        self._show_button(frame)
        if not self.is_seen():
            return  # the window hands in one frame when the panel is loaded, seen or not
        if not frame.running:
            self._ask(frame)
        elif frame.reason == "running":
            self._ask_in_run()

    def show_behind(self, frame: Frame, traced: bool) -> None:
        """A frame while nothing but the tab can be seen. The count is of this place or absent; in a run it is absent.

        Only where the step is `traced` already, for others, are the problems counted: that costs little then.
        """
        if self.is_seen() or not self.isVisible():
            return
        self._here = None if frame.running else (frame.run, frame.place)
        self._retitle()
        self._stop = frame if traced and self._here is not None and self._here != self._asked else None
        if self._stop is not None:
            self._quiet.start()
        else:
            self._quiet.stop()

    def _count_behind(self) -> None:
        if self._stop is not None and self.isVisible() and not self.is_seen():
            self.show_frame(self._stop)
            self._ask(self._stop)

    def show_reply(self, reply: Reply) -> None:
        if isinstance(reply, CloserReply) and reply.id == self._closer_id:
            self._show_closer(reply)
        if not isinstance(reply, DiagnosesReply) or reply.id != self._id:
            return
        self._waiting = False
        self._branch = reply.branch
        self._show(reply.diagnoses)
        if reply.unseen:
            self._say("It cannot be said what is wrong here.", reply.unseen)
        elif reply.log_only:
            self._say(RUNNING, "")
        else:
            self._count = _count(reply)
            self._say(self._count + self._more(), f"Looked at: {', '.join(reply.looked_at)}.")
        if self._behind:
            self._behind = False
            self._send()

    def _show(self, diagnoses: tuple[Diagnosis, ...]) -> None:
        if diagnoses != self._found:
            self._found = diagnoses
            self.cards.show_diagnoses(diagnoses)
        self._retitle()

    def _retitle(self) -> None:
        known = self.is_seen() or (self._here is not None and self._here == self._asked)
        problems = sum(one.severity == "problem" for one in (*self._found, *self._closer_found)) if known else 0
        self.setWindowTitle(f"{TITLE} ({problems})" if problems else TITLE)

    def _show_closer(self, reply: CloserReply) -> None:
        self._looking = False
        self._closer_found = reply.diagnoses
        self._branch = reply.branch
        self.closer.show_diagnoses(reply.diagnoses)
        looked = ", ".join(reply.looked_at) or "nothing"
        words = f"Looked closer at step {reply.step:,}: {looked}."
        if reply.cancelled:
            words += " It was cancelled there."
        elif not reply.diagnoses:
            words += f" {NOTHING}"
        self.closer_head.setText(words)
        self.closer_head.show()
        self._show(self._found)
        if self._count:
            self.head.setText(self._count + self._more())

    def _more(self) -> str:
        """What a closer look has found beside it, so that the two do not contradict each other."""
        n = len(self._closer_found)
        return f" A closer look found {n} problem{'' if n == 1 else 's'}." if n else ""

    def _forget_closer(self) -> None:
        self._closer_found: tuple[Diagnosis, ...] = ()
        self.closer_head.hide()
        self.closer.show_diagnoses(())

    def _say(self, head: str, about: str) -> None:
        self.head.setText(head)
        self.about.setText(about)
        self.about.setVisible(bool(about))

    def _show_button(self, frame: Frame) -> None:
        looking = self._looking and frame.running
        words, tip = CANCEL if looking else LOOK
        if self.button.text() != words:
            self.button.setText(words)
            self.button.setToolTip(tip)
        self.button.setEnabled(looking or not frame.running)

    # --------------------------------------------------------------------------------------------- what is asked

    def _ask(self, frame: Frame) -> None:
        """Once for each place; where an answer is still on its way, behind it."""
        if self._asked == (frame.run, frame.place):
            return
        self._asked = frame.run, frame.place
        self._behind = self._waiting
        if not self._waiting:
            self._send()

    def _ask_in_run(self) -> None:
        if self._asked is not None:
            # A question about a stop is answered behind the run, and is then about another place.
            self._asked, self._waiting, self._behind = None, False, False
            self._show(())
            self._count = ""
            self._say(RUNNING, "")
        now = time.monotonic()
        if not self._waiting and now - self._asked_at >= IN_RUN_EVERY:
            self._asked_at = now
            self._send(log_only=True)

    def _send(self, log_only: bool = False) -> None:
        self._id += 1
        self._waiting = True
        self.asked.emit(DiagnosesRequest(self._id, log_only))

    @Slot()
    def _look_closer(self) -> None:
        if self._looking:
            self.asked.emit(Pause())
            return
        self._looking = True
        self._closer_id += 1
        self.button.setEnabled(False)  # until the engine says that it has begun
        self.asked.emit(LookCloser(self._closer_id))

    @Slot(object)
    def _show_me(self, diagnosis: Diagnosis) -> None:
        show, here = diagnosis.show, self._place
        if show is None or here is None:
            return
        if show.commands is not None and (self._branch, show.commands, show.item) != (
            here.branch,
            here.commands,
            here.item,
        ):
            self.asked.emit(Seek(branch=self._branch, commands=show.commands, item=show.item))
        if show.tensor:
            self.show_tensor.emit(show.tensor, show.part)

    # -------------------------------------------------------------------------------------------------- its widgets

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "button"):
            self._dress()

    def _dress(self) -> None:
        for label in (self.about, self.closer_head):
            label.setStyleSheet(f"color: {theme.colour('muted').name()};")

    def _lay_out(self) -> None:
        self.button.setObjectName("diagnoses_look_closer")
        self.button.setToolTip(LOOK[1])
        self.button.setAccessibleName("Look closer, or cancel it")
        self.button.setEnabled(False)
        self.button.clicked.connect(self._look_closer)
        for cards in (self.cards, self.closer):
            cards.wanted.connect(self._show_me)
        font = self.head.font()
        font.setBold(True)
        self.head.setFont(font)
        top = QHBoxLayout()
        top.setSpacing(theme.UNIT)
        top.addWidget(self.head, 1)
        top.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(*(theme.UNIT,) * 4)
        column.setSpacing(2 * theme.UNIT)
        for one in (self.cards, self.closer_head, self.closer, self.about):
            column.addWidget(one)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setObjectName("diagnoses_area")
        self.area.setAccessibleName("What is wrong, as cards")
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(2 * theme.UNIT)
        layout.addLayout(top)
        layout.addWidget(self.area, 1)
        self.setMinimumSize(200, 120)


def _count(reply: DiagnosesReply) -> str:
    problems = sum(one.severity == "problem" for one in reply.diagnoses)
    notes = len(reply.diagnoses) - problems
    words = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((problems, "problem"), (notes, "note")) if n]
    return f"{' and '.join(words)} at step {reply.step:,}." if words else f"{NOTHING[:-1]} at step {reply.step:,}."
