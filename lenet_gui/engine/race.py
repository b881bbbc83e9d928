"""Two branches in lock-step, on two sessions of their own: where they first differ, and how far apart they then are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.digest import same
from lenet_gui.protocol import Distance, RaceReport

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


class Race:
    """From the last step that two branches share, a step of each at a time, to the end of the shorter one.

    Raises ValueError for a branch that there is not, or one against itself.
    """

    def __init__(self, session: Session, one: str, other: str) -> None:
        first, second = session.branch_called(one), session.branch_called(other)
        if first is second:
            raise ValueError(f"a race needs two branches; {one!r} was chosen twice")
        self._names = one, other
        self.start = first.journal.steps_at(first.shared_with(second))
        self.end = min(first.journal.steps, second.journal.steps)
        self._both = [_apart(session, branch, self.start) for branch in (first, second)]
        self._gate = first.journal.place_of_step(self.start)
        self._losses: list[tuple[float, float]] = []
        self._differs_at: int | None = None

    def run(self) -> Iterator[None]:
        """Take the steps; yields after each, and every now and then on the way to the first."""
        for session in self._both:
            while not travel.follow(session, self._gate, between=lambda: False):
                yield
        for step in range(self.start + 1, self.end + 1):
            for session in self._both:
                while session.steps < step:
                    session.apply(session.next_command)
            self._losses.append((_loss(self._both[0]), _loss(self._both[1])))
            if self._differs_at is None and not all(same(*pair) for _, *pair in self._pairs()):
                self._differs_at = step
            yield

    def report(self) -> RaceReport:
        """How it stands."""
        losses = np.array(self._losses, np.float32).reshape(-1, 2)
        losses.flags.writeable = False
        distances = tuple(
            Distance(name, torch.linalg.vector_norm(one - other).item(), torch.linalg.vector_norm(one).item())
            for name, one, other in self._pairs()
        )
        return RaceReport(*self._names, self.start, self.end, losses, self._differs_at, distances)

    def _pairs(self) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Each parameter of both, in double precision on the CPU."""
        first, second = (session.model.named_parameters() for session in self._both)
        for (name, one), (_, other) in zip(first, second, strict=True):
            yield name, one.detach().cpu().double(), other.detach().cpu().double()


def _apart(session: Session, branch: Branch, steps: int) -> Session:
    """A session of its own on its way to a step of a branch. The one that it comes from stays as it is."""
    checkpoint = session.history.start_for(branch, branch.journal.place_of_step(steps))
    other = session.twin()
    copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
    travel.restore(other, checkpoint, copy)
    return other


def _loss(session: Session) -> float:
    return float("nan") if session.last_loss is None else session.last_loss.item()
