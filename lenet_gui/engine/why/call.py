"""One operation of a trace as the formulas read it: its arguments by PyTorch's names, its tensors as sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from lenet_gui.engine.trace.trace import Operation
from lenet_gui.engine.why.terms import Part, Source

Cell = tuple[int, ...]
GIVEN, NAMED, GAVE = "_given", "_named", "_gave"
"""What is beside the arguments: all of them as they were given, and what the operation's own backward gave on."""


class CannotTakeApart(Exception):
    """Raised by a formula for a way of calling its operation that it does not know. The message says which."""


@dataclass(frozen=True, slots=True)
class Call:
    """`arguments` by name, with `Source` for tensors, and in lists of them."""

    operation: Operation
    arguments: Mapping[str, Any]
    output: Source
    which: int = 0
    """Which of the operation's outputs that is."""

    def source(self, name: str) -> Source:
        """A tensor that it was given."""
        found = self.arguments[name]
        if not isinstance(found, Source):
            raise CannotTakeApart(f"{name} is {found!r}, and not a tensor")
        return found

    def maybe(self, name: str) -> Source | None:
        found = self.arguments.get(name)
        return found if isinstance(found, Source) else None

    def refuse(self, **known: tuple[Any, ...]) -> None:
        """Raises CannotTakeApart where an argument is none of the values that are known."""
        for name, values in known.items():
            if self.arguments[name] not in values:
                raise CannotTakeApart(f"{name}={self.arguments[name]!r}")

    def where(self, **symbols: Source | None) -> tuple[tuple[str, str], ...]:
        """What the symbols of a formula stand for."""
        return tuple((symbol, source.name) for symbol, source in symbols.items() if source is not None and source.name)


class Forward(Protocol):
    def __call__(self, call: Call, cell: Cell) -> tuple[Part, ...]: ...


class Backward(Protocol):
    """How the gradient of one argument's cell comes from that of the output; `of` is the argument's name."""

    def __call__(self, call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A family's knowledge of one function: its arguments in order, with their defaults, and its formulas.

    Without arguments they stay as they were given, under `GIVEN` and `NAMED`.
    """

    arguments: Mapping[str, Any] | None
    forward: Forward
    backward: Backward


def signature(text: str, **defaults: Any) -> dict[str, Any]:
    """The names of arguments in their order, and the defaults of those that have one."""
    return {name: defaults.get(name, ...) for name in text.split()}


def bind(kind: Kind, arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> dict[str, Any]:
    """Arguments by name. Raises CannotTakeApart for what the kind does not know."""
    given, named = arguments
    if kind.arguments is None:
        return {GIVEN: given, NAMED: named}
    names = list(kind.arguments)
    if len(given) > len(names):
        raise CannotTakeApart(f"{len(given)} arguments")
    found = dict(zip(names, given, strict=False)) | named
    if unknown := [name for name in found if name not in kind.arguments and not name.startswith("_")]:
        raise CannotTakeApart(f"{unknown[0]}={found[unknown[0]]!r}")
    found = {**{name: default for name, default in kind.arguments.items() if name not in found}, **found}
    if any(value is ... and kind.arguments.get(name) is ... for name, value in found.items()):
        raise CannotTakeApart("an argument is missing")
    return found


def sourced(value: Any, source: Callable[[Tensor], Source]) -> Any:
    """The same arguments, with a source for each tensor."""
    if isinstance(value, Tensor):
        return source(value)
    if isinstance(value, dict):
        return {key: sourced(one, source) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)([sourced(one, source) for one in value])
    return value


def each(value: Any, dimensions: int) -> tuple[int, ...]:
    """One number for all dimensions, or one of each, as PyTorch's windows take them."""
    if isinstance(value, int):
        return (value,) * dimensions
    found = tuple(int(one) for one in value)
    return found * dimensions if len(found) == 1 else found
