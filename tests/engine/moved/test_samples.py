"""The shares of a batch's samples in one number of a gradient: they sum to it, each is its sample's own, and asking
changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.moved import samples
from lenet_gui.engine.moved.why import moved
from lenet_gui.engine.net import Net
from lenet_gui.protocol.moved import MovedReply, MovedRequest, SampleShares
from tests.engine.models import CountsForwards, DrawsElsewhere, NormAndDropout, WritesIntoItsInput

CLOSE = 1e-5
"""Of the sum of absolute values: what the rounding of a float32 gradient may be."""


class OnlyBackward(torch.autograd.Function):
    """Knows no way forward for derivatives, as most people's own functions."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.tanh()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradients[0] * (1 - ctx.saved_tensors[0].tanh() ** 2)


class HasItsOwn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = OnlyBackward.apply(nn.functional.avg_pool2d(x, 8).flatten(1))  # pyright: ignore
        return self.linear(found)


class InFloat(NormAndDropout):
    """Insists on its precision, so that it cannot be computed in another."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float())


MODELS: list[Callable[[], nn.Module]] = [Net, NormAndDropout, DrawsElsewhere, CountsForwards, WritesIntoItsInput]
MODELS += [HasItsOwn, InFloat]


def behind_backward(make_model: Callable[[], nn.Module] = Net, **settings) -> Session:
    session = Session(Settings(**{"batch_size": 16, **settings}), make_model)
    session.run(3)
    session.zero_grad()
    session.forward()
    session.loss()
    session.backward()
    return session


def ask(session: Session, name: str, index: int) -> MovedReply:
    return moved(session, MovedRequest(1, name, index))


def shares_of(session: Session, name: str, index: int) -> SampleShares:
    reply = ask(session, name, index)
    assert reply.shares is not None, reply.words
    return reply.shares


def cells(session: Session, count: int, seed: int = 0) -> list[tuple[str, int]]:
    chosen, named = np.random.default_rng(seed), list(session.model.named_parameters())
    picked = [named[int(chosen.integers(len(named)))] for _ in range(count)]
    return [(name, int(chosen.integers(parameter.numel()))) for name, parameter in picked]


def grad(session: Session, name: str, index: int) -> float:
    found = session.model.get_parameter(name).grad
    assert found is not None
    return found.reshape(-1)[index].item()


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
@pytest.mark.parametrize("make_model", MODELS)
def test_they_sum_to_the_gradient(make_model: Callable[[], nn.Module], loss: str) -> None:
    session = behind_backward(make_model, loss=loss)
    before = session.digest()
    for name, index in cells(session, 25):
        if name == "conv.bias":  # batch norm takes a bias away again: its gradient is nothing but rounding
            continue
        found = shares_of(session, name, index)
        assert found.added == found.now == grad(session, name, index)
        assert found.earlier is None
        size = np.abs(found.shares).sum()
        assert abs(found.shares.sum() - found.added) <= CLOSE * size
        assert len(found.shares) == 16
        assert len(found.targets) == 16
        if make_model is not InFloat:
            assert found.double == pytest.approx(found.added, abs=CLOSE * size)
    assert session.digest() == before


def test_each_is_the_gradient_of_its_own_sample() -> None:
    session = behind_backward(batch_size=8)
    assert session.target is not None
    for name, index in cells(session, 12):
        found = shares_of(session, name, index)
        for sample in range(8):
            session.model.zero_grad()
            alone = session.model(session.input[sample : sample + 1])
            (nn.functional.cross_entropy(alone, session.target[sample : sample + 1]) / 8).backward()
            assert found.shares[sample] == pytest.approx(
                grad(session, name, index), rel=1e-4, abs=1e-6 * np.abs(found.shares).max()
            )


def test_batch_norm_in_train_mode_is_said_to_mix_the_samples_and_in_eval_mode_not() -> None:
    session = behind_backward(NormAndDropout)
    assert "Batch norm in train mode" in shares_of(session, "linear.weight", 3).mixed
    assert shares_of(behind_backward(NormAndDropout, mode="eval"), "linear.weight", 3).mixed == ""
    assert shares_of(behind_backward(), "fc3.weight", 3).mixed == ""


def test_a_model_of_one_s_own_that_mixes_samples_is_noticed() -> None:
    class Centres(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(1024, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.linear((x - x.mean(0)).flatten(1))

    found = shares_of(behind_backward(Centres), "linear.weight", 1)
    assert found.mixed == samples.OTHERS


def test_two_backwards_before_a_step_are_told_apart() -> None:
    session = Session(Settings(batch_size=16, optimizer="SGD", lr=0.1, momentum=0.9))
    session.run(2)
    session.zero_grad()
    for _ in range(2):
        session.forward()
        session.loss()
        session.backward()
        session.next_batch()
    name, index = "fc3.bias", 4
    found = shares_of(session, name, index)
    assert found.earlier is not None
    assert found.added is not None
    assert np.float32(found.earlier) + np.float32(found.added) == grad(session, name, index) == found.now
    assert abs(found.shares.sum() - found.added) <= CLOSE * np.abs(found.shares).sum()
    # The first pass by itself is what a session that stopped there has.
    once = Session(Settings(batch_size=16, optimizer="SGD", lr=0.1, momentum=0.9))
    once.run(2)
    once.zero_grad()
    once.forward()
    once.loss()
    once.backward()
    assert grad(once, name, index) == found.earlier


def test_an_edited_gradient_is_told_from_what_the_backward_left() -> None:
    session = behind_backward()
    session.edit("fc3.bias.grad", 4, 7.0)
    found = shares_of(session, "fc3.bias", 4)
    assert found.now == 7.0
    assert found.added != 7.0
    assert abs(found.shares.sum() - (found.added or 0)) <= CLOSE * np.abs(found.shares).sum()


def test_the_shares_of_a_step_that_was_taken_are_of_the_gradient_that_it_used() -> None:
    session = behind_backward()
    before = shares_of(session, "conv1.weight", 7)
    session.step()
    after_step = shares_of(session, "conv1.weight", 7)
    session.zero_grad()
    after_zero = shares_of(session, "conv1.weight", 7)
    for found in (after_step, after_zero):
        assert found.shares.tobytes() == before.shares.tobytes()
        assert found.added == before.added


def test_a_backward_from_the_output_has_shares_too() -> None:
    session = Session(Settings(batch_size=6))
    session.forward()
    session.backward(of="output")
    for name, index in cells(session, 10):
        found = shares_of(session, name, index)
        assert abs(found.shares.sum() - grad(session, name, index)) <= CLOSE * np.abs(found.shares).sum()


@pytest.mark.parametrize("unsqueeze", [True, False])
def test_one_sample_that_was_sent_through_alone_has_all_of_it(unsqueeze: bool) -> None:
    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.linear(x.mean((-3, -2)))

    session = Session(Settings(batch_size=6), Flat)
    session.forward(sample=2, unsqueeze=unsqueeze)
    session.loss()
    session.backward()
    found = shares_of(session, "linear.weight", 5)
    assert len(found.shares) == len(found.targets) == 1
    assert session.labels is not None
    assert found.targets == (int(session.labels[2]),)
    assert found.shares[0] == pytest.approx(grad(session, "linear.weight", 5), rel=1e-5)


def test_random_data_has_the_targets_that_were_drawn() -> None:
    session = behind_backward(data="random")
    assert session.target is not None
    found = shares_of(session, "fc3.bias", 0)
    assert found.targets == tuple(session.target.tolist())
    assert abs(found.shares.sum() - grad(session, "fc3.bias", 0)) <= CLOSE * np.abs(found.shares).sum()


def test_with_the_cursor_inside_of_a_backward_a_parameter_has_shares_once_it_was_reached() -> None:
    session = behind_backward()
    place = len(session.journal) - 1
    last = len(session.trace().commands[3].items) - 1
    session.stepper.go(place, 4)
    assert ask(session, "conv1.weight", 0).shares is None
    assert "not come to it yet" in ask(session, "conv1.weight", 0).words
    reached = shares_of(session, "fc3.bias", 4)
    assert reached.added == reached.now
    session.stepper.go(place, last)
    assert ask(session, "fc3.bias", 4).arithmetic is None


def test_before_anything_was_done_it_says_what_to_press() -> None:
    reply = ask(Session(Settings(batch_size=4)), "fc3.bias", 0)
    assert (reply.shares, reply.arithmetic) == (None, None)
    assert "press Forward, Loss and Backward" in reply.words


@pytest.mark.parametrize(
    ("name", "index", "words"),
    [("fc9.bias", 0, "is no parameter"), ("fc3.bias", 10, "10 numbers"), ("fc3.bias", -11, "no number -11")],
)
def test_what_is_no_number_of_a_parameter_is_said_in_the_answer(name: str, index: int, words: str) -> None:
    reply = ask(behind_backward(batch_size=2), name, index)
    assert words in reply.words
    assert (reply.shares, reply.arithmetic) == (None, None)


def test_a_number_can_be_counted_from_the_end() -> None:
    session = behind_backward(batch_size=2)
    last, first = ask(session, "fc3.bias", -1), ask(session, "fc3.bias", 9)
    assert (last.index, last.arithmetic) == (9, first.arithmetic)
