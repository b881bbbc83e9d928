"""A drawing as the session's network is given it: centred in the way of its data, and normalised as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet_gui.engine.data import Digits, Images
from lenet_gui.engine.drawing.centring import AS_DIGITS, AS_MNIST, SIDE, as_digits, as_mnist
from lenet_gui.protocol.drawing import MOST_SIDE

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

DARK_ON_LIGHT = " Its ink is dark on light, as it is in these images."


def fitted(session: Session, ink: NDArray[np.uint8]) -> tuple[Tensor, str]:
    """The image [1, 32, 32] of a drawing on the session's device, and how it was made, in words.

    `ink` [height, width] is 0 for none and 255 for full. Raises ValueError for what is no drawing, and where the
    network is given something else than images of this size.
    """
    if ink.ndim != 2 or ink.dtype != np.uint8 or not 0 < max(ink.shape) <= MOST_SIDE or not min(ink.shape):
        raise ValueError(
            f"a drawing has at most {MOST_SIDE:,} pixels a side, 0 to 255 each, not {ink.dtype} {ink.shape}"
        )
    shape = tuple(session.input.shape[1:])
    if shape != (1, SIDE, SIDE):
        raise ValueError(f"The network is given inputs of {list(shape)}: a drawing is an image [1, {SIDE}, {SIDE}].")
    source, pixels = session.source, ink.astype(np.float32) / np.float32(255)
    if isinstance(source, Digits):
        image, how = as_digits(pixels), AS_DIGITS
    else:
        image, how = as_mnist(pixels), AS_MNIST
    drawn = torch.from_numpy(image)[None]
    if isinstance(source, Images):
        if not isinstance(source, Digits) and source.arrays.moments[0] > 0.5:
            drawn, how = 1 - drawn, how + DARK_ON_LIGHT
        drawn = source.normalised(drawn)
    return drawn.to(session.settings.device), how


def is_empty(ink: NDArray[np.uint8]) -> bool:
    """Whether there is nothing on it that `fitted` would find."""
    return not (ink > 0.1 * 255).any()
