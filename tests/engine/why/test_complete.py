"""No term is missing and none there twice: the cells that terms lead to are those that PyTorch itself takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine.net import Net
from lenet_gui.engine.session import Session
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.engine.why.why import Why
from tests.engine.why.asking import check_sum, size, some_cells, stood
from tests.engine.why.models import Convs, Pools, Shared

LINEAR = ("conv2d", "conv1d", "linear", "avg_pool2d", "adaptive_avg_pool2d")


def linear_operations(session: Session) -> list[Operation]:
    return [one for one in session.trace().operations if one.function in LINEAR]


def ones(operation: Operation) -> tuple[list[Any], Tensor]:
    """Its arguments with ones for the weight and nothing for the bias, and the input."""
    given, _ = operation.arguments
    arguments: list[Any] = list(given)
    if len(arguments) > 1 and isinstance(arguments[1], Tensor):
        arguments[1:3] = [torch.ones_like(arguments[1]), None]
    return arguments, arguments[0]


def led_to(found: Why, name: str) -> list[tuple[int, ...]]:
    """The cells of a tensor that its contributions lead to, one for each term."""
    return [factor.index for one in found.contributions for factor in one.factors if factor.name == name]


def nonzero(tensor: Tensor) -> set[tuple[int, ...]]:
    return {tuple(one) for one in tensor.nonzero().tolist()}


@pytest.mark.parametrize("make_model", [Net, Convs, Pools])
def test_a_number_is_made_of_all_that_its_window_covers(make_model: Callable[[], nn.Module]) -> None:
    session = stood(make_model, batch_size=2)
    for operation in linear_operations(session):
        arguments, x = ones(operation)
        source = next((one.name for one in session.trace().operations if one.outputs[0] is x), "input")
        given = torch.zeros_like(x).requires_grad_()
        assert operation.do is not None
        output = operation.do(given, *arguments[1:], **operation.arguments[1])
        for cell in (0, output.numel() // 2 + 1, output.numel() - 1):
            (expected,) = torch.autograd.grad(output.reshape(-1)[cell], given, retain_graph=True)
            led = led_to(session.why(operation.name, cell), source)
            assert len(led) == len(set(led))
            assert set(led) == nonzero(expected)


@pytest.mark.parametrize("make_model", [Net, Convs, Pools])
def test_a_gradient_comes_from_all_that_its_number_went_into(make_model: Callable[[], nn.Module]) -> None:
    session = stood(make_model, batch_size=2)
    for operation in linear_operations(session):
        arguments, x = ones(operation)
        source = next((one.name for one in session.trace().operations if one.outputs[0] is x), "")
        assert operation.do is not None
        for cell in (0, x.numel() // 2 + 1, x.numel() - 1) if source else ():
            one_hot = torch.zeros_like(x)
            one_hot.view(-1)[cell] = 1
            expected = operation.do(one_hot, *arguments[1:], **operation.arguments[1])
            led = led_to(session.why(f"{source}.grad", cell), f"{operation.name}.grad")
            assert len(led) == len(set(led))
            assert set(led) == nonzero(expected)


@pytest.mark.parametrize("make_model", [Net, Convs])
def test_the_gradient_of_a_weight_comes_from_all_that_it_was_multiplied_with(
    make_model: Callable[[], nn.Module],
) -> None:
    session = stood(make_model, batch_size=2)
    for operation in linear_operations(session):
        arguments, x = ones(operation)
        if "." not in (operation.tensors or ("",))[0]:
            continue
        weight, bias = operation.tensors
        assert operation.do is not None
        for cell in (0, arguments[1].numel() // 2, arguments[1].numel() - 1):
            one_hot = torch.zeros_like(arguments[1])
            one_hot.view(-1)[cell] = 1
            expected = operation.do(torch.ones_like(x), one_hot, *arguments[2:], **operation.arguments[1])
            led = led_to(session.why(f"{weight}.grad", cell), f"{operation.name}.grad")
            assert len(led) == len(set(led))
            assert set(led) == nonzero(expected)
        led = led_to(session.why(f"{bias}.grad", 1), f"{operation.name}.grad")
        channel = operation.outputs[0][:, 1]
        assert len(set(led)) == len(led) == channel.numel()
        assert all(one[1] == 1 for one in led)


def test_a_bias_gradient_of_64_samples_has_57600_terms_the_largest_first() -> None:
    session = stood(batch_size=64)
    contributions = session.why("conv1.bias.grad", 2).contributions
    assert len(contributions) == 64 * 30 * 30
    sizes = [abs(one.value) for one in contributions[:50]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == max(abs(contributions.values))
    assert contributions[-1].value == min(contributions.values, key=abs)
    assert [one.value for one in contributions.largest(50)] == [one.value for one in contributions[:50]]


def test_a_term_is_the_product_of_its_factors() -> None:
    for make_model in (Net, Convs, Pools):
        session = stood(make_model, loss="MSELoss", batch_size=2)
        for name, cell in some_cells(session, 40, seed=1):
            for one in session.why(name, cell).contributions[:5]:
                product = 1.0
                for factor in one.factors:
                    product *= factor.value
                    if factor.formula is not None and factor.formula.adds:
                        assert factor.value == pytest.approx(factor.formula.value, rel=1e-9, abs=1e-15)
                assert one.value == pytest.approx(product, rel=1e-12)


@pytest.mark.parametrize(
    ("make_model", "names"),
    [
        (Shared, ("dropout", "relu.grad")),  # also where the dropped number was 0 before
        (Pools, ("max_pool2d", "max_pool2d_1", "avg_pool2d", "avg_pool2d_1", "avg_pool2d_2", "add.grad", "relu.grad")),
    ],
)
def test_every_cell_of_windows_at_the_edge_and_of_a_mask(make_model: type[nn.Module], names: tuple[str, ...]) -> None:
    session = stood(make_model, batch_size=1)
    for name in names:
        for cell in range(size(session, name)):
            found = session.why(name, cell)
            assert found.adds, (name, found.index, found.note)
            check_sum(found)
