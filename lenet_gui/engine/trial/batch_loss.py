"""The loss of one batch as a function of the parameters: the same samples, the same random draws, the same buffers.

Each time it begins from what the forward began from, on a model of its own. The run is not touched.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.func import functional_call

from lenet_gui.engine.commands import load_batch
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


class BatchLoss:
    """Of the forward that a session of its own stands before; that session is then free to go on."""

    def __init__(self, second: Session, forward: Command) -> None:
        with second.undisturbed():
            if second.due:
                load_batch(second)
            self._generators = second.generators.state
        self._second = second
        self.modes = tuple(module.training for module in second.modules)
        """Which of the model's modules were in train mode."""
        arguments: dict[str, Any] = dict(forward.arguments)
        self.sample: int | None = arguments.get("sample")
        """The one that was sent through alone."""
        self._unsqueeze: bool = arguments.get("unsqueeze", False)
        self._input = second.input.clone()
        self.labels = second.labels
        self.parameters = {name: one.detach().clone() for name, one in second.model.named_parameters()}
        self._buffers = {name: one.detach().clone() for name, one in second.model.named_buffers()}
        self.target: Tensor | None = None
        """What the output is compared with. It may be drawn, so it is the loss's to say."""
        self.start: Tensor | None = None
        """What a backward from the output was given in place of a loss: random numbers of the output's shape."""
        self.value = math.nan
        """The loss as the run has it."""
        self._criterion = second.criterion

    def compare(self) -> None:
        """Take the target, the criterion and the value of the loss that the session has just taken."""
        self.target, self._criterion = self._second.target, self._second.criterion
        assert self._second.last_loss is not None
        self.value = self._second.last_loss.item()

    @property
    def model(self) -> torch.nn.Module:
        return self._second.model

    @property
    def criterion(self) -> torch.nn.Module:
        return self._criterion

    @property
    def samples(self) -> int:
        """How many the forward was given; one where it was given one."""
        return len(self._input) if self.sample is None else 1

    def input(self, dtype: torch.dtype | None = None) -> Tensor:
        """The batch as the forward was given it, to be written into."""
        return _as(self._input, dtype).clone()

    def output(
        self, parameters: Mapping[str, Tensor], dtype: torch.dtype | None = None, batch: Tensor | None = None
    ) -> Tensor:
        """What the model makes of the batch with these parameters, in the precision that is asked for.

        The generators are the session's: it has to be undisturbed (`at_work`). Raises what the model raises.
        """
        batch = self.input(dtype) if batch is None else batch
        chosen = batch if self.sample is None else batch[self.sample]
        chosen = chosen.unsqueeze(0) if self._unsqueeze else chosen
        now = {name: _as(one, dtype) for name, one in parameters.items()}
        buffers = {name: _as(one, dtype).clone() for name, one in self._buffers.items()}
        self._second.generators.state = self._generators
        return functional_call(self._second.model, {**now, **buffers}, (chosen,))

    def of_samples(self, output: Tensor) -> Tensor:
        """[N]: what each sample adds to the loss (or to what else the backward started at), which is their sum."""
        if self.start is not None:
            return (output * _as(self.start, output.dtype)).reshape(self.samples, -1).sum(1)
        assert self.target is not None
        apart: Any = copy.copy(self._criterion)
        apart.reduction = "none"
        target = _as(self.target, output.dtype) if self.target.is_floating_point() else self.target
        parts = apart(output, target)
        divisors = {"sum": 1, "batchmean": len(output)}
        return parts.reshape(self.samples, -1).sum(1) / divisors.get(str(self._criterion.reduction), parts.numel())

    def loss(self, output: Tensor) -> Tensor:
        """The loss itself, in the bits that the run has where all else is the same."""
        assert self.target is not None
        target = _as(self.target, output.dtype) if self.target.is_floating_point() else self.target
        return self._criterion(output, target)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The session's generators and thread count, and the modes that the modules had."""
        second = self._second
        modes = tuple(module.training for module in second.modules)
        with second.undisturbed():
            _set_modes(second, self.modes)
            try:
                yield
            finally:
                _set_modes(second, modes)


def _set_modes(session: Session, training: tuple[bool, ...]) -> None:
    for module, mode in zip(session.modules, training, strict=True):
        module.training = mode


def _as(tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
    return tensor if dtype is None or not tensor.is_floating_point() else tensor.to(dtype)
