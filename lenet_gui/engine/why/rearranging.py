"""What only moves numbers to other places: view, flatten, reshape, transpose, indexing, cat and their like.

Where each comes from PyTorch says itself: the operation is done again on the numbers' places.
Source: https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lenet_gui.engine.why.call import GIVEN, NAMED, Call, CannotTakeApart, Cell, Kind
from lenet_gui.engine.why.terms import Flat, Part, Source, Terms, cells

FUNCTIONS = (
    *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze"),
    *("transpose", "permute", "movedim", "swapaxes", "t", "T", "mT", "getitem", "select", "narrow", "index_select"),
    *("expand", "expand_as", "flip", "roll", "chunk", "split", "unbind", "contiguous", "clone", "cat", "stack"),
    *("detach", "hstack", "vstack", "unfold", "repeat", "pixel_shuffle", "alias"),
)
_NESTED = (tuple, list)


def forward(call: Call, cell: Cell) -> tuple[Part, ...]:
    from_, places = _moved(call)
    at = int(places[call.output.flat(cell)])
    source, flat = _where(from_, at)
    formula = "y = x, at another place" if len(from_) == 1 else "y = one of them, at another place"
    terms = Terms(cells(source, flat))
    return (Part(call.operation.name, formula, (terms,), call.where(y=call.output, x=source)),)


def backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    """Summed where a number went to several places. `of` is which of the tensors, where it was given a list."""
    from_, places = _moved(call)
    which = int(of)
    here = sum(len(one.numbers) for one in from_[:which]) + from_[which].flat(cell)
    terms = Terms(cells(gradient, np.flatnonzero(places == here)))
    formula = "∂L/∂x = ∂L/∂y, at another place; summed where it went to several"
    return (Part(call.operation.name, formula, (terms,), call.where(y=call.output, x=from_[which])),)


def _moved(call: Call) -> tuple[list[Source], Flat]:
    """The tensors that numbers come from, and for each of the first output's which it is, counted over all of them."""
    values, named = call.arguments[GIVEN], call.arguments[NAMED]
    first = values[0] if values else next(iter(named.values()))
    from_ = [one for one in (first if isinstance(first, _NESTED) else (first,)) if isinstance(one, Source)]
    if not from_ or call.operation.do is None:
        raise CannotTakeApart("what it was given")
    starts = iter(np.cumsum([0, *[len(one.numbers) for one in from_]])[:-1].tolist())
    places = {id(one): _places(one, start) for one, start in zip(from_, starts, strict=False)}
    try:
        done = call.operation.do(*_with(values, places), **_with(named, places))
    except (RuntimeError, TypeError) as error:  # it does more than to move numbers
        raise CannotTakeApart(str(error)) from error
    found = done[call.which] if isinstance(done, _NESTED) else done
    if tuple(found.shape) != call.output.shape:
        raise CannotTakeApart("what came out")
    return from_, found.contiguous().numpy().reshape(-1)


def _places(source: Source, start: int) -> torch.Tensor:
    return torch.arange(start, start + len(source.numbers)).reshape(source.shape)


def _with(value: Any, places: dict[int, torch.Tensor]) -> Any:
    if isinstance(value, Source):
        return places[id(value)] if id(value) in places else value.tensor.cpu()
    if isinstance(value, dict):
        return {key: _with(one, places) for key, one in value.items()}
    return type(value)([_with(one, places) for one in value]) if isinstance(value, _NESTED) else value


def _where(from_: list[Source], at: int) -> tuple[Source, int]:
    for one in from_:
        if at < len(one.numbers):
            return one, at
        at -= len(one.numbers)
    raise CannotTakeApart("what came out")


KINDS = {name: Kind(None, forward, backward) for name in FUNCTIONS}
