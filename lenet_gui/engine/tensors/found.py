"""Which tensor a question means at the cursor, and of what kind it is. What a name means is `trace.names`' to know."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.tensors.figures import finite_of, least, numbers
from lenet_gui.engine.tensors.update import kept, newest_update
from lenet_gui.engine.trace.figures import figures
from lenet_gui.engine.trace.names import LIVE, done, gradient, lookup
from lenet_gui.protocol.tensors import View, Which

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


class Missing(Exception):
    """There are no numbers here; why, by the word that `LookReply.missing` has for it."""

    def __init__(self, why: str, found: Found | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.found = found
        """What there is all the same: a shape, and the columns of an update."""


@dataclass(slots=True)
class Found:
    """A tensor with its kind; of an update the tensors beside each other in its table."""

    tensor: Tensor
    kind: str
    columns: dict[str, Tensor] = field(default_factory=dict)
    formula: str = ""
    batched: bool = False
    """Whether its first dimension counts the samples of the batch."""


@dataclass(slots=True)
class Pinned:
    """A copy of a tensor, as it was at a place."""

    which: Which
    where: str
    found: Found


def where(session: Session) -> str:
    """The place of the cursor, for a person: `step 12, after backward`."""
    place = len(session.journal)
    last = session.journal.at(place - 1).name if place else "start"
    inside = session.stepper.words()
    words = f"step {session.steps:,}, {inside or (f'after {last}' if place else 'at the start')}"
    return f"{session.branch.name}: {words}" if len(session.branches) > 1 else words


def find(session: Session, view: View, inside: bool = True) -> Found:
    """The tensor of a view. Raises Missing where it has no numbers here, and ValueError where there is none."""
    found = _one(session, view.tensor, inside)
    if view.minus is None:
        return found
    other = _one(session, view.minus, inside)
    if found.tensor.shape != other.tensor.shape:
        raise Missing("shapes")
    one, less = (tensor.detach().cpu().to(torch.float64) for tensor in (found.tensor, other.tensor))
    narrow = found.tensor.dtype == other.tensor.dtype and found.tensor.is_floating_point()
    kept_type = found.tensor.dtype if narrow else torch.float64
    return Found((one - less).to(kept_type), "difference", batched=found.batched)


def _one(session: Session, which: Which, inside: bool) -> Found:
    if which.pinned:
        if session.pinned is None:
            raise Missing("pin")
        return session.pinned.found
    if which.part == "update":
        return _update(session, which.name)
    name = f"{which.name}.grad" if which.part == "grad" else which.name
    if not inside and name not in session.tensors() and name not in LIVE:
        raise Missing("running")
    try:
        value = lookup(session, name)
    except NotYet as error:
        raise Missing("not yet") from error
    if value is None:
        # None has no numbers, but where the tensor that it would be of is known, it has its shape.
        like = lookup(session, which.name)
        raise Missing("none", Found(like, "gradient") if isinstance(like, Tensor) else None)
    tensor = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
    batched = which.name not in session.tensors()
    return Found(tensor.detach(), kind_of(session, which), batched=batched)


def kind_of(session: Session, which: Which) -> str:
    """As `LookReply.kind` has it."""
    if which.part in ("grad", "update"):
        return {"grad": "gradient"}.get(which.part, which.part)
    if which.name in ("input", "target"):
        return "input"
    if which.name in dict(session.model.named_parameters()):
        return "parameter"
    return "state" if which.name in session.tensors() else "activation"


def _update(session: Session, name: str) -> Found:
    if name not in dict(session.model.named_parameters()):
        raise ValueError(f"{name} is no parameter: nothing updates it")
    rule, (before, grad, after) = newest_update(session, name)
    if before is None:
        raise Missing("no update", Found(session.model.get_parameter(name).detach(), "update", {}, rule))
    columns = {"before": before, **({} if grad is None else {"gradient": grad}), **kept(session, name)}
    if after is None:
        raise Missing("not moved", Found(before, "update", columns, rule))
    change = after - before
    return Found(change, "update", columns | {"after": after, "change": change}, rule)


def gradient_limit(session: Session, inside: bool) -> float:
    """The largest size in any gradient that is there at the cursor, of a parameter or an activation; 0: none is.

    Of more than one number: the loss's own gradient is always 1, and would make all others pale.
    """
    named = {name for name, _ in session.model.named_parameters()}
    sizes = [
        _largest(value)
        for key, value in session.stepper.state().items()
        if value is not None and value.numel() > 1 and key.endswith(".grad") and key.removesuffix(".grad") in named
    ]
    if inside:
        trace = session.trace()
        ends = ((one, which) for one in done(session, trace) for which in range(len(one.outputs)))
        for operation, which in ends:
            try:
                found = gradient(session, trace, operation, which)
            except NotYet:
                continue
            if found is not None and math.prod(found.shape) > 1:
                known = trace.figures.get(id(found))
                if known is None:
                    known = trace.figures[id(found)] = figures(found)
                sizes += [abs(known.low), abs(known.high)]
    return max((size for size in sizes if math.isfinite(size)), default=0.0)


def _largest(tensor: Tensor) -> float:
    low, high = (one.item() for one in tensor.detach().aminmax())
    if math.isfinite(low) and math.isfinite(high):
        return max(-low, high)
    finite = finite_of(numbers(tensor))
    return float(abs(finite).max()) if finite.size else 0.0


def column_sizes(columns: dict[str, Tensor]) -> tuple[tuple[str, float, float], ...]:
    """Of each its name, its largest size and its least."""
    told = []
    for name, tensor in columns.items():
        finite = finite_of(numbers(tensor))
        told.append((name, float(abs(finite).max()) if finite.size else 0.0, least(finite)))
    return tuple(told)
