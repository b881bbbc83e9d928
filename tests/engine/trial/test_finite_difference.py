"""A finite difference agrees with the gradient wherever the loss is smooth, and says so where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.engine.trial.finite_difference import STEP, check
from lenet_gui.protocol.moved import CheckReply, CheckRequest
from tests.engine.models import CountsForwards, DrawsElsewhere, NormAndDropout, WritesIntoItsInput
from tests.engine.moved.test_samples import InFloat, behind_backward, cells, grad

MODELS: list[Callable[[], nn.Module]] = [Net, NormAndDropout, DrawsElsewhere, CountsForwards, WritesIntoItsInput]


def ask(session: Session, name: str, index: int) -> CheckReply:
    return check(session, CheckRequest(1, name, index))


class AtTheBend(nn.Module):
    """Its ReLU, or its maximum, has two sides closer to each other than a finite difference can see."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.linear = nn.Linear(4, 10)
        with torch.no_grad():
            self.linear.weight.zero_()
            self.linear.bias.copy_(torch.arange(1.0, 11.0))
            self.linear.bias[0] = STEP / 4 if kind == "relu" else 2 - STEP / 4

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(nn.functional.avg_pool2d(x, 16).flatten(1))
        if self.kind == "relu":
            return torch.relu(x)
        pooled = nn.functional.max_pool1d(x[:, None], 2)[:, 0]
        return torch.cat([pooled, pooled], 1)


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
@pytest.mark.parametrize("make_model", MODELS)
def test_it_agrees_with_the_gradient_of_a_parameter(make_model: Callable[[], nn.Module], loss: str) -> None:
    session = behind_backward(make_model, loss=loss, batch_size=4)
    before, smooth = session.digest(), 0
    for name, index in cells(session, 20, seed=3):
        found = ask(session, name, index)
        assert found.words == ""
        assert found.shown == grad(session, name, index)
        assert found.double == pytest.approx(found.shown, rel=1e-3, abs=1e-6)
        if not found.switches:
            smooth += 1
            assert found.difference == pytest.approx(found.double, rel=1e-6, abs=1e-9)
    assert smooth >= 15
    assert session.digest() == before


@pytest.mark.parametrize("make_model", [Net, NormAndDropout])
def test_it_agrees_with_the_gradient_of_an_activation(make_model: Callable[[], nn.Module]) -> None:
    session = behind_backward(make_model, batch_size=4)
    chosen, before = np.random.default_rng(0), session.digest()
    for operation in session.trace().forward:
        output = operation.outputs[0]
        index = int(chosen.integers(output.numel()))
        found = ask(session, operation.name, index)
        if not output.is_floating_point():  # the counter of batch norm
            assert "no single output" in found.words
            continue
        assert found.words == ""
        assert found.shown is not None
        assert found.double == pytest.approx(found.shown, rel=1e-3, abs=1e-7)
        if not found.switches:
            assert found.difference == pytest.approx(found.double, rel=1e-6, abs=1e-9)
    assert session.digest() == before


@pytest.mark.parametrize(("kind", "name"), [("relu", "relu: 4 of 40"), ("max", "max_pool1d: 4 of 20")])
def test_where_a_bend_lies_in_between_it_says_which(kind: str, name: str) -> None:
    session = Session(Settings(batch_size=4), lambda: AtTheBend(kind))
    session.forward()
    session.loss()
    session.backward()
    assert ask(session, "linear.bias", 0).switches == (name,)
    assert ask(session, "linear.weight", 4 * 3).switches == ()


def test_with_two_backwards_it_is_the_newest_pass_that_is_checked() -> None:
    session = behind_backward(batch_size=4)
    assert session.labels is not None
    label = int(session.labels[1])
    first = ask(session, "fc3.bias", label)
    session.forward(sample=1, unsqueeze=True)
    session.loss()
    session.backward()
    second = ask(session, "fc3.bias", label)
    assert second.shown != grad(session, "fc3.bias", label)
    assert second.difference == pytest.approx(second.shown, rel=1e-4)
    assert second.difference != pytest.approx(first.difference, rel=1e-2)


def test_before_a_backward_it_stands_beside_no_gradient_of_the_run() -> None:
    session = Session(Settings(batch_size=4))
    session.forward()
    session.loss()
    for name in ("fc3.bias", "linear_2"):
        found = ask(session, name, 2)
        assert found.shown is None
        assert found.difference == pytest.approx(found.double, rel=1e-6)
    session.backward()
    assert ask(session, "fc3.bias", 2).shown == grad(session, "fc3.bias", 2)


def test_a_backward_from_the_output_is_no_gradient_of_the_loss() -> None:
    session = Session(Settings(batch_size=4))
    session.forward()
    session.loss()
    session.backward(of="output")
    assert ask(session, "fc3.bias", 2).shown is None


def test_what_cannot_be_checked_is_said_in_words() -> None:
    assert "press Forward and Loss" in ask(Session(Settings(batch_size=4)), "fc3.bias", 0).words
    in_float = ask(behind_backward(InFloat), "linear.weight", 0)
    assert "cannot be computed in double precision" in in_float.words
    assert math.isnan(in_float.difference)


@pytest.mark.parametrize(
    ("name", "index", "words"),
    [("fc3.bias", 10, "10 numbers"), ("relu", 10**9, "no number 1,000,000,000"), ("fc9", 0, "there is no fc9")],
)
def test_what_is_no_number_is_said_in_the_answer(name: str, index: int, words: str) -> None:
    reply = ask(behind_backward(batch_size=2), name, index)
    assert words in reply.words
    assert math.isnan(reply.difference)


def test_the_last_number_is_checked_by_counting_from_the_end() -> None:
    session = behind_backward(batch_size=2)
    last = ask(session, "fc3.bias", -1)
    assert (last.index, last.difference) == (9, ask(session, "fc3.bias", 9).difference)


def test_a_run_that_was_checked_goes_on_in_the_same_bits() -> None:
    checked, plain = (Session(Settings(batch_size=8, lr=0.1), NormAndDropout) for _ in range(2))
    for phase in ("zero_grad", "forward", "loss", "backward", "step") * 3:
        for session in (checked, plain):
            getattr(session, phase)()
        for name in ("conv.weight", "relu", "linear.bias"):
            if checked.last_loss is not None and checked.next_phase in ("backward", "step", "zero_grad"):
                ask(checked, name, 5)
        assert checked.digest() == plain.digest()
