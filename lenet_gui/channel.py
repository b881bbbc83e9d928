"""The one way between a window and a worker: a queue in, lossless blocks and newest-only values out.

Neither torch nor Qt. The worker never waits for the screen and the screen never waits for the worker. Where both live
in processes of their own, `engine_process` joins the two ends.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from lenet_gui.protocol import Incoming, Long, NewestOnly, Outgoing, Painted, Pause


class Mail:
    """What one thread gives another. `wake` is called in the giver's when there is something new to take."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self.wake = wake
        self._lossless: deque[Outgoing] = deque()
        self._newest: dict[type, Outgoing] = {}
        self._lock = threading.Lock()
        self._woken = False

    def give(self, message: Outgoing) -> None:
        with self._lock:
            if isinstance(message, NewestOnly):
                self._newest[type(message)] = message
            else:
                self._lossless.append(message)
            first, self._woken = not self._woken, True
        if first:
            self.wake()

    def take(self) -> list[Outgoing]:
        """Everything that came since the last call: lines and series in order, then the newest of each other kind."""
        with self._lock:
            self._woken = False
            taken = [*self._lossless, *self._newest.values()]
            self._lossless.clear()
            self._newest.clear()
        return taken


class Channel(Mail):
    """Joins one window to one worker in the same process."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        super().__init__(wake)
        self.pausing = False
        self.closing = False
        self.wants_frame = True
        """Whether the window has painted the last one: a running worker builds no frame that nobody would see."""
        self._inbox: SimpleQueue[Incoming | None] = SimpleQueue()

    # The window's side.

    def send(self, message: Incoming) -> None:
        """To the worker's loop; what that must not wait for takes effect here, a pause within 100 ms."""
        if isinstance(message, Pause):
            self.pausing = True
        elif isinstance(message, Painted):
            self.wants_frame = True
        else:
            # Cleared here and not where the run starts, so that a pause pressed right after it still counts.
            if isinstance(message, Long):
                self.pausing = False
            self._inbox.put(message)

    def close(self) -> None:
        """Refuse new work and end the worker's loop."""
        self.closing = True
        self.pausing = True
        self._inbox.put(None)

    # The worker's side.

    def receive(self, timeout: float | None = None) -> Incoming | None:
        """The next message; `None` when the time (in seconds) is over or the channel closes."""
        try:
            return self._inbox.get(timeout=timeout) if timeout != 0 else self._inbox.get_nowait()
        except Empty:
            return None
