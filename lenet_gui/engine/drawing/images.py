"""An image of a batch as bytes of the session's store, in the form of a `.npy` file, and back."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import torch
from torch import Tensor

FILE = "image-{}.npy"


def to_bytes(image: Tensor) -> bytes:
    """As a `.npy` file has it, so that it can lie beside a script."""
    opened = BytesIO()
    np.save(opened, image.detach().cpu().numpy(), allow_pickle=False)
    return opened.getvalue()


def from_bytes(data: bytes, like: Tensor) -> Tensor:
    """The image for a batch whose samples are `like` this one. Raises ValueError for what is none."""
    try:
        array = np.load(BytesIO(data), allow_pickle=False)
    except Exception as error:  # a damaged file raises whatever its damage leads to
        raise ValueError(f"what the store holds is no image: {error}") from error
    if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.shape != tuple(like.shape):
        found = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else "a bundle of arrays"
        raise ValueError(f"the image is {found}, and the samples of the batch are float32 {list(like.shape)}")
    if not np.isfinite(array).all():
        raise ValueError("the image has numbers that are not finite")
    return torch.from_numpy(array).to(like.device)


def file_of(image: object) -> str:
    """What the image is called beside a script."""
    return FILE.format(str(image)[:12])
