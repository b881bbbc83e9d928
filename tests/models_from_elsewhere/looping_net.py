"""A recurrent cell written out, a layer used more than once, and a loop whose length is drawn in each forward."""

import random

import torch
from torch import nn


class DynamicNet(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.input_linear = nn.Linear(32, hidden)
        self.hidden_linear = nn.Linear(hidden, hidden)
        self.middle_linear = nn.Linear(hidden, hidden)
        self.output_linear = nn.Linear(hidden, 10)

    def forward(self, x):
        h = torch.zeros(x.shape[0], self.hidden_linear.in_features)
        for row in x.squeeze(1).unbind(1)[::4]:
            h = torch.tanh(self.input_linear(row) + self.hidden_linear(h))
        for _ in range(random.randint(0, 3)):
            h = self.middle_linear(h).clamp(min=0)
        return self.output_linear(h)
