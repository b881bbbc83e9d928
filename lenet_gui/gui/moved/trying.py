"""Trying a step: the line of losses asked for slice by slice, the mark's loss, and taking the rate at the mark."""

from __future__ import annotations

import math
from itertools import count

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.moved.line_plot import LinePlot
from lenet_gui.gui.widgets.fields import NumberField, above_zero
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import Command
from lenet_gui.protocol.moved import LineReply, LineRequest

HINT = "Press Try before Step: it shows the true loss of this batch behind the step, for many learning rates."
_TRY_TIP = (
    "Take the optimizer's step on copies, with 25 learning rates around the current one, and the loss of this batch "
    "behind each. It changes nothing; Esc stops it"
)
_TAKE_TIP = "Put the rate at the mark in force: optimizer.param_groups[0]['lr'] = …, journaled as by hand"
_ids = count(1)


class Trying(QWidget):
    """The part of the panel that asks through `asked`; it is told the answers and whether one may ask now."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("moved_trying")
        self._waiting = 0  # the id of the question on its way
        self._going = False
        self._wanted: float | None = None  # a rate whose exact loss is to be asked for next
        self._again = False  # after a rate was taken: the line of that one
        self._reply: LineReply | None = None
        self._exact: dict[float, float] = {}
        self._may_ask = self._may_take = False
        self._mine = False  # whether the words say something other than the losses
        self.try_it = self._button("moved_try", "Try", _TRY_TIP)
        self.try_it.clicked.connect(self._toggle)
        self.take = self._button("moved_take", "Take it", _TAKE_TIP)
        self.take.clicked.connect(self._take)
        self.field = NumberField(above_zero, 9)
        self.field.setObjectName("moved_rate")
        self.field.setAccessibleName("Learning rate at the mark")
        self.field.setToolTip("The learning rate at the mark; type another one")
        self.field.committed.connect(self._typed)
        self.plot = LinePlot(self)
        self.plot.moved.connect(self._moved)
        self.plot.left.connect(self._let_go)
        self.plot.taken.connect(self._take)
        self.words = QLabel(HINT)
        self.words.setObjectName("moved_try_words")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        for widget in (self.try_it, self.take, self.field, self.plot):
            widget.installEventFilter(self)
        self._say()

    # ------------------------------------------------------------------------------------------------ what it is told

    def show_place(self, may_ask: bool, may_take: bool) -> None:
        """Whether the worker stands still, and takes a `set`."""
        self._may_ask, self._may_take = may_ask, may_take
        self._say()

    def forget(self) -> None:
        """Another place: what was tried is of the one before. Where a rate was just taken, its line is asked for."""
        again, self._again = self._again, False
        self._reply, self._waiting, self._going, self._wanted = None, 0, False, None
        self._exact.clear()
        mark = self.plot.rate
        self.plot.clear_line()
        self.words.setText(HINT)
        self._say()
        if again and self._may_ask:
            self.plot.rate = mark
            self.start()

    def start(self) -> None:
        """Ask for the line, a slice at a time."""
        self._going = True
        self._ask()
        self._say()

    def stop(self) -> None:
        """Ask for no more of it. What has come stays."""
        self._going, self._wanted = False, None
        self._say()

    def show_reply(self, reply: LineReply) -> None:
        if reply.id != self._waiting:
            return
        self._waiting = 0
        if reply.words:
            self._reply = None
            self.plot.clear_line()
            self.stop()
            self.words.setText(reply.words)
            return
        if self._reply is not None and self._reply.batch != reply.batch:
            self._exact.clear()
        self._reply = reply
        if reply.exact is not None:
            self._exact[reply.exact[0]] = reply.exact[1]
        self.plot.show_line(reply)
        self._going = self._going and not reply.done
        if self.plot.rate is not None:
            self.field.set_value(self.plot.rate)
        self._ask()
        self._say()

    # -------------------------------------------------------------------------------------------------------- asking

    def _ask(self) -> None:
        """The next question, unless one is on its way: what the person waits for goes first."""
        if self._waiting or not self._may_ask or not (self._going or self._wanted is not None):
            return
        wanted, self._wanted = self._wanted, None
        self._waiting = next(_ids)
        self.asked.emit(LineRequest(self._waiting, wanted))

    def _toggle(self) -> None:
        if self._going:
            self.stop()
        else:
            self.start()

    def _moved(self, rate: float) -> None:
        self.field.set_value(rate)
        self._say()

    def _let_go(self, rate: float) -> None:
        """The exact loss at the mark, once it stands still."""
        if self._reply is not None and rate not in self._exact:
            self._wanted = rate
            self._ask()

    def _typed(self, rate: float) -> None:
        if self._reply is None:
            return
        self.plot.put_mark(rate)
        self._let_go(rate)
        self._say()

    def _take(self) -> None:
        if self.take.isEnabled() and self.plot.rate is not None:
            self._again = True
            self.asked.emit(Command.of("set", lr=self.plot.rate))

    # ---------------------------------------------------------------------------------------------------- what is said

    def _say(self) -> None:
        reply, rate = self._reply, self.plot.rate
        self.try_it.setText("Stop" if self._going else "Try")
        self.try_it.setEnabled(self._may_ask)
        self.field.setEnabled(reply is not None)
        self.take.setEnabled(
            self._may_take and reply is not None and rate is not None and rate != reply.rate and math.isfinite(rate)
        )
        if reply is None or rate is None:
            return
        without, current = float(reply.losses[0]), self._loss(reply.rate)
        words = f"loss without a step {_digits(without)} · with lr {reply.rate:g} (in force) {current}"
        if rate != reply.rate:
            words += f" · with {rate:g} {self._loss(rate)}"
        self.words.setText(words)

    def _loss(self, rate: float) -> str:
        """The loss at a rate: taken, or read off between two that were."""
        assert self._reply is not None
        known: dict[float, float] = dict(zip(self._reply.rates.tolist(), self._reply.losses.tolist(), strict=True))
        loss = self._exact[rate] if rate in self._exact else known.get(rate, math.nan)
        if rate in self._exact or (rate in known and (self._reply.done or math.isfinite(loss))):
            return _digits(loss)
        between = self.plot.between(rate)
        return f"about {_digits(between)}" if math.isfinite(between) else "…"

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()

    # ------------------------------------------------------------------------------------------------- its widgets

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc stops it, wherever in this part the keyboard is; then it is nobody else's."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._going:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.stop()
                return True
        return super().eventFilter(watched, event)

    def _button(self, name: str, words: str, tip: str) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(self.try_it)
        row.addStretch(1)
        row.addWidget(QLabel("lr"))
        row.addWidget(self.field)
        row.addWidget(self.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(row)
        layout.addWidget(self.plot, 1)
        layout.addWidget(Steady(self.words, lines=2))


def _digits(loss: float) -> str:
    return f"{loss:.6g}" if math.isfinite(loss) else "not finite"
