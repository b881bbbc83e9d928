"""Runs side by side: of saved sessions and the living one what can be compared, without going over any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Array = NDArray[float32]


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What is there to compare of the session in a file? An empty `path` is the living one."""

    id: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class ComparedBranch:
    """A branch by its name: `losses` [steps] from its first step on, and what was measured last, if anything was.

    `settings` are (name, value) as they were at the end; a value that was changed on the way says so.
    """

    name: str
    losses: Array
    settings: tuple[tuple[str, str], ...]
    accuracy: float | None
    measured_at: int


@dataclass(frozen=True, slots=True)
class CompareReply(Answer):
    """The branches of a session; `problem` says in a sentence why there are none, else it is empty."""

    id: int
    path: str
    branches: tuple[ComparedBranch, ...]
    problem: str = ""
