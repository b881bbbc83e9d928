"""Why a number is what it is: from a name and a cell to the parts that sum to it. It reads, and changes nothing.

What each operation does is in the files of its family, what a gradient is made of in `chain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from lenet_gui.engine.digest import same
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.trace.names import LIVE, TRACED, lookup, output_of
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.engine.why import conv
from lenet_gui.engine.why.call import Cell
from lenet_gui.engine.why.chain import Chain
from lenet_gui.engine.why.conv import Patch
from lenet_gui.engine.why.terms import Contributions, Part

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

TOLERANCE = 1e-5
"""By how much of the sum of absolute values a sum in double may differ from PyTorch's, in single precision."""

Region = tuple[str, tuple[tuple[int, int, int], ...]]


class NotHere(ValueError):
    """There is such a number, but not at this place. The message is one sentence that says why."""


@dataclass(frozen=True, eq=False)
class Why:
    """One number taken apart. `value` is PyTorch's, of the cell `index` of the tensor `name`, whose shape is `shape`.

    `parts` sum to it where `adds` is true. `note` is what a person has to know of the answer, and says why it is none
    where `adds` is false. `patch` is there for a cell of a convolution.
    """

    name: str
    index: Cell
    shape: tuple[int, ...]
    value: float
    parts: tuple[Part, ...]
    adds: bool
    note: str
    patch: Patch | None

    @cached_property
    def contributions(self) -> Contributions:
        """All terms of all parts, the largest first, each with a `.value` and the `.factors` whose product that is."""
        return Contributions([group for part in self.parts for group in part.groups])

    @property
    def formula(self) -> str:
        return " + ".join(part.formula for part in self.parts)

    @property
    def sum(self) -> float:
        """In double precision, of all contributions."""
        return self.contributions.sum

    @property
    def difference(self) -> float:
        return self.sum - self.value

    @property
    def magnitude(self) -> float:
        """The sum of the absolute values."""
        return self.contributions.magnitude

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The cells that it comes from: the name, and by dimension first, behind the last, step; each once."""
        found = {(source.name, source.ranges(flat)): None for part in self.parts for source, flat in part.sources()}
        return tuple(found)


@np.errstate(all="ignore")  # of what is not finite the answer is not either
def why(session: Session, name: str, index: int | tuple[int, ...] = ()) -> Why:
    """As of the session's cursor; `index` as `WhyRequest` has it. Raises ValueError, NotHere where it is not there."""
    tensor = _tensor(session, name)
    cell = _cell(name, tuple(tensor.shape), index)
    value = float(tensor.detach()[cell])
    chain = Chain(session)
    parts, note, patch = _parts(session, chain, name, cell)
    found = Why(
        name, cell, tuple(tensor.shape), value, parts, bool(parts) and all(one.adds for one in parts), note, patch
    )
    if not found.adds or abs(found.difference) <= 10 * TOLERANCE * found.magnitude or not np.isfinite(found.value):
        return found
    return _not_all(found)


def _not_all(found: Why) -> Why:
    """What is written into a part of a tensor, or by hand, does not come by the ways that are followed here."""
    words = "These terms do not add up to it: something was written into this tensor, or into what is made of it."
    note = f"{found.note} {words}".strip()
    return Why(found.name, found.index, found.shape, found.value, found.parts, False, note, found.patch)


def _tensor(session: Session, name: str) -> Tensor:
    """Raises NotHere, and ValueError for what there is not."""
    if name in TRACED or (name in LIVE and name not in ("loss", "output", "input", "target")):
        raise ValueError(f"{name} is not computed by an operation of the step, and cannot be taken apart")
    try:
        found = lookup(session, name)
    except NotYet:
        made = output_of(session.trace().operations, name.removesuffix(".grad"))
        if made is not None and name.endswith(".grad") and made[0].ends[made[1]].node < 0:
            raise NotHere(f"there is no {name}: no gradient of this step comes to it") from None
        raise NotHere(f"{name} is not yet computed at this place") from None
    if found is None:
        raise NotHere(f"{name} is None at this place: no backward has come to it")
    if name in ("loss", "output") and not isinstance(found, Tensor):
        kept = session.last_loss if name == "loss" else session.output
        assert kept is not None
        return kept
    if not isinstance(found, Tensor):
        found = session.target if name == "target" else session.input
        assert found is not None
    if found.is_complex() or found.is_sparse:
        raise ValueError(f"{name} has no plain numbers, and cannot be taken apart")
    return found


def _cell(name: str, shape: Cell, index: int | tuple[int, ...]) -> Cell:
    """One number a dimension; one below 0 is counted from the end. Raises ValueError for a cell that there is not."""
    size = int(np.prod(shape, dtype=np.int64))
    if isinstance(index, int) and not isinstance(index, bool):
        if not -size <= index < size:
            raise ValueError(f"{name} has {size:,} numbers, counted from 0: there is no number {index}")
        return tuple(int(one) for one in np.unravel_index(index % size, shape)) if shape else ()
    if isinstance(index, tuple) and len(index) == len(shape):
        whole = all(isinstance(one, int) and not isinstance(one, bool) for one in index)
        if whole and all(-of <= at < of for at, of in zip(index, shape, strict=True)):
            return tuple(at % of for at, of in zip(index, shape, strict=True))
    said = list(index) if isinstance(index, tuple) else index
    raise ValueError(f"{name} has the shape {list(shape)}, counted from 0: there is no cell {said!r}")


def _parts(session: Session, chain: Chain, name: str, cell: Cell) -> tuple[tuple[Part, ...], str, Patch | None]:
    state = session.stepper.state()
    if name.removesuffix(".grad") != name and name in state:
        return *chain.parameter(name.removesuffix(".grad"), cell), None
    if name in state:
        kind = "is learned: the optimizer moves it" if name in dict(session.model.named_parameters()) else "is state"
        return (), f"{name} {kind}, and no operation of the step makes it.", None
    if name in ("input", "target"):
        return (), f"{name} is given, and not computed.", None
    if name in ("loss", "output"):
        operation, which = _result(session, chain, name), 0
    else:
        base = name.removesuffix(".grad")
        made = output_of(chain.done, base)
        assert made is not None  # the name has been looked up
        operation, which = made
        if base != name:
            return *chain.activation(operation, cell, which), None
    parts, note = chain.forward(operation, cell, which)
    if operation.function not in conv.KINDS or note:
        return parts, note, None
    return parts, note, conv.patch(chain.call(operation), cell)


def _result(session: Session, chain: Chain, name: str) -> Operation:
    """The operation that made the loss or the output. Raises NotHere for one of the step before."""
    command = "loss" if name == "loss" else "forward"
    kept = session.last_loss if name == "loss" else session.output
    place = len(session.journal)
    for traced in reversed(chain.trace.commands):
        if traced.command.name == command and traced.place < place:
            for one in reversed(traced.items):
                if isinstance(one, Operation) and _gave(session, one, kept):
                    return one
    raise NotHere(f"{name} is still that of the step before, which is not shown here")


def _gave(session: Session, operation: Operation, kept: Tensor | None) -> bool:
    given = operation.outputs[0]
    return kept is not None and given.shape == kept.shape and same(session.stepper.fetch(given), kept.detach())
