"""Small models for [N, 1, 32, 32] and ten classes, each with something that is hard to record. No tests here."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def small(x: Tensor) -> Tensor:
    """[N, 16]"""
    return F.avg_pool2d(x, 8).flatten(1)


class Residual(nn.Module):
    """Skip connections, and batch norm in the main way."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 8, stride=4)
        self.block = Block(4)
        self.head = nn.Linear(4 * 7 * 7, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(self.stem(x)).flatten(1))


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm(self.conv1(x)))
        y = self.conv2(y)
        return F.relu(x + y)


class Loop(nn.Module):
    """One layer that is used in each turn of a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 12)
        self.shared = nn.Linear(12, 12)
        self.last = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(small(x))
        for _ in range(3):
            x = torch.tanh(self.shared(x))
        return self.last(x)


class Chooses(nn.Module):
    """An `if` on the data, and a line without an own result for some batches."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(16, 10)
        self.right = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = small(x)
        if x[0].mean() > x.mean():
            return self.left(x)
        return self.right(x) * x.mean()


class Drops(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(16, 20), nn.Linear(20, 10)])
        self.drop = nn.Dropout(0.4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](F.dropout(self.drop(torch.relu(self.layers[0](small(x)))), 0.2, self.training))


class InPlace(nn.Module):
    """An in-place module, `+=`, and a write into a part. `twin` does the same out of place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 12)
        self.second = nn.Linear(12, 10)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.first(small(x)))
        y = self.second(x)
        y += 0.5
        y[:, 0] *= 2
        return y


class OutOfPlace(InPlace):
    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(small(x)))
        y = self.second(x)
        y = y + 0.5
        return torch.cat([y[:, :1] * 2, y[:, 1:]], 1)


class Doubled(torch.autograd.Function):
    """A person's own backward, which writes into the gradient that it is given."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, by: Tensor) -> Tensor:
        ctx.save_for_backward(by)
        return x * by + 0 * torch.sin(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (by,) = ctx.saved_tensors
        return grads[0].mul_(by), None


class Custom(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(16, 12)
        self.last = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(small(x))
        doubled: Tensor = Doubled.apply(hidden, hidden.new_tensor(2.0))  # pyright: ignore[reportAssignmentType]
        return self.last(doubled.relu())


class Rows(nn.Module):
    """An LSTM over the rows of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32, 8, batch_first=True)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.lstm(x.squeeze(-3))
        return self.head(output[:, -1])


class Attends(nn.Module):
    """A transformer encoder layer over sixteen patches."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, 8, 8, stride=8)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.embed(x).flatten(2).mT
        return self.head(self.encoder(patches).mean(1))


def bought() -> nn.Sequential:
    """Modules of PyTorch alone: no line of one's own."""
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 10))


class Views(nn.Module):
    """Chunks, stacks, a transposed matrix; several operations on one line, and letters that are more than a byte."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.linspace(-1, 1, 160).reshape(10, 16))

    def forward(self, x: Tensor) -> Tensor:
        left, right = small(x).chunk(2, -1)
        x = torch.cat([torch.stack([left, right]).sum(0), torch.exp(right)], dim=-1)
        return {"Σ": torch.relu(x @ self.matrix.T) + torch.sigmoid(x @ self.matrix.T)}["Σ"]


class Counts(nn.Module):
    """Buffers: one is written into, one replaced by another tensor, one written behind PyTorch's back."""

    calls: Tensor
    average: Tensor
    hidden: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("average", torch.zeros(10))
        self.register_buffer("hidden", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        y = self.linear(small(x))
        self.average = 0.9 * self.average + 0.1 * y.detach().mean(0)
        self.hidden.numpy()[...] += 1
        return y - self.average * self.hidden / self.calls


class Breaks(nn.Module):
    """Raises in the middle, after it has changed a buffer."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(small(x))
        self.calls += 1
        return self.linear(x.reshape(-1, 17))


MODELS = (Residual, Loop, Chooses, Drops, InPlace, OutOfPlace, Custom, Rows, Attends, bought, Views, Counts)
