"""Which phases a run has, when the scheduler comes, and what stops there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.choices import losses, options
from lenet_gui.engine.journal import Block
from lenet_gui.engine.moved.why import moved
from lenet_gui.engine.refusal import Refused
from lenet_gui.protocol import CYCLE, Command, cycle_of, phases_of
from lenet_gui.protocol.moved import MovedRequest
from lenet_gui.protocol.stops import Breakpoint
from tests.engine.choices.models import Tiny
from tests.engine.choices.runs import settings_of

EPOCHS: dict[str, Any] = {"batch_size": 479, "scheduler": "StepLR", "scheduler_step_size": 1, "scheduler_gamma": 0.5}
CLIP: dict[str, Any] = {"clip": "clip_grad_norm_", "clip_max_norm": 0.01}


def test_the_cycle_follows_from_the_settings() -> None:
    assert cycle_of(Settings()) == CYCLE
    assert phases_of(Settings(**CLIP, **EPOCHS))[4:] == ("clip", "step", "schedule")
    each = cycle_of(Settings(**CLIP, **EPOCHS, scheduler_per="step"))
    assert [command.name for command in each][4:] == ["clip", "step", "schedule"]
    assert [command.name for command in cycle_of(Settings(**EPOCHS))][-1] == "step"


def test_a_set_changes_it_from_there_on_and_each_block_has_its_own() -> None:
    session = Session(Settings(batch_size=4), Tiny)
    session.run(2)
    session.set(**CLIP)
    session.run(3)
    session.set(clip="")
    session.run(1)
    blocks = [entry for entry in session.journal.entries if isinstance(entry, Block)]
    assert [(len(block.cycle), block.n) for block in blocks] == [(5, 2), (6, 3), (5, 1)]
    session.seek(step=4)
    assert session.journal.cycle[4] == Command("clip")
    session.seek(step=1)
    assert session.journal.cycle == CYCLE


def test_a_scheduler_comes_behind_each_epoch_by_hand_and_in_a_run() -> None:
    """The digits have three batches of 479."""
    by_hand, run = Session(Settings(**EPOCHS), Tiny), Session(Settings(**EPOCHS), Tiny)
    done = []
    while by_hand.steps < 7:
        done.append(by_hand.next_phase)
        by_hand.apply(by_hand.next_command)
    run.run(7)
    assert by_hand.digest() == run.digest()
    assert [done[: at + 1].count("step") for at, name in enumerate(done) if name == "schedule"] == [3, 6]
    assert run.lr == 0.05 * 0.5**2


def test_breakpoints_stop_at_clip_and_at_schedule_wherever_it_runs() -> None:
    for at, steps in (("clip", 0), ("schedule", 3), ("zero_grad", 1)):
        session = Session(Settings(**CLIP, **EPOCHS), Tiny)
        session.stops.set(Breakpoint(0, "phase", at))
        session.stops.run(20)
        assert (session.next_phase, session.steps) == (at, steps)
        session.stops.run(20)
        assert session.next_phase == at
        assert session.stops.stopped
        again = Session.replay(session.journal, Tiny)
        assert again.digest() == session.digest()


def test_a_rate_set_under_a_scheduler_goes_on_from_there_as_in_plain_pytorch() -> None:
    session = Session(Settings(**EPOCHS), Tiny)
    session.run(3)
    assert session.lr == 0.025
    session.set(batch_size=478)
    assert session.lr == 0.025  # what is not set stays as the scheduler has left it
    session.set(lr=0.08)
    session.schedule()
    assert session.lr == 0.04


def test_clip_gives_pytorchs_norm_and_is_seen_in_the_gradients() -> None:
    session = Session(Settings(**CLIP, batch_size=8), Tiny)
    for phase in (session.zero_grad, session.forward, session.loss, session.backward):
        phase()
    gradients = [one.grad.clone() for one in session.parameters if one.grad is not None]
    found = session.clip()
    assert found is not None
    assert found.item() == torch.nn.utils.get_total_norm(gradients).item()
    shown = session.trace()
    assert [one.command.name for one in shown.commands][4:] == ["clip", "step"]
    assert torch.equal(shown.updates[0].gradient, session.parameters[0].grad)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("phase", "words"),
    [("clip", "no clipping is chosen"), ("schedule", "name 'scheduler' is not defined")],
)
def test_a_phase_that_the_run_has_not_is_refused(phase: str, words: str) -> None:
    session = Session(Settings(), Tiny)
    before = session.digest()
    with pytest.raises(Refused, match=words):
        session.apply(Command(phase))
    assert session.digest() == before


def test_a_closure_without_a_loss_is_refused_and_nothing_moves() -> None:
    session = Session(Settings(optimizer="LBFGS"), Tiny)
    before = session.digest()
    with pytest.raises(Refused, match="target"):
        session.step()
    assert session.digest() == before


def test_a_schedule_that_has_ended_is_refused_and_the_run_stands_before_it() -> None:
    over = {"scheduler": "OneCycleLR", "scheduler_max_lr": 0.1, "scheduler_total_steps": 3, "scheduler_per": "step"}
    session = Session(Settings(batch_size=4, momentum=0.9, **over), Tiny)
    with pytest.raises(Refused, match="total steps"):
        session.run(10)
    assert session.next_phase == "schedule"
    end = session.digest()
    session.step_back()
    session.seek()
    assert session.digest() == end


def test_random_data_has_no_epochs_to_count() -> None:
    with pytest.raises(ValueError, match="scheduler_per"):
        Session(Settings(data="random", scheduler="StepLR", scheduler_step_size=1))


def test_what_a_new_pytorch_brings_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss that no list here has ever named: its options, and what it compares with."""

    class TripledLoss(nn.Module):
        def __init__(self, factor: float = 3.0, reduction: str = "mean") -> None:
            """reduction: ``'mean'`` | ``'sum'``"""
            super().__init__()
            self.factor, self.reduction = factor, reduction

        def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            found = self.factor * (input - target).square()
            return found.mean() if self.reduction == "mean" else found.sum()

    monkeypatch.setattr(nn, "TripledLoss", TripledLoss, raising=False)
    for each in (losses.names, losses.nature, losses.known):
        each.cache_clear()
    try:
        assert losses.nature("TripledLoss").kind == "values"
        found, _ = options.read(TripledLoss, set())
        assert [(one.name, one.kind, one.default) for one in found] == [
            ("factor", "float", 3.0),
            ("reduction", "choice", "mean"),
        ]
        session = Session(Settings(loss="TripledLoss", loss_factor=2.0, batch_size=4), Tiny)
        session.run(2)
        assert session.last_loss is not None
    finally:
        losses.names.cache_clear()


@pytest.mark.parametrize(
    "options", [{"loss_reduction": "sum"}, {"loss": "L1Loss"}, {"loss": "MultiMarginLoss"}], ids=str
)
def test_what_each_sample_adds_to_a_gradient_sums_to_it(options: dict[str, Any]) -> None:
    session = Session(Settings(batch_size=4, **options), Tiny)
    session.model.eval()
    for phase in (session.zero_grad, session.forward, session.loss, session.backward):
        phase()
    found = moved(session, MovedRequest(1, "fc.weight", 3)).shares
    assert found is not None
    assert found.added is not None
    assert found.shares.sum() == pytest.approx(found.added, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("optimizer", ["Adagrad", "NAdam", "LBFGS"])
def test_why_it_moved_tells_pytorchs_own_numbers_of_every_optimizer(optimizer: str) -> None:
    session = Session(settings_of(optimizer=optimizer, batch_size=4), Tiny)
    session.run(2)
    found = moved(session, MovedRequest(1, "fc.weight", 3)).arithmetic
    assert found is not None
    assert found.after == session.parameters[0].flatten()[3].item() != found.before
    assert "not known line by line" in found.words
    assert found.same
