"""What a person types into a watch or a breakpoint's condition, such as `conv1.bias.grad.norm() < 1e-6`.

A text is checked against a whitelist of Python's syntax and made into closures once; then it only reads, by
names that a lookup resolves. What the operators do, and how much, is in `calculation`, the methods in `methods`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from lenet_gui.engine.expressions import calculation, grammar, methods
from lenet_gui.engine.expressions.calculation import ExpressionError, Operand, short, truth
from lenet_gui.engine.expressions.methods import FUNCTIONS, FUNCTIONS_OF_TWO, METHODS

__all__ = ["Expression", "ExpressionError", "NotYet", "parse", "truth"]

Lookup = Callable[[str], Tensor | float | None]
Run = Callable[[Lookup], Operand]

OPERATORS: dict[type[ast.operator], Callable[[Operand, Operand], Operand]] = {
    ast.Add: calculation.add,
    ast.Sub: calculation.subtract,
    ast.Mult: calculation.multiply,
    ast.Div: calculation.divide,
    ast.FloorDiv: calculation.divide_down,
    ast.Mod: calculation.modulo,
    ast.Pow: calculation.power,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Operand, Operand], Operand]] = {
    ast.Eq: calculation.equal,
    ast.NotEq: calculation.unequal,
    ast.Lt: calculation.less,
    ast.LtE: calculation.at_most,
    ast.Gt: calculation.greater,
    ast.GtE: calculation.at_least,
}


class NotYet(Exception):
    """Raised by a lookup for what has not been computed at its place. Goes through an expression unchanged."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked text. `names` are the dotted names that it reads, each as long as it goes: `conv1.bias.grad`."""

    text: str
    names: frozenset[str]
    _run: Run = field(repr=False, compare=False)
    _is_name: bool = field(repr=False, compare=False)

    def value(self, lookup: Lookup) -> Tensor | float | None:
        """A float for one number, else a tensor, float or integer, of memory of its own; writes and draws nothing.

        `lookup` gives a name's value, detached here; it raises KeyError for a name that there is not, which becomes
        an ExpressionError with that name, and any other error of its own goes through. `None` stands for a gradient
        that is not there: it is the value of an expression that is that name alone, and an ExpressionError in others.
        More than 16 million elements, in the end or in between, are refused before they are made.
        """
        if self._is_name:
            (name,) = self.names
            found = _found(lookup, name)
            return None if found is None else calculation.result(calculation.operand(name, found))
        return calculation.result(self._run(lookup))


def parse(text: str) -> Expression:
    """Check a text and make it ready. Raises ExpressionError with one sentence that says what is not allowed."""
    text = text.strip()
    node = grammar.tree(text)
    reading = _Reading()
    run = reading.run(node)
    return Expression(text, frozenset(reading.names), run, grammar.path(node) in reading.names)


def _found(lookup: Lookup, name: str) -> Tensor | float | None:
    try:
        return lookup(name)
    except KeyError:
        raise ExpressionError(f"there is no {short(name)}") from None


def _constant(value: Any) -> Callable[[Lookup], Any]:
    return lambda _lookup: value


