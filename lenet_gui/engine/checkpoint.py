"""The whole training state at a place, as copies: what a rollback starts from. An autograd graph cannot be stored.

Nothing here decides when a checkpoint is taken.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SLOTS = ("settings", "steps", "cursor", "due", "input", "labels", "target", "target_kind", "forwarded", "graph")


class Checkpoint:
    """Parameters, buffers, gradients, optimizer state, generators and the data cursor, at `place` commands."""

    def __init__(self, session: Session) -> None:
        self.place = len(session.journal)
        self._tensors = [tensor.detach().clone() for tensor in _tensors(session)]
        self._grads = [_clone(parameter.grad) for parameter in session.model.parameters()]
        # Keyed by position: a state that PyTorch has not made yet is absent here too, which is not the same as zero.
        self._optimizer = {
            index: {name: _clone(value) for name, value in session.optimizer.state[parameter].items()}
            for index, parameter in enumerate(session.model.parameters())
            if parameter in session.optimizer.state
        }
        self._generators = session.generators.state
        # Batches too, because a model may write into its input.
        self._slots = {name: _clone(getattr(session, name)) for name in SLOTS}
        self._log = session.log.tail()

    def restore(self, session: Session) -> None:
        """Put everything back. The live graph is gone: output and loss are `None` until a forward is replayed."""
        for name, value in self._slots.items():
            setattr(session, name, _clone(value))
        session.output = session.last_loss = None
        session.equip()
        session.log.restore(self._log)
        session.generators.state = self._generators
        with torch.no_grad():
            for live, saved in zip(_tensors(session), self._tensors, strict=True):
                live.copy_(saved)
        parameters = list(session.model.parameters())
        for parameter, grad in zip(parameters, self._grads, strict=True):
            parameter.grad = _clone(grad)
        for index, values in self._optimizer.items():
            session.optimizer.state[parameters[index]] = {name: _clone(value) for name, value in values.items()}


def _tensors(session: Session) -> list[Tensor]:
    return [*session.model.parameters(), *session.model.buffers()]


def _clone(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, Tensor) else copy.copy(value)
