"""What a number is taken apart into: parts, each a sum of terms, each a product of factors that lead to other cells.

All of it is held as arrays in double precision; an object is made of a term only where somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.float64]
Flat = NDArray[np.int64]
"""Cells of a tensor, counted as `flatten()` has them."""


class Source:
    """A tensor that factors are cells of. `name` is what the resolver of names calls it; empty where it has none.

    Where it is a piece of the tensor that has the name, it begins at `offset` of that, whose shape is `whole`.
    """

    def __init__(
        self,
        name: str,
        tensor: Tensor,
        whole: tuple[int, ...] | None = None,
        offset: int = 0,
        fetch: Callable[[Tensor], Tensor] = lambda tensor: tensor,
        now: Tensor | None = None,
    ) -> None:
        """`fetch` gives a tensor that a trace had no room for; `now` is what has the name by now, if it may differ."""
        self.name = name
        self.kept = tensor
        self.shape = tuple(tensor.shape)
        self._whole = self.shape if whole is None else whole
        self._offset = offset
        self._fetch = fetch
        self._now = now

    @cached_property
    def tensor(self) -> Tensor:
        return self._fetch(self.kept).detach()

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """All of them, flat, in the type that they have."""
        values = self.tensor.cpu()
        return (values.float() if values.dtype in (torch.bfloat16, torch.float16) else values).numpy().reshape(-1)

    def at(self, flat: Flat | int) -> Numbers:
        return np.asarray(self.numbers[flat], np.float64)

    def flat(self, cell: tuple[int, ...]) -> int:
        return int(np.ravel_multi_index(cell, self.shape)) if cell else 0

    def index(self, flat: int) -> tuple[int, ...]:
        """As the tensor of this name counts it."""
        if not self._whole:
            return ()
        return tuple(int(one) for one in np.unravel_index(flat + self._offset, self._whole))

    def changed(self, index: tuple[int, ...], value: float) -> bool:
        """Whether the cell of this name is another number by now."""
        return self._now is not None and float(self._now.detach()[index]) != value

    def ranges(self, flat: Flat) -> tuple[tuple[int, int, int], ...]:
        """Of these cells, by dimension: the first, behind the last, and the step between them."""
        if not self._whole:
            return ()
        found = []
        for size, at in zip(self._whole, np.unravel_index(flat + self._offset, self._whole), strict=True):
            seen = np.zeros(size, bool)
            seen[at] = True
            places = np.flatnonzero(seen)
            step = int(np.gcd.reduce(np.diff(places))) if len(places) > 1 else 1
            found.append((int(places[0]), int(places[-1]) + 1, step))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Column:
    """One factor of each term, or the same one of all where its arrays have no dimension.

    It is a cell of `source`, or what `form` makes of that (`exp(·)`); or else the plain number that `form` tells of.
    `formula` gives the formula of its own that a term's factor has.
    """

    values: Numbers
    source: Source | None = None
    flat: Flat | None = None
    form: str = ""
    formula: Callable[[int], Part] | None = None

    def factor(self, term: int) -> Factor:
        value = float(self.values if self.values.ndim == 0 else self.values[term])
        formula = None if self.formula is None else self.formula(term)
        if self.source is None or self.flat is None:
            return Factor("", (), value, self.form, formula)
        flat = int(self.flat if self.flat.ndim == 0 else self.flat[term])
        index = self.source.index(flat)
        form = self.form or ("as it was then" if self.source.changed(index, value) else "")
        return Factor(self.source.name, index, value, form, formula)


@dataclass(frozen=True, slots=True)
class Factor:
    """The cell `index` of the tensor `name`, or where `form` is not empty what that makes of it. A weight that moved
    since is told "as it was then".

    Without a name a number of the formula, which `form` tells of. `formula` is how it comes about, where it has one.
    """

    name: str
    index: tuple[int, ...]
    value: float
    form: str = ""
    formula: Part | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """A term of a sum: the product of its factors."""

    value: float
    factors: tuple[Factor, ...]


class Terms:
    """Terms that are made alike: a column for each of their factors."""

    def __init__(self, *columns: Column) -> None:
        self.columns = columns
        values = columns[0].values
        for one in columns[1:]:
            values = values * one.values
        self.values: Numbers = np.atleast_1d(values)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, term: int) -> Contribution:
        return Contribution(float(self.values[term]), tuple(one.factor(term) for one in self.columns))


class Contributions(Sequence[Contribution]):
    """All terms of some parts, the largest first. Each is made when it is asked for."""

    def __init__(self, groups: Sequence[Terms]) -> None:
        self._groups = groups
        self._starts = np.cumsum([0, *map(len, groups)])
        self.values: Numbers = np.concatenate([one.values for one in groups]) if groups else np.empty(0)

    @cached_property
    def sum(self) -> float:
        with np.errstate(all="ignore"):  # of what is not finite the sum is not either
            return float(self.values.sum())

    @cached_property
    def magnitude(self) -> float:
        """The sum of the absolute values."""
        with np.errstate(all="ignore"):
            return float(np.abs(self.values).sum())

    @cached_property
    def order(self) -> NDArray[np.intp]:
        return np.argsort(-np.abs(self.values), kind="stable")

    def largest(self, count: int) -> list[Contribution]:
        """The same as the first so many, without putting all of them in order."""
        if count >= len(self.values):
            return list(self)
        sizes = np.nan_to_num(np.abs(self.values), nan=np.inf)
        chosen = np.sort(np.argpartition(-sizes, count)[:count]) if count else np.empty(0, np.intp)
        return [self._term(int(at)) for at in chosen[np.argsort(-sizes[chosen], kind="stable")]]

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Contribution: ...
    @overload
    def __getitem__(self, index: slice) -> list[Contribution]: ...
    def __getitem__(self, index: int | slice) -> Contribution | list[Contribution]:
        if isinstance(index, slice):
            return [self._term(int(at)) for at in self.order[index]]
        return self._term(int(self.order[index]))

    def __iter__(self) -> Iterator[Contribution]:
        return (self._term(int(at)) for at in self.order)

    def _term(self, at: int) -> Contribution:
        group = int(np.searchsorted(self._starts, at, "right")) - 1
        with np.errstate(all="ignore"):
            return self._groups[group][at - int(self._starts[group])]


@dataclass(frozen=True, eq=False)
class Part:
    """A formula in symbols, `where` each stands for a tensor by its name, and the terms of its sum.

    `outer` is what is made of the sum, as `log({})`; `result` is the value of that. Where it is a choice among its
    terms instead (a maximum), or they are derivatives alone, `adds` is false. `inner` are formulas beside it.
    """

    label: str
    formula: str
    groups: tuple[Terms, ...]
    where: tuple[tuple[str, str], ...] = ()
    outer: str = "{}"
    result: float | None = None
    adds: bool = True
    inner: tuple[Part, ...] = field(default=())

    @cached_property
    def contributions(self) -> Contributions:
        return Contributions(self.groups)

    @property
    def sum(self) -> float:
        return self.contributions.sum

    @property
    def value(self) -> float:
        return self.sum if self.result is None else self.result

    @property
    def magnitude(self) -> float:
        return self.contributions.magnitude

    def sources(self) -> Iterator[tuple[Source, Flat]]:
        """The tensors that its terms lead to, and which of their cells; those of the formulas of common factors too."""
        for group in self.groups:
            for column in group.columns:
                if column.source is not None and column.flat is not None:
                    if column.source.name and column.flat.size:
                        yield column.source, np.atleast_1d(column.flat)
                elif column.formula is not None and column.values.ndim == 0:
                    yield from column.formula(0).sources()
        for part in self.inner:
            yield from part.sources()


# --------------------------------------------------------------------------------------------- making columns


def cells(source: Source, flat: Flat | int, form: str = "", values: Numbers | None = None) -> Column:
    """Cells of a tensor. With a `form`, `values` are what that makes of them."""
    at = np.asarray(flat, np.int64)
    return Column(source.at(cast(Flat, at)) if values is None else np.asarray(values, np.float64), source, at, form)


def number(value: float | Numbers, form: str) -> Column:
    """A number of the formula, the same for all terms or one for each."""
    return Column(np.asarray(value, np.float64), form=form)


def made(part: Part) -> Column:
    """A factor with a formula of its own, the same for all terms."""
    return Column(np.asarray(part.value, np.float64), form=part.label, formula=lambda _: part)


def block(shape: Sequence[int], *axes: Flat | int) -> Flat:
    """The cells of a tensor of this shape at all combinations of some places in each of its dimensions, in order."""
    found = np.zeros((), np.int64)
    for size, axis in zip(shape, axes, strict=True):
        found = found[..., None] * size + np.atleast_1d(np.asarray(axis, np.int64))
    return found.reshape(-1)
