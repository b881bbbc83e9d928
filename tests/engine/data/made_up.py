"""A made-up data set of MNIST's form: the digits, at 28×28. No tests here."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from lenet_gui.engine.data import Digits
from lenet_gui.engine.data.files import PARTS


def images_and_labels(train: int = 300, test: int = 60) -> tuple[NDArray[np.uint8], ...]:
    """Training images [N, 28, 28] and labels, test images and labels, as in the four files."""
    digits = Digits(0, "cpu")
    found: list[NDArray[np.uint8]] = []
    assert digits.test is not None
    for (pixels, labels), count in zip((digits.arrays.train, digits.test), (train, test), strict=True):
        small = interpolate(pixels[:count], size=(28, 28), mode="bilinear")
        found += [(255 * small[:, 0]).round().to(torch.uint8).numpy(), labels[:count].to(torch.uint8).numpy()]
    return tuple(found)


def idx(array: NDArray[np.uint8]) -> bytes:
    """The array in IDX."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(folder: Path, zipped: bool = True, train: int = 300, test: int = 60) -> list[Path]:
    """The four files in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for part, array in zip(PARTS, images_and_labels(train, test), strict=True):
        path = folder / (f"{part}.gz" if zipped else part)
        path.write_bytes(gzip.compress(idx(array), 1, mtime=0) if zipped else idx(array))
        paths.append(path)
    return paths
