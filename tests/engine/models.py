"""Small models for [N, 1, 32, 32] and ten classes, each with something that makes going back or again hard."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def stubborn(x: Tensor) -> bool:
    """About one batch in three, as a pure function of its numbers."""
    return int(x.detach().double().sum().abs() * 1000) % 3 == 0


class NormAndDropout(nn.Module):
    """Batch norm moves its statistics in each forward, dropout draws from PyTorch's generator."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 5, stride=4)
        self.norm = nn.BatchNorm2d(3)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(3 * 7 * 7, 10)

    def features(self, x: Tensor) -> Tensor:
        return self.dropout(torch.relu(self.norm(self.conv(x)))).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.features(x))


class DrawsElsewhere(nn.Module):
    """Draws from Python's and NumPy's global generators; a normal draw leaves a second one waiting in both."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        noise = random.random() + random.gauss(0, 1) + np.random.rand() + np.random.randn()
        return self.linear(nn.functional.avg_pool2d(x, 8).flatten(1)) * (1 + 0.1 * noise)


class RaisesInForward(NormAndDropout):
    """Raises after batch norm moved its statistics and dropout drew."""

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(x)
        if stubborn(x):
            raise RuntimeError("this batch is not welcome in forward")
        return self.linear(features)


class _Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, closed: bool) -> Tensor:
        ctx.closed = closed
        return features.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        if ctx.closed:
            raise RuntimeError("this batch is not welcome in backward")
        return grads[0], None


class RaisesInBackward(NormAndDropout):
    """Raises after the last layer's gradients were written."""

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = _Gate.apply(self.features(x), stubborn(x))  # pyright: ignore[reportAssignmentType]
        return self.linear(features)


class CountsForwards(nn.Module):
    """A buffer that moves in eval mode too."""

    forwards: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)
        self.register_buffer("forwards", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        self.forwards += 1
        return self.linear(nn.functional.avg_pool2d(x, 8).flatten(1)) / self.forwards


class WritesIntoItsInput(nn.Module):
    """Normalises the batch in place, as hurried scripts do."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1024, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mul_(2).sub_(0.5).flatten(1))


TROUBLESOME = (
    NormAndDropout,
    DrawsElsewhere,
    RaisesInForward,
    RaisesInBackward,
    CountsForwards,
    WritesIntoItsInput,
)
