"""Gradients at any place of a step: before, in and behind a backward, of several backwards, of what was edited."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace.tracer import Tracer
from lenet_gui.engine.why.why import NotHere
from lenet_gui.protocol import CYCLE, Move
from tests.engine.trace.models import Attends, Custom, small
from tests.engine.why.asking import check_sum, names, some_cells, stood
from tests.engine.why.models import Mlp, Parts, Shared


def test_two_backwards_before_a_step_are_told_apart() -> None:
    session = stood(batch_size=4)
    first = session.model.get_parameter("conv1.weight").grad
    assert first is not None
    earlier = first[2, 0, 1, 1].item()
    session.next_batch()
    session.forward()
    session.loss()
    session.backward()
    found = session.why("conv1.weight.grad", (2, 0, 1, 1))
    check_sum(found)
    assert [part.label for part in found.parts] == ["earlier", "conv2d"]
    assert found.parts[0].value == earlier
    assert found.parts[1].value == pytest.approx(found.value - earlier, rel=1e-4)
    assert len(found.contributions) == 1 + 4 * 30 * 30
    here = session.input[:, 0].double()
    gradient = next(one for one in session.why("conv1.weight.grad", (2, 0, 1, 1)).contributions if len(one.factors) > 1)
    assert here[gradient.factors[1].index[0], gradient.factors[1].index[2], gradient.factors[1].index[3]].item() == (
        gradient.factors[1].value
    )  # of the second batch, and not of the first


def test_a_graph_that_is_gone_over_twice_counts_twice() -> None:
    session = Session(Settings(batch_size=4))
    session.zero_grad()
    session.forward()
    session.loss()
    session.backward(retain_graph=True)
    once = session.why("fc3.weight.grad", 5)
    session.backward()
    twice = session.why("fc3.weight.grad", 5)
    check_sum(twice)
    assert twice.parts[0].value == once.value
    assert twice.parts[1].value == once.sum


def test_a_weight_that_is_used_twice_has_a_part_for_each_use() -> None:
    session = stood(Shared, batch_size=2)
    found = session.why("conv.weight.grad", (1, 2, 1, 1))
    check_sum(found)
    assert [part.label for part in found.parts] == ["conv2d_1", "conv2d_2"]
    assert all(len(part.contributions) == 2 * 7 * 7 for part in found.parts)


def test_a_skip_connection_gives_back_a_part_for_each_way() -> None:
    session = stood(Shared, batch_size=2)
    found = session.why("conv2d.grad", (1, 2, 3, 3))
    check_sum(found)
    assert [part.label for part in found.parts] == ["conv2d_1", "add", "mul"]
    norm = session.why("conv2d_1.grad", (1, 2, 3, 3))
    check_sum(norm)
    ways = ["batch_norm, directly", "batch_norm, through the mean", "batch_norm, through the variance"]
    assert [part.label for part in norm.parts] == ways
    assert [len(part.contributions) for part in norm.parts] == [1, 98, 98]


def test_zeros_of_zero_grad_and_an_edit_are_said_to_be_so() -> None:
    session = stood()
    session.edit("conv1.bias.grad", 2, 0.5)
    edited = session.why("conv1.bias.grad", 2)
    assert edited.value == 0.5
    assert not edited.adds
    assert "written" in edited.note
    check_sum(session.why("conv1.bias.grad", 1))
    session.zero_grad(set_to_none=False)
    zeroed = session.why("conv1.bias.grad", 2)
    assert (zeroed.value, len(zeroed.parts)) == (0, 0)
    assert "zero_grad has set it to 0" in zeroed.note
    session.zero_grad()
    with pytest.raises(NotHere, match="None"):
        session.why("conv1.bias.grad", 2)


def test_a_backward_from_the_output_begins_with_what_was_drawn() -> None:
    session = Session(Settings(batch_size=4))
    session.zero_grad()
    session.forward()
    session.backward(of="output")
    for name, cell in some_cells(session, 60, seed=2):
        if name != "loss":
            check_sum(session.why(name, cell))
    assert "begins" in session.why("linear_2.grad", 3).contributions[0].factors[0].form


def test_behind_the_step_the_weights_are_those_that_were_multiplied() -> None:
    session = stood(lr=0.5)
    before = session.model.get_parameter("conv1.weight")[2, 0, 2, 2].item()
    session.step()
    found = session.why("conv2d", (1, 2, 4, 4))
    check_sum(found)
    factors = [factor for one in found.contributions for factor in one.factors]
    weight = next(one for one in factors if (one.name, one.index) == ("conv1.weight", (2, 0, 2, 2)))
    assert weight.value == before != session.model.get_parameter("conv1.weight")[2, 0, 2, 2].item()
    assert weight.form == "as it was then"
    for name, cell in some_cells(session, 60, seed=1):
        check_sum(session.why(name, cell))
    session.zero_grad()
    with pytest.raises(NotHere, match="step before"):
        session.why("loss")


def test_inside_of_a_step_only_what_is_computed_can_be_asked() -> None:
    session = Session(Settings(batch_size=2))
    asked = 0
    for _ in range(60):
        session.stepper.move(Move("into"), session.apply)
        for name in names(session) if session.item else ():
            found = session.why(name, 0)
            assert found.adds, (name, session.stepper.words(), found.note)
            check_sum(found)
            asked += 1
        if session.next_command.name == "step":
            break
        if session.next_command.name != "backward" or session.item < 15:
            with pytest.raises(NotHere, match="no backward"):
                session.why("conv1.weight.grad", 0)
    assert asked > 100


@pytest.mark.parametrize("make_model", [Shared, Net])
def test_a_step_that_was_too_large_to_keep_gives_the_same_answers(make_model: type[nn.Module]) -> None:
    session = stood(make_model, batch_size=16)
    asked = list(some_cells(session, 12, seed=9))
    before = [session.why(*one).contributions.values for one in asked]
    session.stepper._tracer = Tracer(session, budget=0)
    assert session.trace().partial
    for one, values in zip(asked, before, strict=True):
        again = session.why(*one).contributions.values
        assert again.tobytes() == values.tobytes()


@pytest.mark.parametrize("make_model", [Shared, Mlp, Attends])
def test_asking_changes_no_bit_of_the_run(make_model: type[nn.Module]) -> None:
    watched, plain = (Session(Settings(batch_size=4, lr=1e-4), make_model) for _ in range(2))
    draws = torch.get_rng_state()
    for command in 2 * CYCLE:
        watched.apply(command)
        plain.apply(command)
        for name, cell in some_cells(watched, 6, seed=len(watched.journal)) if names(watched) else ():
            try:
                _ = watched.why(name, cell).contributions
            except NotHere:
                assert name in ("loss", "output")
    assert watched.digest() == plain.digest()
    assert torch.equal(draws, torch.get_rng_state())


class Far(nn.Module):
    """Batch norm of numbers that lie a hundred deviations from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(16)
        self.last = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = small(x)
        x = (x - x.mean(0)) / (x.std(0) + 1e-3) + 95
        return self.last(self.norm(x))


