"""How a session gets back to where it was when PyTorch refuses a command half-way.

An autograd graph cannot be stored, so going back restores a checkpoint that lies before the oldest forward whose
graph can still be reached (a freed one counts too), and does the commands since again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

CHECKPOINT_EVERY = 1.0
"""Seconds of the bare path that going back replays at most, about."""


class Rollback:
    """Keeps one checkpoint to go back to, and a candidate that takes over once nothing behind it is reachable."""

    def __init__(self, session: Session) -> None:
        self._anchor = Checkpoint(session)
        self._candidate: Checkpoint | None = None
        # The places of the forwards that the output and the loss come from.
        self._output_from = self._loss_from = 0
        self._taken = time.perf_counter()

    def before(self, command: Command, session: Session) -> None:
        """Look at a command that is about to be done by hand."""
        if command.name == "forward":
            self._candidate = Checkpoint(session)

    def after(self, command: Command, place: int) -> None:
        """Note what a command that was done at `place` can reach."""
        used = place
        if command.name == "forward":
            self._output_from = place
        elif command.name == "loss":
            used = self._loss_from = self._output_from
        elif command.name == "backward":
            used = self._output_from if ("of", "output") in command.arguments else self._loss_from
        if self._candidate is not None and used < self._candidate.place:
            self._candidate = None
        self._settle()

    def before_run(self, session: Session) -> None:
        """Look at a slice of the bare path that is about to start with a new cycle."""
        if time.perf_counter() - self._taken > CHECKPOINT_EVERY:
            self._candidate = Checkpoint(session)
            self._taken = time.perf_counter()

    def after_run(self, last_cycle: int) -> None:
        """Note that whole cycles ran, the last one from this place on: nothing before it can be reached any more."""
        self._output_from = self._loss_from = last_cycle
        self._settle()

    def back(self, session: Session) -> None:
        """Go to the end of the journal again, whatever was left half done."""
        self._candidate = None
        self._anchor.restore(session)
        for place, command in enumerate(session.journal.commands(self._anchor.place), self._anchor.place):
            session.perform(command)
            self.after(command, place)

    def _settle(self) -> None:
        candidate = self._candidate
        if candidate is not None and min(self._output_from, self._loss_from) >= candidate.place:
            self._anchor, self._candidate = candidate, None
