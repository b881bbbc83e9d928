"""Which texts an expression may be: a bounded part of Python's syntax, and a sentence for what lies outside of it.

Here a text becomes a tree and a node a name or a number. What a tree calculates is read in `expression`.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Iterable
from typing import Any

from lenet_gui.engine.expressions.calculation import ExpressionError, short, whole

MOST_CHARACTERS = 500
MOST_NODES = 100
DEEPEST = 30
LARGEST_WHOLE = 2**53  # beyond it a float skips whole numbers

ASSIGNMENT = re.compile(r"[^()=!<>]+=(?!=)")  # the = of an argument stands behind a bracket
INSTEAD = {
    ast.BitAnd: "& is not allowed: write and, or * between comparisons of tensors",
    ast.BitOr: "| is not allowed: write or, or + between comparisons of tensors",
    ast.Invert: "~ is not allowed: write not, or 1 - x for a tensor of 0 and 1",
    ast.MatMult: "@ is not allowed: an expression multiplies elements, with *",
    ast.Lambda: "lambda is not allowed: an expression defines no functions",
    ast.NamedExpr: ":= is not allowed: an expression assigns nothing",
    ast.JoinedStr: "text in quotes is not allowed: an expression is of numbers and tensors",
    ast.Starred: "* before a name is not allowed: * stands between two factors",
    ast.Tuple: "a comma is allowed only inside [ ] and between arguments",
    ast.Is: "is and is not are not allowed: compare with ==, !=, <, <=, > or >=",
    ast.IsNot: "is and is not are not allowed: compare with ==, !=, <, <=, > or >=",
    ast.In: "in is not allowed: write (x == 3).any()",
    ast.NotIn: "not in is not allowed: write (x != 3).all()",
    ast.ListComp: "for is not allowed: methods such as .sum() go over a whole tensor",
    ast.SetComp: "for is not allowed: methods such as .sum() go over a whole tensor",
    ast.DictComp: "for is not allowed: methods such as .sum() go over a whole tensor",
    ast.GeneratorExp: "for is not allowed: methods such as .sum() go over a whole tensor",
}
WHAT_THERE_IS = (
    "numbers, names, + - * / // % **, comparisons, and/or/not, x if c else y, [ ], and methods such as .norm()"
)
# Of a tensor itself, and reaching behind its values. They end no name; a module so called has values by longer ones.
NO_VALUES = {"data", "T", "H", "mT", "mH", "grad_fn", "requires_grad", "is_leaf", "dtype", "device", "layout"}


def tree(text: str) -> ast.expr:
    """The tree of a text that is within bounds. Raises ExpressionError for others and for what is no Python."""
    if not text:
        raise ExpressionError("there is no expression: write something such as loss > 2")
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"an expression has at most {MOST_CHARACTERS} characters, and this has {len(text):,}")
    for character in text:
        # Python reads many letters as others (NFKC): what is plain ASCII is what it looks like.
        if not (character.isascii() and character.isprintable()):
            raise ExpressionError(
                f"{character!a} is not allowed: an expression is one line of plain (ASCII) characters"
            )
    try:
        with warnings.catch_warnings():  # of texts such as 1or 2
            warnings.simplefilter("ignore")
            root = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        if ASSIGNMENT.match(text) or ":=" in error.msg:
            raise ExpressionError("a single = is not allowed: write == to compare") from None
        raise ExpressionError(f"this is no expression: {short(error.msg)}") from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError(f"this cannot be read: an expression is at most {DEEPEST} levels deep") from None
    _check_bounds(root)
    return root


def _check_bounds(root: ast.expr) -> None:
    """Refuse what is too large, level by level: nothing recursive may come before this."""
    marks = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
    level: list[ast.AST] = [root]
    depth = nodes = 0
    while level:
        depth, nodes = depth + 1, nodes + len(level)
        if depth > DEEPEST:
            raise ExpressionError(f"an expression is at most {DEEPEST} levels deep, and this is deeper")
        if nodes > MOST_NODES:
            raise ExpressionError(f"an expression has at most {MOST_NODES} parts, and this has more")
        level = [child for node in level for child in ast.iter_child_nodes(node) if not isinstance(child, marks)]


def refusal(kind: type[ast.AST]) -> ExpressionError:
    """For a kind of node that an expression does not have."""
    return ExpressionError(INSTEAD.get(kind) or f"this is not allowed: an expression has {WHAT_THERE_IS}")


def path(node: ast.expr, goes_on: bool = False) -> str | None:
    """The dotted name that a node spells: `layers[0].weight` is `layers.0.weight`; `layers[0]` alone is an element."""
    match node:
        case ast.Name(name):
            return checked(name)
        case ast.Attribute(value, name):
            before = path(value, goes_on=True)
        case ast.Subscript(value, ast.Constant(int(index))) if goes_on and type(index) is int:
            before, name = path(value, goes_on=True), str(index)
        case _:
            return None
    return None if before is None else f"{before}.{checked(name)}"


def checked(name: str) -> str:
    """A name, if it may be one."""
    if name.startswith("_"):
        raise ExpressionError(f"{short(name)} begins with an underscore, which is not allowed in a name")
    return name


def argument(key: str, node: ast.expr) -> Any:
    """An argument of a method: a plain number, or what PyTorch takes in its place (`keepdim=True`, `dim=(0, 2)`)."""
    match node:
        case ast.Constant(bool(value)) if key == "keepdim":
            return value
        case ast.Tuple(parts) if key == "dim":
            return tuple(argument(key, part) for part in parts)
        case ast.UnaryOp(ast.USub(), ast.Constant() as constant):
            value = -number(constant)
        case ast.Constant():
            value = number(node)
        case _:
            raise ExpressionError(f"{key} is given as a plain number, such as {key}=1")
    if key == "keepdim":
        raise ExpressionError("keepdim is True or False")
    return whole(value) if key in ("dim", "start_dim", "end_dim") else value


def number(node: ast.Constant) -> float:
    """A constant as the float that it is in every calculation."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = "text in quotes" if isinstance(value, str | bytes) else short(ast.unparse(node))
        raise ExpressionError(f"{what} is not allowed: an expression is of numbers and tensors")
    if isinstance(value, int) and value > LARGEST_WHOLE:
        raise ExpressionError(f"a whole number is at most {LARGEST_WHOLE:,}: write a larger one as 1e20")
    return float(value)


def no_call(what: str, name: str, there_are: Iterable[str]) -> ExpressionError:
    """For a method or function that there is not, written as `what`."""
    if name.endswith("_"):
        return ExpressionError(f"{what} is not allowed: it changes a tensor, and an expression only reads")
    close = difflib.get_close_matches(name, there_are, n=1)
    hint = f"did you mean {close[0]}()?" if close else "there are norm, mean, max, abs, isnan and others that only read"
    return ExpressionError(f"{what} is not allowed: {hint}")


def all_finite(node: ast.expr) -> ast.expr | None:
    """The x of `isfinite(x).all()` and its other spellings, else `None`."""
    inside = _only_operand(node, "all")
    return None if inside is None else _only_operand(inside, "isfinite")


def _only_operand(node: ast.expr, name: str) -> ast.expr | None:
    match node:
        case ast.Call(ast.Attribute(value, found), [], []) | ast.Call(ast.Name(found), [value], []) if found == name:
            return None if isinstance(value, ast.Starred) else value
    return None
