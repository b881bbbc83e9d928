"""What a name means at the cursor: a parameter, a gradient, an activation of this step, the loss, the step.

The one place that answers what a tensor was here; panels, watches and conditions all ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.expressions.calculation import short
from lenet_gui.engine.expressions.expression import ExpressionError, NotYet
from lenet_gui.engine.trace.trace import Operation, Trace, Visit

Lookup = Callable[[str], Tensor | float | None]

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

LIVE = ("loss", "output", "input", "target", "step", "epoch", "lr", "gradient_norm", "gradient_max")
"""Names that a bare run knows as well, beside those of `Session.tensors`."""
TRACED = ("dead_relu",)


def lookup(session: Session, name: str) -> Tensor | float | None:
    """The value as of the session's cursor. `None` is a gradient that is not there.

    Raises NotYet for what this step computes later, ExpressionError for what there is not.
    """
    state = session.stepper.state()
    if name in state:
        return state[name]
    if name in LIVE:
        inside = session.stepper.inside()
        if name == "input" and inside is not None and inside.command.name == "forward":
            return session.trace().batch
        return live(session, name, state)
    if name == "dead_relu":
        return _dead_relu(session)
    return _activation(session, name)


def live(session: Session, name: str, state: dict[str, Tensor | None] | None = None) -> Tensor | float | None:
    """The same between commands, without a trace: in a run. Raises NotYet, and KeyError for what there is not."""
    match name:
        case "loss":
            return _there(name, session.last_loss)
        case "output":
            return _there(name, session.output)
        case "target":
            return _there(name, session.target)
        case "input":
            return session.input
        case "step":
            return float(session.steps)
        case "epoch":
            return float(session.cursor.epoch)
        case "lr":
            return session.lr
        case "gradient_norm":
            return _norm(_gradients(session, state), 2.0)
        case "gradient_max":
            return _norm(_gradients(session, state), torch.inf)
        case _:
            return _owned(session, name) if state is None else state[name]


def _gradients(session: Session, state: dict[str, Tensor | None] | None) -> list[Tensor]:
    if state is None:
        return [one.grad for one in session.parameters if one.grad is not None]
    found = (state[f"{one}.grad"] for one, _ in session.model.named_parameters())
    return [one for one in found if one is not None]


def _norm(gradients: list[Tensor], order: float) -> float:
    """Over all numbers of all of them, as `torch.nn.utils.get_total_norm` has it: none is copied in a run."""
    if not gradients:
        raise NotYet("no gradient")
    norms = torch.stack(torch._foreach_norm(gradients, order))  # pyright: ignore[reportPrivateImportUsage]
    return torch.linalg.vector_norm(norms, order).item()


def _there(name: str, found: Tensor | None) -> Tensor | float:
    if found is None:
        raise NotYet(name)
    return found.item() if found.numel() == 1 else found


def _owned(session: Session, name: str) -> Tensor | None:
    """One of `Session.tensors`, without making them all."""
    base = name.removesuffix(".grad")
    for one, parameter in session.model.named_parameters():
        if one == base:
            return parameter if base == name else parameter.grad
    return dict(session.model.named_buffers())[name]


def done(session: Session, trace: Trace) -> list[Operation]:
    """The operations of the trace that lie before the cursor, in order."""
    place = len(session.journal)
    found: list[Operation] = []
    for command in trace.commands:
        if command.place > place:
            break
        items = command.items if command.place < place else command.items[: session.item]
        found += [item for item in items if isinstance(item, Operation)]
    return found


def gradient(session: Session, trace: Trace, operation: Operation, which: int = 0) -> Tensor | None:
    """That of an output of the operation, of the newest backward that has come to it. Raises NotYet before one has."""
    place, found, reached, end = len(session.journal), None, False, operation.ends[which]
    for command in trace.commands:
        # A node's incoming gradient is complete in the place before it runs.
        items = command.items if command.place < place else command.items[: session.item + bool(session.item)]
        if command.place > place:
            break
        for visit in items:
            if isinstance(visit, Visit) and visit.node == end.node and end.slot < len(visit.received):
                found, reached = visit.received[end.slot], True
    if not reached:
        raise NotYet(f"{operation.output_name(which)}.grad")
    return found


def output_of(operations: list[Operation], name: str) -> tuple[Operation, int] | None:
    """The newest of these whose output has this name, and which of its outputs that is."""
    for one in reversed(operations):
        if name.startswith(one.name):
            which = next((k for k in range(len(one.outputs)) if one.output_name(k) == name), None)
            if which is not None:
                return one, which
    return None


def _activation(session: Session, name: str) -> Tensor | None:
    trace = session.trace()
    base = name.removesuffix(".grad")
    if output_of(trace.operations, base) is None:
        raise ExpressionError(_no_such(session, trace, name))
    newest = output_of(done(session, trace), base)
    if newest is None:
        raise NotYet(name)
    operation, which = newest
    if base != name:
        found = gradient(session, trace, operation, which)
        return None if found is None else session.stepper.fetch(found)
    return session.stepper.fetch(operation.outputs[which])


def _no_such(session: Session, trace: Trace, name: str) -> str:
    there = [one for one in session.tensors() if ":" not in one]
    made = [one.output_name(k) for one in trace.operations for k in range(len(one.outputs))]
    there += [found for one in made for found in (one, f"{one}.grad")]
    near = get_close_matches(name, [*there, *LIVE, *TRACED], 1)
    return f"there is no {short(name)}" + (f": did you mean {near[0]}?" if near else "")


def _dead_relu(session: Session) -> float:
    """1 where a ReLU of this step gave only zeros, up to the cursor."""
    relus = [one for one in done(session, session.trace()) if one.function in ("relu", "relu_")]
    if not relus:
        raise NotYet("dead_relu")
    return float(any(not session.stepper.fetch(one.outputs[0]).any() for one in relus))
