"""The window's end of a loop that runs in a process of its own, for tests: what it gives, and what is asked of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

from lenet_gui.protocol import Answer, Frame, Incoming, Move, Notice, Painted
from lenet_gui.wire import Reader, Writer

HERE = Path(__file__).parent
PATIENCE = 60.0

Kind = TypeVar("Kind")


def command(script: Path, *words: str) -> list[str]:
    return [sys.executable, str(script), *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE.parent.parent), "PYTHONUTF8": "1"}


def alone(name: str) -> str:
    """What a loop prints without anybody who looks on."""
    done = subprocess.run(
        command(HERE / "loops.py", name),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=True,
    )
    return done.stdout


class Watching:
    """A loop with a window, which is this test. As a context manager it is seen to its end."""

    def __init__(self, name: str, script: Path = HERE / "loops.py") -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE)
        port = str(self._listening.getsockname()[1])
        self.process = subprocess.Popen(
            command(HERE / "launch.py", port, str(script), name, "attach"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        self._socket, _ = self._listening.accept()
        self._files = self._socket.makefile("wb"), self._socket.makefile("rb")
        self._writer, self._reader = Writer(self._files[0]), Reader(self._files[1])
        self.seen: list[Any] = []
        self.over = False
        self._came = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self._taken = 0
        self.frame = self.until(Frame)

    def _read(self) -> None:
        try:
            while True:
                values = self._reader.read()
                with self._came:
                    self.seen += values
                    self._came.notify_all()
        except (EOFError, OSError, UnpicklingError):
            self.close()
            with self._came:
                self.over = True
                self._came.notify_all()

    def send(self, message: Incoming) -> None:
        self._writer.write(message)

    def until(self, kind: type[Kind], holds: Callable[[Kind], bool] = lambda _: True) -> Kind:
        """Wait for the next value of a kind, behind those that were waited for before."""
        with self._came:
            while True:
                while self._taken < len(self.seen):
                    value = self.seen[self._taken]
                    self._taken += 1
                    if isinstance(value, Frame):
                        self.frame = value
                        with suppress(OSError):
                            self._writer.write(Painted())
                    if isinstance(value, kind) and holds(value):
                        return value
                assert not self.over, f"it is over, without a {kind.__name__}: {self.seen[-3:]}"
                assert self._came.wait(PATIENCE), f"no {kind.__name__} came: {self.seen[-3:]}"

    def does(self, message: Incoming) -> Frame:
        """Send it, and wait for the frame where all stands still again."""
        self.send(message)
        return self.until(Frame, lambda frame: not frame.running)

    def until_over(self) -> None:
        """Take all that comes until the loop's process is done with its window."""
        with self._came:
            while not self.over:
                frames = [one for one in self.seen[self._taken :] if isinstance(one, Frame)]
                self._taken = len(self.seen)
                if frames:
                    self.frame = frames[-1]
                    with suppress(OSError):
                        self._writer.write(Painted())
                assert self._came.wait(PATIENCE), f"it did not end: {self.seen[-3:]}"
            self.frame = [one for one in self.seen if isinstance(one, Frame)][-1]

    def over_(self, times: int = 1) -> Frame:
        """F10 as often."""
        for _ in range(times):
            self.does(Move("over"))
        return self.frame

    def asks(self, question: Any) -> Any:
        self.send(question)
        return self.until(Answer)  # type: ignore[type-abstract]

    def notices(self) -> list[Notice]:
        return [one for one in self.seen if isinstance(one, Notice)]

    def relay(self) -> int:
        """The number of the process that stands where the window's stands."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def close(self) -> None:
        """As a person closes a window."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def ends(self) -> tuple[str, str, int]:
        """What it printed, its errors, and its exit code."""
        out, errors = self.process.communicate(timeout=PATIENCE)
        return out, errors, self.process.returncode

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self._reading.join(PATIENCE)
        for one in (*self._files, self._socket, self._listening):
            with suppress(OSError):
                one.close()
