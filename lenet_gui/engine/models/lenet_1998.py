"""LeNet-5 nearly as in 1998: 5×5 kernels, tanh, and averages where today's nets take the maximum.

Source: LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition*, 1998, figure 2.
Left out are the table of which maps C3 sees, the trained factor of each average, and the distances to drawn letters at
the end.
"""

import torch
from torch import Tensor, nn


class LeNet1998(nn.Module):
    """Logits [N, classes] for images [N, channels, height, width]; 61,706 parameters for digits of 32×32."""

    def __init__(self, channels: int = 1, height: int = 32, width: int = 32, classes: int = 10) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(channels, 6, 5)
        self.s2 = nn.AvgPool2d(2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.s4 = nn.AvgPool2d(2)
        # What 32×32 comes to behind two kernels of 5 and two averages of 2: 5×5.
        rows, columns = (((side - 4) // 2 - 4) // 2 for side in (height, width))
        self.c5 = nn.Linear(16 * rows * columns, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.s2(torch.tanh(self.c1(x)))
        x = self.s4(torch.tanh(self.c3(x)))
        x = torch.tanh(self.c5(x.flatten(1)))
        x = torch.tanh(self.f6(x))
        return self.output(x)
