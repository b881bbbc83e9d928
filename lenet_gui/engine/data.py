"""Where batches come from: the embedded digits, or random tensors. Which batch comes next is the session's to say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from lenet_gui import resources

TEST_DIGITS = 360
CLASSES = 10


class DataError(Exception):
    """The data cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the data: the epoch, and the samples of it that came before."""

    epoch: int = 0
    offset: int = 0


class Digits:
    """1,437 digits to train on, 360 to test on, [N, 1, 32, 32] from 0 to 1. The split is the same whatever the seed."""

    def __init__(self, seed: int, device: str) -> None:
        self.seed, self.device = seed, device
        self._train, self._train_labels, self._test, self._test_labels = (t.to(device) for t in _digits())
        self._epoch = -1
        self._order = torch.empty(0)

    @property
    def size(self) -> int:
        return len(self._train)

    def batch(self, cursor: Cursor, size: int) -> tuple[Tensor, Tensor]:
        """Images and labels from the cursor on, fewer than `size` at the end of the epoch."""
        if cursor.epoch != self._epoch:
            self._order = permutation(self.seed, cursor.epoch, self.size).to(self._train.device)
            self._epoch = cursor.epoch
        chosen = self._order[cursor.offset : cursor.offset + size]
        return self._train.index_select(0, chosen), self._train_labels.index_select(0, chosen)

    def after(self, cursor: Cursor, size: int) -> Cursor:
        """Where the next batch starts once the `size` samples at the cursor are done."""
        if cursor.offset + size >= self.size:
            return Cursor(cursor.epoch + 1)
        return Cursor(cursor.epoch, cursor.offset + size)

    @property
    def test(self) -> tuple[Tensor, Tensor]:
        """The held-out images and their labels."""
        return self._test, self._test_labels


class RandomData:
    """`torch.randn(N, 1, 32, 32)` from the global generator, as in the tutorial: no labels, no end, no test set."""

    size = None
    test = None

    def __init__(self, device: str) -> None:
        self.device = device

    def batch(self, cursor: Cursor, size: int) -> tuple[Tensor, None]:  # noqa: ARG002 (the same face as Digits)
        # Drawn on the CPU, so that the numbers are the same on every device.
        return torch.randn(size, 1, 32, 32).to(self.device), None

    def after(self, cursor: Cursor, size: int) -> Cursor:
        return Cursor(0, cursor.offset + size)


def source(data: str, seed: int, device: str) -> Digits | RandomData:
    """The data by its name in the settings. Raises DataError."""
    if data == "digits":
        return Digits(seed, device)
    if data == "random":
        return RandomData(device)
    raise DataError(f"there is no data called {data!r}; there are digits and random")


def permutation(seed: int, epoch: int, size: int) -> Tensor:
    """The order of an epoch, a pure function of (seed, epoch): seed 0's second epoch is not seed 1's first."""
    mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
    return torch.randperm(size, generator=torch.Generator().manual_seed(mixed >> 1))


@lru_cache(maxsize=1)
def _digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images and labels, test images and labels; 32×32 is their natural size (resources/README.md)."""
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
    return pixels[train], classes[train], pixels[test], classes[test]
