"""The whole training state at a place, as copies: where going back starts from. An autograd graph cannot be stored.

Nothing here decides when a checkpoint is taken or kept; that is `history`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.choices.state import (
    Plain,
    give_scheduler,
    give_values,
    group_values,
    put_together,
    scheduler_state,
    taken_apart,
)
from lenet_gui.engine.data import Images
from lenet_gui.engine.generators import GeneratorState

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SLOTS = ("settings", "steps", "cursor", "due", "target", "target_kind", "forwarded", "graph")

Key = tuple[int, str]
"""A parameter by its position and "" (its value) or "grad", or one of its optimizer's names; a buffer below zero."""

Layout = tuple[tuple[Key, ...], str, object]
"""Which tensors there are, on what device, and of what model. Of one session those that have the same one have the
same shapes."""
Spare = dict[Layout, list[list[Tensor]]]

OVERHEAD = 10_000
"""Bytes of the generators and of what else is no tensor, about."""


class Checkpoint:
    """Parameters, buffers, gradients, optimizer state, generators and the data cursor, at `place` commands."""

    def __init__(
        self, session: Session, place: int, spare: Spare | None = None, generators: GeneratorState | None = None
    ) -> None:
        """`spare` are tensors of checkpoints that are no longer needed: making new ones takes longer than copying."""
        self.place = place
        # From there on nothing that was alive here can be reached any more, so that one may start from here.
        self.usable_from = place
        self.seconds = session.seconds
        self._keys, tensors, self._plain = _state(session)
        self.layout = self._keys, session.settings.device, session.made_of
        fitting = None if spare is None else spare.get(self.layout)
        self.tensors = fitting.pop() if fitting else [torch.empty_like(tensor) for tensor in tensors]
        with torch.no_grad():
            torch._foreach_copy_(self.tensors, tensors)  # pyright: ignore[reportPrivateImportUsage]
        self.generators = session.generators.state if generators is None else generators
        self._slots = {name: getattr(session, name) for name in SLOTS}
        self.groups = group_values(session.optimizer)
        self.scheduler = scheduler_state(session.scheduler)
        # Images can be had again from the cursor, unless the model wrote into them. `None` stands for that.
        again = isinstance(session.source, Images) and session.input._version == 0
        self._batch_size = len(session.input)
        self._batch = None if again else (session.input.clone(), session.labels)
        self.steps = session.steps
        batch = 0 if self._batch is None else self._batch[0].nbytes
        self.bytes = sum(tensor.nbytes for tensor in self.tensors) + batch + OVERHEAD

    def restore(self, session: Session) -> None:
        """Put everything back. The live graph is gone: output and loss are `None` until a forward is replayed."""
        for name, value in self._slots.items():
            setattr(session, name, value)
        session.seconds = self.seconds
        session.output = session.last_loss = session.last_update = None
        session.equip()
        if self._batch is None:
            session.input, session.labels = session.source.batch(session.cursor, self._batch_size)
        else:
            # Not a clone: copying into it counts as a write, and these may not be the digits that the cursor gives.
            session.input, session.labels = torch.empty_like(self._batch[0]).copy_(self._batch[0]), self._batch[1]
        session.generators.install(self.generators, session.settings.device)
        parameters, buffers = session.parameters, _buffers(session)
        give_values(session.optimizer, self.groups)
        give_scheduler(session.scheduler, self.scheduler)
        kept: dict[int, dict[str, Tensor]] = {index: {} for index in self._plain}
        targets: list[Tensor] = []
        for parameter in parameters:
            parameter.grad = None
        for (index, name), saved in zip(self._keys, self.tensors, strict=True):
            if index < 0:
                targets.append(buffers[-1 - index])
            elif not name:
                targets.append(parameters[index])
            elif name == "grad":
                targets.append(torch.empty_like(parameters[index]))
                parameters[index].grad = targets[-1]
            else:
                # Step counters have no shape and stay on the CPU, where PyTorch keeps them.
                like = parameters[index] if saved.shape == parameters[index].shape else saved
                targets.append(torch.empty_like(like, dtype=saved.dtype))
                kept.setdefault(index, {})[name] = targets[-1]
        for index, tensors in kept.items():
            session.optimizer.state[parameters[index]] = put_together(tensors, self._plain.get(index, {}))
        with torch.no_grad():
            torch._foreach_copy_(targets, self.tensors)  # pyright: ignore[reportPrivateImportUsage]


def _state(session: Session) -> tuple[tuple[Key, ...], list[Tensor], dict[int, Plain]]:
    """The live tensors with their keys, and what an optimizer keeps that is no tensor (a momentum that is `None`)."""
    tensors = [*session.parameters, *_buffers(session)]
    count = len(session.parameters)
    keys = [(index, "") for index in range(count)] + [(-1 - index, "") for index in range(len(tensors) - count)]
    plain: dict[int, Plain] = {}
    for index, parameter in enumerate(session.parameters):
        if parameter.grad is not None:
            keys.append((index, "grad"))
            tensors.append(parameter.grad)
    # Not made yet is absent here too, which is not the same as zero: the two train differently.
    for index, parameter in enumerate(session.parameters if session.optimizer.state else ()):
        own, others = taken_apart(session.optimizer.state.get(parameter, {}))
        keys += [(index, name) for name in own]
        tensors += own.values()
        if others:
            plain[index] = others
    return tuple(keys), tensors, plain


def _buffers(session: Session) -> list[Tensor]:
    # Not by `model.buffers()`, which walks all modules each time: this is done every few milliseconds of a run.
    return [buffer for module in session.modules for buffer in module._buffers.values() if buffer is not None]
