"""The optimizer's arithmetic for one number ends in PyTorch's own bits, whatever the optimizer and its options."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

from lenet_gui.engine.moved.arithmetic import arithmetic

SHAPES = ((6, 1, 3, 3), (6,), (37, 53), ())
STEPS = 20
CELLS = 40
"""Numbers of all parameters that are looked at in each step."""

CHOICES: list[tuple[type[Optimizer], dict[str, Any]]] = [
    (SGD, {}),
    (SGD, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "dampening": 0.3}),
    (SGD, {"momentum": 0.9, "nesterov": True}),
    (SGD, {"weight_decay": 0.01}),
    (SGD, {"momentum": 0.8, "nesterov": True, "weight_decay": 0.02, "maximize": True}),
    (SGD, {"momentum": 0.5, "dampening": 0.5, "weight_decay": 0.02, "maximize": True}),
    (Adam, {}),
    (Adam, {"betas": (0.7, 0.9), "eps": 1e-3}),
    (Adam, {"betas": (0.2, 0.3)}),
    (Adam, {"weight_decay": 0.01}),
    (Adam, {"weight_decay": 0.01, "decoupled_weight_decay": True}),
    (Adam, {"amsgrad": True, "weight_decay": 0.05, "maximize": True}),
    (AdamW, {}),
    (AdamW, {"amsgrad": True, "maximize": True, "weight_decay": 0.3}),
    (RMSprop, {}),
    (RMSprop, {"alpha": 0.6, "eps": 1e-4}),
    (RMSprop, {"momentum": 0.9}),
    (RMSprop, {"centered": True}),
    (RMSprop, {"centered": True, "momentum": 0.7, "weight_decay": 0.01, "maximize": True}),
]


def parameters() -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def number(tensor: Tensor, index: int) -> Tensor:
    return tensor.detach().reshape(-1)[index : index + 1].clone()


def kept(optimizer: Optimizer, parameter: Tensor, index: int) -> dict[str, Tensor | None]:
    """What the optimizer keeps for one number."""
    state = optimizer.state.get(parameter, {})
    return {
        key: number(value, index) if isinstance(value, Tensor) and value.shape == parameter.shape else value
        for key, value in state.items()
    }


def bits(tensor: Tensor) -> bytes:
    return tensor.detach().reshape(-1).numpy().tobytes()


@pytest.mark.parametrize("foreach", [False, True], ids=["one by one", "foreach"])
@pytest.mark.parametrize(("kind", "options"), CHOICES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_it_ends_in_the_bits_of_pytorch(kind: type[Any], options: dict[str, Any], foreach: bool) -> None:
    moved = parameters()
    optimizer = kind(moved, lr=0.0123, foreach=foreach, **options)
    generator = torch.Generator().manual_seed(5)
    chosen = np.random.default_rng(7)
    for step in range(STEPS):
        if step == 12:  # as a `set` command does it
            optimizer.param_groups[0]["lr"] = 0.4
        for parameter in moved:
            scale = 10.0 ** float(torch.randint(-6, 2, (), generator=generator))
            parameter.grad = scale * torch.randn(parameter.shape, generator=generator)
        cells = [(p, int(chosen.integers(p.numel()))) for p in moved for _ in range(CELLS // len(moved))]
        expected = [arithmetic(optimizer, number(p, i), number(p.grad, i), kept(optimizer, p, i)) for p, i in cells]  # pyright: ignore[reportArgumentType]
        optimizer.step()
        for (parameter, index), (lines, after) in zip(cells, expected, strict=True):
            assert bits(after) == bits(number(parameter, index))
            assert lines[-1].result == after.item()
            assert float(np.float32(lines[-1].digits)) == after.item()


def test_each_line_stands_for_its_numbers_and_comes_to_its_result() -> None:
    """The line with numbers, computed as Python reads it, gives about the result."""
    for kind, options in CHOICES:
        moved = parameters()
        optimizer: Any = kind(moved, lr=0.0123, **options)  # pyright: ignore[reportCallIssue]
        for parameter in moved:
            parameter.grad = torch.ones_like(parameter) * 0.25
        for _ in range(3):
            optimizer.step()
        weight = moved[2]
        assert weight.grad is not None
        lines, _ = arithmetic(optimizer, number(weight, 5), number(weight.grad, 5), kept(optimizer, weight, 5))
        for line in lines:
            assert not re.search(r"[a-z_]{2,}", line.numbers.replace("sqrt", "").replace("max", "").replace("e-", ""))
            found = eval(line.numbers, {"sqrt": np.sqrt, "max": max})
            assert found == pytest.approx(line.result, rel=1e-5, abs=1e-9)
            assert float(line.digits) == pytest.approx(line.result, rel=1e-7)


def test_the_first_step_of_momentum_is_told_apart() -> None:
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = SGD([weight], lr=0.5, momentum=0.9, dampening=0.5)
    gradient = torch.tensor([1.0])
    lines, after = arithmetic(optimizer, weight.detach(), gradient, {})
    assert [line.name for line in lines] == ["gradient", "momentum_buffer", "weight"]
    assert (lines[1].formula, lines[1].result) == ("gradient", 1.0)
    assert after.item() == 1.5
    weight.grad = gradient
    optimizer.step()
    lines, _ = arithmetic(optimizer, weight.detach(), gradient, kept(optimizer, weight, 0))
    assert lines[1].numbers == "0.9 * 1.0 + (1 - 0.5) * 1.0"


def test_nothing_it_is_given_is_changed() -> None:
    weight = torch.nn.Parameter(torch.randn(3))
    optimizer = Adam([weight], lr=0.1, amsgrad=True)
    weight.grad = torch.randn(3)
    optimizer.step()
    value, gradient, state = number(weight, 1), number(weight.grad, 1), kept(optimizer, weight, 1)
    before = [bits(value), bits(gradient), *(bits(one) for one in state.values() if one is not None)]
    whole = [bits(one) for one in (weight, weight.grad, *optimizer.state[weight].values())]
    arithmetic(optimizer, value, gradient, state)
    assert before == [bits(value), bits(gradient), *(bits(one) for one in state.values() if one is not None)]
    assert whole == [bits(one) for one in (weight, weight.grad, *optimizer.state[weight].values())]


def test_another_optimizer_is_refused_in_a_sentence() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match="Adagrad is not known line by line"):
        arithmetic(Adagrad([weight]), weight.detach(), torch.ones(1), {})
