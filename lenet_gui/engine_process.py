"""An engine in a process of its own: how the window starts it, talks to it and ends it. Neither Qt nor torch.

Apart, the two do not wait for each other's interpreter, and what breaks PyTorch does not break the window. What crosses
are pickled values of `protocol`, through the standard pipes; the other end is `engine_host`.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from lenet_gui.channel import Mail
from lenet_gui.protocol import Frame, Incoming

OPTION = "--engine"
"""What makes the program an engine, with the folder for sessions and the number of runs before behind it."""
PATIENCE = 5.0
"""Seconds that an engine has for ending."""
_PARTS = ("modules", "parameters", "samples")
"""Of a frame, what is long to draw and seldom changes."""


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
        self._frame: Frame | None = None

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
            while (message := self._outbox.get()) is not None:
                pickle.dump(message, process.stdin, pickle.HIGHEST_PROTOCOL)
                process.stdin.flush()

    def _bring(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with suppress(EOFError, OSError, pickle.UnpicklingError), process.stdout:
            while True:
                for value in pickle.load(process.stdout):
                    self.give(self._with_known_parts(value) if isinstance(value, Frame) else value)
        code = process.wait()
        if not self.closing:
            self.close()
            self._ended(_in_words(code))

    def _with_known_parts(self, frame: Frame) -> Frame:
        """What is as it was stays the same object, as it is in the engine: no panel draws it anew."""
        known = {} if self._frame is None else {name: getattr(self._frame, name) for name in _PARTS}
        same = {name: value for name, value in known.items() if _equal(value, getattr(frame, name))}
        self._frame = replace(frame, **same) if same else frame
        return self._frame


def _equal(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        return all(_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if hasattr(one, "tobytes"):  # an array; NumPy is not imported before the first paint
        return one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other


def _in_words(code: int) -> str:
    if code < 0:
        return f"It was ended by the signal {signal.Signals(-code).name}."
    return f"It ended with the exit code {code}."
