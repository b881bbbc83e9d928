"""The rows of the step log, and a min/max pyramid over them, so that any stretch of a run is drawn at the same cost.

Level k of the pyramid holds the extremes of every full bucket of FACTOR**k rows. Only NumPy; nothing here draws.

Extremes are kept as three numbers that all want the smallest, so that one reduction finds them: the smallest finite
value, the largest one negated, and -1 if a value is not finite, else 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HALVINGS = 3
FACTOR = 2**HALVINGS
# A power of FACTOR, so that a bucket never straddles two blocks of the level below it.
BLOCK = FACTOR**5

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A stretch of the run, reduced to n buckets of the same width: what a plot draws.

    `steps` [n] is each bucket's middle, `least` [3, columns, n] are its extremes. While a bucket is one row, `low` and
    `high` are the row itself.
    """

    steps: Doubles
    least: Floats | Doubles

    @property
    def low(self) -> Floats | Doubles:
        """[columns, n], NaN where no value is finite."""
        return self.least[0]

    @property
    def high(self) -> Floats | Doubles:
        """[columns, n], NaN where no value is finite."""
        return -self.least[1]

    @property
    def broken(self) -> Flags:
        """[columns, n], whether there are values that are not finite."""
        return self.least[2] < 0


class Blocks:
    """A table [*shape, length] that grows at its end, in blocks of a fixed size: growing copies nothing."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape
        self.length = 0
        self._blocks: list[Floats] = []

    def append(self, values: Floats) -> None:
        done, count = 0, values.shape[-1]
        while done < count:
            block, start = divmod(self.length, BLOCK)
            if block == len(self._blocks):
                # Not np.zeros: pages that nobody writes cost no memory.
                self._blocks.append(np.empty((*self.shape, BLOCK), np.float32))
            taken = min(BLOCK - start, count - done)
            self._blocks[block][..., start : start + taken] = values[..., done : done + taken]
            self.length += taken
            done += taken

    def truncate(self, length: int) -> None:
        self.length = min(self.length, length)
        del self._blocks[-(-self.length // BLOCK) :]

    def read(self, start: int, stop: int) -> Floats:
        """What lies from `start` to `stop`, which must be there; a view where one block holds it all."""
        if start >= stop:
            return np.empty((*self.shape, 0), np.float32)
        first, last = start // BLOCK, (stop - 1) // BLOCK
        if first == last:
            return self._blocks[first][..., start - first * BLOCK : stop - first * BLOCK]
        ends = [(max(start - i * BLOCK, 0), min(stop - i * BLOCK, BLOCK)) for i in range(first, last + 1)]
        return np.concatenate([self._blocks[first + i][..., a:b] for i, (a, b) in enumerate(ends)], axis=-1)


class Pyramid:
    """Rows of `columns` float32 each, with their pyramid: about 5.7 bytes a value, rows included."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.raw = Blocks(columns)
        self._levels: list[Blocks] = []
        self._folded = 0  # so many rows have been looked at for the levels above them

    def __len__(self) -> int:
        return self.raw.length

    def append(self, rows: Floats) -> None:
        """Add `rows` [n, columns] behind the ones there are."""
        # In pieces, so that a long block (a run that is opened again) needs no temporary of its own size. Few rows are
        # folded when they are asked for: many times a second are rows added that nobody looks at one by one.
        for start in range(0, len(rows), BLOCK):
            self.raw.append(rows[start : start + BLOCK].T)
            if len(self) - self._folded >= BLOCK:
                self._fold()

    def truncate(self, length: int) -> None:
        """Drop all rows from `length` on."""
        self.raw.truncate(length)
        self._folded = min(self._folded, len(self))
        # Only full buckets are stored, so what is left of each level is right as it stands.
        for k, level in enumerate(self._levels, 1):
            level.truncate(len(self) // FACTOR**k)

    def row(self, step: int) -> Floats:
        return self.rows(step, step + 1)[0]

    def rows(self, start: int, stop: int) -> Floats:
        return self.raw.read(start, stop).T

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
        if first >= last:
            return Envelope(np.empty(0), np.empty((3, self.columns, 0), np.float32))
        if k:
            self._fold()
        begin, end = first * width, min(last * width, len(self))
        parts = []
        # What has come of the newest bucket is read from ever lower levels, and falls into the last reduction.
        for level in range(k, -1, -1):
            size = FACTOR**level
            if begin < end // size * size:
                parts.append(self._read(level, begin // size, end // size))
                begin = end // size * size
        least = np.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        if least.shape[-1] > last - first:
            least = np.fmin.reduceat(least, np.arange(0, (last - first) * ratio, ratio), axis=-1)
        steps = np.arange(first, last, dtype=np.float64) * width + (width - 1) / 2
        steps[-1] = ((last - 1) * width + end - 1) / 2
        return Envelope(steps, least)

    def _fold(self) -> None:
        """Fold every bucket that has become full into the level above it."""
        self._folded = len(self)
        k, below = 0, len(self)
        while below >= FACTOR:
            if k == len(self._levels):
                self._levels.append(Blocks(3, self.columns))
            level = self._levels[k]
            if below // FACTOR == level.length:
                return
            folded = self._read(k, level.length * FACTOR, below // FACTOR * FACTOR)
            for _ in range(HALVINGS):
                # fmin passes over NaN, which minimum would spread.
                folded = np.fmin(folded[..., ::2], folded[..., 1::2])
            level.append(folded)
            k, below = k + 1, level.length

    def _read(self, k: int, start: int, stop: int) -> Floats:
        """The extremes [3, columns, n] of the buckets `start` to `stop` of level k; level 0 are the rows."""
        if k:
            return self._levels[k - 1].read(start, stop)
        rows = self.raw.read(start, stop)
        finite = np.isfinite(rows)
        least = np.empty((3, *rows.shape), np.float32)
        least[0] = rows
        np.negative(rows, out=least[1])
        np.subtract(finite, 1, out=least[2], dtype=np.float32)
        if not finite.all():
            least[:2, ~finite] = np.nan
        return least
