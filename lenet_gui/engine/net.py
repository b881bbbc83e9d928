"""LeNet, as the tutorial *Neural Network Construction* builds it with 3×3 kernels.

Source: https://pytorch.org/tutorials/beginner/blitz/neural_networks_tutorial.html (its older version).
"""

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own convention)
from torch import Tensor, nn


class Net(nn.Module):
    """Logits [N, classes] for images [N, 1, 32, 32]; for ten classes 81,194 parameters."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.fc1 = nn.Linear(16 * 6 * 6, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.num_flat_features(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

    def num_flat_features(self, x: Tensor) -> int:
        """The numbers in one sample: every dimension but the batch's."""
        return torch.Size(x.size()[1:]).numel()
