"""Models of few numbers. No tests here."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Tiny(nn.Module):
    """Few numbers, and a dropout: what draws random numbers shows whether a closure takes the session's."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(16, 10)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.drop(functional.avg_pool2d(x, 8).flatten(1)))


class Flat(nn.Module):
    """One matrix and nothing else, which Muon can train, and outputs from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(16, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(functional.avg_pool2d(x, 8).flatten(1)).sigmoid()
