"""A session's own random generators. The global ones are lent to it while it works, and given back after."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from typing import Any

import torch
from numpy.random import MT19937, mtrand
from torch import Tensor


@dataclass(frozen=True, slots=True)
class GeneratorState:
    """Where PyTorch's, Python's, NumPy's and the device's generator are; the device's is `None` on the CPU."""

    torch: Tensor
    python: tuple[Any, ...]
    numpy: dict[str, Any]
    device: Tensor | None


class Generators:
    """PyTorch's, Python's and NumPy's global generators as one session sees them.

    `with generators:` swaps them in and out, so that several sessions in one process, and the program around
    them, never disturb each other.
    """

    def __init__(self, seed: int, device: str = "cpu") -> None:
        self._device = device
        # NumPy's global generator is exchanged as an object: reading and writing its state takes 100 µs.
        self._numpy = MT19937()
        self._numpy._legacy_seeding(seed % 2**32)  # what np.random.seed does; it takes 32 bits
        self._python = random.Random(seed).getstate()
        self._outside: tuple[Any, ...] = ()
        outside, outside_device = torch.get_rng_state(), _device_state(device)
        torch.manual_seed(seed)
        self._torch, self._on_device = torch.get_rng_state(), _device_state(device)
        _install(outside, outside_device, device)

    def __enter__(self) -> None:
        self._outside = (
            torch.get_rng_state(),
            _device_state(self._device),
            random.getstate(),
            mtrand.get_bit_generator(),
        )
        _install(self._torch, self._on_device, self._device)
        random.setstate(self._python)
        mtrand.set_bit_generator(self._numpy)

    def __exit__(self, *_: object) -> None:
        self._torch, self._on_device = torch.get_rng_state(), _device_state(self._device)
        self._python = random.getstate()
        _install(self._outside[0], self._outside[1], self._device)
        random.setstate(self._outside[2])
        mtrand.set_bit_generator(self._outside[3])

    @property
    def state(self) -> GeneratorState:
        return GeneratorState(self._torch, self._python, copy.deepcopy(dict(self._numpy.state)), self._on_device)

    @state.setter
    def state(self, state: GeneratorState) -> None:
        self._torch, self._python, self._on_device = state.torch, state.python, state.device
        self._numpy.state = state.numpy  # pyright: ignore[reportAttributeAccessIssue] (its stub has no setter)

    def move(self, device: str, seed: int) -> None:
        """Take along the CPU's generators; another device's own starts from the seed."""
        self._on_device, self._device = Generators(seed, device)._on_device, device


def _device_state(device: str) -> Tensor | None:
    if device.startswith("cuda"):
        return torch.cuda.get_rng_state(device)
    return torch.mps.get_rng_state() if device == "mps" else None


def _install(state: Tensor, on_device: Tensor | None, device: str) -> None:
    torch.set_rng_state(state)
    if on_device is None:
        return
    if device.startswith("cuda"):
        torch.cuda.set_rng_state(on_device, device)
    else:
        torch.mps.set_rng_state(on_device)
