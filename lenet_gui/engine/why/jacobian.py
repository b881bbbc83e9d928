"""For operations without a formula here: how the output changes with the input, by autograd, on copies in double.

A row is the derivative of one number of the output by each of the input; a column that of each of the output by one of
the input. Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine.trace.trace import Operation
from lenet_gui.engine.why.call import CannotTakeApart, Cell
from lenet_gui.engine.why.terms import Column, Part, Source, Terms, cells

_NESTED = (tuple, list)


def row(operation: Operation, which: int, cell: Cell, source: Callable[[Tensor], Source]) -> Part:
    """Of a cell of one of its outputs. Terms are the derivatives that are not 0; they do not add up to the number.

    Raises CannotTakeApart.
    """
    copies = _Copies(operation, which, source)
    leaves = [one for one in copies.leaves.values() if one.requires_grad]
    if not leaves or not copies.output.requires_grad:
        raise CannotTakeApart("it does not change with what goes in")
    try:
        found = torch.autograd.grad(copies.output[cell], leaves, allow_unused=True)
    except RuntimeError as error:
        raise CannotTakeApart(str(error).splitlines()[0]) from error
    groups = []
    for leaf, gradient in zip(leaves, found, strict=True):
        if gradient is None:
            continue
        values = gradient.reshape(-1).cpu().numpy()
        flat = np.flatnonzero(values)
        groups.append(Terms(cells(copies.sources[id(leaf)], flat, "∂y/∂·", values[flat])))
    return Part(operation.name, "∂y/∂x, by autograd", tuple(groups), adds=False)


def column(
    operation: Operation,
    which: int,
    of: Collection[int],
    cell: Cell,
    gradient: Source,
    source: Callable[[Tensor], Source],
) -> Part:
    """The gradient of a cell of the tensors `of` (the same one, by identity): Σ ∂L/∂y · ∂y/∂x, of one output's
    `gradient`. As `row` raises.
    """
    copies = _Copies(operation, which, source)
    leaves = [leaf for kept, leaf in copies.leaves.items() if kept in of]
    weights = torch.zeros_like(copies.output, requires_grad=True)
    values = np.zeros(copies.output.numel())
    try:
        for leaf in leaves:
            back = torch.autograd.grad(copies.output, leaf, weights, create_graph=True, allow_unused=True)[0]
            if back is not None and back.requires_grad:
                # What comes back is linear in the weights: its derivative by them is the column.
                found = torch.autograd.grad(back[cell], weights, retain_graph=True, allow_unused=True)[0]
                values += 0 if found is None else found.reshape(-1).cpu().numpy()
    except RuntimeError as error:
        raise CannotTakeApart(str(error).splitlines()[0]) from error
    flat = np.flatnonzero(values)
    terms = Terms(cells(gradient, flat), Column(values[flat], form="∂y/∂x"))
    return Part(operation.name, "∂L/∂x = Σ ∂L/∂y · ∂y/∂x, with ∂y/∂x by autograd", (terms,))


class _Copies:
    """The operation done once more. Nothing is drawn from the generators that anybody else draws from."""

    def __init__(self, operation: Operation, which: int, source: Callable[[Tensor], Source]) -> None:
        self.leaves: dict[int, Tensor] = {}
        """By the identity of what the trace keeps."""
        self.sources: dict[int, Source] = {}
        """By the identity of a leaf."""
        self._source = source
        self._passed: list[Tensor] = []
        if operation.do is None:
            raise CannotTakeApart("it is not known how it was called")
        given, named = operation.arguments
        output = source(operation.outputs[which])
        devices = [output.tensor.device] if output.tensor.is_cuda else []
        try:
            with torch.enable_grad(), torch.random.fork_rng(devices):
                result = operation.do(*self._copied(given), **self._copied(named))
        except Exception as error:  # a person's own function may raise anything
            raise CannotTakeApart(f"{type(error).__name__}: {error}") from error
        tensors = [*_tensors(result), *self._passed]  # without a result it wrote into what it was given
        if which >= len(tensors) or not _close(tensors[which], output.tensor):
            raise CannotTakeApart("done again it gives something else: it draws random numbers, or is not a function")
        self.output = tensors[which]

    def _copied(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            if id(value) not in self.leaves:
                self._leaf(value)
            passed = self.leaves[id(value)].clone()  # which may be written into
            self._passed.append(passed)
            return passed
        if isinstance(value, _NESTED):
            return type(value)([self._copied(one) for one in value])
        return {key: self._copied(one) for key, one in value.items()} if isinstance(value, dict) else value

    def _leaf(self, kept: Tensor) -> None:
        source = self._source(kept)
        real = kept.is_floating_point()
        leaf = source.tensor.double().clone() if real else source.tensor.clone()
        self.leaves[id(kept)] = leaf.requires_grad_(real)
        self.sources[id(leaf)] = source


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [found for one in value for found in _tensors(one)] if isinstance(value, _NESTED) else []


def _close(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    there = torch.isfinite(other)  # what is too large for single precision need not be so in double
    finite = other[there].double()
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(one.detach().double()[there], finite, 1e-3, 1e-4 * scale)
