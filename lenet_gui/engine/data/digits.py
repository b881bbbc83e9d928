"""The digits that the program brings along."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch.nn.functional import interpolate

from lenet_gui import resources
from lenet_gui.engine.data.images import Arrays, Images
from lenet_gui.engine.data.preparation import AS_THEY_ARE, Preparation
from lenet_gui.engine.data.source import DataError

TEST_DIGITS = 360
NAMES = tuple(map(str, range(10)))


class Digits(Images):
    """1,437 digits to train on, 360 to test on, [N, 1, 32, 32] from 0 to 1."""

    def __init__(self, seed: int, device: str, prepare: Preparation = AS_THEY_ARE) -> None:
        super().__init__(digits(), seed, device, prepare)


@lru_cache(maxsize=1)
def digits() -> Arrays:
    """32×32 is their natural size (resources/README.md)."""
    try:
        with resources.path("digits.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
        if images.shape[1:] != (8, 8) or labels.shape != images.shape[:1] or len(images) <= TEST_DIGITS:
            raise ValueError(f"images {images.shape} and labels {labels.shape} do not fit")
    except Exception as error:  # a damaged archive raises whatever its damage leads to
        raise DataError(
            f"The digits (resources/digits.npz) are missing or damaged: {error}. "
            f"Install the program again, or choose random data."
        ) from error
    pixels = torch.from_numpy(images.astype(np.float32) / 16)[:, None]
    pixels = interpolate(pixels, size=(32, 32), mode="bilinear", align_corners=False)
    classes = torch.from_numpy(labels.astype(np.int64))
    order = torch.from_numpy(np.random.Generator(np.random.PCG64(1797)).permutation(len(classes)))
    test, train = order[:TEST_DIGITS], order[TEST_DIGITS:]
    return Arrays((pixels[train], classes[train]), (pixels[test], classes[test]), NAMES)
