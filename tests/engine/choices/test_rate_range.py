"""The range test: its steps are those of a plain loop, and the run stays as it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.trial.rate_range import range_test, suggestion
from lenet_gui.protocol import Frame, Notice
from lenet_gui.protocol.rate_range import RangeReport, StartRangeTest
from tests.engine.choices.models import Tiny
from tests.engine.hosting import Host

ASKED = StartRangeTest(1e-4, 100.0, 30)


def outcome_of(session: Session, asked: StartRangeTest = ASKED) -> RangeReport:
    return [*range_test(session, asked, 1, lambda: True)][-1]


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_its_losses_are_those_of_a_plain_loop(optimizer: str) -> None:
    session = Session(Settings(optimizer=optimizer, lr=0.01, scheduler="StepLR", scheduler_step_size=1))
    session.run(2)
    before, length = session.digest(), len(session.journal)
    found = outcome_of(session)
    assert (session.digest(), len(session.journal)) == (before, length)
    twin = Session.replay(session.journal)
    assert np.allclose(found.rates, np.geomspace(1e-4, 100.0, 30)[: len(found.rates)])
    losses = []
    for rate in found.rates:
        for group in twin.optimizer.param_groups:
            group["lr"] = rate
        for phase in (twin.zero_grad, twin.forward, twin.loss, twin.backward, twin.step):
            phase()
        assert twin.last_loss is not None
        losses.append(twin.last_loss.item())
    assert found.losses.tolist() == losses
    assert found.current == 0.01


def test_it_ends_where_the_loss_runs_away_and_says_so() -> None:
    found = outcome_of(Session(Settings(loss="MSELoss")), StartRangeTest(1e-3, 1e6, 100))
    assert "too fast" in found.words
    assert len(found.rates) < 100
    assert all(map(math.isfinite, found.losses))


def test_the_suggestion_is_where_the_loss_falls_most_steeply() -> None:
    rates = np.geomspace(1e-4, 1.0, 41).tolist()
    losses = [1 - 1 / (1 + math.exp(-4 * (math.log10(rate) + 2))) for rate in rates]
    found = suggestion(rates, losses)
    assert found is not None
    assert abs(math.log10(found) + 2) < 0.1
    assert suggestion(rates, sorted(losses)) is None
    assert suggestion(rates[:4], losses[:4]) is None


@pytest.mark.parametrize("asked", [(0.1, 0.01, 100), (0.0, 1.0, 100), (1e-3, math.inf, 100), (1e-3, 1.0, 2)])
def test_a_range_that_is_none_is_refused_in_a_sentence(asked: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match=r"range test takes|learning rates must"):
        outcome_of(Session(Settings(), Tiny), StartRangeTest(*asked))


def test_it_is_cancelled_half_way() -> None:
    session = Session(Settings(), Tiny)
    going = iter([True] * 12)
    *_, found = range_test(session, ASKED, 1, lambda: next(going, False))
    assert found.words == "It was cancelled."
    assert 0 < len(found.rates) < 30


def test_a_window_is_told_how_it_stands_and_takes_the_rate() -> None:
    with Host(Settings(batch_size=4)) as host:
        found = host.ask(ASKED, RangeReport, lambda report: bool(report.words))
        assert host.wait(Frame, lambda frame: not frame.running).step == 0
        assert len(found.losses) == len(found.rates) > 10
        host.ask(StartRangeTest(1.0, 0.1, 100), Notice)
        assert "larger number" in host.of(Notice)[-1].words


def test_the_generators_of_the_process_are_left_alone() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    outcome_of(Session(Settings(), Tiny))
    assert torch.equal(torch.get_rng_state(), before)
