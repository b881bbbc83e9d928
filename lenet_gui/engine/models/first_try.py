"""Tries a model out in a process of its own, with a deadline: whatever it does there, this one goes on.

What is done there is in `child` and `attempt`, what came of it is an `Outcome`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import IO

from lenet_gui.engine.models import own
from lenet_gui.engine.models.attempt import AT
from lenet_gui.engine.models.child import OPTION, READY
from lenet_gui.engine.models.constructor import Facts
from lenet_gui.engine.models.outcome import Outcome, of_exit, read
from lenet_gui.settings import Value

DEADLINE = 20.0
"""Seconds for import, construction and one forward, once torch is loaded."""
LOADING = 120.0
"""Seconds for loading torch itself, on whatever machine."""
GRACE = 2.0
"""Seconds after the deadline in which the process itself says where it stands."""
MEMORY = 2**32
"""Bytes that it may take on top of torch."""
MOST_PRINTED = 8000
"""Letters that are kept of what it prints, half of them from the start and half from the end."""
MOST_TOLD = 2**20
LOOK = 0.05


def try_out(
    source: bytes,
    path: Path | None,
    name: str,
    given: Mapping[str, Value],
    known: Facts,
    cancelled: Callable[[], bool] = lambda: False,
    deadline: float = DEADLINE,
    loose: bool = False,
) -> Outcome:
    """Run the source apart: import it, make its model `name` (empty: the only one), and take one forward.

    `cancelled` is asked about every 50 ms; `given` are arguments of the constructor. When it is `loose`, those that it
    does not have are left out, and where there is no class of the name it is asked for one.
    """
    asked = {
        "source": source.decode("latin-1"),
        "path": "" if path is None else str(path),
        "name": name,
        "given": dict(given),
        "facts": astuple(known),
        "seconds": deadline,
        "memory": MEMORY,
        "loose": loose,
    }
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "lenet_gui"]
    process = subprocess.Popen(
        [*program, OPTION],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    talk = _Talk(process, json.dumps(asked).encode())
    try:
        outcome = _wait(process, talk, cancelled, deadline)
    finally:
        talk.killed = process.poll() is None
        _kill(process)
        talk.join()
    if outcome is None:
        outcome = _ended(process, talk, deadline, own.shown_as(own.name_of(source), path))
    outcome.seconds, outcome.printed = deadline, talk.printed
    return outcome


class _Talk:
    """The three pipes of the process, each with a thread of its own, so that none of them can fill up."""

    def __init__(self, process: subprocess.Popen[bytes], question: bytes) -> None:
        self.lines: SimpleQueue[str | None] = SimpleQueue()
        self.length = 0
        self.stage, self.name = "import", ""
        self.killed = False
        """Whether it had not ended when it was to."""
        self._start, self._end = b"", b""
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        pairs = ((self._ask, process.stdin, question), (self._listen, process.stdout), (self._overhear, process.stderr))
        self._threads = [threading.Thread(target=do, args=given, daemon=True) for do, *given in pairs]
        for thread in self._threads:
            thread.start()

    @property
    def printed(self) -> str:
        """What was printed, without its middle where it was much."""
        left_out = self.length - len(self._start) - len(self._end)
        between = f"\n… {left_out:,} more letters …\n" if left_out > 0 else ""
        return self._start.decode(errors="replace") + between + self._end.decode(errors="replace")

    def join(self) -> None:
        for thread in self._threads:
            thread.join(GRACE)

    def _ask(self, pipe: IO[bytes], question: bytes) -> None:
        with suppress(OSError), pipe:
            pipe.write(question)

    def _listen(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while line := pipe.readline(MOST_TOLD):
                self.lines.put(line.decode(errors="replace").strip())
        self.lines.put(None)

    def _overhear(self, pipe: IO[bytes]) -> None:
        with suppress(OSError, ValueError), pipe:
            while part := os.read(pipe.fileno(), 2**16):
                self.length += len(part)
                room = MOST_PRINTED // 2 - len(self._start)
                self._start += part[: max(0, room)]
                self._end = (self._end + part[max(0, room) :])[-MOST_PRINTED // 2 :]


def _wait(
    process: subprocess.Popen[bytes], talk: _Talk, cancelled: Callable[[], bool], deadline: float
) -> Outcome | None:
    """What it told; `None` where it ended without, or the time was over."""
    end = monotonic() + LOADING
    while monotonic() < end:
        if cancelled():
            return Outcome("cancelled")
        try:
            line = talk.lines.get(timeout=LOOK)
        except Empty:
            continue
        if line == READY:
            end = monotonic() + deadline + GRACE
        elif line is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            return None
        elif line.startswith(f"{AT} "):
            _, talk.stage, talk.name = line.split(" ", 2) if line.count(" ") > 1 else (*line.split(" "), "")
        else:
            # It is the model's process that tells: whatever comes may be anything.
            with suppress(ValueError, TypeError, AttributeError):
                return read(json.loads(line))
    return None


def _ended(process: subprocess.Popen[bytes], talk: _Talk, deadline: float, shown: str) -> Outcome:
    """It was stopped, or it ended by itself. Where it stood then is in what it printed last."""
    printed = talk.printed
    # Its own watch, or else the one here, which kills it.
    late = "Timeout (" in printed or (talk.killed and "Fatal Python error" not in printed)
    found = re.search(rf'File "{re.escape(shown)}", line (\d+) in', printed)
    line, words = int(found[1]) if found else 0, "" if late else of_exit(process.returncode)
    name, how = talk.name or "its model", "late" if late else "crashed"
    return Outcome(how, talk.stage, words, Path(shown).name, line, name=name, seconds=deadline)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    process.wait()
