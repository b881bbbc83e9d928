"""What the loop's thread and the runner's tell each other when one hands over to the other."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass, field
from typing import Any, Protocol

_HERE = os.path.dirname(__file__)


class Ended(Exception):
    """The loop is over: it will come to no phase any more."""


class Left(BaseException):
    """The window is gone, or nobody is attached any more: no fault, and nobody is to catch it as one."""


class Raised(Exception):
    """A phase of the loop has raised; there it waits, and then the exception goes on as it would have."""

    def __init__(self, phase: str, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.phase = phase
        self.error = error
        stack = [one for one in traceback.extract_stack() if not one.filename.startswith(_HERE)]
        inner = traceback.format_exception(error)
        self.details = "".join([*inner[:1], *traceback.format_list(stack), *inner[1:]])
        """Where in the loop it was, and the way from there to where it was raised."""


@dataclass(slots=True)
class Done:
    """Phases that were done: those up to the end of the first step one by one, then `whole` steps, of which the newest
    was the `cycle`, and those `since`."""

    first: list[str] = field(default_factory=list)
    whole: int = 0
    cycle: list[str] = field(default_factory=list)
    since: list[str] = field(default_factory=list)

    def add(self, phase: str) -> None:
        if not self.first or self.first[-1] != "step":
            self.first.append(phase)
            return
        self.since.append(phase)
        if phase == "step":
            self.whole, self.cycle, self.since = self.whole + 1, self.since, []


class Witness(Protocol):
    """Who is told, in the loop's thread, what it does."""

    def see(self, phase: str, given: Any) -> bool:
        """A phase is about to begin, and was given this. False where it is none of the model's."""
        ...

    def saw(self, phase: str, result: Any) -> None:
        """It was done."""
        ...

    def passed(self, phase: str, result: Any) -> None:
        """It was done while the loop runs free."""
        ...
