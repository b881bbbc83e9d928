"""What a window is told of a trace: rows, and small pictures of one sample. It copies all it gives."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine import printing
from lenet_gui.engine.trace.figures import NO_PICTURE, NOT_DRAWN, Drawn, Figures, figures, picture
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Node, Operation, Trace, TracedCommand, Update, Visit
from lenet_gui.protocol.trace import NodeRow, OperationRow, OutputRow, Part, Saved, Summary, TraceReply, UpdateRow
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    pass

Known = tuple[Tensor | None, tuple[int, int] | None]
"""A gradient, and the place from which it is known."""
_UNKNOWN: Known = (None, None)
_NOTHING = Summary((), "", *Figures(), NO_PICTURE)


def reply(id: int, number: int, trace: Trace, sources: Sources, sample: int, settings: Settings) -> TraceReply:
    """The whole step, with pictures of this sample of its batch (of the nearest there is)."""
    operations = trace.operations
    gradients = _gradients(trace)
    visits = {visit.node: visit for visit in trace.backward}
    updates = trace.updates
    # Where each operation and update stands in the lists of the reply.
    index = {id_: i for items in (operations, updates) for i, id_ in enumerate(map(_identity, items))}
    told = _Told(trace, sample)
    return TraceReply(
        id,
        number,
        sample,
        tuple(_part(one, index, settings) for one in trace.commands),
        tuple(trace.calls),
        tuple(_operation(one, gradients, told) for one in operations),
        tuple(_node(node, visits.get(i), told) for i, node in enumerate(trace.nodes)),
        tuple(map(_update, updates)),
        _NOTHING if trace.batch is None else told.drawn(trace.batch),
        sources.files(),
        trace.partial,
    )


class _Told:
    """The tensors of a trace as summaries. Their figures are computed once a trace, and pictures for one sample."""

    def __init__(self, trace: Trace, sample: int) -> None:
        self._figures = trace.figures
        self._sample = sample

    def drawn(self, tensor: Tensor) -> Summary:
        return self._summary(tensor, picture(tensor, self._sample))

    def plain(self, tensor: Tensor) -> Summary:
        """Without a picture."""
        return self._summary(tensor, NOT_DRAWN)

    def _summary(self, tensor: Tensor, drawn: Drawn) -> Summary:
        known = self._figures.get(id(tensor))
        if known is None:
            known = self._figures[id(tensor)] = figures(tensor)
        return Summary(tuple(tensor.shape), _dtype(tensor.dtype), *known, *drawn)


def _identity(item: object) -> int:
    return id(item)


def _part(traced: TracedCommand, index: dict[int, int], settings: Settings) -> Part:
    items = tuple(one.node if isinstance(one, Visit) else index[id(one)] for one in traced.items)
    return Part(traced.place, traced.command.name, printing.code_of(traced.command, settings), items, traced.refused)


def _gradients(trace: Trace) -> dict[tuple[int, int], Known]:
    """By node and its output what came in there in the newest backward that ran it, and the place from which that is
    known."""
    found: dict[tuple[int, int], Known] = {}
    for command in trace.commands:
        for item, visit in enumerate(command.items):
            if isinstance(visit, Visit):
                for slot, gradient in enumerate(visit.received):
                    found[visit.node, slot] = (gradient, (command.place, item)) if gradient is not None else _UNKNOWN
    return found


def _operation(one: Operation, gradients: dict[tuple[int, int], Known], told: _Told) -> OperationRow:
    (gradient, place), *more = [gradients.get((end.node, end.slot), _UNKNOWN) for end in one.ends]
    return OperationRow(
        one.name,
        one.function,
        one.call,
        one.source,
        one.inputs,
        one.tensors,
        one.node,
        told.drawn(one.outputs[0]),
        None if gradient is None else told.drawn(gradient),
        place,
        tuple([_output(one, which, known, told) for which, known in enumerate(more, 1)]) if more else (),
    )


def _output(one: Operation, which: int, known: Known, told: _Told) -> OutputRow:
    gradient, place = known
    summary = None if gradient is None else told.plain(gradient)
    return OutputRow(one.output_name(which), told.plain(one.outputs[which]), summary, place)


def _node(node: Node, visit: Visit | None, told: _Told) -> NodeRow:
    received, gave = (visit.received, visit.gave) if visit else ((), ())
    return NodeRow(
        node.name,
        node.operation,
        node.parameter,
        node.next,
        tuple(Saved(name, _words(value)) for name, value in node.saved),
        tuple(None if one is None else told.plain(one) for one in received),
        tuple(None if one is None else told.plain(one) for one in gave),
    )


def _update(one: Update) -> UpdateRow:
    gradient = None if one.gradient is None else torch.linalg.vector_norm(one.gradient.float()).item()
    before, after = one.before.float(), one.after.float()
    norms = [torch.linalg.vector_norm(value).item() for value in (before, after, after - before)]
    return UpdateRow(one.parameter, norms[0], gradient, norms[1], norms[2])


@cache
def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _words(value: object) -> str:
    if isinstance(value, torch.Size):
        return str(list(value))
    return ", ".join(map(_words, value)) if isinstance(value, tuple) else str(value)[:80]
