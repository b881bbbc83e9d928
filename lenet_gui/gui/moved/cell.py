"""One number of a tensor, as a person writes it: `conv1.weight[0, 0, 1, 2]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_WRITTEN = re.compile(r"\s*([A-Za-z_][\w.]*?)(\.grad)?\s*(?:\[([-\d\s,]*)\])?\s*")

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """Number `index` (flat, from 0) of the parameter or operation `name`; no `shape` where that is not known."""

    name: str
    index: int
    shape: Shape | None = None

    @staticmethod
    def at(name: str, places: Shape, shape: Shape) -> Cell:
        """The one at these places of a tensor of this shape."""
        return Cell(name, int(np.ravel_multi_index(places, shape)) if shape else 0, shape)

    def __str__(self) -> str:
        if self.shape == ():
            return self.name
        places = (self.index,) if self.shape is None else np.unravel_index(self.index, self.shape)
        return f"{self.name}[{', '.join(str(int(place)) for place in places)}]"


def read(text: str, shapes: Mapping[str, Shape]) -> Cell:
    """The number that a person means, in a parameter of these shapes or in an operation's output, there by flat index.

    Raises ValueError with a sentence that says what to type.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("Type one number of a parameter, such as conv1.bias[3].")
    name, places = found[1], [int(place) for place in re.findall(r"-?\d+", found[3] or "")]
    shape = shapes.get(name)
    if shape is None:
        if len(places) != 1 or places[0] < 0:
            raise ValueError(f"{name} is no parameter. Of an operation's output, type its number from 0: {name}[12].")
        return Cell(name, places[0])
    if len(places) != len(shape):
        example = f"{name}[{', '.join('0' * len(shape))}]" if shape else name
        raise ValueError(f"{name} has {len(shape)} dimension{'s' * (len(shape) != 1)}. Type one number: {example}.")
    for place, size in zip(places, shape, strict=True):
        if not -size <= place < size:
            raise ValueError(f"{name} is of shape {list(shape)}: there is no place {place} among {size}.")
    return Cell.at(name, tuple(place % size for place, size in zip(places, shape, strict=True)), shape)
