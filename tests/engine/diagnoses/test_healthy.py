"""A training in which nothing is wrong shows nothing, and what is looked at changes no bit of it."""

from __future__ import annotations

from typing import Any

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.choices.optimizers import presets as choices
from lenet_gui.engine.diagnoses.closer import look_closer
from lenet_gui.engine.diagnoses.diagnose import diagnose
from lenet_gui.protocol import CYCLE, OptimizerChoice
from lenet_gui.protocol.diagnoses import LookCloser
from tests.engine.models import NormAndDropout

STOPS = (1, 3, 10, 50, 150, 300)


@pytest.mark.parametrize("choice", choices(), ids=lambda one: one.label)
@pytest.mark.parametrize(("data", "batch_size"), [("digits", 16), ("random", 16), ("digits", 64)])
def test_every_preset_is_healthy(choice: OptimizerChoice, data: str, batch_size: int) -> None:
    preset: dict[str, Any] = dict(choice.preset)
    settings = Settings(data=data, batch_size=batch_size, optimizer=choice.name, lr=choice.lr, **preset)
    session = Session(settings)
    for stop in STOPS[: 5 if batch_size == 64 else None]:
        session.run(stop - session.steps)
        assert diagnose(session) == (), stop
    if batch_size == 16:
        assert look_closer(session, LookCloser(1), lambda: True).diagnoses == ()


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
def test_the_defaults_are_healthy_for_ten_epochs(loss: str) -> None:
    session = Session(Settings(loss=loss))
    for _ in range(9):
        session.run(100)
        assert diagnose(session) == (), session.steps
    assert look_closer(session, LookCloser(1), lambda: True).diagnoses == ()


@pytest.mark.parametrize("settings", [Settings(batch_size=4), Settings(batch_size=4, optimizer="Adam", lr=0.1)])
def test_a_run_that_is_looked_at_ends_in_the_same_bits(settings: Settings) -> None:
    """With batch norm and dropout: a forward too many would move the one and draw from the other's generator."""
    looked, plain = Session(settings, NormAndDropout), Session(settings, NormAndDropout)
    for _ in range(3):
        for command in CYCLE:
            looked.apply(command)
            plain.apply(command)
            diagnose(looked)
            assert looked.digest() == plain.digest()
    look_closer(looked, LookCloser(1), lambda: True)
    looked.run(5)
    plain.run(5)
    assert looked.digest() == plain.digest()
