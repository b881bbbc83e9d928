"""A drawing as an image of the data: cut out, scaled and centred in the way in which theirs were."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

Pixels = NDArray[np.float32]

SIDE = 32
"""Pixels of an image as the network is given it."""
FAINT = 0.1
"""Ink below this share of full is none: where a photographed sheet ends, say."""

AS_MNIST = (
    "As MNIST does it: scaled to 20 pixels at its longer side, its centre of mass in the middle of 28×28, "
    "with a border of 2."
)
AS_DIGITS = (
    "As the digits were made: 32 pixels high and at most 20 wide, in the middle; black or white, then counted in "
    "squares of 4×4 and smoothed back to 32×32."
)


def as_mnist(ink: Pixels) -> Pixels:
    """[32, 32] from 0 to 1, of `ink` [height, width] from 0 to 1; zeros where nothing is drawn.

    The box around the ink is scaled to 20 pixels at its longer side, keeping its proportions and averaging over areas,
    and laid into 28×28 so that its centre of mass lies in the middle, to whole pixels and as far as there is room.
    Around that comes the border that the data have. See http://yann.lecun.com/exdb/mnist/.
    """
    image = np.zeros((28, 28), np.float32)
    box = cut_out(ink)
    if box.size:
        scale = 20 / max(box.shape)
        small = resized(box, *(max(1, round(side * scale)) for side in box.shape))
        top, left = (_start(small.sum(1 - axis), 28) for axis in (0, 1))
        image[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.pad(image, 2)


def as_digits(ink: Pixels) -> Pixels:
    """[32, 32] from 0 to 1, of `ink` [height, width] from 0 to 1; zeros where nothing is drawn.

    The embedded digits (UCI's optical digits) were stretched to 32 pixels in height and about 20 in width, thin ones
    less, before their ink was counted in squares of 4×4.
    """
    image = np.zeros((SIDE, SIDE), np.float32)
    box = cut_out(ink)
    if box.size:
        height, width = box.shape
        wide = max(1, min(20, round(1.5 * width * SIDE / height)))
        left = (SIDE - wide) // 2
        image[:, left : left + wide] = resized(box, SIDE, wide) >= 0.5
    counted = image.reshape(8, 4, 8, 4).sum((1, 3)) / 16
    return _smoothed(counted.astype(np.float32))


def cut_out(ink: Pixels) -> Pixels:
    """The box around the ink; empty where there is none."""
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis)) for axis in (1, 0))
    if not len(rows):
        return ink[:0, :0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resized(image: Pixels, height: int, width: int) -> Pixels:
    """Each new pixel is the mean over its area of the old ones."""
    down, across = _shares(image.shape[0], height), _shares(image.shape[1], width)
    return (down @ image.astype(np.float64) @ across.T).astype(np.float32)


def _shares(old: int, new: int) -> NDArray[np.float64]:
    """[new, old]: the share that each old pixel has in each new one."""
    edges = np.arange(new + 1) * (old / new)
    at = np.arange(old)
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    return np.clip(overlap, 0, None) * (new / old)


def _start(mass: NDArray[np.float32], room: int) -> int:
    """Where a line of so much ink a pixel begins, for its centre of mass to lie in the middle of `room` pixels."""
    centre = float((mass * (np.arange(len(mass)) + 0.5)).sum() / mass.sum())
    return min(max(0, int(np.floor(room / 2 - centre + 0.5))), room - len(mass))


def _smoothed(small: Pixels) -> Pixels:
    """From 8×8 to 32×32, as the digits are."""
    pixels = torch.from_numpy(small)[None, None]
    return interpolate(pixels, size=(SIDE, SIDE), mode="bilinear", align_corners=False)[0, 0].numpy()
