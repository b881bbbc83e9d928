"""One number of a parameter, or of an operation's output, as the engine counts them: flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lenet_gui.gui.address import Address, address, dimensions

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """Number `index` of the parameter or operation `name`: flat, from 0; of an operation below 0 also from the end.

    There is no `shape` where that is not known.
    """

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
    try:
        found = address(text)
    except ValueError:
        raise ValueError("Type one number of a parameter, such as conv1.bias[3].") from None
    name, places = found.name.removesuffix(".grad"), found.index
    shape = shapes.get(name)
    if shape is None:
        if len(places) != 1:
            raise ValueError(f"{name} is no parameter. Of an operation's output, type its number from 0: {name}[12].")
        return Cell(name, places[0])
    if len(places) != len(shape):
        example = f"{name}[{', '.join('0' * len(shape))}]" if shape else name
        raise ValueError(f"{name} has {dimensions(shape)}. Type one number: {example}.")
    return Cell.at(name, Address(name, places).within(shape), shape)
