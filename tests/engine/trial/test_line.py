"""Trying a step before it is taken: the losses are those that PyTorch then has, and nothing changes until then."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.choices.optimizers import presets as choices
from lenet_gui.engine.net import Net
from lenet_gui.engine.trial.line import NOT_BEFORE_STEP, SIDE, line
from lenet_gui.protocol import Command, Frame
from lenet_gui.protocol.moved import LineReply, LineRequest
from tests.engine.hosting import Host
from tests.engine.models import DrawsElsewhere, NormAndDropout
from tests.engine.moved.test_samples import behind_backward


def whole(session: Session) -> LineReply:
    """Asked for until it is done."""
    while True:
        reply = line(session, LineRequest(1))
        assert reply.words == ""
        if reply.done:
            return reply


def behind_step(session: Session, rate: float) -> float:
    """The loss of the batch once the step was taken with this rate: on the session itself, which has no dropout."""
    session.set(lr=rate)
    session.step()
    with session.undisturbed():
        return session.criterion(session.model(session.input.clone()), session.target).item()


@pytest.mark.parametrize("choice", choices(), ids=lambda choice: choice.label)
def test_each_loss_is_the_one_that_the_step_leads_to(choice) -> None:
    options = {**dict(choice.preset), "weight_decay": 0.01}
    reply = whole(behind_backward(batch_size=8, optimizer=choice.name, lr=choice.lr, **options))
    assert len(reply.rates) == 2 * SIDE + 2
    assert reply.rates[0] == 0
    assert (np.diff(reply.rates) > 0).all()
    assert choice.lr in reply.rates.tolist()
    for at in (1, SIDE + 1, SIDE + 6):
        session = behind_backward(batch_size=8, optimizer=choice.name, lr=choice.lr, **options)
        assert behind_step(session, reply.rates[at].item()) == reply.losses[at]


@pytest.mark.parametrize("make_model", [Net, NormAndDropout, DrawsElsewhere])
def test_at_rate_0_it_is_the_loss_that_was_taken(make_model: Callable[[], nn.Module]) -> None:
    """The same dropout mask, the same batch norm in the same mode, the same draws."""
    session = behind_backward(make_model)
    before = session.digest()
    reply = whole(session)
    assert session.last_loss is not None
    assert reply.losses[0] == session.last_loss.item()
    assert session.digest() == before
    assert np.isfinite(reply.losses[: SIDE + 2]).all()


def test_it_comes_in_slices_the_current_rate_first() -> None:
    session = behind_backward(batch_size=512)
    first = line(session, LineRequest(1))
    known = np.flatnonzero(np.isfinite(first.losses))
    assert SIDE + 1 in known
    if not first.done:
        second = line(session, LineRequest(2))
        assert second.batch == first.batch
        assert np.isfinite(second.losses).sum() > len(known)


def test_a_rate_of_one_s_own_is_exact() -> None:
    session = behind_backward(batch_size=8, lr=0.05)
    reply = line(session, LineRequest(1, 0.0321))
    assert reply.exact is not None
    assert reply.exact[0] == 0.0321
    assert behind_step(session, 0.0321) == reply.exact[1]


def test_it_counts_with_a_rate_that_was_set_and_is_another_line_then() -> None:
    session = behind_backward(batch_size=8, lr=0.05)
    before = whole(session)
    session.set(lr=0.2)
    after = whole(session)
    assert (before.rate, after.rate) == (0.05, 0.2)
    assert before.batch != after.batch
    exact = line(session, LineRequest(1, 0.05)).exact
    assert exact is not None
    assert exact[1] == before.losses[SIDE + 1]


def test_a_loss_that_is_no_number_any_more_is_told_as_such() -> None:
    session = behind_backward(batch_size=4)
    session.set(lr=1e25)
    reply = whole(session)
    assert not math.isfinite(reply.losses[-1])
    assert math.isfinite(reply.losses[0])


@pytest.mark.parametrize("phases", [(), ("forward",), ("forward", "loss"), ("forward", "loss", "backward", "step")])
def test_where_no_step_comes_next_it_says_what_to_press(phases: tuple[str, ...]) -> None:
    session = Session(Settings(batch_size=4))
    for phase in phases:
        getattr(session, phase)()
    reply = line(session, LineRequest(1))
    assert reply.done
    assert len(reply.rates) == 0
    assert "press Forward, Loss and Backward" in reply.words
    assert (reply.words == NOT_BEFORE_STEP) == (phases[-1:] == ("step",))


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_what_is_no_rate_is_refused_in_a_sentence(rate: float) -> None:
    with pytest.raises(ValueError, match="a learning rate is 0 or more and finite"):
        line(behind_backward(batch_size=4), LineRequest(1, rate))


def test_a_run_whose_steps_were_tried_goes_on_in_the_same_bits() -> None:
    tried, plain = (Session(Settings(batch_size=8, optimizer="Adam", lr=0.01), NormAndDropout) for _ in range(2))
    for phase in ("zero_grad", "forward", "loss", "backward", "step") * 3:
        for session in (tried, plain):
            getattr(session, phase)()
        line(tried, LineRequest(1))
        line(tried, LineRequest(1, 0.3))
        assert tried.digest() == plain.digest()


def test_a_runner_answers_and_taking_it_is_the_set_command_that_is_journaled() -> None:
    with Host(Settings(batch_size=8, lr=0.05)) as host:
        for phase in ("zero_grad", "forward", "loss", "backward"):
            before = host.do(Command(phase))
        reply = host.ask(LineRequest(7, 0.0125), LineReply, lambda one: one.id == 7)
        assert reply.exact is not None
        assert host.of(Frame)[-1].settings.lr == 0.05
        taken = host.do(Command.of("set", lr=0.0125))
        assert taken.place.commands == before.place.commands + 1
        assert taken.settings.lr == 0.0125
        assert host.ask(LineRequest(8, 0.0125), LineReply, lambda one: one.id == 8).exact == reply.exact
