"""Where something was not finite first: in which step, at which operation, node or parameter, in which sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.engine.trace.trace import Item, Operation, Trace, Update, Visit

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


Between = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Origin:
    """The place before the item whose result was the first that was not finite, and what it was, for a person."""

    place: int
    item: int
    words: str


def first_not_finite(session: Session, between: Between) -> Origin | None:
    """Seen from where the session stands; `None` where all is finite, or `between` ended it. Changes nothing."""
    branch = session.branch
    found = _in_step(session.trace(), len(session.journal))
    step = _newest_suspect(session, found)
    scout = session.twin()
    scout.stepper = Stepper(scout, lambda place: session.history.start_for(branch, place))
    # What came to be not finite in a step may have begun in the gradients or the update of the one before.
    while step >= 0:
        end = branch.journal.place_of_step(step + 1)
        copy = Branch(branch.name, branch.journal.until(end), branch.log)
        travel.restore(scout, session.history.start_for(branch, end), copy)
        if not (between() and travel.follow(scout, end, between, compare=False)):
            return None
        earlier = _in_step(scout.trace(), end)
        if earlier is None:
            break
        found, step = earlier, step - 1
    return found


def _newest_suspect(session: Session, found: Origin | None) -> int:
    """The whole step to look into first, counted from 0; -1 where there is none."""
    bad = np.flatnonzero(~np.isfinite(session.log.rows(0)[:, 0]))
    if len(bad):
        return int(bad[0])
    if found is None and _first(session.tensors().values()) is None:
        return -1
    return session.steps - 1


def _in_step(trace: Trace, end: int) -> Origin | None:
    """The first item of the commands before a place that gave something not finite."""
    for command in trace.commands:
        if command.place >= end:
            break
        for index, item in enumerate(command.items):
            if (found := _first(_results(item))) is not None:
                return Origin(command.place, index, f"{_what(item, trace)}{_where(found)}{_given(item, trace)}")
    return None


def _results(item: Item) -> Iterable[Tensor | None]:
    match item:
        case Operation():
            return (*item.outputs, *item.changes.values())
        case Visit():
            return (*item.received, *item.gave)
        case Update():
            return item.changes.values()


def _first(tensors: Iterable[Tensor | None]) -> Tensor | None:
    there = (one for one in tensors if one is not None and one.is_floating_point())
    return next((one for one in there if not bool(torch.isfinite(one).all())), None)


def _what(item: Item, trace: Trace) -> str:
    match item:
        case Operation():
            return f"The output of {item.name}" + (f" in {item.module}" if item.module else "")
        case Visit():
            return f"A gradient at {trace.nodes[item.node].name}"
        case Update():
            return f"The update of {item.parameter}"


def _where(tensor: Tensor) -> str:
    """The sample, where the first dimension is the batch's, and the value."""
    flat = (~torch.isfinite(tensor)).reshape(-1).nonzero()
    first = int(flat[0])
    index = ", ".join(str(int(one)) for one in np.unravel_index(first, tuple(tensor.shape))) if tensor.ndim else ""
    value = tensor.reshape(-1)[first].item()
    return f" is {value} first at [{index}]" if index else f" is {value}"


def _given(item: Item, trace: Trace) -> str:
    """Whether what it was given was finite still."""
    match item:
        case Operation():
            inputs = [trace.operations[one].outputs[0] for one in item.inputs if one >= 0]
            inputs += [trace.batch] if -1 in item.inputs else []
            words = "its inputs" if _first(inputs) is None else "an input"
            finite = _first(inputs) is None
            if finite and item.tensors:
                return f"; its inputs were finite, look at {', '.join(item.tensors)}"
            return f"; {words} {'were' if finite else 'was not'} finite"
        case Visit():
            return "; what came in was finite" if _first(item.received) is None else "; so it came in"
        case Update():
            return "; the gradient was finite" if _first([item.gradient]) is None else "; its gradient was not finite"
