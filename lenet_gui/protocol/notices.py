"""What a person has to know: notices with what can be done about them, and how far something long is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import NewestOnly

if TYPE_CHECKING:
    from lenet_gui.protocol.commands import Command
    from lenet_gui.protocol.controls import Control


@dataclass(frozen=True, slots=True)
class Offer:
    """What a notice lets the person do about it, as a button."""

    label: str
    action: Command | Control


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person has to know: what happened, PyTorch's own words, what it means, what to do.

    `kind` is `refused` (a command PyTorch refused; the state was rolled back), `failed` (an exception of ours,
    with its traceback in `details`), `anomaly` (a loss that is not finite) or `note`. `left_behind` names what
    plain PyTorch would have left changed.
    """

    kind: str
    title: str
    words: str
    advice: str
    left_behind: tuple[str, ...] = ()
    details: str = ""
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress(NewestOnly):
    """How far something long is; `total` 0 means unknown, `done == total` that it has ended."""

    what: str
    done: int
    total: int
