"""How much of a trace's tensors is kept. Of what is beyond its limit there remain shape, type and figures."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from lenet_gui.engine.trace.figures import Figures, figures

SMALL = 4096
"""Bytes of a tensor that is always kept."""

Gradients = tuple[Tensor | None, ...]

_STRIDED = torch.strided


class Room:
    """Of one trace. What finds no room in it is replaced by a tensor on PyTorch's device `meta`, which has no numbers.

    The tensors that come are numbered. With an `only`, nothing is kept but small ones and the one of that number.
    """

    def __init__(self, bytes: int, only: int | None = None) -> None:
        self.figures: dict[int, Figures] = {}
        """Of those that were not kept, by the identity of what replaces them."""
        self.numbers: dict[int, int] = {}
        """Theirs, by the same."""
        self.found: Tensor | None = None
        """The one of the number that was asked for."""
        self._left = bytes if only is None else 0
        self._only = only
        self._next = 0

    @property
    def full(self) -> bool:
        return bool(self.numbers)

    def copies(self, tensors: Iterable[Tensor | None]) -> tuple[Tensor | None, ...]:
        """Copies, of tensors that may be written into later."""
        return tuple([None if one is None else self.copy(one) for one in tensors])

    def copy(self, tensor: Tensor) -> Tensor:
        return tensor.detach().clone() if self._fits(tensor) else self._replaced(tensor)

    def hold(self, received: Gradients, gave: Gradients) -> tuple[Gradients, Gradients]:
        """The tensors themselves, for such that nobody writes into. One that comes again counts again."""
        if self._only is None:  # the quick way, for what is in every node of every step
            size = count = 0
            for one in received + gave:
                if one is not None:
                    count += 1
                    size += one.nbytes if one.layout is _STRIDED else 0
            if size <= self._left:
                self._left -= size
                self._next += count
                return received, gave
        return self._held(received), self._held(gave)

    def _held(self, tensors: Gradients) -> Gradients:
        return tuple([one if one is None or self._fits(one) else self._replaced(one) for one in tensors])

    def _fits(self, tensor: Tensor) -> bool:
        number, self._next = self._next, self._next + 1
        if number == self._only:
            self.found = tensor.detach().clone()
        size = tensor.nbytes if tensor.layout is _STRIDED else 0
        if size <= SMALL:
            return True
        self._left -= size
        return self._left >= 0

    def _replaced(self, tensor: Tensor) -> Tensor:
        stand_in = torch.empty_like(tensor, device="meta")
        if self._only is None:
            self.figures[id(stand_in)] = figures(tensor)
        self.numbers[id(stand_in)] = self._next - 1
        return stand_in
