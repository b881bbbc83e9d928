"""What the cards of a traced step are called, and what their tooltips say. Painting them is `cards`' matter."""

from __future__ import annotations

import html
import os

from lenet_gui.gui.network.card_pictures import has_numbers, is_number
from lenet_gui.gui.network.cards import Face, Look, number_words
from lenet_gui.protocol.trace import CallRow, OperationRow, Summary, TraceReply

BATCH = 0
"""The number of the batch's card; operation `i` has the card `i + 1`."""


def faces(trace: TraceReply) -> list[Face]:
    """The batch's, one an operation, and one for what PyTorch refuses."""
    cards = [
        Face("input", "batch", shape_words(trace.batch) if is_given(trace) else "", trace.batch),
        *(
            Face(one.name, _module_short(trace, one), shape_words(one.output), one.output, one.gradient)
            for one in trace.operations
        ),
    ]
    refused = refusal(trace)
    return [*cards, Face(f"{refused[0]} refused", "", "", refusal=refused[1])] if refused else cards


def is_given(trace: TraceReply) -> bool:
    """Whether a batch is known: somebody's own loop has given none before its first forward."""
    return bool(trace.batch.dtype)


def edges(trace: TraceReply) -> list[tuple[int, ...]]:
    """The predecessors of each card; what is refused stands behind what ran last."""
    inputs = [(), *(tuple(source + 1 for source in one.inputs) for one in trace.operations)]
    return [*inputs, (len(inputs) - 1,)] if refusal(trace) else inputs


def refusal(trace: TraceReply) -> tuple[str, str] | None:
    """The phase that PyTorch refuses, and its words."""
    return next(((part.name, part.refused) for part in trace.parts if part.refused), None)


def modules_around(trace: TraceReply, operation: int) -> list[str]:
    """The dotted paths of the modules whose calls the operation is in, the innermost first, not the model's own."""
    paths, call = list[str](), trace.operations[operation].call
    while call >= 0:
        paths.append(trace.calls[call].path)
        call = trace.calls[call].parent
    return [path for path in dict.fromkeys(paths) if path]


def tip(trace: TraceReply, card: int, look: Look) -> str:
    """All that is known of a card at the frame's place, as lines."""
    if card == BATCH:
        return "\n".join(["input: the batch", *_tensor(trace.batch, look.happened)])
    if card > len(trace.operations):
        name, words = refusal(trace) or ("", "")
        return f"PyTorch refuses {name}:\n{words}"
    one = trace.operations[card - 1]
    lines = [one.name, *_origin(trace, one), *_tensor(one.output, look.happened)]
    lines.append("inputs: " + (", ".join(_name(trace, source) for source in one.inputs) or "none"))
    if one.tensors:
        lines.append("parameters and buffers: " + ", ".join(one.tensors))
    lines.append(_gradient(one.gradient, look.gradient))
    for other in one.more:
        lines += ["", other.name, *_tensor(other.output, look.happened)]
        if look.gradient == "there":
            lines.append(_gradient(other.gradient, "there" if other.gradient else "none"))
    return "\n".join(lines)


def as_tooltip(words: str) -> str:
    """Line by line, and never read as mark-up."""
    return "<br>".join(html.escape(line) for line in words.splitlines())


def shape_words(summary: Summary) -> str:
    return f"[{', '.join(map(str, summary.shape))}]"


def _module_short(trace: TraceReply, one: OperationRow) -> str:
    if one.call < 0:
        return ""
    call = trace.calls[one.call]
    return f"{call.path or call.kind}{_again(call)}"


def _again(call: CallRow) -> str:
    return f" · call {call.nth + 1}" if call.nth else ""


def _origin(trace: TraceReply, one: OperationRow) -> list[str]:
    lines = [] if one.function == one.name else [f"function {one.function}"]
    if one.call >= 0:
        call = trace.calls[one.call]
        lines.append(f"module {call.path or 'of the model itself'} ({call.kind}){_again(call)}")
    if one.source is not None:
        lines.append(f"{os.path.basename(one.source.file)}, line {one.source.line}")
    return lines


def _tensor(summary: Summary, happened: bool) -> list[str]:
    words = f"{shape_words(summary)}, {summary.dtype}" if summary.dtype else shape_words(summary)
    return [words, _numbers(summary) if happened else "not computed yet"]


def _gradient(summary: Summary | None, state: str) -> str:
    if state == "there" and summary is not None:
        return f"gradient: {_numbers(summary)}"
    return "gradient: not computed yet" if state == "yet" else "gradient: None"


def _numbers(summary: Summary) -> str:
    if not has_numbers(summary):
        return "not kept: it is too large"
    if is_number(summary) and summary.picture.size:
        return number_words(float(summary.picture.flat[0]))
    words = f"from {summary.low:.4g} to {summary.high:.4g} · mean {summary.mean:.4g} · {summary.zeros:.1%} zeros"
    if summary.finite:
        return words
    return f"not finite; the rest {words}" if summary.low == summary.low else "not finite, all of it"


def _name(trace: TraceReply, source: int) -> str:
    return "the batch" if source < 0 else trace.operations[source].name
