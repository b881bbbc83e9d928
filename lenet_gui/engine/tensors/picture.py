"""A tensor as maps side by side, reduced to the pixels that there is room for; colours are the window's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.engine.tensors.figures import frozen
from lenet_gui.protocol.tensors import ALL, Block, Picture, Region

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from lenet_gui.protocol.tensors import Exact

MOST_TILES = 1024
"""Maps that can be told apart."""
LOST = 0.25
"""So far from the mean of its block, in shares of the tensor's range, a number may not be lost in it."""


def seen(values: Exact, leading: tuple[int, ...]) -> Exact:
    """What the indices of the leading dimensions leave."""
    return values[tuple(slice(None) if one == ALL else one for one in leading)]


def as_tiles(values: Exact) -> Exact:
    """`values` as `[tiles, height, width]`, in the same order.

    More than two dimensions are maps over the last two, unless there are too many to tell apart: then they are one
    matrix. A vector is a strip.
    """
    if not values.size:
        return values.reshape(0, 1, 1)
    if values.ndim <= 2:
        return values.reshape(1, -1, values.shape[-1] if values.ndim else 1)
    tiles = values.reshape(-1, *values.shape[-2:])
    return tiles if len(tiles) <= MOST_TILES else values.reshape(1, len(values), -1)


def picture(values: Exact, room: tuple[int, int], region: Region | None, reach: float) -> Picture:
    """Of a region of `values` in so many pixels, height and width; `reach` is how far its numbers lie apart."""
    tiles = as_tiles(values)
    full = tiles.shape
    part = _within(region, full) if region is not None else Region(0, full[0], Block(0, 0, full[1], full[2]))
    block = part.block
    cut = tiles[
        part.tile : part.tile + part.tiles,
        block.row : block.row + block.rows,
        block.column : block.column + block.columns,
    ]
    down, across = _steps(cut.shape, room)
    drawn = cut.astype(np.float32) if down == across == 1 else _reduced(cut, down, across, reach)
    return Picture((full[0], full[1], full[2]), part, down, across, frozen(np.ascontiguousarray(drawn)))


def _within(region: Region, full: tuple[int, ...]) -> Region:
    """What there is of a region: the shape may have changed since it was asked for."""
    block = region.block
    tile = min(max(0, region.tile), max(0, full[0] - 1))
    row, column = min(max(0, block.row), full[1] - 1), min(max(0, block.column), full[2] - 1)
    rows, columns = max(1, min(block.rows, full[1] - row)), max(1, min(block.columns, full[2] - column))
    return Region(tile, max(1, min(region.tiles, full[0] - tile)), Block(row, column, rows, columns))


def _steps(shape: tuple[int, ...], room: tuple[int, int]) -> tuple[int, int]:
    """How many cells a number stands for, down and across."""
    tiles, height, width = shape
    pixels = max(1, room[0] * room[1])
    down = min(height, math.ceil(math.sqrt(max(1.0, tiles * height * width / pixels))))
    across = min(width, math.ceil(tiles * height * width / (pixels * down)))
    return max(1, down), max(1, across)


def _reduced(cut: Exact, down: int, across: int, reach: float) -> Exact:
    rows, columns = np.arange(0, cut.shape[1], down), np.arange(0, cut.shape[2], across)
    sizes = np.diff(rows, append=cut.shape[1])[:, None] * np.diff(columns, append=cut.shape[2])
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite stays so, and is seen
        mean = _over(np.add, cut, down, across, np.float64) / sizes
        low, high = (_over(ufunc, cut, down, across, cut.dtype) for ufunc in (np.minimum, np.maximum))
        far = np.where(high - mean > mean - low, high, low)
        found = np.where(np.abs(far - mean) > LOST * reach, far, mean)
    found[~np.isfinite(found)] = np.nan
    return found.astype(np.float32)


def _over(ufunc: np.ufunc, cut: Exact, down: int, across: int, dtype: DTypeLike) -> Exact:
    """Over blocks of cells; whole slices at a time are several times as fast as NumPy's own `reduceat`."""
    found = cut[:, ::down].astype(dtype)
    for step in range(1, down):
        part = cut[:, step::down]
        ufunc(found[:, : part.shape[1]], part, out=found[:, : part.shape[1]])
    narrow = found[:, :, ::across].copy()
    for step in range(1, across):
        part = found[:, :, step::across]
        ufunc(narrow[:, :, : part.shape[2]], part, out=narrow[:, :, : part.shape[2]])
    return narrow
