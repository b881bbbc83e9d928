"""Models for [N, 1, 32, 32] and ten classes, each with one fault that is often made, and the healthy ones beside."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from lenet_gui.engine.net import Net


class EndsInSoftmax(Net):
    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(super().forward(x), -1)


class EndsInOwnSoftmax(Net):
    """No operation of that name: only the numbers tell."""

    def forward(self, x: Tensor) -> Tensor:
        odds = super().forward(x).exp()
        return odds / odds.sum(-1, keepdim=True)


class EndsInLogSoftmax(Net):
    """Harmless: taken twice it is the same."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.log_softmax(super().forward(x), -1)


class EndsInSigmoid(Net):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(x))


class FiveClasses(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :5]


class OneColumn(Net):
    """Compared with ten targets each by broadcasting."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :1]


class ForgetsALayer(Net):
    def __init__(self) -> None:
        super().__init__()
        self.fc_extra = nn.Linear(84, 84)


class CutsTheGraph(Net):
    """Everything before fc3 is detached."""

    def forward(self, x: Tensor) -> Tensor:
        features = avg_pool2d(x, 4).flatten(1)
        return self.fc3(self.fc2(pad(features, (0, 120 - features.shape[1]))).detach())


class Frozen(Net):
    """On purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1.requires_grad_(False)


class GivesOnlyItsHead(Net):
    """What the optimizer is made from leaves out all but the last layer."""

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        return self.fc3.parameters(recurse)


class DeadFromTheStart(Net):
    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            self.fc2.bias.fill_(-10)


class Deep(nn.Module):
    """Ten layers with the same function behind each; weights are `scale` times as large as usual."""

    def __init__(self, function: nn.Module, scale: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.AvgPool2d(4), nn.Flatten()]
        for _ in range(10):
            layers += [nn.Linear(64, 64), function]
        self.layers = nn.Sequential(*layers, nn.Linear(64, 10))
        with torch.no_grad():
            for one in self.layers:
                if isinstance(one, nn.Linear):
                    one.weight.mul_(scale)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class ShufflesItsBatch(nn.Module):
    """Each image comes to another one's label, as when labels were shuffled apart from their images."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(avg_pool2d(x, 4).flatten(1)[torch.randperm(len(x))])


class LearnsByHeart(nn.Module):
    """Waves so short that two digits have nothing in common: each can be remembered, and none tells of another."""

    waves: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("waves", 5 * torch.randn(64, 512))
        self.linear = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(torch.sin(avg_pool2d(x, 4).flatten(1) @ self.waves))


class WithDropout(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(64)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.dropout(self.norm(avg_pool2d(x, 4).flatten(1))))


class SumsUp(nn.Module):
    """Takes images with and without a batch dimension; the channels of one look like its samples."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 10, 3)
        with torch.no_grad():
            self.conv.bias.fill_(-100.0)  # pyright: ignore[reportOptionalMemberAccess]

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x)).sum((-1, -2))
