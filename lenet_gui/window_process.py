"""A window in a process of its own, started by somebody's training loop: both ends of the pipes. Neither Qt nor torch.

It is `engine_process` the other way round: here the window is the child, and the process that has the model is there
first. What crosses are pickled values of `protocol`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from queue import SimpleQueue
from typing import BinaryIO

from lenet_gui.channel import Channel, Mail
from lenet_gui.protocol import Incoming
from lenet_gui.wire import Reader, Writer

OPTION = "--attached"
"""What makes the program such a window, with the name of the loop's script behind it."""
PATIENCE = 5.0
"""Seconds that the last words have for being written."""


def program(script: str) -> list[str]:
    """What is started for a script of this name."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "lenet_gui"]
    return [*start, f"{OPTION}={script}"]


class WindowProcess:
    """The loop's end: starts the window, and carries between it and a channel until it is gone."""

    def __init__(self, script: str, gone: Callable[[str], None]) -> None:
        """`gone` is called in a thread when the window has ended; with how in words, where nobody closed it."""
        self._given = threading.Event()
        self.channel = Channel(self._given.set)
        self._script, self._gone = script, gone

    def start(self) -> None:
        """Raises OSError where it cannot be started."""
        # Wherever this package was found, the window's process has to find it too.
        here = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))
        self.process = subprocess.Popen(
            program(self._script),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._writing = threading.Thread(target=self._write, args=(self.process.stdin,), daemon=True)
        self._reading = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._writing.start()
        self._reading.start()

    def close(self) -> None:
        """Write what was given so far, and then nothing more: the window stays, until somebody closes it."""
        self.channel.closing = True
        self._given.set()
        self._writing.join(PATIENCE)

    def _write(self, stream: BinaryIO) -> None:
        with suppress(OSError), stream:
            writer = Writer(stream)
            while True:
                self._given.wait()
                self._given.clear()
                ending = self.channel.closing
                if values := self.channel.take():
                    writer.write(values)
                if ending:
                    return

    def _read(self, stream: BinaryIO) -> None:
        with suppress(EOFError, OSError, UnpicklingError), stream:
            reader = Reader(stream)
            while True:
                self.channel.send(reader.read())
        closed = self.channel.closing
        self.channel.close()
        self._given.set()
        code = self.process.wait()
        self._gone("" if closed or code == 0 else f"It ended with the code {code}.")


class LoopBehind(Mail):
    """The window's end, with the face of an `EngineProcess`: what is behind it was there first."""

    pid = None

    def __init__(self, ended: Callable[[str], None], streams: tuple[BinaryIO, BinaryIO] | None = None) -> None:
        """`ended` is called in a thread when the loop's process is done with the window. What comes from the loop and
        what goes to it are this process's own standard pipes, where no other `streams` are given."""
        super().__init__()
        self._streams = streams
        self.closing = False
        self._ended = ended
        self._outbox: SimpleQueue[Incoming | None] = SimpleQueue()

    def start(self) -> None:
        incoming, outgoing = self._streams or _standard_pipes()
        threading.Thread(target=self._pass_on, args=(outgoing,), name="to the loop", daemon=True).start()
        threading.Thread(target=self._bring, args=(incoming,), name="from the loop", daemon=True).start()

    def send(self, message: Incoming) -> None:
        self._outbox.put(message)

    def close(self) -> None:
        self.closing = True
        self._outbox.put(None)

    def join(self) -> bool:
        """The loop goes on without the window: there is nothing to wait for."""
        return True

    def _pass_on(self, outgoing: BinaryIO) -> None:
        with suppress(OSError), outgoing:
            writer = Writer(outgoing)
            while (message := self._outbox.get()) is not None:
                writer.write(message)

    def _bring(self, incoming: BinaryIO) -> None:
        with suppress(EOFError, OSError, UnpicklingError), incoming:
            reader = Reader(incoming)
            while True:
                for value in reader.read():
                    self.give(value)
        if not self.closing:
            self._ended("")


def _standard_pipes() -> tuple[BinaryIO, BinaryIO]:
    # Ctrl-C in a terminal reaches both processes; it is meant for the loop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipes = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What is printed here must not come between the values.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with suppress(OSError):
        os.dup2(2, 1)
    return pipes
