"""A session's own random generators. The global ones are lent to it while it works, and given back after."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


@dataclass(frozen=True, slots=True)
class GeneratorState:
    """Where PyTorch's, Python's, NumPy's and the device's generator are; the device's is `None` on the CPU."""

    torch: Tensor
    python: tuple[Any, ...]
    numpy: Any
    device: Tensor | None


def drawn_elsewhere(before: GeneratorState, now: GeneratorState) -> bool:
    """Whether Python's or NumPy's generator has moved."""
    return before.python != now.python or _comparable(before.numpy) != _comparable(now.numpy)


@contextmanager
def undisturbed(session: Session) -> Iterator[None]:
    """This session's generators and thread count, for as long as it works."""
    threads = torch.get_num_threads()
    if threads != session.settings.threads:
        torch.set_num_threads(session.settings.threads)
    try:
        with session.generators:
            yield
    finally:
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)


class Generators:
    """PyTorch's, Python's and NumPy's global generators as one session sees them.

    `with generators:` swaps them in and out, so that several sessions, and the program around them, never disturb
    each other. Within itself it does nothing more. NumPy makes it cost a quarter of a millisecond.
    """

    def __init__(self, seed: int, device: str = "cpu") -> None:
        self._device = device
        self._depth = 0
        self._outside: GeneratorState | None = None
        python, numpy = random.Random(seed), np.random.RandomState(seed % 2**32)  # NumPy takes 32 bits
        self._kept = GeneratorState(
            torch.Generator().manual_seed(seed).get_state(),
            python.getstate(),
            numpy.get_state(legacy=False),
            _seeded(device, seed),
        )

    def __enter__(self) -> None:
        if self._depth == 0:
            self._outside = capture(self._device)
            install(self._kept, self._device)
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._outside is not None:
            self._kept = capture(self._device)
            install(self._outside, self._device)

    @property
    def state(self) -> GeneratorState:
        return capture(self._device) if self._depth else self._kept

    @state.setter
    def state(self, state: GeneratorState) -> None:
        if self._depth:
            install(state, self._device)
        else:
            self._kept = state

    def since(self, before: GeneratorState) -> GeneratorState:
        """The state, within itself, where Python's and NumPy's generators have not moved since `before`.

        To capture those two takes longer than all else in a checkpoint.
        """
        return GeneratorState(torch.get_rng_state(), before.python, before.numpy, _device_state(self._device))

    def install(self, state: GeneratorState, device: str) -> None:
        """Be where they were when the session was on this device."""
        if self._depth and device != self._device and self._outside is not None:
            install(self._outside, self._device)
            self._outside = capture(device)
        self._device = device
        self.state = state

    def move(self, device: str, seed: int) -> None:
        """Take along the CPU's generators; another device's own starts from the seed."""
        now, self._device = self.state, device
        self.state = GeneratorState(now.torch, now.python, now.numpy, _seeded(device, seed))


def _seeded(device: str, seed: int) -> Tensor | None:
    has_own = device.startswith("cuda") or device == "mps"
    return torch.Generator(device).manual_seed(seed).get_state() if has_own else None


def capture(device: str) -> GeneratorState:
    python, numpy = random.getstate(), np.random.get_state(legacy=False)
    return GeneratorState(torch.get_rng_state(), python, numpy, _device_state(device))


def _device_state(device: str) -> Tensor | None:
    if device.startswith("cuda"):
        return torch.cuda.get_rng_state(device)
    return torch.mps.get_rng_state() if device == "mps" else None


def install(state: GeneratorState, device: str) -> None:
    torch.set_rng_state(state.torch)
    random.setstate(state.python)
    np.random.set_state(state.numpy)
    if state.device is None:
        return
    if device.startswith("cuda"):
        torch.cuda.set_rng_state(state.device, device)
    elif device == "mps":
        torch.mps.set_rng_state(state.device)


def _comparable(numpy: dict[str, Any]) -> tuple[object, ...]:
    inner = numpy["state"]
    return inner["key"].tobytes(), inner["pos"], numpy["has_gauss"], numpy["gauss"]
