"""An engine in a process of its own: how the window starts it, talks to it and ends it. Neither Qt nor torch.

Apart, the two do not wait for each other's interpreter, and what breaks PyTorch does not break the window. What crosses
are pickled values of `protocol`, through the standard pipes; the other end is `engine_host`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from queue import SimpleQueue

from lenet_gui.channel import Mail
from lenet_gui.protocol import Incoming
from lenet_gui.wire import Reader, Writer

OPTION = "--engine"
"""What makes the program an engine, with the folder for sessions and the number of runs before behind it."""
PATIENCE = 5.0
"""Seconds that an engine has for ending."""


class EngineProcess(Mail):
    """The window's end: a channel whose worker is elsewhere."""

    def __init__(self, sessions: Path, runs: int = 0, ended: Callable[[str], None] = lambda _: None) -> None:
        """Sessions are recorded in a folder; the window has seen so many `runs` before. `ended` is called in a thread
        when the engine ends though nobody closed it, with how it did in words."""
        super().__init__()
        self.closing = False
        self._ended = ended
        self._arguments = [OPTION, str(sessions), str(runs)]
        self._outbox: SimpleQueue[Incoming | None] = SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "lenet_gui"]
        self._process = process = subprocess.Popen(
            [*program, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        threading.Thread(target=self._pass_on, args=(process,), name="to the engine", daemon=True).start()
        threading.Thread(target=self._bring, args=(process,), name="from the engine", daemon=True).start()

    def send(self, message: Incoming) -> None:
        self._outbox.put(message)

    def close(self) -> None:
        """Refuse new work and let the engine end."""
        self.closing = True
        self._outbox.put(None)

    @property
    def pid(self) -> int | None:
        """The process's number, while it is alive."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def join(self) -> bool:
        """Wait until a closed engine has ended. `False`: it hung, and was killed."""
        if self._process is None:
            return True
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True

    def _pass_on(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        # An engine that has ended does not read: the other thread says so.
        with suppress(OSError), process.stdin:
            writer = Writer(process.stdin)
            while (message := self._outbox.get()) is not None:
                writer.write(message)

    def _bring(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with suppress(EOFError, OSError, UnpicklingError), process.stdout:
            reader = Reader(process.stdout)
            while True:
                for value in reader.read():
                    self.give(value)
        code = process.wait()
        if not self.closing:
            self.close()
            self._ended(_in_words(code))


def _in_words(code: int) -> str:
    if code < 0:
        return f"It was ended by the signal {signal.Signals(-code).name}."
    return f"It ended with the exit code {code}."
