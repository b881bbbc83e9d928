"""Why a weight moved, asked of a session: the lines end in the bits that its optimizer's step gives, and it is the
step that the cursor stands before or behind."""

from __future__ import annotations

import numpy as np
import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.choices.optimizers import presets as choices
from lenet_gui.engine.moved.why import NO_BACKWARD, NO_GRADIENT, moved
from lenet_gui.protocol.moved import Arithmetic, MovedRequest
from tests.engine.models import NormAndDropout

OPTIONS: dict[str, dict[str, float | bool]] = {
    "SGD": {"weight_decay": 0.01, "dampening": 0.0},
    "Adam": {"weight_decay": 0.01, "amsgrad": True, "beta1": 0.8},
    "RMSprop": {"weight_decay": 0.01, "centered": True, "momentum": 0.5},
}
PRESETS = [
    Settings(batch_size=4, optimizer=choice.name, lr=choice.lr, **{**dict(choice.preset), **more})
    for choice in choices()
    for more in ({}, OPTIONS[choice.name])
]


def arithmetic_of(session: Session, name: str, index: int) -> Arithmetic:
    found = moved(session, MovedRequest(1, name, index)).arithmetic
    assert found is not None
    return found


def value(session: Session, name: str, index: int) -> float:
    return session.model.get_parameter(name).reshape(-1)[index].item()


def phases(session: Session, *names: str) -> None:
    for name in names or ("zero_grad", "forward", "loss", "backward"):
        getattr(session, name)()


@pytest.mark.parametrize("settings", PRESETS, ids=lambda settings: f"{settings.optimizer} {dict(settings.options)}")
def test_before_the_step_it_says_to_the_bit_what_the_step_does(settings: Settings) -> None:
    session, plain = Session(settings), Session(settings)
    chosen = np.random.default_rng(1)
    for steps in (0, 3):
        for one in (session, plain):
            one.run(steps)
            phases(one)
        cells = [
            (name, int(chosen.integers(parameter.numel()))) for name, parameter in session.model.named_parameters()
        ]
        told = [arithmetic_of(session, name, index) for name, index in cells]
        assert session.digest() == plain.digest()
        session.step()
        plain.step()
        for (name, index), before in zip(cells, told, strict=True):
            after = arithmetic_of(session, name, index)
            assert value(session, name, index) == before.after == before.lines[-1].result
            assert before.same
            assert not before.taken
            assert after.taken
            assert (after.lines, after.after, after.step) == (before.lines, before.after, before.step)
        assert session.digest() == plain.digest()


def test_it_counts_with_what_was_set_and_edited_before_the_step() -> None:
    session = Session(Settings(batch_size=4, optimizer="SGD", lr=0.1, momentum=0.9))
    session.run(2)
    phases(session)
    session.set(lr=0.5, momentum=0.25)
    session.edit("fc3.bias", 2, 1.0)
    session.edit("fc3.bias.grad", 2, 2.0)
    found = arithmetic_of(session, "fc3.bias", 2)
    assert found.before == 1.0
    assert found.rule == "SGD(lr=0.5, momentum=0.25)"
    session.step()
    assert value(session, "fc3.bias", 2) == found.after
    assert found.lines[0].result == 2.0


def test_going_back_it_tells_of_the_step_that_is_seen_there() -> None:
    session = Session(Settings(batch_size=4))
    session.run(5)
    newest = arithmetic_of(session, "conv1.bias", 3)
    session.seek(step=2)
    earlier = arithmetic_of(session, "conv1.bias", 3)
    assert (newest.step, earlier.step) == (5, 2)
    assert value(session, "conv1.bias", 3) == earlier.after
    session.seek(step=5)
    assert arithmetic_of(session, "conv1.bias", 3) == newest


def test_inside_of_a_step_a_parameter_has_moved_once_the_cursor_has_passed_it() -> None:
    session = Session(Settings(batch_size=4))
    session.run(2)
    session.stepper.go(len(session.journal) - 1, 2)
    first, last = next(iter(dict(session.model.named_parameters()))), "fc3.bias"
    assert arithmetic_of(session, first, 0).taken
    assert not arithmetic_of(session, last, 0).taken


def test_a_parameter_without_a_gradient_is_left_alone_and_it_says_so() -> None:
    session = Session(Settings(batch_size=4))
    session.step()
    reply = moved(session, MovedRequest(1, "fc3.bias", 0))
    assert reply.words == NO_BACKWARD
    assert reply.arithmetic is not None
    assert (reply.arithmetic.lines, reply.arithmetic.words) == ((), NO_GRADIENT)
    assert reply.arithmetic.before == reply.arithmetic.after
    assert reply.arithmetic.same


def test_a_step_pressed_twice_uses_the_same_gradient_again() -> None:
    session = Session(Settings(batch_size=4, optimizer="Adam", lr=0.01))
    phases(session)
    session.step()
    before = value(session, "fc3.bias", 1)
    session.step()
    found = arithmetic_of(session, "fc3.bias", 1)
    assert (found.step, found.before, found.after) == (2, before, value(session, "fc3.bias", 1))
    assert found.same


def test_asking_in_a_model_with_batch_norm_and_dropout_leaves_the_run_as_it_is() -> None:
    asked, plain = (Session(Settings(batch_size=8), NormAndDropout) for _ in range(2))
    for session in (asked, plain):
        session.run(3)
    for phase in ("zero_grad", "forward", "loss", "backward", "step") * 2:
        for session in (asked, plain):
            getattr(session, phase)()
        for name, index in (("norm.weight", 1), ("linear.bias", 2), ("conv.weight", 5)):
            moved(asked, MovedRequest(1, name, index))
        assert asked.digest() == plain.digest()
