"""The rows of the step log, and a min/max pyramid over them, so that any stretch of a run is drawn at the same cost.

Level k of the pyramid holds the smallest and the largest finite value of every full bucket of FACTOR**k rows. Only
NumPy; nothing here draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FACTOR = 8
# A power of FACTOR, so that a bucket never straddles two blocks of the level below it.
BLOCK = FACTOR**5

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A stretch of the run, reduced to n buckets of the same width: what a plot draws.

    `steps` [n] is each bucket's middle. `low` and `high` [columns, n] are the extremes of its finite values, NaN where
    it has none; `broken` [columns, n] says where it also has values that are not finite. While a bucket is one row,
    `low` and `high` are the row itself.
    """

    steps: Doubles
    low: Floats | Doubles
    high: Floats | Doubles
    broken: Flags


class Blocks:
    """A table that grows at its end, in blocks of a fixed size: growing never copies what is already there."""

    def __init__(self, columns: int, dtype: type[np.generic]) -> None:
        self.columns, self.dtype = columns, dtype
        self.length = 0
        self._blocks: list[NDArray] = []

    def append(self, rows: NDArray) -> None:
        done = 0
        while done < len(rows):
            block, start = divmod(self.length, BLOCK)
            if block == len(self._blocks):
                # Not np.zeros: pages that nobody writes cost no memory.
                self._blocks.append(np.empty((BLOCK, self.columns), self.dtype))
            taken = min(BLOCK - start, len(rows) - done)
            self._blocks[block][start : start + taken] = rows[done : done + taken]
            self.length += taken
            done += taken

    def truncate(self, length: int) -> None:
        self.length = min(self.length, length)
        del self._blocks[-(-self.length // BLOCK) :]

    def read(self, start: int, stop: int) -> NDArray:
        """Rows `start` to `stop`, which must be there; a view where one block holds them all."""
        if start >= stop:
            return np.empty((0, self.columns), self.dtype)
        first, last = start // BLOCK, (stop - 1) // BLOCK
        parts = [
            self._blocks[i][max(start - i * BLOCK, 0) : min(stop - i * BLOCK, BLOCK)] for i in range(first, last + 1)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Level:
    """One level above the rows: the extremes of each full bucket, and whether it has values that are not finite."""

    def __init__(self, columns: int) -> None:
        self.low = Blocks(columns, np.float32)
        self.high = Blocks(columns, np.float32)
        self.broken = Blocks(columns, np.bool_)

    def append(self, low: Floats, high: Floats, broken: Flags) -> None:
        self.low.append(low)
        self.high.append(high)
        self.broken.append(broken)

    def truncate(self, length: int) -> None:
        for part in (self.low, self.high, self.broken):
            part.truncate(length)


class Pyramid:
    """Rows of `columns` float32 each, with their pyramid: about 5.3 bytes a value, rows included."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.raw = Blocks(columns, np.float32)
        self._levels: list[Level] = []

    def __len__(self) -> int:
        return self.raw.length

    def append(self, rows: Floats) -> None:
        """Add `rows` [n, columns] behind the ones there are."""
        # In pieces, so that a long block (a run that is opened again) needs no temporary of its own size.
        for start in range(0, len(rows), BLOCK):
            self.raw.append(rows[start : start + BLOCK])
            self._grow()

    def truncate(self, length: int) -> None:
        """Drop all rows from `length` on."""
        self.raw.truncate(length)
        # Only full buckets are stored, so what is left of each level is right as it stands.
        for k, level in enumerate(self._levels, 1):
            level.truncate(len(self) // FACTOR**k)

    def row(self, step: int) -> Floats:
        return self.raw.read(step, step + 1)[0]

    def rows(self, start: int, stop: int) -> Floats:
        return self.raw.read(start, stop)

    def envelope(self, start: int, stop: int, width: int) -> Envelope:
        """Rows from `start` to `stop` in buckets of about `width` rows: never more, and at least half of it.

        Buckets lie at multiples of their width, so that they stay the same ones while the view moves; those at both
        ends reach beyond `start` and `stop`. The newest bucket holds what has come of it.
        """
        k = 0
        while FACTOR ** (k + 1) <= width:
            k += 1
        ratio = max(1, width // FACTOR**k)
        width = ratio * FACTOR**k
        first, last = max(0, start) // width, -(-min(stop, len(self)) // width)
        full = max(first, min(last, len(self) // width))
        parts = [_merge(*self._read(k, first * ratio, full * ratio), ratio)]
        steps = np.arange(first, last, dtype=np.float64) * width + (width - 1) / 2
        if last > full:
            parts.append(self._extent(full * width, len(self)))
            steps[-1] = (full * width + len(self) - 1) / 2
        low, high, broken = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Envelope(steps, low.T, high.T, broken.T)

    def _grow(self) -> None:
        """Fold every bucket that has become full into the level above it."""
        k = 0
        while True:
            below = self._levels[k - 1].low.length if k else len(self)
            done = self._levels[k].low.length if k < len(self._levels) else 0
            if below // FACTOR == done:
                return
            if k == len(self._levels):
                self._levels.append(Level(self.columns))
            self._levels[k].append(*_merge(*self._read(k, done * FACTOR, below // FACTOR * FACTOR), FACTOR))
            k += 1

    def _read(self, k: int, start: int, stop: int) -> tuple[Floats, Floats, Flags]:
        """Buckets `start` to `stop` of level k as low, high and broken, each [n, columns]; level 0 are the rows."""
        if k:
            level = self._levels[k - 1] if k <= len(self._levels) else Level(self.columns)
            return level.low.read(start, stop), level.high.read(start, stop), level.broken.read(start, stop)
        rows = self.raw.read(start, stop)
        broken = ~np.isfinite(rows)
        if broken.any():
            rows = np.where(broken, np.float32(np.nan), rows)
        return rows, rows, broken

    def _extent(self, start: int, stop: int) -> tuple[Floats, Floats, Flags]:
        """Low, high and broken of the rows `start` to `stop` as one bucket, from the largest full buckets in it."""
        parts = []
        while start < stop:
            k = 0
            while start % FACTOR ** (k + 1) == 0 and start + FACTOR ** (k + 1) <= stop:
                k += 1
            count = (stop - start) // FACTOR**k if k else min(stop - start, FACTOR - start % FACTOR)
            parts.append(_merge(*self._read(k, start // FACTOR**k, start // FACTOR**k + count), count))
            start += count * FACTOR**k
        low, high, broken = (np.concatenate(part) for part in zip(*parts, strict=True))
        return _merge(low, high, broken, len(low))


def _merge(low: Floats, high: Floats, broken: Flags, count: int) -> tuple[Floats, Floats, Flags]:
    """Every `count` buckets as one; their number must divide by it."""
    if count == 1:
        return low, high, broken
    # fmin and fmax pass over NaN, which minimum and maximum would spread.
    return (
        np.fmin.reduce(_side_by_side(low, count)).reshape(-1, low.shape[1]),
        np.fmax.reduce(_side_by_side(high, count)).reshape(-1, low.shape[1]),
        np.logical_or.reduce(_side_by_side(broken, count)).reshape(-1, low.shape[1]),
    )


def _side_by_side(values: NDArray, count: int) -> NDArray:
    """[n * count, columns] as [count, n * columns]: so reduced along long rows, which is many times faster."""
    columns = values.shape[1]
    return values.reshape(-1, count, columns).transpose(1, 0, 2).reshape(count, -1)