@pytest.mark.parametrize("settings", [{}, {"mode": "eval"}], ids=str)
def test_batch_norm_far_from_zero(settings: dict[str, Any]) -> None:
    session = stood(Far, batch_size=32, **settings)
    for cell in range(0, 16 * 32, 37):
        check_sum(session.why("batch_norm", cell))
    for cell in range(16):
        check_sum(session.why("norm.weight.grad", cell))
        check_sum(session.why("norm.bias.grad", cell))


def test_what_has_no_formula_is_said_plainly() -> None:
    session = stood(Custom)
    found = session.why("Doubled", (1, 3))
    assert not found.adds
    assert "cannot be taken apart" in found.note
    assert [one.value for one in found.contributions] == [2 + 0.0]
    assert found.contributions[0].factors[0].form == "∂y/∂·"
    attends = stood(Attends, mode="eval")
    found = attends.why("layer_norm", 3)
    assert not found.adds
    assert len(found.contributions) > 8
    check_sum(attends.why("encoder.norm1.weight.grad", 3))
    drops = stood(Attends)
    found = drops.why("multi_head_attention_forward", 3)
    assert "random" in found.note
    assert not found.contributions


def test_a_tensor_that_is_written_into_in_parts_is_not_followed() -> None:
    session = stood(Parts)
    found = session.why("add.grad", 0)
    assert not found.adds
    assert "written into a part" in found.note
    check_sum(session.why("first.bias.grad", 0))


def test_inside_of_a_second_backward_the_first_one_still_holds() -> None:
    session = Session(Settings(batch_size=2))
    session.zero_grad()
    session.forward()
    session.loss()
    session.backward(retain_graph=True)
    session.backward()
    session.step_back()
    for _ in range(8):
        session.stepper.move(Move("into"), session.apply)
    reached, not_reached = session.why("fc3.bias.grad", 1), session.why("conv1.weight.grad", 18)
    check_sum(reached)
    check_sum(not_reached)
    assert [part.label for part in reached.parts] == ["earlier", "linear_2"]
    assert [part.label for part in not_reached.parts] == ["conv2d"]
