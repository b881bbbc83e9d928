"""Which number of a tensor a cell of its table or its picture is. Neither widgets nor numbers are here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from lenet_gui.protocol.tensors import ALL, Block, Cells, Region

Index = tuple[int, ...]
MOST_LIT = 256
"""Maps in which cells are framed."""


@dataclass(frozen=True, slots=True)
class Indexing:
    """Of a tensor of this `shape`, of which `leading` indices are fixed; `columns` of an update stand for one each."""

    shape: tuple[int, ...] = ()
    leading: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def seen(self) -> tuple[int, ...]:
        """The shape of what the fixed indices leave."""
        kept = [size for size, at in zip(self.shape, self.leading, strict=False) if at == ALL]
        return (*kept, *self.shape[len(self.leading) :])

    def at(self, flat: int) -> Index:
        """The index in the whole tensor of a number that is counted in what is seen."""
        found = [int(one) for one in np.unravel_index(flat, self.seen)] if self.seen else []
        rest = iter(found)
        fixed = [next(rest) if at == ALL else at for at in self.leading]
        return (*fixed, *rest)

    def cell(self, row: int, column: int) -> Index:
        """The index in the whole tensor of a cell of the table."""
        if self.columns:
            return tuple(int(one) for one in np.unravel_index(row, self.shape)) if self.shape else ()
        return self.at(row * self.width + column)

    @property
    def width(self) -> int:
        """Cells of a row."""
        return self.seen[-1] if len(self.seen) > 1 else 1

    def table_cell(self, flat: int) -> tuple[int, int]:
        """Row and column of a number that is counted in what is seen."""
        return divmod(flat, self.width)

    def regions(self, ranges: tuple[tuple[int, int, int], ...]) -> list[Region]:
        """The maps and cells of a picture that show these cells of the tensor, by dimension the first, behind the last
        and the step between; cells that are left out between two are framed with them."""
        if len(ranges) != len(self.shape) or any(not 0 <= first < end for first, end, _ in ranges):
            return []
        if any(at != ALL and at not in range(*one) for at, one in zip(self.leading, ranges, strict=False)):
            return []
        kept = [one for at, one in zip(self.leading, ranges, strict=False) if at == ALL]
        sizes = [size for at, size in zip(self.leading, self.shape, strict=False) if at == ALL]
        rest = [(0, 1, 1), (0, 1, 1), *ranges[len(self.leading) :]][-2:]
        (top, bottom, _), (left, right, _) = rest
        block = Block(top, left, bottom - top, right - left)
        inside = ([at for at in range(*one) if at < size] for one, size in zip(kept, sizes, strict=True))
        tiles = islice(product(*inside), MOST_LIT)
        return [Region(int(np.ravel_multi_index(one, sizes)) if one else 0, 1, block) for one in tiles]

    def flat_seen(self, index: Index) -> int:
        """Which number of what is seen that is, counted from 0: `at` gives its index again."""
        fixed = [at != ALL for at in self.leading] + [False] * (len(self.shape) - len(self.leading))
        rest = [at for at, gone in zip(index, fixed, strict=True) if not gone]
        return int(np.ravel_multi_index(rest, self.seen)) if self.seen else 0

    def flat(self, index: Index) -> int:
        """Which number of the whole tensor that is, counted from 0."""
        return int(np.ravel_multi_index(index, self.shape)) if self.shape else 0

    def row_text(self, row: int) -> str:
        """As one writes it in PyTorch: `[3, 0]`, without the last dimension where that runs to the right."""
        index = self.cell(row, 0)
        return text_of(index if self.columns or len(self.seen) < 2 else index[:-1])

    def column_text(self, column: int) -> str:
        if self.columns:
            return self.columns[column]
        return f"[{column}]" if len(self.seen) > 1 else "value"


def text_of(index: Index) -> str:
    return f"[{', '.join(map(str, index))}]"


def number_format(most: float, least: float, decimals: int = 4) -> str:
    """How PyTorch prints numbers of sizes from `least` (but 0) to `most`: with `decimals`, or in powers of ten.

    The rule is that of `torch._tensor_str._Formatter`, but from 10,000 on (there: 1e8), to keep columns narrow.
    """
    if not most > 0 or math.isnan(least):
        return f" .{decimals}f"
    return " .4e" if most / least > 1000 or most >= 1e4 or least < 1e-4 else f" .{decimals}f"


def tab_separated(cells: Cells, top: int, left: int, bottom: int, right: int) -> str:
    """A block of cells, its ends included, with the digits that tell each number from every other."""
    row, column = cells.block.row, cells.block.column
    cut = cells.values[top - row : bottom - row + 1, left - column : right - column + 1]
    return "\n".join("\t".join(map(str, line)) for line in cut)
