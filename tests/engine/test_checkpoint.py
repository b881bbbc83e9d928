"""A checkpoint puts the whole state back, and is no alias of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.engine.net import Net
from tests.engine.models import DrawsElsewhere, NormAndDropout

OPTIMIZERS: tuple[dict[str, Any], ...] = (
    {"optimizer": "SGD"},
    {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "dampening": 0.5},
    {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "nesterov": True},
    {"optimizer": "Adam", "lr": 0.01, "amsgrad": True},
    {"optimizer": "RMSprop", "lr": 0.001, "momentum": 0.5, "centered": True},
)


def future(session: Session) -> str:
    """Everything that decides how the run goes on, after it went on for a while. The journal is not part of it."""
    for _ in range(3):
        for phase in (session.zero_grad, session.forward, session.loss, session.backward, session.step):
            phase()
    return session.digest()


@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("make_model", [Net, NormAndDropout, DrawsElsewhere])
@pytest.mark.parametrize("data", ["digits", "random"])
def test_a_restored_session_has_the_same_future(
    data: str, make_model: Callable[[], nn.Module], options: dict[str, Any]
) -> None:
    """Also where the optimizer has made no buffer yet: an absent one is not a zero one."""
    for steps in (0, 2):
        session = Session(Settings(data=data, **options), make_model)
        session.run(steps)
        untouched = Session.replay(session.journal, make_model)
        checkpoint, journal = Checkpoint(session, len(session.journal)), session.journal
        session.set(lr=0.5, mode="eval", loss="MSELoss", batch_size=2)
        session.run(3)
        checkpoint.restore(session)
        session.journal = type(journal).from_json(untouched.journal.to_json())
        assert future(session) == future(untouched)


def test_a_checkpoint_can_be_restored_twice() -> None:
    session = Session(Settings(optimizer="Adam"))
    session.run(2)
    checkpoint = Checkpoint(session, len(session.journal))
    found = []
    for _ in range(2):
        checkpoint.restore(session)
        session.journal = type(session.journal)(session.settings)
        found.append(future(session))
    assert found[0] == found[1]


def test_none_and_zero_gradients_are_told_apart() -> None:
    session = Session(Settings(data="random", batch_size=1))
    session.run(1)
    session.zero_grad(set_to_none=False)
    zeros = Checkpoint(session, len(session.journal))
    session.zero_grad()
    nothing = Checkpoint(session, len(session.journal))
    bias = session.model.get_parameter("conv1.bias")
    zeros.restore(session)
    assert bias.grad is not None
    assert not bias.grad.any()
    nothing.restore(session)
    assert bias.grad is None
