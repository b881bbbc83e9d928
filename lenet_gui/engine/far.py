"""The checkpoints on the disk, for places that the memory has no room for. When one is taken is `history`'s to know."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

import torch

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.engine.swap import Swap

Key = tuple[Branch, int]
"""The branch that a checkpoint belongs to, and its place."""
APART = 0.25
"""Seconds of the run between two of them, at first."""


class Far:
    """Within a budget of bytes; the distance between them doubles as it fills. A disk that fails is used no more."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.failed = False
        self._swap = Swap()
        self._apart = APART
        # Without their numbers, and where these lie.
        self._kept: dict[Key, tuple[Checkpoint, int]] = {}

    @property
    def bytes(self) -> int:
        """What they take of the disk."""
        return self._swap.bytes

    @property
    def all(self) -> dict[Key, Checkpoint]:
        """Without their numbers: `loaded` has one with them."""
        return {key: one for key, (one, _) in self._kept.items()}

    def keep(self, branch: Branch, checkpoint: Checkpoint) -> None:
        """Write it, if it fits and none lies near."""
        if self.failed or checkpoint.bytes > self.budget:
            return
        written = ((one.seconds, key[1]) for key, (one, _) in reversed(self._kept.items()) if key[0] is branch)
        newest, place = next(written, (0.0, 0))
        if checkpoint.seconds < newest + self._apart or checkpoint.place <= place:
            return
        try:
            offset = self._swap.write(checkpoint.tensors)
        except NotImplementedError:  # a device whose tensors have no numbers
            return
        except OSError:  # no room: far places take longer, and that is all
            self.failed = True
            return
        empty = copy(checkpoint)
        empty.tensors = [torch.empty_like(tensor, device="meta") for tensor in checkpoint.tensors]
        self._kept[branch, checkpoint.place] = empty, offset
        self._thin()

    def loaded(self, key: Key) -> Checkpoint:
        """One with its numbers."""
        checkpoint, offset = self._kept[key]
        found = copy(checkpoint)
        found.tensors = self._swap.read(offset, checkpoint.tensors)
        return found

    def forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._kept:
                checkpoint, offset = self._kept.pop(key)
                self._swap.free(offset, checkpoint.tensors)

    def limit(self, budget: int) -> None:
        """Keep to another budget from now on, and give back at once what is over it."""
        self.budget, self.failed, self._apart = budget, False, APART
        if self.bytes <= budget:
            return
        self._thin()
        # A file gives no room back: what stays is written into another.
        swap, self._swap, kept, self._kept = self._swap, Swap(), self._kept, {}
        try:
            for key, (one, offset) in kept.items():
                self._kept[key] = one, self._swap.write(swap.read(offset, one.tensors))
        except OSError:
            self.failed = True

    def _thin(self) -> None:
        while self.bytes > self.budget:
            self._apart = 2 * max(self._apart, 0.001)
            ascending = sorted(((key, one.seconds) for key, (one, _) in self._kept.items()), key=lambda item: item[1])
            self.forget(too_near(ascending, self._apart))


def too_near(ascending: list[tuple[Key, float]], distance: float) -> list[Key]:
    """Of keys with their seconds those that do not lie so far behind the one before, on their branch, that stays."""
    last: dict[Branch, float] = {}
    found: list[Key] = []
    for key, seconds in ascending:
        if seconds < last.get(key[0], 0.0) + distance:
            found.append(key)
        else:
            last[key[0]] = seconds
    return found
