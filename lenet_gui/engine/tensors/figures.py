"""The numbers of one tensor in few: a summary, a histogram with quantiles. Pictures of it are `picture`'s."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lenet_gui.protocol.tensors import QUANTILES, Histogram, TensorSummary

if TYPE_CHECKING:
    from lenet_gui.protocol.tensors import Exact


def numbers(tensor: Tensor) -> Exact:
    """The numbers of a tensor, in its own precision where NumPy has it: to be read only, for they may be the live ones.

    Raises ValueError for a tensor that has no plain real numbers.
    """
    if tensor.is_meta or tensor.is_complex() or tensor.layout != torch.strided or tensor.is_quantized:
        words = "complex" if tensor.is_complex() else str(tensor.layout).removeprefix("torch.")
        raise ValueError(f"this tensor is {words}: only plain real numbers can be shown")
    values = tensor.detach().cpu()
    if values.dtype in (torch.float32, torch.float64):
        return values.numpy()
    return values.to(torch.float32 if values.is_floating_point() else torch.int64).numpy()


def summary(values: Exact) -> TensorSummary:
    """Of all numbers of `values`, of any shape."""
    nothing = math.nan
    zeros = values.size - int(np.count_nonzero(values))
    finite = finite_of(values)
    nans = 0 if finite.size == values.size else int(np.isnan(values).sum())
    infs = values.size - finite.size - nans
    if not finite.size:
        return TensorSummary(values.size, nothing, nothing, nothing, nothing, nothing, zeros, nans, infs, nothing)
    mean = float(finite.mean(dtype=np.float64))
    apart = np.subtract(finite, mean, dtype=np.float64).reshape(-1)
    spread = float(apart @ apart)
    std = math.sqrt(spread / (finite.size - 1)) if finite.size > 1 else nothing
    norm = math.sqrt(spread + finite.size * mean * mean)
    return TensorSummary(
        values.size, float(finite.min()), float(finite.max()), mean, std, norm, zeros, nans, infs, least(finite)
    )


def least(finite: Exact) -> float:
    """The smallest size of a number that is not 0; NaN where all of them are."""
    if not finite.size:
        return math.nan
    sizes = np.abs(finite)
    smallest = sizes.min()
    if smallest == 0:
        smallest = np.where(sizes > 0, sizes, np.inf).min()
    return float(smallest) if np.isfinite(smallest) else math.nan


def histogram(values: Exact, bins: int) -> Histogram:
    """Of the finite numbers, from the smallest to the largest; where they are all one, that is in the middle."""
    finite = finite_of(values).reshape(-1)
    if not finite.size:
        return Histogram(math.nan, math.nan, frozen(np.zeros(bins, np.int64)), (math.nan,) * len(QUANTILES))
    # In double precision: the distance of the largest two float32 is no float32.
    low, high = float(finite.min()), float(finite.max())
    if high <= low:
        width = max(abs(low), 1.0) / 2
        low, high = low - width, high + width
    if high - low > float(np.finfo(np.float32).max):
        finite = finite.astype(np.float64)
    counts, _ = np.histogram(finite, bins, (low, high))
    return Histogram(low, high, frozen(counts.astype(np.int64)), _quantiles(finite))


def finite_of(values: Exact) -> Exact:
    """The numbers themselves where all are finite: no copy is made of what is usual."""
    if values.dtype.kind != "f" or not values.size:
        return values
    if math.isfinite(float(values.min())) and math.isfinite(float(values.max())):  # NaN is the smallest and the largest
        return values
    return values[np.isfinite(values)]


def frozen(array: Exact) -> Exact:
    array.flags.writeable = False
    return array


def _quantiles(finite: Exact) -> tuple[float, ...]:
    """Each a number of the tensor, the nearest one: nothing is computed in between."""
    at = [round(share * (finite.size - 1)) for share in QUANTILES]
    return tuple(np.partition(finite, at)[at].astype(np.float64).tolist())
