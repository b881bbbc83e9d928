"""The loss of each image by itself, from the session's own loss function."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lenet_gui.engine.choices import losses as choices

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SUMMED = ("sum", "batchmean")


def losses_of(session: Session, outputs: list[Tensor], labels: list[Tensor]) -> tuple[Tensor | None, str]:
    """The losses [n] of all images, whose outputs and labels come in pieces; or `None`, and why there are none."""
    try:
        pieces = [each(session, some, named) for some, named in zip(outputs, labels, strict=True)]
    except Exception as error:  # whatever a loss function says to outputs or labels that it cannot take
        return None, f"{session.settings.loss} gives no loss for these outputs: {error}"
    if any(piece is None for piece in pieces):
        return None, f"{session.settings.loss} gives no loss for each image by itself."
    return torch.cat([piece for piece in pieces if piece is not None]).float().cpu(), ""


def each(session: Session, output: Tensor, labels: Tensor) -> Tensor | None:
    """The losses [n] of n images. Their mean is what the loss function gives for all of them, where it takes the mean.

    Where it sums over the outputs of an image, so does this. `None` where the function has no `reduction` to turn off.
    """
    reduction = getattr(session.criterion, "reduction", None)
    if reduction is None:
        return None
    criterion: Any = copy.copy(session.criterion)
    criterion.reduction = "none"
    found: Tensor = criterion(output, choices.target(choices.nature(session.settings.loss).kind, labels, output))
    if found.ndim == 0 or len(found) != len(output):
        return None
    inner = found.reshape(len(found), -1)
    return inner.sum(1) if reduction in SUMMED else inner.mean(1)
