"""What the operators and methods of an expression do to numbers and tensors, within bounds.

An operand is a Python float or a detached tensor. Nothing here writes into one, and nothing here knows text:
which expression becomes which calculation is decided in `expression`.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

MOST_ELEMENTS = 16_000_000
LONGEST_QUOTE = 120
PLAIN = {
    *(torch.float32, torch.float64, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8),
}

Operand = float | Tensor
P = ParamSpec("P")
T = TypeVar("T")


class ExpressionError(ValueError):
    """An expression that is not allowed, or that has no value here. The message is one sentence that says why."""


class NoGradient(ExpressionError):
    """What is read is a gradient that is `None`: not there yet, or no more."""


def short(text: str) -> str:
    """A text as it may stand inside a sentence: its first line, cut."""
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def in_one_sentence(calculate: Callable[P, T]) -> Callable[P, T]:
    """The same calculation, but what PyTorch refuses becomes an ExpressionError with the first line of its words."""

    @wraps(calculate)
    def explained(*operands: P.args, **arguments: P.kwargs) -> T:
        try:
            return calculate(*operands, **arguments)
        except ExpressionError:
            raise
        except (RuntimeError, IndexError, ValueError, TypeError, OverflowError, MemoryError) as error:
            raise ExpressionError(short(str(error)) or "there is not enough memory for this") from error

    return explained


# ------------------------------------------------------------------------------------------- operands and results


@in_one_sentence
def operand(name: str, value: Tensor | float | None) -> Operand:
    """What a name stands for, ready to calculate with: detached, booleans as 0 and 1, sparse tensors made dense."""
    if not isinstance(value, Tensor):
        if value is None:
            if name.endswith(".grad"):
                raise NoGradient(f"{short(name)} is None: no gradient")
            raise ExpressionError(f"{short(name)} is None")
        return float(value)
    value = value.detach()
    if value.layout is not torch.strided:
        value = _bounded(value).to_dense()
    if value.dtype is torch.bool:
        return _counted(_bounded(value))
    if value.dtype not in PLAIN:
        raise ExpressionError(f"{short(name)} holds {value.dtype} numbers, which an expression cannot calculate with")
    return value


@in_one_sentence
def result(value: Operand) -> Operand:
    """A value to give away: a float where it is one number without a dimension, else a tensor of its own memory."""
    if not isinstance(value, Tensor):
        return value
    return float(value.item()) if value.ndim == 0 else _bounded(value).clone()


@in_one_sentence
def truth(value: Operand | None) -> bool:
    """Whether a condition holds: a number other than 0 does. Raises ExpressionError for None and for many numbers."""
    if value is None:
        raise ExpressionError("the condition is None, which is neither true nor false")
    if isinstance(value, Tensor) and value.numel() != 1:
        shape = list(value.shape)
        raise ExpressionError(f"a condition is one number, and this is a tensor of {shape}: use .any() or .all()")
    return bool(value)


@in_one_sentence
def whole(value: Operand) -> int:
    """An operand as an index."""
    number = float(value)
    if not number.is_integer():
        raise ExpressionError(f"an index is a whole number, not {number:g}")
    return int(number)


@in_one_sentence
def at(value: Operand, index: tuple[Any, ...]) -> Operand:
    """`value[index]`, of whole numbers, slices and `...`."""
    if not isinstance(value, Tensor):
        raise ExpressionError("one number has nothing to index with [ ]")
    return value[index]


@in_one_sentence
def shape(value: Operand) -> Operand:
    """The sizes as an integer tensor, so that they can be indexed."""
    return torch.tensor(_tensor(value).shape, dtype=torch.int64)


def _tensor(value: Operand) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)


def _floating(value: Tensor) -> Tensor:
    return value if value.is_floating_point() else _bounded(value).double()


def _counted(yes: Tensor) -> Operand:
    """Booleans as 0 and 1."""
    return float(yes.item()) if yes.ndim == 0 else yes.float()


# ----------------------------------------------------------------------------------------------------- operators


def arithmetic(calculate: Callable[[Any, Any], Any]) -> Callable[[Operand, Operand], Operand]:
    """An operator on numbers and tensors; two numbers give what PyTorch gives in float64 (1 / 0 is inf).

    Two integer tensors are calculated in float64: PyTorch's integer division can end the process (the smallest
    integer by -1), and its powers wrap around.
    """

    @in_one_sentence
    def calculated(left: Operand, right: Operand) -> Operand:
        if not (isinstance(left, Tensor) or isinstance(right, Tensor)):
            return _of_numbers(calculate, left, right)
        _check_broadcast(left, right)
        if isinstance(left, Tensor) and isinstance(right, Tensor) and not left.is_floating_point():
            left = left if right.is_floating_point() else left.double()
        return calculate(left, right)

    return calculated


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Operand, Operand], Operand]:
    """A comparison on numbers and tensors, which counts as 0 and 1."""

    @in_one_sentence
    def compared(left: Operand, right: Operand) -> Operand:
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            _check_broadcast(left, right)
        found = compare(left, right)
        return _counted(found) if isinstance(found, Tensor) else float(found)

    return compared


def _of_numbers(calculate: Callable[[Any, Any], Any], left: float, right: float) -> float:
    try:
        found = calculate(left, right)
    except (ZeroDivisionError, OverflowError):
        found = None
    if isinstance(found, float):
        return found
    # Also reached by a power that Python makes a complex number of.
    return calculate(_tensor(left), _tensor(right)).item()


def _check_broadcast(left: Operand, right: Operand) -> None:
    """Refuse a result of too many elements before it is made."""
    at_most = (left.numel() if isinstance(left, Tensor) else 1) * (right.numel() if isinstance(right, Tensor) else 1)
    if at_most > MOST_ELEMENTS:
        shapes = [value.shape for value in (left, right) if isinstance(value, Tensor)]
        _check_size(torch.broadcast_shapes(*shapes).numel())


def _check_size(elements: int) -> None:
    if elements > MOST_ELEMENTS:
        raise ExpressionError(
            f"this would make {elements:,} numbers, more than {MOST_ELEMENTS:,}: "
            "take a part with [ ], or one number of it with a method such as .norm()"
        )


def _bounded(value: Tensor) -> Tensor:
    _check_size(value.numel())
    return value


add, subtract, multiply = arithmetic(operator.add), arithmetic(operator.sub), arithmetic(operator.mul)
divide, divide_down, modulo = arithmetic(operator.truediv), arithmetic(operator.floordiv), arithmetic(operator.mod)
power = arithmetic(operator.pow)
equal, unequal = comparison(operator.eq), comparison(operator.ne)
less, at_most = comparison(operator.lt), comparison(operator.le)
greater, at_least = comparison(operator.gt), comparison(operator.ge)
larger = arithmetic(lambda left, right: torch.maximum(_tensor(left), _tensor(right)))
smaller = arithmetic(lambda left, right: torch.minimum(_tensor(left), _tensor(right)))


@in_one_sentence
def negative(value: Operand) -> Operand:
    return -_floating(_bounded(value)) if isinstance(value, Tensor) else -value


# ------------------------------------------------------------------------------------------------------- methods


@dataclass(frozen=True, slots=True)
class Method:
    """A method: the names of its arguments, in the order in which they may stand without them, and what it does."""

    arguments: tuple[str, ...]
    calculate: Callable[..., Operand]


def _elementwise(calculate: Callable[[Tensor], Tensor]) -> Method:
    return Method((), lambda x: calculate(_bounded(x)))


def _test(calculate: Callable[[Tensor], Tensor]) -> Method:
    return Method((), lambda x: _counted(calculate(_bounded(x))))


def _reduction(calculate: Callable[..., Operand]) -> Method:
    return Method(("dim", "keepdim"), calculate)


def _extreme(calculate: Callable[..., Tensor]) -> Method:
    return _reduction(lambda x, dim=(), keepdim=False: calculate(x, dim=dim, keepdim=keepdim))


def _spread(calculate: Callable[..., Tensor]) -> Method:
    def spread(x: Tensor, **arguments: Any) -> Tensor:
        with warnings.catch_warnings():  # PyTorch warns where the answer for a single number is nan
            warnings.simplefilter("ignore")
            return calculate(_floating(x), **({"dim": None} | arguments))

    return _reduction(spread)


def _norm(x: Tensor, p: float = 2.0, dim: Any = None, keepdim: bool = False) -> Tensor:
    return torch.linalg.vector_norm(_floating(x), p, dim, keepdim)


def _median(x: Tensor, **arguments: Any) -> Tensor:
    found = torch.median(x, **arguments)
    return found if isinstance(found, Tensor) else found.values


def _flatten(x: Tensor, **arguments: Any) -> Tensor:
    return torch.flatten(x if x.is_contiguous() else _bounded(x), **arguments)


METHODS = {
    "norm": Method(("p", "dim", "keepdim"), _norm),
    "mean": _reduction(lambda x, **arguments: torch.mean(_floating(x), **arguments)),
    "sum": _reduction(torch.sum),
    "min": _extreme(torch.amin),
    "max": _extreme(torch.amax),
    "std": _spread(torch.std),
    "var": _spread(torch.var),
    "median": _reduction(_median),
    "any": _reduction(lambda x, **arguments: _counted(torch.any(x, **arguments))),
    "all": _reduction(lambda x, **arguments: _counted(torch.all(x, **arguments))),
    "argmax": _reduction(torch.argmax),
    "argmin": _reduction(torch.argmin),
    "abs": _elementwise(torch.abs),
    "sqrt": _elementwise(torch.sqrt),
    "exp": _elementwise(torch.exp),
    "log": _elementwise(torch.log),
    "log10": _elementwise(torch.log10),
    "square": _elementwise(lambda x: torch.square(_floating(x))),  # integers would wrap around
    "sign": _elementwise(torch.sign),
    "float": _elementwise(Tensor.float),
    "isnan": _test(torch.isnan),
    "isinf": _test(torch.isinf),
    "isfinite": _test(torch.isfinite),
    "clamp": Method(("min", "max"), lambda x, **arguments: torch.clamp(_bounded(x), **arguments)),
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
    x = _tensor(value)
    return float(bool(torch.isfinite(x.sum())) or bool(torch.isfinite(_bounded(x)).all()))


@in_one_sentence
def call(calculate: Callable[..., Operand], value: Operand, arguments: dict[str, Any]) -> Operand:
    """A method of `METHODS` or a function of `FUNCTIONS`, with its arguments by name."""
    return calculate(_tensor(value), **arguments)
