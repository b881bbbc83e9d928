"""What the diagnoses of one place look at, read once: what was done up to there, and the state as of there.

It reads the trace that the place has, and computes nothing of the training again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.trace.names import done
from lenet_gui.engine.trace.trace import Item, Operation, TracedCommand, Update, Visit

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MOST = 1000
"""Commands of the journal that are read back at most."""


class Moment:
    """Of a session as of its cursor."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.trace = session.trace()
        self.place, self.item = len(session.journal), session.item

    @cached_property
    def state(self) -> dict[str, Tensor | None]:
        """By the names of `Session.tensors`."""
        return self.session.stepper.state()

    @cached_property
    def parameters(self) -> dict[str, Tensor]:
        """Those that are to be trained, live: for their names and shapes, not for their numbers."""
        return {name: one for name, one in self.session.model.named_parameters() if one.requires_grad}

    @cached_property
    def weights(self) -> list[str]:
        """The parameters of two dimensions and more in the model's order: what CS231n's rules are about."""
        return [name for name, one in self.parameters.items() if one.ndim > 1]

    @cached_property
    def operations(self) -> list[Operation]:
        """Those of this step that lie before the cursor."""
        return done(self.session, self.trace)

    def commands(self, name: str) -> Iterator[tuple[TracedCommand, list[Item]]]:
        """The commands of this step of that name that have begun, the newest first, with their items so far."""
        for one in reversed(self.trace.commands):
            if one.command.name == name and (one.place < self.place or (one.place == self.place and self.item)):
                yield one, one.items if one.place < self.place else one.items[: self.item]

    def newest(self, name: str) -> tuple[TracedCommand, list[Item]] | None:
        return next(self.commands(name), None)

    def finished(self, name: str) -> TracedCommand | None:
        """The newest command of that name in this step that is done."""
        return next((one for one, _ in self.commands(name) if one.place < self.place), None)

    def updates(self) -> list[Update]:
        """What the newest step moved so far."""
        found = self.newest("step")
        return [one for one in found[1] if isinstance(one, Update)] if found else []

    def gradients(self) -> dict[str, Tensor | None]:
        """By parameter, as of the cursor."""
        return {name: self.state.get(f"{name}.grad") for name in self.parameters}

    def received(self, backward: TracedCommand, parameter: str) -> Tensor | None:
        """What one backward added to a parameter's gradient; `None` where it did not come to it."""
        for visit in backward.items:
            if isinstance(visit, Visit) and self.trace.nodes[visit.node].parameter == parameter and visit.received:
                return visit.received[0]
        return None

    def phases(self) -> list[tuple[int, str]]:
        """The phases before the cursor with the place before each, the newest first; at most a thousand."""
        found: list[tuple[int, str]] = []
        for place, command in self.session.journal.backwards(self.place):
            found.append((place, command.name))
            if len(found) == MOST:
                break
        return found


def norm(tensor: Tensor) -> float:
    """Of all its numbers."""
    return torch.linalg.vector_norm(tensor.detach()).item()


def number(value: float) -> str:
    """Three digits, as a person writes it."""
    return f"{value:.3g}"


def counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def listed(names: list[str], most: int = 3) -> str:
    """The first of them, and how many more there are."""
    if len(names) <= most:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))
    return f"{', '.join(names[:most])} and {len(names) - most} more"
