"""Sums and means over some dimensions. Formulas: https://docs.pytorch.org/docs/stable/generated/torch.mean.html"""

from __future__ import annotations

import math

import numpy as np

from lenet_gui.engine.why.call import Call, CannotTakeApart, Cell, Kind, signature
from lenet_gui.engine.why.terms import Flat, Part, Source, Terms, block, cells, number


def forward(call: Call, cell: Cell) -> tuple[Part, ...]:
    x, over = call.source("input"), _over(call)
    kept = iter(cell if call.arguments["keepdim"] else _spread(cell, over, len(x.shape)))
    axes: list[Flat | int] = [
        at if d not in over else np.arange(size) for d, (size, at) in enumerate(zip(x.shape, kept, strict=True))
    ]
    share, form = _share(call, over)
    terms = Terms(cells(x, block(x.shape, *axes)), *([number(share, form)] if form else []))
    formula = f"y = {f'{form} · ' if form else ''}Σ x"
    return (Part(call.operation.name, formula, (terms,), call.where(y=call.output, x=x)),)


def backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    over = _over(call)
    at = tuple(0 if d in over else one for d, one in enumerate(cell) if call.arguments["keepdim"] or d not in over)
    share, form = _share(call, over)
    terms = Terms(cells(gradient, gradient.flat(at)), *([number(share, form)] if form else []))
    formula = f"∂L/∂x = {f'{form} · ' if form else ''}∂L/∂y"
    return (Part(call.operation.name, formula, (terms,), call.where(y=call.output, x=call.source("input"))),)


def _over(call: Call) -> set[int]:
    """The dimensions that are summed over."""
    dim, dimensions = call.arguments["dim"], len(call.source("input").shape)
    if dim is None or (isinstance(dim, tuple | list) and not dim):
        return set(range(dimensions))
    return {one % dimensions for one in ([dim] if isinstance(dim, int) else dim)}


def _spread(cell: Cell, over: set[int], dimensions: int) -> Cell:
    """The cell with a 0 for each dimension that is gone."""
    kept = iter(cell)
    return tuple(0 if d in over else next(kept) for d in range(dimensions))


def _share(call: Call, over: set[int]) -> tuple[float, str]:
    if call.operation.function == "sum":
        return 1.0, ""
    size = math.prod(call.source("input").shape[d] for d in over)
    return 1 / size, f"1/{size:,}"


_ARGUMENTS = signature("input dim keepdim dtype out", dim=None, keepdim=False, dtype=None, out=None)
KINDS = {name: Kind(_ARGUMENTS, forward, backward) for name in ("sum", "mean")}
