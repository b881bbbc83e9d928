"""A hash over the whole state of a session: what equal to the bit means here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.choices.state import group_values, scheduler_state

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def digest(session: Session) -> str:
    """Parameters, gradients, buffers, optimizer state, generators, batch, output, loss, settings and places."""
    state = session.generators.state
    tensors: dict[str, Tensor | None] = {
        **session.tensors(),
        "output": session.output,
        "loss": session.last_loss,
        "input": session.input,
        "labels": session.labels,
        "target": session.target,
        "generator": state.torch,
        "device generator": state.device,
    }
    numpy = {**state.numpy, "state": [state.numpy["state"]["key"].tobytes(), state.numpy["state"]["pos"]]}
    modes = [module.training for module in session.model.modules()]
    places = session.steps, session.cursor, session.due, session.forwarded, session.graph, len(session.journal)
    rates = group_values(session.optimizer), sorted(scheduler_state(session.scheduler).items(), key=str)
    hashed = hashlib.sha256(repr((session.settings, places, modes, state.python, numpy, rates)).encode())
    for name, value in sorted(tensors.items()):
        hashed.update(name.encode())
        hashed.update(b"None" if value is None else value.detach().cpu().contiguous().numpy().tobytes())
    return hashed.hexdigest()


def same(one: Tensor | None, other: Tensor | None) -> bool:
    """Equal to the bit, NaNs included."""
    if one is None or other is None:
        return one is other
    return (one.shape, one.dtype) == (other.shape, other.dtype) and _bits(one) == _bits(other)


def _bits(tensor: Tensor) -> bytes:
    # NumPy has not all of PyTorch's types.
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
