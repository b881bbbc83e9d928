"""A number by its place in a tensor, as a person writes it: `conv1.bias.grad[3]`, `conv1.bias[-1]`, `loss`.

Whatever names a number in the window is read here; which tensors there are is the engine's to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Index = tuple[int, ...]
_WRITTEN = re.compile(r"\s*(?P<name>[^\W\d][^\[\]\s]*)\s*(?:\[(?P<index>[-\d\s,]*)\])?\s*")
_WHOLE = re.compile(r"-?\d{1,18}")


@dataclass(frozen=True, slots=True)
class Address:
    """A cell of the tensor `name`, by one number a dimension; as in PyTorch one below 0 is counted from the end."""

    name: str
    index: Index

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name

    def within(self, shape: Index) -> Index:
        """The index counted from 0, in a tensor of this shape; of its first dimensions, where fewer are given.

        Raises ValueError, in one sentence, for a place that there is not.
        """
        if len(self.index) > len(shape):
            raise ValueError(f"{self.name} has {dimensions(shape)}: [{', '.join(map(str, self.index))}] is no cell")
        for at, size in zip(self.index, shape, strict=False):
            if not -size <= at < size:
                raise ValueError(f"{self.name} is of shape {list(shape)}: there is no place {at} among {size:,}")
        return tuple([at % size for at, size in zip(self.index, shape, strict=False)])


def address(text: str) -> Address:
    """What was written. Raises ValueError, in one sentence, for what is no address."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text.strip()}” names no number: write a tensor and a cell, as conv1.bias.grad[3]")
    numbers = [part.strip() for part in (found["index"] or "").split(",")]
    if numbers == [""]:
        return Address(found["name"], ())
    if not all(_WHOLE.fullmatch(one) for one in numbers):
        raise ValueError(f"[{found['index']}] is no cell: write one whole number a dimension, as [0, 3, 4, 5]")
    return Address(found["name"], tuple(map(int, numbers)))


def dimensions(shape: Index) -> str:
    return f"{len(shape)} dimension{'' if len(shape) == 1 else 's'}"
