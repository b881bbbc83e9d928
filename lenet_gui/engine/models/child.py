"""The process in which a model is tried out. It may hang, crash or end as it likes.

What is asked comes in through the standard input as JSON, what came of it goes out through the standard output, a line
each; what the model itself prints goes to the standard error.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from lenet_gui.engine.models.attempt import Attempt
    from lenet_gui.engine.models.outcome import Outcome

OPTION = "--try-model"
"""What makes the program this process."""
READY = "ready"
MOST_WORDS = 400


def serve() -> None:
    """Answer one question and end. Does not return."""
    asked = json.load(sys.stdin)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    faulthandler.enable()
    _tell(told, _try(asked, told))


def _try(asked: dict[str, Any], told: TextIO) -> dict[str, Any]:
    # Only here: what is asked is read, and the pipes are in order, before torch takes its seconds.
    from lenet_gui.engine.models import attempt
    from lenet_gui.engine.models.outcome import plain

    def tell(line: str) -> None:
        told.write(f"{line}\n")
        told.flush()

    tell(READY)
    # Where it stands when the time is over, for the person to read.
    faulthandler.dump_traceback_later(asked["seconds"], exit=True)
    _bound_memory(asked["memory"])
    at = attempt.Attempt(asked, tell)
    try:
        outcome = at.outcome()
    except BaseException as error:
        outcome = _failure(error, at, asked["memory"])
    outcome.beside = at.beside()
    return plain(outcome)


def _failure(error: BaseException, at: Attempt, memory: int) -> Outcome:
    from lenet_gui.engine.models.outcome import Outcome

    file, line, text = position(error, at.shown, at.folder)
    found = Outcome("raised", at.stage, file=file, line=line, text=text, name=at.name, operations=at.operations)
    if isinstance(error, SystemExit):
        found.how = "exited"
    elif isinstance(error, ModuleNotFoundError) and error.name:
        found.how, found.words = "missing", error.name
    elif isinstance(error, MemoryError):
        found.words = f"MemoryError: it takes more than {memory / 2**30:.0f} GB"
    elif isinstance(error, SyntaxError):
        found.words = f"{type(error).__name__}: {error.msg}"
    else:
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        found.words = " ".join(words[: 4 * MOST_WORDS].split())[:MOST_WORDS]
    return found


def _tell(told: TextIO, value: dict[str, Any]) -> None:
    with suppress(Exception):
        sys.stdout.flush()
    told.write(json.dumps(value) + "\n")
    told.flush()
    # A thread of the model's may still run, and would be waited for.
    os._exit(0)


def _bound_memory(more: int) -> None:
    """So many bytes more than now, where the system allows to say so."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + more
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def position(error: BaseException, shown: str, folder: str) -> tuple[str, int, str]:
    """Of a person's own code the innermost line that an exception passed: its file's name, its number and its text."""
    if isinstance(error, SyntaxError) and error.filename == shown:
        return Path(shown).name, error.lineno or 0, (error.text or "").strip()[:80]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        beside = folder and Path(frame.filename).parent == Path(folder)
        if frame.filename == shown or beside:
            return Path(frame.filename).name, frame.lineno or 0, (frame.line or "")[:80]
    return "", 0, ""
