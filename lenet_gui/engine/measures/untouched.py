"""A look at what the network makes of something, after which the training goes on to the bit as without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from lenet_gui.engine.digest import same

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


@contextmanager
def untouched(session: Session) -> Iterator[None]:
    """The model in eval mode and without gradients. Behind it modes, buffers and generators are as before."""
    modes = [(module, module.training) for module in session.model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in session.model.buffers()]
    generators = session.generators.state
    try:
        with session.undisturbed(), torch.no_grad():
            session.model.eval()
            yield
    finally:
        session.generators.state = generators
        for module, training in modes:
            module.training = training
        for buffer, before in buffers:
            # Only what was moved is written: a live graph may hold the others, and would notice.
            if not same(buffer, before):
                with torch.no_grad():
                    buffer.copy_(before)
