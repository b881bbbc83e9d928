"""What every source of batches has in common: places in the data, the order of an epoch, and what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


class DataError(Exception):
    """The data cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the data: the epoch, and the samples of it that came before."""

    epoch: int = 0
    offset: int = 0


def permutation(seed: int, epoch: int, size: int) -> Tensor:
    """The order of an epoch, a pure function of (seed, epoch): seed 0's second epoch is not seed 1's first."""
    mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
    return torch.randperm(size, generator=torch.Generator().manual_seed(mixed >> 1))
