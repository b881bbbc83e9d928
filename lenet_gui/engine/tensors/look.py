"""The answers to questions about one tensor, each as of the session's cursor. They copy all they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from lenet_gui.engine.expressions.calculation import NoGradient
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.session import Session
from lenet_gui.engine.tensors.export import export
from lenet_gui.engine.tensors.figures import frozen, histogram, numbers, summary
from lenet_gui.engine.tensors.found import Found, Missing, Pinned, column_sizes, find, gradient_limit, kind_of, where
from lenet_gui.engine.tensors.picture import picture, seen
from lenet_gui.engine.trace.names import done
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.engine.view import place_of
from lenet_gui.protocol.stops import LookAtWatch
from lenet_gui.protocol.tensors import (
    ALL,
    MOST_CELLS,
    Block,
    Cells,
    CellsReply,
    CellsRequest,
    Exported,
    ExportTensor,
    Look,
    LookAnswer,
    LookReply,
    LookRequest,
    NameRow,
    NamesReply,
    NamesRequest,
    PinReply,
    PinRequest,
    TensorSummary,
    View,
    Which,
)

if TYPE_CHECKING:
    from lenet_gui.protocol.tensors import Exact

PARTS = ("value", "grad", "update")
"""Of a parameter."""


def answer(session: Session, question: Look) -> LookAnswer:
    """Raises ValueError, in one sentence, where there is nothing of the kind."""
    match question:
        case LookRequest():
            return look(session, question)
        case CellsRequest():
            return CellsReply(question.id, _cells_of(session, question))
        case LookAtWatch():
            return _look_at_watch(session, question)
        case NamesRequest():
            return NamesReply(question.id, _names(session, question.inside))
        case PinRequest():
            return _pin(session, question)
        case ExportTensor():
            try:
                found = find(session, question.view)
            except Missing as missing:
                raise ValueError(f"{question.view.tensor.name} has no numbers at this place to write") from missing
            export(found.tensor, question.path)
            return Exported(question.id, question.path)


def look(session: Session, request: LookRequest) -> LookReply:
    """All that is asked for of one tensor."""
    told = LookReply(request.id, place_of(session), where(session), request.view, "")
    if request.view.tensor.pinned and session.pinned is not None:
        told = replace(told, where=session.pinned.where)
    try:
        found = find(session, request.view, request.inside)
        return seen_of(found, request, told, gradient_limit(session, request.inside) if _shares(found) else 0.0)
    except Missing as missing:
        return _without(replace(told, missing=missing.why), missing.found, request)
    except ValueError as error:
        return replace(told, missing=str(error))


def _look_at_watch(session: Session, question: LookAtWatch) -> LookReply:
    """The tensor that an expression is here. Raises ValueError for a watch that there is not."""
    view = View(Which(session.watches.expression(question.watch).text))
    request = LookRequest(question.id, view, question.room, question.region, question.block)
    told = LookReply(request.id, place_of(session), where(session), view, "")
    try:
        return seen_of(Found(session.watches.value(question.watch), "expression"), request, told)
    except NotYet:
        return replace(told, missing="not yet")
    except NoGradient:
        return replace(told, missing="none")
    except ValueError as error:
        return replace(told, missing=str(error))


def seen_of(found: Found, request: LookRequest, told: LookReply, limit: float = 0.0) -> LookReply:
    """What a request wants to see of a tensor; `limit` is the range that it shares. Raises ValueError as `numbers`."""
    values = numbers(found.tensor)
    view = replace(request.view, leading=_leading(request.view.leading, found))
    assert view.leading is not None
    chosen, figures = seen(values, view.leading), summary(values)
    return replace(
        told,
        view=view,
        shape=tuple(values.shape),
        dtype=_dtype(found.tensor),
        kind=found.kind,
        limit=limit,
        summary=figures,
        picture=picture(chosen, request.room, request.region, _reach(figures)) if min(request.room) > 0 else None,
        cells=_cells(found, chosen, request.block) if request.block is not None else None,
        histogram=histogram(values, request.bins) if request.bins else None,
        printed=repr(found.tensor) if request.printed else "",
        columns=column_sizes(found.columns) if request.block is not None else (),
        formula=found.formula,
    )


def _shares(found: Found) -> bool:
    """Whether its colours are those of all others of its kind."""
    return found.kind == "gradient"


def _without(told: LookReply, found: Found | None, request: LookRequest) -> LookReply:
    """What can be said of a tensor that has no numbers; an update that comes next has some."""
    if found is None:
        return told
    told = replace(told, shape=tuple(found.tensor.shape), dtype=_dtype(found.tensor), formula=found.formula)
    printed = "None" if told.missing == "none" and request.printed else ""
    if request.block is None or not found.columns:
        return replace(told, kind=found.kind, printed=printed)
    cells = _cells(found, numbers(found.tensor), request.block)
    return replace(told, kind=found.kind, cells=cells, columns=column_sizes(found.columns))


def _leading(wanted: tuple[int, ...] | None, found: Found) -> tuple[int, ...]:
    """One index, or all, for each dimension but the last two; of a batch of maps the first sample."""
    shape = found.tensor.shape
    count = max(0, len(shape) - 2)
    if wanted is None or len(wanted) != count:
        return (0, *(ALL,) * (count - 1)) if found.batched and count >= 2 else (ALL,) * count
    return tuple(min(max(ALL, index), size - 1) for index, size in zip(wanted, shape, strict=False))


def _reach(figures: TensorSummary) -> float:
    return figures.high - figures.low if figures.high >= figures.low else 0.0


def _cells_of(session: Session, request: CellsRequest) -> Cells:
    if request.block.rows * request.block.columns > MOST_CELLS:
        raise ValueError(f"at most {MOST_CELLS:,} numbers are copied at once: export the tensor instead")
    try:
        found = find(session, request.view)
    except Missing as missing:
        if missing.found is None or not missing.found.columns:
            return Cells(0, 0, Block(0, 0, 0, 0), frozen(np.empty((0, 0), np.float32)))
        found = missing.found
    chosen = seen(numbers(found.tensor), _leading(request.view.leading, found))
    return _cells(found, chosen, request.block)


def _cells(found: Found, chosen: Exact, block: Block) -> Cells:
    """The last dimension runs to the right, all others down; of an update each number has a row."""
    if found.columns:
        flat = [numbers(one).reshape(-1) for one in found.columns.values()]
        rows, columns = flat[0].size, len(flat)
    else:
        columns = chosen.shape[-1] if chosen.ndim > 1 else 1
        rows = chosen.size // columns if columns else 0
        flat = []
    row, column = min(max(0, block.row), rows), min(max(0, block.column), columns)
    end, right = min(rows, row + max(0, block.rows)), min(columns, column + max(0, block.columns))
    if flat:
        values = np.stack([one[row:end] for one in flat], axis=1)[:, column:right]
    else:
        values = chosen.reshape(rows, columns)[row:end, column:right]
    return Cells(rows, columns, Block(row, column, end - row, right - column), frozen(values.copy()))


def _names(session: Session, inside: bool) -> tuple[NameRow, ...]:
    """Parameters with their gradients and updates, buffers, the optimizer's state, and what this step computes."""
    rows: list[NameRow] = []
    state = session.stepper.state()
    for name, tensor in session.model.named_parameters():
        shape = tuple(tensor.shape)
        rows += [
            NameRow(name, part, kind_of(session, Which(name, part)), shape) for part in ("value", "grad", "update")
        ]
    own = {row.name for row in rows}
    own |= {f"{name}.grad" for name in own}
    rows += [
        NameRow(name, "value", "state", tuple(value.shape))
        for name, value in state.items()
        if value is not None and name not in own
    ]
    if session.input is not None:
        rows.append(NameRow("input", "value", "input", tuple(session.input.shape)))
    for name, value in (("output", session.output), ("target", session.target), ("loss", session.last_loss)):
        if value is not None:
            rows.append(NameRow(name, "value", kind_of(session, Which(name)), tuple(value.shape)))
    if inside:
        seen_names = {row.name for row in rows}
        for one in done(session, session.trace()):
            if one.name not in seen_names:
                rows += [row for which in range(len(one.outputs)) for row in _of_output(one, which)]
                seen_names.add(one.name)
    return tuple(rows)


def _of_output(operation: Operation, which: int) -> Iterator[NameRow]:
    """Whole numbers, such as where a maximum stood, have no gradient."""
    name, output = operation.output_name(which), operation.outputs[which]
    yield NameRow(name, "value", "activation", tuple(output.shape))
    if output.is_floating_point():
        yield NameRow(name, "grad", "gradient", tuple(output.shape))


def _pin(session: Session, request: PinRequest) -> PinReply:
    if request.tensor is None:
        session.pinned = None
        return PinReply(request.id, None, "")
    try:
        found = find(session, View(request.tensor))
    except Missing as missing:
        raise ValueError(f"{request.tensor.name} has no numbers at this place to pin") from missing
    copied = {name: tensor.detach().clone() for name, tensor in found.columns.items()}
    kept = replace(found, tensor=found.tensor.detach().clone(), columns=copied)
    session.pinned = Pinned(request.tensor, where(session), kept)
    return PinReply(request.id, request.tensor, session.pinned.where)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
