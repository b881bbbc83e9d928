"""The log beside the journal: one row of float32 a step, with the loss and a few gradients. It only reads."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BLOCK = 512
VIEWS = 16
"""Rows that are made ready to be written at a time."""
WATCHED = 6


class StepLog:
    """Rows [n, columns]; a column that has no value yet (a loss before any, a gradient that is `None`) is NaN.

    Rows are written into a block on the model's device, so that a GPU is waited for once a block and not once a step.
    """

    def __init__(self, model: nn.Module, device: str, names: tuple[str, ...] = ()) -> None:
        """`names` are the columns of a log that goes on in this one."""
        self.names = names or _columns(model)
        self.watch(model)
        self._blocks: list[NDArray[np.float32]] = []
        self._start_block(device)

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + self._filled

    def append(self, loss: Tensor | None) -> None:
        """Write the row of the step that was just taken."""
        if not self._ready:
            # Not one by one: indexing a tensor in the running path would cost more than the copy itself.
            rows = self._block[self._filled : self._filled + VIEWS]
            self._ready = [*zip(rows[:, 0].unbind(), rows[:, 1:].unbind(), strict=True)][::-1]
        for_loss, for_grad = self._ready.pop()
        if loss is None:
            for_loss.fill_(torch.nan)
        else:
            for_loss.copy_(loss.detach())
        grad = None if self._parameter is None else self._parameter.grad
        if grad is None:
            for_grad.fill_(torch.nan)
        else:
            for_grad.copy_(grad if grad.shape == for_grad.shape else grad.reshape(-1)[:WATCHED])
        self._filled += 1
        if self._filled == BLOCK:
            self._blocks.append(self._block.cpu().numpy().copy())
            self._filled = 0

    def rows(self, start: int = 0) -> NDArray[np.float32]:
        """The rows from a step on, as a copy."""
        first = min(start // BLOCK, len(self._blocks))
        rows = [*self._blocks[first:], self._block[: self._filled].cpu().numpy()]
        found = np.concatenate(rows)[start - first * BLOCK :]
        found.flags.writeable = False
        return found

    def loss_bits(self, step: int) -> int:
        """The float32 loss of a step as its 32 bits: what equal means when a run is gone over again."""
        block, row = divmod(step, BLOCK)
        if block < len(self._blocks):
            return int(self._blocks[block][row, 0].view(np.int32))
        return int(self._block[row, 0].view(torch.int32))

    def until(self, steps: int, model: nn.Module, device: str) -> StepLog:
        """The first rows as a log of its own that can grow on. Full blocks are shared: nobody writes into one."""
        log = StepLog(model, device, self.names)
        full, rest = divmod(steps, BLOCK)
        log._blocks = self._blocks[:full]
        source = torch.from_numpy(self._blocks[full]) if full < len(self._blocks) else self._block
        log._block[:rest].copy_(source[:rest])
        log._filled = rest
        return log

    def watch(self, model: nn.Module) -> None:
        """Read the gradients of this model from now on. One that has not the log's parameter gives none."""
        name, columns = self.names[1].partition(".grad[")[0], len(self.names) - 1
        found = dict(model.named_parameters()).get(name)
        fits = found is not None and min(WATCHED, found.numel()) == columns
        self._parameter = found if fits else None

    def move(self, model: nn.Module, device: str) -> None:
        """Follow the model to another device, where the newest rows are kept from now on."""
        newest, filled = self._block, self._filled
        self.watch(model)
        self._start_block(device)
        self._block[:filled].copy_(newest[:filled])
        self._filled = filled

    def _start_block(self, device: str) -> None:
        self._filled = 0
        self._block = torch.empty(BLOCK, len(self.names), device=device)
        # By row that is written next, the last of them first: where its loss and its gradients go.
        self._ready: list[tuple[Tensor, Tensor]] = []


def _columns(model: nn.Module) -> tuple[str, ...]:
    """The loss and a few gradients of the first bias, or else of the first parameter: on LeNet of `conv1.bias`."""
    parameters = list(model.named_parameters())
    biases = [(name, parameter) for name, parameter in parameters if name.endswith("bias") and parameter.ndim == 1]
    name, parameter = (biases or parameters)[0]
    return ("loss", *(f"{name}.grad[{i}]" for i in range(min(WATCHED, parameter.numel()))))
