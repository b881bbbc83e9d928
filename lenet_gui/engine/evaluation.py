"""The accuracy on the held-out data, measured without leaving a trace in the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lenet_gui.engine.digest import same
from lenet_gui.protocol import Accuracy

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def evaluate(session: Session) -> Accuracy | None:
    """`Session.evaluate`."""
    if session.source.test is None:
        return None
    images, labels = session.source.test
    modes = [(module, module.training) for module in session.model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in session.model.buffers()]
    generators = session.generators.state
    try:
        with session.undisturbed(), torch.no_grad():
            correct = int((session.model.eval()(images.clone()).argmax(-1) == labels).sum())
    finally:
        session.generators.state = generators
        for module, training in modes:
            module.training = training
        for buffer, before in buffers:
            # Only what was moved is written: a live graph may hold the others, and would notice.
            if not same(buffer, before):
                buffer.copy_(before)
    return Accuracy(session.steps, session.cursor.epoch, correct, len(labels))
