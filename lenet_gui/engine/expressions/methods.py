"""The methods and functions that an expression may call, by name, within the bounds of `calculation`.

Nothing here writes into an operand. Which text calls what, and with which arguments, is decided in `expression`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lenet_gui.engine.expressions.calculation import (
    Operand,
    as_tensor,
    bounded,
    counted,
    floating,
    in_one_sentence,
    larger,
    smaller,
)


@dataclass(frozen=True, slots=True)
class Method:
    """A method: the names of its arguments, in the order in which they may stand without them, and what it does."""

    arguments: tuple[str, ...]
    calculate: Callable[..., Operand]


def _elementwise(calculate: Callable[[Tensor], Tensor]) -> Method:
    return Method((), lambda x: calculate(bounded(x)))


def _test(calculate: Callable[[Tensor], Tensor]) -> Method:
    return Method((), lambda x: counted(calculate(bounded(x))))


def _reduction(calculate: Callable[..., Operand]) -> Method:
    return Method(("dim", "keepdim"), calculate)


def _extreme(calculate: Callable[..., Tensor]) -> Method:
    return _reduction(lambda x, dim=(), keepdim=False: calculate(x, dim=dim, keepdim=keepdim))


def _spread(calculate: Callable[..., Tensor]) -> Method:
    def spread(x: Tensor, **arguments: Any) -> Tensor:
        with warnings.catch_warnings():  # PyTorch warns where the answer for a single number is nan
            warnings.simplefilter("ignore")
            return calculate(floating(x), **({"dim": None} | arguments))

    return _reduction(spread)


def _norm(x: Tensor, p: float = 2.0, dim: Any = None, keepdim: bool = False) -> Tensor:
    return torch.linalg.vector_norm(floating(x), p, dim, keepdim)


def _median(x: Tensor, **arguments: Any) -> Tensor:
    found = torch.median(x, **arguments)
    return found if isinstance(found, Tensor) else found.values


def _flatten(x: Tensor, **arguments: Any) -> Tensor:
    return torch.flatten(x if x.is_contiguous() else bounded(x), **arguments)


METHODS = {
    "norm": Method(("p", "dim", "keepdim"), _norm),
    "mean": _reduction(lambda x, **arguments: torch.mean(floating(x), **arguments)),
    "sum": _reduction(torch.sum),
    "min": _extreme(torch.amin),
    "max": _extreme(torch.amax),
    "std": _spread(torch.std),
    "var": _spread(torch.var),
    "median": _reduction(_median),
    "any": _reduction(lambda x, **arguments: counted(torch.any(x, **arguments))),
    "all": _reduction(lambda x, **arguments: counted(torch.all(x, **arguments))),
    "argmax": _reduction(torch.argmax),
    "argmin": _reduction(torch.argmin),
    "abs": _elementwise(torch.abs),
    "sqrt": _elementwise(torch.sqrt),
    "exp": _elementwise(torch.exp),
    "log": _elementwise(torch.log),
    "log10": _elementwise(torch.log10),
    "square": _elementwise(lambda x: torch.square(floating(x))),  # integers would wrap around
    "sign": _elementwise(torch.sign),
    "float": _elementwise(Tensor.float),
    "isnan": _test(torch.isnan),
    "isinf": _test(torch.isinf),
    "isfinite": _test(torch.isfinite),
    "clamp": Method(("min", "max"), lambda x, **arguments: torch.clamp(bounded(x), **arguments)),
    "flatten": Method(("start_dim", "end_dim"), _flatten),
    "t": Method((), Tensor.t),
    "numel": Method((), lambda x: float(x.numel())),
    "item": Method((), lambda x: float(x.item())),
}
# What is a method of a tensor is a function of one, too; these are functions alone.
FUNCTIONS = {name: method.calculate for name, method in METHODS.items()} | {"len": lambda x: float(len(x))}
FUNCTIONS_OF_TWO = {"max": larger, "min": smaller}


@in_one_sentence
def all_finite(value: Operand) -> float:
    """`isfinite(x).all()`: what is not finite makes the sum so, which is looked at in a twentieth of the time."""
    x = as_tensor(value)
    return float(bool(torch.isfinite(x.sum())) or bool(torch.isfinite(bounded(x)).all()))


@in_one_sentence
def call(calculate: Callable[..., Operand], value: Operand, arguments: dict[str, Any]) -> Operand:
    """A method of `METHODS` or a function of `FUNCTIONS`, with its arguments by name."""
    return calculate(as_tensor(value), **arguments)
