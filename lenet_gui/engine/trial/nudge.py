"""Runs a forward with one number of it moved, and notes on which side each ReLU and each maximum decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from lenet_gui.engine.trace.changes import StateWatch
from lenet_gui.engine.trace.operations import OperationRecorder
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources

BENDS = {
    "relu", "relu_", "relu6", "leaky_relu", "leaky_relu_", "threshold", "threshold_", "hardtanh", "clamp", "clamp_",
    "clamp_min", "clamp_min_", "abs", "prelu", "rrelu", "hardswish", "hardsigmoid",
}  # fmt: skip
"""Functions of each number that have a kink at 0."""
POOLS = tuple(f"{kind}max_pool{n}d" for kind in ("", "adaptive_") for n in (1, 2, 3))

Decisions = dict[str, Tensor]
"""By the name of the operation: which numbers were above 0, or where the largest were."""


class Nudged(OperationRecorder):
    """Of one forward, whose operations have the names that they have in the trace of the step.

    Where an operation is called `name`, `by` is added to number `index` of its output.
    """

    def __init__(self, model: nn.Module, criterion: nn.Module, name: str, index: int, by: Tensor) -> None:
        # No room, and no figures of what finds none: only names are wanted.
        super().__init__(criterion, StateWatch(model), Sources(), Room(0, only=-1))
        self.decisions: Decisions = {}
        self.value: float | None = None
        """The number before it was moved; `None` where no operation of this name gives a tensor of such numbers."""
        self._name, self._index, self._by = name, index, by

    def call(self, name: Callable[[Any], str], do: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Also moves the number, and notes the decisions."""
        if self._busy or not self._stack:
            return do(*args, **kwargs)
        function, before = name(do), len(self.operations)
        decided = self._decided(function, do, args, kwargs)
        result = super().call(name, do, args, kwargs)
        if len(self.operations) > before:
            operation = self.operations[-1]
            if decided is not None:
                self.decisions[operation.name] = decided
            if operation.name == self._name and isinstance(result, Tensor) and result.is_floating_point():
                result = self._moved(result)
        return result

    def _moved(self, result: Tensor) -> Tensor:
        self._busy = True
        try:
            self.value = result.detach().reshape(-1)[self._index].item()
            return result + one_hot(result, self._index) * self._by
        finally:
            self._busy = False

    def _decided(self, function: str, do: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Tensor | None:
        """Asked before the operation, which may write into its input."""
        given = next((one for one in args if isinstance(one, Tensor)), kwargs.get("input"))
        if given is None:
            return None
        self._busy = True
        try:
            with torch.no_grad():
                if function in BENDS:
                    return given > 0
                if function in POOLS:
                    return do(*args, **{**kwargs, "return_indices": True})[1]
                if function in ("max", "amax", "maximum") and len(args) > 1:
                    other = args[1]
                    return given > other if isinstance(other, Tensor) else given.argmax(other)
        except (TypeError, RuntimeError, IndexError):
            pass  # another way to call it; its switches are then not noticed
        finally:
            self._busy = False
        return None


def one_hot(like: Tensor, index: int) -> Tensor:
    """Zeros of a tensor's shape, with a 1 at number `index` (flat)."""
    found = torch.zeros(like.numel(), dtype=like.dtype, device=like.device)
    found[index] = 1
    return found.reshape(like.shape)


def switched(one: Decisions, other: Decisions) -> tuple[str, ...]:
    """What was decided otherwise: `relu_1: 2 of 4,704`."""
    found = []
    for name, decided in one.items():
        if name in other and decided.shape == other[name].shape:
            count = int((decided != other[name]).sum())
            if count:
                found.append(f"{name}: {count:,} of {decided.numel():,}")
    return tuple(found)
