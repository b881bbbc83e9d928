"""A tensor in a few numbers, and one sample of it as a small picture."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet_gui.protocol.trace import MOST_MAPS

SIDE = 64
"""Pixels that a picture has at most in each direction."""
NO_PICTURE: NDArray[np.float32] = np.empty((0, 0), np.float32)
NO_PICTURE.flags.writeable = False
Drawn = tuple[NDArray[np.float32], int, int]
"""A picture, every how many-th number it has in each direction, and the sample that it is of."""
NOT_DRAWN: Drawn = NO_PICTURE, 1, 0


class Figures(NamedTuple):
    """`low`, `high` and `mean` are of the finite numbers (NaN: there are none), `zeros` the share of zeros."""

    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    zeros: float = math.nan
    finite: bool = True


def figures(tensor: Tensor) -> Figures:
    if not _plain(tensor) or not tensor.numel():
        return Figures()
    values = _real(tensor)
    low, high = (one.item() for one in values.aminmax())
    mean = values.mean().item()
    # NumPy's: PyTorch's own count takes longer than the convolution.
    zeros = np.count_nonzero(values.cpu().numpy() == 0) / values.numel()
    if math.isfinite(low) and math.isfinite(high):
        return Figures(low, high, mean, zeros)
    kept = values[torch.isfinite(values)]
    if not len(kept):
        return Figures(zeros=zeros, finite=False)
    return Figures(kept.min().item(), kept.max().item(), kept.mean().item(), zeros, False)


def picture(tensor: Tensor, sample: int) -> Drawn:
    """One sample as [height, width]: maps side by side, a vector folded into rows; thinned where it is too large.

    The nearest sample there is; empty for a tensor without numbers.
    """
    if not _plain(tensor) or not tensor.numel():
        return NOT_DRAWN
    one = tensor.detach()
    sample = max(0, min(sample, len(one) - 1)) if one.ndim > 1 else 0
    one = one[sample] if one.ndim > 1 else one
    if one.ndim < 2:
        values, thin = _thinned_vector(one.reshape(-1))
        array = _vector(values)
    else:
        values, thin = _thinned_maps(one.reshape(-1, *one.shape[-2:])[:MOST_MAPS])
        array = _maps(values)
    array.flags.writeable = False
    return array, thin, sample


def _plain(tensor: Tensor) -> bool:
    return not tensor.is_meta and not tensor.is_complex() and tensor.layout == torch.strided


def _real(tensor: Tensor) -> Tensor:
    values = tensor.detach()
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def _thinned_maps(maps: Tensor) -> tuple[NDArray[np.float32], int]:
    """What is needed of them, and no more, is copied."""
    columns, rows = _grid(len(maps))
    thin = max(1, -(-rows * maps.shape[1] // SIDE), -(-columns * maps.shape[2] // SIDE))
    return maps[:, ::thin, ::thin].to("cpu", torch.float32).numpy(), thin


def _thinned_vector(flat: Tensor) -> tuple[NDArray[np.float32], int]:
    thin = -(-len(flat) // (SIDE * SIDE))
    return flat[::thin].to("cpu", torch.float32).numpy(), thin


def _grid(maps: int) -> tuple[int, int]:
    """Columns and rows."""
    columns = math.ceil(math.sqrt(maps))
    return columns, -(-maps // columns)


def _vector(flat: NDArray[np.float32]) -> NDArray[np.float32]:
    width = max(1, math.ceil(math.sqrt(len(flat) / 4))) if len(flat) > MOST_MAPS else 1
    found = np.full(-(-len(flat) // width) * width, np.nan, np.float32)
    found[: len(flat)] = flat
    return found.reshape(-1, width)


def _maps(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    (columns, rows), (height, width) = _grid(len(maps)), maps.shape[1:]
    found = np.full((rows * columns, height, width), np.nan, np.float32)
    found[: len(maps)] = maps
    return found.reshape(rows, columns, height, width).transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