class _Reading:
    """One text on its way into closures: each takes the lookup and gives an operand. `names` fills on the way."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def run(self, node: ast.expr) -> Run:
        match node:
            case ast.Constant():
                return _constant(grammar.number(node))
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp():
                return self._and_or(node)
            case ast.IfExp():
                condition, yes, no = self.run(node.test), self.run(node.body), self.run(node.orelse)
                return lambda lookup: yes(lookup) if truth(condition(lookup)) else no(lookup)
            case ast.Call():
                return self._call(node)
        raise grammar.refusal(type(node))

    def _name(self, node: ast.Name | ast.Attribute) -> Run:
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            value = self.run(node.value)
            return lambda lookup: calculation.shape(value(lookup))
        name = grammar.path(node)
        if name is None:
            assert isinstance(node, ast.Attribute)
            raise ExpressionError(
                f".{short(grammar.checked(node.attr))} is not allowed here: after a value stand methods, with ()"
            )
        if isinstance(node, ast.Attribute) and node.attr in grammar.NO_VALUES:
            raise ExpressionError(f".{node.attr} is not allowed: a name alone is the value, and .grad its gradient")
        self.names.add(name)
        operand = calculation.operand
        return lambda lookup: operand(name, _found(lookup, name))

    def _subscript(self, node: ast.Subscript) -> Run:
        value = self.run(node.value)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        index = [self._index(part) for part in inside]
        return lambda lookup: calculation.at(value(lookup), tuple([part(lookup) for part in index]))

    def _index(self, node: ast.expr) -> Callable[[Lookup], Any]:
        """What stands between the commas of `[ ]`: a whole number (calculated ones too), a slice, `...`."""
        match node:
            case ast.Slice(lower, upper, step):
                parts = [None if part is None else self._index(part) for part in (lower, upper, step)]
                return lambda lookup: slice(*[None if part is None else part(lookup) for part in parts])
            case ast.Constant(value) if value is Ellipsis:
                return _constant(...)
        number = self.run(node)
        return lambda lookup: calculation.whole(number(lookup))

    def _unary(self, node: ast.UnaryOp) -> Run:
        value = self.run(node.operand)
        match node.op:
            case ast.Not():
                return lambda lookup: float(not truth(value(lookup)))
            case ast.USub():
                return lambda lookup: calculation.negative(value(lookup))
            case ast.UAdd():
                return value
        raise grammar.refusal(type(node.op))

    def _binary(self, node: ast.BinOp) -> Run:
        if type(node.op) not in OPERATORS:
            raise grammar.refusal(type(node.op))
        calculate, left, right = OPERATORS[type(node.op)], self.run(node.left), self.run(node.right)
        return lambda lookup: calculate(left(lookup), right(lookup))

    def _compare(self, node: ast.Compare) -> Run:
        for op in node.ops:
            if type(op) not in COMPARISONS:
                raise grammar.refusal(type(op))
        compare, *more = (COMPARISONS[type(op)] for op in node.ops)
        left, right, *others = (self.run(part) for part in (node.left, *node.comparators))
        if not more:
            return lambda lookup: compare(left(lookup), right(lookup))

        def chained(lookup: Lookup) -> Operand:
            last = right(lookup)
            holds = compare(left(lookup), last)
            for compare_next, other in zip(more, others, strict=True):
                before, last = last, other(lookup)
                holds = calculation.multiply(holds, compare_next(before, last))
            return holds

        return chained

    def _and_or(self, node: ast.BoolOp) -> Run:
        parts = [self.run(part) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda lookup: float(all(truth(part(lookup)) for part in parts))
        return lambda lookup: float(any(truth(part(lookup)) for part in parts))

    def _call(self, node: ast.Call) -> Run:
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            raise grammar.refusal(ast.Starred)
        if (inside := grammar.all_finite(node)) is not None:
            value = self.run(inside)
            return lambda lookup: methods.all_finite(value(lookup))
        match node.func:
            case ast.Attribute(value, name):
                return self._method(value, grammar.checked(name), node)
            case ast.Name(name):
                return self._function(grammar.checked(name), node)
        raise ExpressionError("only methods such as .norm() and functions such as abs(x) can be called")

    def _method(self, of: ast.expr, name: str, node: ast.Call) -> Run:
        if name not in METHODS:
            raise grammar.no_call(f".{short(name)}()", name, METHODS)
        method, value = METHODS[name], self.run(of)
        if len(node.args) > len(method.arguments):
            raise ExpressionError(f".{name}() takes {len(method.arguments)} arguments and was given {len(node.args)}")
        given = [*zip(method.arguments, node.args, strict=False), *((part.arg, part.value) for part in node.keywords)]
        arguments: dict[str, Any] = {}
        for key, argument in given:
            if key not in method.arguments or key in arguments:
                known = f"it takes {' and '.join(method.arguments)}, each once" if method.arguments else "it takes none"
                raise ExpressionError(f".{name}() takes no argument {short(key or '**')} here: {known}")
            arguments[key] = grammar.argument(key, argument)
        return lambda lookup: methods.call(method.calculate, value(lookup), arguments)

    def _function(self, name: str, node: ast.Call) -> Run:
        if name not in FUNCTIONS:
            raise grammar.no_call(f"{short(name)}()", name, FUNCTIONS)
        operands = [self.run(argument) for argument in node.args]
        if len(operands) == 2 and name in FUNCTIONS_OF_TWO and not node.keywords:
            of_two, (left, right) = FUNCTIONS_OF_TWO[name], operands
            return lambda lookup: of_two(left(lookup), right(lookup))
        if len(operands) != 1 or node.keywords:
            raise ExpressionError(f"{name}() takes one argument; a method takes more, as in x.mean(dim=0)")
        function, value = FUNCTIONS[name], operands[0]
        return lambda lookup: methods.call(function, value(lookup), {})
