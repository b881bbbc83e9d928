"""What a model can be trained with here, for a window to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from lenet_gui.engine.choices import clipping, losses, optimizers, schedulers
from lenet_gui.protocol import TrainingChoices


def offered(run: int, parameters: Iterable[Tensor]) -> TrainingChoices:
    """All that PyTorch has; what cannot be used here with the reason."""
    return TrainingChoices(
        run, losses.choices(), optimizers.choices(parameters), clipping.choices(), schedulers.choices()
    )
