"""Carries values from the worker into the window's thread, at a pace that leaves the worker its time.

What is drawn with them is the window's; what they mean is in `protocol`.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from lenet_gui.channel import Channel
from lenet_gui.engine_process import EngineProcess
from lenet_gui.protocol import (
    Accuracy,
    Answer,
    Frame,
    Incoming,
    Line,
    Notice,
    Outgoing,
    Painted,
    Pause,
    Progress,
    RaceReport,
    Ready,
    Run,
    Series,
    SetRate,
    TrainingChoices,
    WatchSeries,
)
from lenet_gui.window_process import LoopBehind

PAINTING_SHARE = 0.04
"""The share of the wall time that the window's thread may take while training runs: it may want the same cores."""
SHORTEST, LONGEST = 0.033, 0.095
"""Seconds between two deliveries while training runs."""
NUMBERS_EVERY = 0.5
"""Seconds between two pictures of the numbers while training runs at full speed: nobody reads them faster."""


class Bridge(QObject):
    """Lives in the window's thread. Each signal carries one value, or a list of those that came in order."""

    ready = Signal(object)
    choices = Signal(object)
    frame = Signal(object)
    numbers = Signal(object)
    """The frames that the slow panels draw: each one by hand, some of them during a run."""
    reply = Signal(object)
    race = Signal(object)
    watched = Signal(object)
    lines = Signal(object)
    series = Signal(object)
    progress = Signal(object)
    accuracy = Signal(object)
    notice = Signal(object)
    _woken = Signal()

    def __init__(self, channel: Channel | EngineProcess | LoopBehind, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._channel = channel
        self._running = self._started = False
        self._unlimited = True
        self._delivered_at = 0.0
        self._cpu_then = time.thread_time()
        self._numbers_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._deliver_when_due)
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Hand out what came so far and what comes from now on: the panels are there to take it."""
        self._started = True
        # This is called in another thread. Emitting is all that happens there.
        self._channel.wake = self._woken.emit
        self._on_woken()

    def join(self, channel: Channel | EngineProcess | LoopBehind) -> None:
        """From now on another worker."""
        self._channel, self._running = channel, False
        if self._started:
            self.start()

    @Slot(object)
    def send(self, message: Incoming) -> None:
        """To the worker. After `close` nothing is taken any more."""
        if self._channel.closing:
            return
        if isinstance(message, Run | SetRate):
            self._unlimited = message.rate is None
        self._channel.send(message)

    @Slot()
    def pause(self) -> None:
        self._channel.send(Pause())

    def close(self) -> None:
        """Refuse new commands and ask the worker to end. What it still gives is dropped."""
        self._timer.stop()
        self._channel.close()

    def finish(self) -> None:
        """Hand out what the worker gave last, however soon that is, and close."""
        self._deliver()
        self.close()

    @Slot()
    def _on_woken(self) -> None:
        if not (self._channel.closing or self._timer.isActive()):
            self._deliver_when_due()

    @Slot()
    def _deliver_when_due(self) -> None:
        # Asked again when the timer fires: the painting of the delivery before may have come in between.
        wait = self._delivered_at + self._interval() - time.monotonic() if self._running else 0
        if wait > 0:
            self._timer.start(int(1000 * wait) + 1)
        else:
            self._deliver()

    def _interval(self) -> float:
        # All that this thread did since the last delivery counts, the painting that followed it too.
        spent = time.thread_time() - self._cpu_then
        return min(max(spent / PAINTING_SHARE, SHORTEST), LONGEST)

    def _deliver(self) -> None:
        if self._channel.closing:
            return
        self._delivered_at, self._cpu_then = time.monotonic(), time.thread_time()
        self._hand_out(self._channel.take())
        self._channel.send(Painted())

    def _hand_out(self, taken: list[Outgoing]) -> None:
        for signal, kind in (
            (self.ready, Ready),
            (self.choices, TrainingChoices),
            (self.notice, Notice),
            (self.accuracy, Accuracy),
            (self.progress, Progress),
            (self.reply, Answer),
            (self.race, RaceReport),
            (self.watched, WatchSeries),
        ):
            for value in _of(taken, kind):
                signal.emit(value)
        for signal, kind in ((self.lines, Line), (self.series, Series)):
            block = _of(taken, kind)
            if block:
                signal.emit(block)
        for frame in _of(taken, Frame):
            self._hand_out_frame(frame)

    def _hand_out_frame(self, frame: Frame) -> None:
        self._running = frame.running
        self.frame.emit(frame)
        now = time.monotonic()
        if not (frame.running and self._unlimited) or now - self._numbers_at >= NUMBERS_EVERY:
            self._numbers_at = now
            self.numbers.emit(frame)


def _of(values: Iterable[Outgoing], kind: object) -> list:
    return [value for value in values if isinstance(value, kind)]  # type: ignore[arg-type]


class GarbageCollector(QObject):
    """Runs Python's cyclic collector in the window's thread only.

    Left alone it runs in whichever thread allocates, and would destroy Qt objects in one that reads from the engine.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def spare_what_is_loaded(self) -> None:
        """Leave the modules that are loaded by now out of every collection: they never die, and walking them takes
        a tenth of a second."""
        gc.freeze()

    def close(self) -> None:
        self._timer.stop()
        gc.enable()

    @Slot()
    def _collect(self) -> None:
        self._ticks += 1
        gc.collect(2 if self._ticks % 16 == 0 else 1)
