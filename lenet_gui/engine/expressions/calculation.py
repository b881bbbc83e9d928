"""What the operators of an expression do to numbers and tensors, within bounds. Methods and functions are in `methods`.

An operand is a Python float or a detached tensor. Nothing here writes into one, and nothing here knows text:
which expression becomes which calculation is decided in `expression`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
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
        value = bounded(value).to_dense()
    if value.dtype is torch.bool:
        return counted(bounded(value))
    if value.dtype not in PLAIN:
        raise ExpressionError(f"{short(name)} holds {value.dtype} numbers, which an expression cannot calculate with")
    return value


@in_one_sentence
def result(value: Operand) -> Operand:
    """A value to give away: a float where it is one number without a dimension, else a tensor of its own memory."""
    if not isinstance(value, Tensor):
        return value
    return float(value.item()) if value.ndim == 0 else bounded(value).clone()


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
    return torch.tensor(as_tensor(value).shape, dtype=torch.int64)


def as_tensor(value: Operand) -> Tensor:
    """A number as a tensor in float64."""
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)


def floating(value: Tensor) -> Tensor:
    """Whole numbers in float64."""
    return value if value.is_floating_point() else bounded(value).double()


def counted(yes: Tensor) -> Operand:
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
        return counted(found) if isinstance(found, Tensor) else float(found)

    return compared


def _of_numbers(calculate: Callable[[Any, Any], Any], left: float, right: float) -> float:
    try:
        found = calculate(left, right)
    except (ZeroDivisionError, OverflowError):
        found = None
    if isinstance(found, float):
        return found
    # Also reached by a power that Python makes a complex number of.
    return calculate(as_tensor(left), as_tensor(right)).item()


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


def bounded(value: Tensor) -> Tensor:
    """The same tensor. Raises ExpressionError where it has too many elements to be made again."""
    _check_size(value.numel())
    return value


add, subtract, multiply = arithmetic(operator.add), arithmetic(operator.sub), arithmetic(operator.mul)
divide, divide_down, modulo = arithmetic(operator.truediv), arithmetic(operator.floordiv), arithmetic(operator.mod)
power = arithmetic(operator.pow)
equal, unequal = comparison(operator.eq), comparison(operator.ne)
less, at_most = comparison(operator.lt), comparison(operator.le)
greater, at_least = comparison(operator.gt), comparison(operator.ge)
larger = arithmetic(lambda left, right: torch.maximum(as_tensor(left), as_tensor(right)))
smaller = arithmetic(lambda left, right: torch.minimum(as_tensor(left), as_tensor(right)))


@in_one_sentence
def negative(value: Operand) -> Operand:
    return -floating(bounded(value)) if isinstance(value, Tensor) else -value
