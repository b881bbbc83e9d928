"""Conditions over the loss and the step, told for all steps at once from the log: what makes going back instant."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet_gui.engine.expressions.expression import Expression
from lenet_gui.engine.journal import Journal
from lenet_gui.protocol import Command

Told = NDArray[np.bool_]

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: np.logical_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}
_FUNCTIONS = {"abs": np.abs, "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite, "sqrt": np.sqrt}


def holds(expression: Expression, loss: NDArray[np.float32], step: NDArray[np.int64]) -> Told | None:
    """For each step whether the condition holds; `None` where it asks for more than can be told from the log."""
    if not expression.names <= {"loss", "step"}:
        return None
    columns = {"loss": loss.astype(np.float64), "step": step.astype(np.float64)}
    try:
        with np.errstate(all="ignore"):
            found = _value(ast.parse(expression.text, mode="eval").body, columns)
    except KeyError:
        return None
    return np.broadcast_to(np.asarray(found, dtype=np.float64) != 0, loss.shape)


def _value(node: ast.expr, columns: dict[str, Any]) -> Any:
    """Raises KeyError for what only the expression's own evaluation knows."""
    match node:
        case ast.Constant(value):
            return float(value)  # pyright: ignore[reportArgumentType]
        case ast.Name(name):
            return columns[name]
        case ast.UnaryOp(kind, inside):
            return _number(_OPERATORS[type(kind)](_value(inside, columns)))
        case ast.BinOp(left, kind, right):
            return _OPERATORS[type(kind)](_value(left, columns), _value(right, columns))
        case ast.BoolOp(kind, values):
            return _number(reduce(_OPERATORS[type(kind)], [_value(one, columns) for one in values]))
        case ast.Compare(left, kinds, others):
            sides = [_value(one, columns) for one in (left, *others)]
            pairs = zip(sides, kinds, sides[1:], strict=False)
            return _number(reduce(np.logical_and, [_OPERATORS[type(kind)](one, other) for one, kind, other in pairs]))
        case ast.Call(ast.Name(name), [inside], []):
            return _number(_FUNCTIONS[name](_value(inside, columns)))
        case _:
            raise KeyError(ast.dump(node))


def _number(value: Any) -> Any:
    """A comparison counts as 0 and 1."""
    return np.asarray(value, dtype=np.float64)


def uneven(journal: Journal, steps: int) -> dict[int, int]:
    """Of the first `steps` those in which the loss was not taken exactly once, and how often it was."""
    found: dict[int, int] = {}
    step, losses = 0, 0
    for entry in journal.entries:
        if step >= steps:
            break
        cycle, n = ((entry,), 1) if isinstance(entry, Command) else (entry.cycle, entry.n)
        # Of a block of equal cycles only the first can have begun before it.
        for _ in range(n if _uneven(cycle) else 1):
            for command in cycle:
                losses += command.name == "loss"
                if command.name == "step":
                    found.update({step: losses} if losses != 1 else {})
                    step, losses = step + 1, 0
        step += 0 if _uneven(cycle) else n - 1
    return {one: losses for one, losses in found.items() if one < steps}


def _uneven(cycle: tuple[Command, ...]) -> bool:
    names = [command.name for command in cycle if command.name in ("loss", "step")]
    return names != ["loss", "step"]
