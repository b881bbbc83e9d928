"""A small transformer that reads an image as text is read: each row of pixels is a word, and each looks at all others.

Source: Vaswani and others, *Attention is all you need*, 2017; here with the norms in front, one kind of block, and no
words to predict: the mean over the rows is classified.
"""

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """[N, rows, features] to the same: each row takes what it needs from the others, in several `heads` at once."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(features, features)
        self.key = nn.Linear(features, features)
        self.value = nn.Linear(features, features)
        self.output = nn.Linear(features, features)

    def split(self, x: Tensor) -> Tensor:
        """[N, rows, features] as [N, heads, rows, features of one]."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        weights = torch.softmax(scores, dim=3)
        return self.output((weights @ value).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """[N, rows, features] to the same: attention between the rows, then a small net on each row by itself."""

    def __init__(self, features: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(features)
        self.attention = Attention(features, heads)
        self.norm2 = nn.LayerNorm(features)
        self.net = nn.Sequential(nn.Linear(features, 2 * features), nn.GELU(), nn.Linear(2 * features, features))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.net(self.norm2(x)))


class Transformer(nn.Module):
    """Logits [N, classes] for images [N, channels, height, width]. `features` must be a multiple of `heads`."""

    def __init__(
        self,
        features: int = 48,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.0,
        channels: int = 1,
        height: int = 32,
        width: int = 32,
        classes: int = 10,
    ) -> None:
        super().__init__()
        if features % heads:
            raise ValueError(f"features must be a multiple of heads, and {features} is none of {heads}")
        self.embedding = nn.Linear(channels * width, features)
        # Without it the rows could be in any order.
        self.position = nn.Parameter(0.02 * torch.randn(height, features))
        self.blocks = nn.Sequential(*(Block(features, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(features)
        self.output = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.transpose(1, 2).flatten(2)
        x = self.embedding(rows) + self.position
        x = self.norm(self.blocks(x))
        return self.output(x.mean(1))
