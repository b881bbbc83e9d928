"""From numbers to colours: the colour tables of pictures and the ranges that they stand for. No widget is here."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from lenet_gui.gui import theme

DIVERGING, SEQUENTIAL = "diverging", "sequential"
POWERS = "powers"
"""Diverging by powers of ten, for what shares one range and differs by several of them: gradients."""
_DECADES = 1e4
"""How much smaller than the end of the range a number of that scale is that is still told from 0."""
_LIGHT = ("#053061", "#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b", "#67001f")
_DARK = ("#a6d3ff", "#4b9cea", "#1f4f86", "#16181d", "#8a3020", "#f0684a", "#ffc3a6")
_VIRIDIS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")


def diverging(dark: bool) -> NDArray[np.uint32]:
    """256 colours 0xffRRGGBB from the most negative (blue) over zero (the ground) to the most positive (red)."""
    return _table(_DARK if dark else _LIGHT)


def sequential() -> NDArray[np.uint32]:
    """256 colours 0xffRRGGBB from dark to bright, for numbers that have no sign to show."""
    return _table(_VIRIDIS)


def _table(stops: tuple[str, ...]) -> NDArray[np.uint32]:
    colours = [QColor(stop) for stop in stops]
    channels = np.array([(colour.red(), colour.green(), colour.blue()) for colour in colours], float)
    at = np.linspace(0, len(stops) - 1, 256)
    red, green, blue = (
        np.rint(np.interp(at, np.arange(len(stops)), channels[:, k])).astype(np.uint32) for k in range(3)
    )
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue


def steady_range(values: NDArray[np.float32], scale: str) -> tuple[float, float]:
    """The range of a scale, rounded outwards to 1, 2 or 5 times a power of ten, so that it stays while values move.

    Symmetric around zero when diverging. NaN and Inf do not count.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if scale != SEQUENTIAL:
        limit = _round_up(max(-low, high))
        return -limit, limit
    return (-_round_up(-low) if low < 0 else 0.0), _round_up(high)


def _round_up(size: float) -> float:
    if size < 1e-30:
        return 1.0 if size <= 0 else 1e-30
    power = 10.0 ** math.floor(math.log10(size))
    # A float32 a hair above 0.2 is 0.2 to a reader.
    return next((k * power for k in (1, 2, 5) if size <= k * power * (1 + 1e-6)), 10 * power)


def paint(values: NDArray[np.float32], scale: str, span: tuple[float, float], dark: bool) -> NDArray[np.uint32]:
    """The colours 0xffRRGGBB of `values` (any shape) on `span`; NaN and Inf get a colour of their own."""
    table = _with_not_finite(scale, dark)
    if scale == POWERS:
        values, span = by_powers(values, span[1]), (-1.0, 1.0)
    low, high = span
    finite = np.isfinite(values)
    # Divided first: the difference of two large float32 can overflow.
    index = np.where(finite, values, 0) * (255 / (high - low)) - low * (255 / (high - low))
    index = np.clip(np.rint(index), 0, 255).astype(np.int16)
    index[~finite] = 256
    return table[index]


def by_powers(values: NDArray[np.float32], limit: float) -> NDArray[np.float32]:
    """From -1 to 1, by the logarithm of the size; even where it is less than `limit` / `_DECADES`, through 0."""
    sizes = np.log1p(np.abs(values) * (_DECADES / limit)) / np.log1p(_DECADES)
    return (np.sign(values) * sizes).astype(np.float32)


def along(scale: str, span: tuple[float, float], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """The numbers at these places of a scale's bar, from 0 to 1: its colours change evenly there."""
    if scale != POWERS:
        return places * (span[1] - span[0]) + span[0]
    sizes = np.expm1(np.abs(2 * places - 1) * np.log1p(_DECADES)) * (span[1] / _DECADES)
    return (np.sign(2 * places - 1) * sizes).astype(np.float32)


@cache
def _with_not_finite(scale: str, dark: bool) -> NDArray[np.uint32]:
    colours = sequential() if scale == SEQUENTIAL else diverging(dark)
    return np.append(colours, np.uint32(theme.not_finite(dark).rgba()))
