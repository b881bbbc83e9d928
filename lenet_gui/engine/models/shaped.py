"""Brings images into the shape that a model was written for, where that is not theirs: in front of its forward."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

MOST = 2**22
"""Numbers in one image."""


class Shaped:
    """A forward pre-hook. `shape` is (channels, height, width), (height, width), or (features,) of a square image."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __call__(self, module: nn.Module, inputs: tuple[Tensor]) -> Tensor:  # noqa: ARG002 (so are hooks called)
        x, shape = inputs[0], self.shape
        side = round(shape[0] ** 0.5)
        channels, height, width = {3: shape, 2: (1, *shape), 1: (1, side, side)}[len(shape)]
        if x.shape[-2:] != (height, width):
            x = interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
        if x.shape[1] == 1:
            x = x.expand(-1, channels, -1, -1)
        elif channels == 1:
            x = x.mean(1, keepdim=True)
        return x if len(shape) == 3 else x.reshape(len(x), *shape)


def shape_in(text: object) -> tuple[int, ...]:
    """`3x64x64` as (3, 64, 64); nothing where it is empty. Raises ValueError, in a sentence that says what to write."""
    if text == "":
        return ()
    sizes = str(text).lower().replace("×", "x").replace(" ", "").split("x")
    if not all(size.isdecimal() and len(size) < 8 for size in sizes) or not 1 <= len(sizes) <= 3:
        raise ValueError(
            f"{text!r} is no shape of an image: write channels, height and width as 3x64x64, rows and columns as "
            f"28x28, or the number of pixels as 784"
        )
    shape = tuple(map(int, sizes))
    total = int(torch.tensor(shape, dtype=torch.float64).prod())
    if not 0 < total <= MOST:
        raise ValueError(f"an image of {text} has {total:,} numbers: choose from 1 to {MOST:,}")
    if len(shape) == 1 and round(shape[0] ** 0.5) ** 2 != shape[0]:
        raise ValueError(f"{shape[0]} pixels are no square image: choose a square number, such as 784 for 28×28")
    return shape
