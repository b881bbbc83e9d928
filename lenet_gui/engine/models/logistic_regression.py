"""Logistic regression: one weighted sum of the pixels for each class. Its weights are pictures of the classes."""

from torch import Tensor, nn


class LogisticRegression(nn.Module):
    """Logits [N, classes] for images [N, channels, height, width]. The softmax is in the loss."""

    def __init__(
        self, bias: bool = True, channels: int = 1, height: int = 32, width: int = 32, classes: int = 10
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(channels * height * width, classes, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.flatten(1))
