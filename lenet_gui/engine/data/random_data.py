"""Random tensors to train on, which have no labels and no end."""

from __future__ import annotations

import torch
from torch import Tensor

from lenet_gui.engine.data.source import Cursor


class RandomData:
    """`torch.randn(N, 1, 32, 32)` from the global generator, as in the tutorial: no labels, no end, no test set."""

    size = None
    test = None
    test_size = 0
    classes: tuple[str, ...] = ()
    prepared = ""

    def __init__(self, device: str) -> None:
        self.device = device

    def batch(self, cursor: Cursor, size: int) -> tuple[Tensor, None]:  # noqa: ARG002 (the same face as Images)
        # Drawn on the CPU, so that the numbers are the same on every device.
        return torch.randn(size, 1, 32, 32).to(self.device), None

    def after(self, cursor: Cursor, size: int) -> Cursor:
        return Cursor(0, cursor.offset + size)
