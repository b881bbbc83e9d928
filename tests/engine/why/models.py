"""Small models for [N, 1, 32, 32] and ten classes, that between them do all that has a formula. No tests here."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def small(x: Tensor) -> Tensor:
    """[N, 16]"""
    return F.avg_pool2d(x, 8).flatten(1)


class Shared(nn.Module):
    """A residual block with batch norm and dropout; one convolution is used twice, one layer's output three times."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 8, stride=4)
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(4)
        self.norm2 = nn.BatchNorm2d(4, affine=False)
        self.drop = nn.Dropout(0.3)
        self.pool = nn.AvgPool2d(3, 2)
        self.head = nn.Linear(4 * 3 * 3, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.drop(F.relu(self.norm1(self.conv(x))))
        y = self.norm2(self.conv(y))
        return self.head(self.pool(F.relu(x + y) * x).flatten(1))


class Mlp(nn.Module):
    """Scores as log-probabilities, softmax as a gate, and losses inside of the model, reduced in every way."""

    weights: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 12)
        self.norm = nn.BatchNorm1d(12)
        self.gate = nn.Linear(12, 12)
        self.last = nn.Linear(12, 10)
        self.register_buffer("weights", torch.linspace(0.5, 2, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.first(small(x)))
        x = x * torch.softmax(self.gate(x), -1)
        z = self.last(x)
        logs = F.log_softmax(z, 1)
        labels = torch.arange(len(x)) % 10
        skipped = torch.where(labels == 1, -100, labels)
        likelihood = F.nll_loss(logs, skipped, self.weights)
        likelihood = likelihood + F.nll_loss(logs, labels, reduction="sum")
        one_by_one = F.cross_entropy(z, skipped, self.weights, label_smoothing=0.1, reduction="none")
        smooth = F.cross_entropy(z, skipped, self.weights, label_smoothing=0.2)
        soft = F.cross_entropy(z, torch.softmax(x[:, :10], 1).detach(), label_smoothing=0.1)
        squared = F.mse_loss(z, torch.ones_like(z), reduction="sum") + F.mse_loss(z, logs)
        return logs * (likelihood + smooth + soft + squared / 50) + one_by_one[:, None]


class Dense(nn.Module):
    """A cross-entropy over the places of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 8, stride=8)
        self.last = nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        z = self.conv(x)
        labels = (torch.arange(len(x) * 16) % 3).reshape(len(x), 4, 4)
        loss = F.cross_entropy(z, labels, torch.tensor([1.0, 2.0, 3.0]), reduction="none").mean((1, 2))
        return self.last(F.log_softmax(z, dim=1).amax((2, 3))) + loss[:, None] + F.cross_entropy(z, labels)


class Convs(nn.Module):
    """Strides, padding, dilation, groups, one dimension; and one that is taken apart by autograd alone."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, (5, 3), stride=(3, 2), padding=(2, 1))
        self.grouped = nn.Conv2d(6, 4, 3, padding="same", dilation=2, groups=2)
        self.wide = nn.Conv2d(4, 4, (2, 3), stride=2, dilation=(1, 2), padding=(0, 3), groups=4)
        self.line = nn.Conv1d(4, 2, 4, stride=3, padding=2)
        self.back = nn.ConvTranspose1d(2, 2, 3)
        self.head = nn.Linear(2 * 18, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.wide(torch.tanh(self.grouped(F.relu(self.stem(x)))))
        return self.head(self.back(self.line(x.flatten(2))).flatten(1))


class Pools(nn.Module):
    """Windows that overlap, that reach into the padding and beyond the edge, adaptive ones; ties, too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 4, stride=2)
        self.head = nn.Linear(3 * (4 + 9), 10)

    def forward(self, x: Tensor) -> Tensor:
        x = (self.conv(x) * 2).relu()
        x = F.max_pool2d(x, 3, 2, padding=1, dilation=1) + F.max_pool2d(x, (2, 3), (2, 2), (0, 1), ceil_mode=True)
        one = F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True)
        other = F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True, count_include_pad=False)
        third = F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True, divisor_override=5)
        x = F.max_pool2d(one - other + third, 2, 1, dilation=2)
        return self.head(torch.cat([F.adaptive_avg_pool2d(x, 2).flatten(1), F.adaptive_max_pool2d(x, 3).flatten(1)], 1))


class Moves(nn.Module):
    """What carries numbers to other places, and arithmetic whose shapes differ; in place as well."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 12)
        self.scale = nn.Parameter(torch.linspace(0.5, 1.5, 12))
        self.matrix = nn.Parameter(torch.linspace(-1, 1, 120).reshape(12, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(small(x))
        x += 0.5
        left, right = (x * self.scale - 2 / (2 + x * x)).chunk(2, 1)
        y = torch.cat([right.flip(1), 1 - left / self.scale[:6]], dim=-1)
        y = torch.stack([y, F.dropout(-y, 0.2, self.training)], 1).transpose(1, 2)
        y = F.relu_(y[..., 0].sub(y[..., 1], alpha=0.5))
        y = y.view(-1, 3, 4).permute(0, 2, 1).reshape(len(x), 12) * x.unsqueeze(1).expand(-1, 2, -1)[:, 1]
        return torch.sigmoid(y) @ self.matrix.T.T + y.mean()


class Parts(nn.Module):
    """Writes into a part of a tensor, which is not followed."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(small(x)) + 0
        y[:, 0] *= 2
        return y


MODELS = (Shared, Mlp, Dense, Convs, Pools, Moves)
