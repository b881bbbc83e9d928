"""The learning rates that are told again are those that the optimizer had at each step."""

from __future__ import annotations

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.results.by_step import learning_rates
from lenet_gui.protocol import Command


def noted(session: Session, steps: int) -> list[float]:
    """Whole steps command by command, each with the rate that its optimizer had."""
    found, end = [], session.steps + steps
    while session.steps < end:
        command = session.next_command
        if command.name == "step":
            found.append(float(session.optimizer.param_groups[0]["lr"]))
        session.apply(command)
    if session.next_phase == "schedule":
        session.apply(Command("schedule"))
    return found


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("", {}),
        ("ExponentialLR", {"scheduler_gamma": 0.7, "scheduler_per": "step"}),
        ("StepLR", {"scheduler_step_size": 1, "scheduler_gamma": 0.5}),
        ("ReduceLROnPlateau", {"scheduler_patience": 1, "scheduler_factor": 0.5, "scheduler_per": "step"}),
        ("CosineAnnealingLR", {"scheduler_T_max": 7, "scheduler_per": "step"}),
    ],
)
def test_they_are_the_optimizers_own(name: str, options: dict) -> None:
    session = Session(Settings(batch_size=400, scheduler=name, **options))
    expected = noted(session, 9)
    session.set(lr=0.2)
    expected += noted(session, 3)
    session.set(optimizer="Adam", lr=0.003)
    expected += noted(session, 3)
    assert learning_rates(session).tolist() == expected
    assert len(set(expected)) > 2


def test_a_scheduler_that_comes_during_the_run_counts_from_there() -> None:
    session = Session(Settings(batch_size=400))
    expected = noted(session, 3)
    session.set(scheduler="ExponentialLR", scheduler_gamma=0.5, scheduler_per="step")
    expected += noted(session, 4)
    assert learning_rates(session).tolist() == expected
