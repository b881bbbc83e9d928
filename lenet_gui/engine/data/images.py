"""Batches of labelled images that are in memory. Where the images come from is not known here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import torch
from torch import Tensor

from lenet_gui.engine.data.augment import augmented
from lenet_gui.engine.data.preparation import AS_THEY_ARE, Preparation
from lenet_gui.engine.data.source import Cursor, permutation

AT_ONCE = 1000
"""Test images in one forward: ten thousand are slower, and their activations need 400 MB."""


class Arrays:
    """Images [N, 1, 32, 32] with labels [N], to train on and held out. `uint8` means 0 to 255, `float32` 0 to 1.

    `edge` is the width in pixels of the border that was added to the images; their mean is taken without it.
    """

    def __init__(
        self, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor] | None, classes: tuple[str, ...], edge: int = 0
    ) -> None:
        self.train, self.test, self.classes, self.edge = train, test, classes, edge

    @cached_property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation of the training pixels, as parts of 1, of bytes in exact arithmetic."""
        pixels, edge = self.train[0], self.edge
        inner = pixels[:, :, edge : pixels.shape[2] - edge, edge : pixels.shape[3] - edge]
        kind, white = (torch.int64, 255) if inner.dtype == torch.uint8 else (torch.float64, 1)
        total = squares = 0
        for some in inner.split(4 * AT_ONCE):
            wide = some.to(torch.int32) if kind == torch.int64 else some.to(kind)
            total, squares = total + wide.sum(dtype=kind).item(), squares + (wide * wide).sum(dtype=kind).item()
        mean = total / inner.numel()
        spread = max(squares / inner.numel() - mean * mean, 0.0) ** 0.5
        # Of images of one grey nothing is left to divide by.
        return mean / white, spread / white or 1.0


class Images:
    """Training images in an order of each epoch's own, and test images. The split is the same whatever the seed."""

    def __init__(self, arrays: Arrays, seed: int, device: str, prepare: Preparation = AS_THEY_ARE) -> None:
        self.seed, self.device, self.prepare = seed, device, prepare
        self.arrays, self.classes = arrays, arrays.classes
        self._train, self._train_labels = (tensor.to(device) for tensor in arrays.train)
        self._epoch = -1
        self._order = torch.empty(0)

    @property
    def size(self) -> int:
        """Training images."""
        return len(self._train)

    @property
    def test_size(self) -> int:
        """Test images; 0 where none are held out."""
        return 0 if self.arrays.test is None else len(self.arrays.test[1])

    @property
    def prepared(self) -> str:
        """What is done to the images, in words; empty where nothing is."""
        prepare, words = self.prepare, []
        if prepare.normalise:
            words.append("mean {:.4f}, std {:.4f}".format(*self.arrays.moments))
        words += [f"moved by up to {prepare.shift} px"] * bool(prepare.shift)
        words += [f"turned by up to {prepare.rotate:g}°"] * bool(prepare.rotate)
        return ", ".join(words + ["mirrored"] * prepare.flip)

    def batch(self, cursor: Cursor, size: int) -> tuple[Tensor, Tensor]:
        """Images and labels from the cursor on, fewer than `size` at the end of the epoch."""
        if cursor.epoch != self._epoch:
            self._order = permutation(self.seed, cursor.epoch, self.size).to(self.device)
            self._epoch = cursor.epoch
        chosen = self._order[cursor.offset : cursor.offset + size]
        pixels, prepare = _floats(self._train.index_select(0, chosen)), self.prepare
        if prepare.augments:
            pixels = augmented(pixels, chosen, self.seed, cursor.epoch, prepare.shift, prepare.rotate, prepare.flip)
        return self.normalised(pixels), self._train_labels.index_select(0, chosen)

    def after(self, cursor: Cursor, size: int) -> Cursor:
        """Where the next batch starts once the `size` samples at the cursor are done."""
        if cursor.offset + size >= self.size:
            return Cursor(cursor.epoch + 1)
        return Cursor(cursor.epoch, cursor.offset + size)

    def normalised(self, pixels: Tensor) -> Tensor:
        """Pixels from 0 to 1 as the network is given them."""
        if not self.prepare.normalise:
            return pixels
        mean, spread = self.arrays.moments
        # Not in place: a batch that was written into counts as one that the model changed.
        return (pixels - mean) / spread

    def test_batches(self, size: int = AT_ONCE) -> Iterator[tuple[Tensor, Tensor]]:
        """The held-out images and their labels, so many at a time; nothing where none are held out."""
        if self.arrays.test is not None:
            images, labels = (tensor.to(self.device).split(size) for tensor in self._test)
            yield from ((self.normalised(_floats(some)), named) for some, named in zip(images, labels, strict=True))

    def train_batches(self, most: int, size: int = AT_ONCE) -> Iterator[tuple[Tensor, Tensor]]:
        """The first `most` training images, in the order of their file and not augmented, so many at a time."""
        for start in range(0, min(most, self.size), size):
            end = min(start + size, most)
            yield self.normalised(_floats(self._train[start:end])), self._train_labels[start:end]

    def chosen(self, side: str, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """The images of these numbers, counted in the "train" or the "test" set, not augmented, and their labels."""
        pixels, labels = (self._train, self._train_labels) if side == "train" else self._test
        numbers = numbers.to(pixels.device)
        some, named = pixels.index_select(0, numbers), labels.index_select(0, numbers)
        return self.normalised(_floats(some)).to(self.device), named.to(self.device)

    @cached_property
    def test(self) -> tuple[Tensor, Tensor] | None:
        """All held-out images [N, 1, 32, 32] at once, and their labels: of MNIST 41 MB. See `test_batches`."""
        found = [*self.test_batches(max(1, self.test_size))]
        return found[0] if found else None

    @property
    def _test(self) -> tuple[Tensor, Tensor]:
        assert self.arrays.test is not None
        return self.arrays.test


def _floats(pixels: Tensor) -> Tensor:
    return pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels
