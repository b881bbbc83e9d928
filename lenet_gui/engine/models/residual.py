"""A small residual net: each block adds what it found to what it was given, so that gradients have a short way back.

Source: He, Zhang, Ren, Sun, *Deep residual learning for image recognition*, 2015, with its blocks of two 3×3 kernels.
"""

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """[N, inputs, H, W] to [N, outputs, H/stride, W/stride]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        # Where the shape changes, what is added has to be brought to it.
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        found = torch.relu(self.norm1(self.conv1(x)))
        found = self.norm2(self.conv2(found))
        return torch.relu(found + self.shortcut(x))


class Residual(nn.Module):
    """Logits [N, classes] for images [N, channels, H, W] of any size. Each stage halves H and W."""

    def __init__(
        self, filters: int = 8, stages: int = 3, blocks: int = 1, channels: int = 1, classes: int = 10
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(filters)
        self.blocks = nn.Sequential()
        inputs = filters
        for stage in range(stages):
            outputs = filters * 2**stage
            for block in range(blocks):
                self.blocks.append(Block(inputs, outputs, stride=1 if block else 2))
                inputs = outputs
        self.output = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        x = self.blocks(x)
        return self.output(x.mean((2, 3)))
