"""Branches that are concatenated, group norm, and a part that comes from another file of the folder."""

import torch
from gates import ChannelGate
from torch import nn


class Inception(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branches = nn.ModuleDict(
            {
                "one": nn.Conv2d(channels, 4, 1),
                "three": nn.Conv2d(channels, 4, 3, padding=1),
                "pool": nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.Conv2d(channels, 4, 1)),
            }
        )
        self.norm = nn.GroupNorm(3, 12)

    def forward(self, x):
        return torch.nn.functional.silu(self.norm(torch.cat([branch(x) for branch in self.branches.values()], 1)))


class GroupedNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 5, 2)
        self.block = Inception(6)
        self.gate = ChannelGate(12)
        self.classifier = nn.Linear(12, num_classes)

    def forward(self, x):
        x = self.gate(self.block(self.stem(x)))
        return self.classifier(x.mean(dim=(-2, -1)))
