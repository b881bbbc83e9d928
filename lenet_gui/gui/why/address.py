"""A number by its place in a tensor, as a person writes it: `conv1.bias.grad[3]`, `loss`."""

from __future__ import annotations

import re
from dataclasses import dataclass

Index = tuple[int, ...]
_WRITTEN = re.compile(r"\s*(?P<name>[^\[\]\s]+)\s*(?:\[(?P<index>[\d\s,]*)\])?\s*")


@dataclass(frozen=True, slots=True)
class Address:
    """A cell of the tensor `name`, by one number a dimension."""

    name: str
    index: Index

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name


def address(text: str) -> Address:
    """What was written. Raises ValueError, in one sentence, for what is no address."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"“{text.strip()}” names no number: write a tensor and a cell, as conv1.bias.grad[3]")
    numbers = [part.strip() for part in (found["index"] or "").split(",")]
    if numbers == [""]:
        return Address(found["name"], ())
    if not all(numbers):
        raise ValueError(f"[{found['index']}] is no cell: write one whole number a dimension, as [0, 3, 4, 5]")
    return Address(found["name"], tuple(map(int, numbers)))
