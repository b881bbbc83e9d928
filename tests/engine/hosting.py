"""A real runner in a real thread, and a window's end of its channel to wait at. No tests here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from lenet_gui.channel import Channel
from lenet_gui.engine.runner import Runner
from lenet_gui.protocol import BudgetReply, BudgetRequest, Frame, Incoming, Line, Notice, Outgoing, Series
from lenet_gui.settings import Settings

Kind = TypeVar("Kind", bound=Outgoing)
PATIENCE = 20.0
"""Seconds after which a wait has failed; no test is timed by it."""


class Host:
    """`with Host(settings) as host:` gives a runner that is ready. It is closed and joined at the end."""

    def __init__(self, settings: Settings | None = None, root: Path | None = None) -> None:
        self._woken = threading.Event()
        self.channel = Channel(self._woken.set)
        self.seen: list[Outgoing] = []
        self.runner = Runner(self.channel, settings, root)
        self.thread = threading.Thread(target=self.runner.serve)

    def __enter__(self) -> Host:
        self.thread.start()
        self.wait(Frame)  # the first comes after Ready
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.channel.close()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def wait(self, kind: type[Kind], when: Callable[[Kind], bool] = lambda _: True) -> Kind:
        """The next message of this kind for which `when` holds; everything that came is kept in `seen`."""
        start, deadline = len(self.seen), time.monotonic() + PATIENCE
        while True:
            self.seen += self.channel.take()
            self.channel.wants_frame = True
            for message in self.seen[start:]:
                if isinstance(message, kind) and when(message):
                    return message
            while not self._woken.wait(0.1) or time.monotonic() > deadline:
                came = f"no such {kind.__name__}; came: {self.seen[start:][-20:]}"
                assert self.thread.is_alive(), f"the runner has died; {came}"
                assert time.monotonic() < deadline, came
            self._woken.clear()

    def do(self, *messages: Incoming) -> Frame:
        """Send, and wait for the frame that stands still after the last of them, and for what is said behind it."""
        for message in messages[:-1]:
            self.channel.send(message)
            self.wait(Frame, lambda frame: not frame.running)
        frame = self.ask(messages[-1], Frame, lambda frame: not frame.running)
        self.ask(BudgetRequest(0), BudgetReply)
        return frame

    def ask(self, message: Incoming, kind: type[Kind], when: Callable[[Kind], bool] = lambda _: True) -> Kind:
        """Send, and wait for this kind of answer."""
        self.channel.send(message)
        return self.wait(kind, when)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Everything of this kind that came so far."""
        return [message for message in self.seen if isinstance(message, kind)]

    def code(self) -> list[str]:
        """The console's commands."""
        return [line.code for line in self.of(Line) if line.kind == "command"]

    def losses(self, run: int) -> list[float]:
        """The curve of the loss as a window would have it: a later block replaces what lies behind its start."""
        rows: list[float] = []
        for block in self.of(Series):
            if block.run == run:
                rows[block.first :] = block.rows[:, 0].tolist()
        return rows

    def wait_for_notice(self) -> Notice:
        """The first notice of all, also one that has already come."""
        came = self.of(Notice)
        return came[0] if came else self.wait(Notice)

    def notice(self, kind: str) -> Notice:
        return next(notice for notice in self.of(Notice) if notice.kind == kind)
