"""A multilayer perceptron: every pixel is joined to every hidden unit, whatever lies beside it."""

from torch import Tensor, nn


class MLP(nn.Module):
    """Logits [N, classes] for images [N, channels, height, width]: so many `layers` of `hidden` units, with ReLU."""

    def __init__(
        self,
        hidden: int = 128,
        layers: int = 2,
        dropout: float = 0.0,
        channels: int = 1,
        height: int = 32,
        width: int = 32,
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.ModuleList()
        features = channels * height * width
        for _ in range(layers):
            self.hidden.append(nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(dropout)))
            features = hidden
        self.output = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.flatten(x)
        for layer in self.hidden:
            x = layer(x)
        return self.output(x)
