"""The chain rule over a trace: a gradient is the sum over all uses of a tensor of what each of them gives back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from torch import Tensor

from lenet_gui.engine.trace.names import done
from lenet_gui.engine.trace.trace import End, Operation, Trace, TracedCommand, Visit
from lenet_gui.engine.why import (
    conv,
    elementwise,
    jacobian,
    linear,
    losses,
    normalisation,
    pooling,
    rearranging,
    reductions,
)
from lenet_gui.engine.why.call import GAVE, GIVEN, Call, CannotTakeApart, Cell, Kind, bind, sourced
from lenet_gui.engine.why.terms import Part, Source, Terms, number

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

KINDS: dict[str, Kind] = {
    **conv.KINDS,
    **linear.KINDS,
    **elementwise.KINDS,
    **pooling.KINDS,
    **rearranging.KINDS,
    **reductions.KINDS,
    **normalisation.KINDS,
    **losses.KINDS,
}
_NESTED = (tuple, list)
Received = tuple[int, Source, Tensor | None]
"""Which output of an operation, its gradient, and what its autograd node gave on first."""


class Chain:
    """Of the step that a session's cursor stands in, up to there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.trace: Trace = session.trace()
        self._operations = self.trace.operations
        self._state = session.stepper.state()
        self.done = done(session, self.trace)
        self._newest = {one.name: id(one) for one in self.done}
        self._made = {id(tensor): (one, k) for one in self._operations for k, tensor in enumerate(one.outputs)}

    # -------------------------------------------------------------------------------------------------- forward

    def forward(self, operation: Operation, cell: Cell, which: int = 0) -> tuple[tuple[Part, ...], str]:
        """What a cell of one of its outputs is made of; and why that is not a sum, where it is not."""
        if operation.function not in KINDS:
            return self._row(operation, which, cell, "")
        try:
            return KINDS[operation.function].forward(self.call(operation, which), cell), ""
        except CannotTakeApart as error:
            return self._row(operation, which, cell, f" called with {error}")

    def _row(self, operation: Operation, which: int, cell: Cell, how: str) -> tuple[tuple[Part, ...], str]:
        words = f"{operation.function}{how} cannot be taken apart here"
        try:
            part = jacobian.row(operation, which, cell, self.source)
        except CannotTakeApart as error:
            return (), f"{words}, nor has it derivatives to show: {error}."
        return (part,), f"{words}: shown is how the number changes with each number that goes in, by autograd."

    def call(self, operation: Operation, which: int = 0) -> Call:
        """Raises CannotTakeApart for what has no formula."""
        kind = self._kind(operation)
        arguments = sourced(bind(kind, operation.arguments), self.source)
        return Call(operation, arguments, self.source(operation.outputs[which]), which)

    def _kind(self, operation: Operation) -> Kind:
        if operation.function not in KINDS:
            raise CannotTakeApart("there is no formula of it here")
        return KINDS[operation.function]

    def source(self, tensor: Tensor) -> Source:
        """A tensor of an operation's arguments or outputs."""
        fetch, made = self._session.stepper.fetch, self._made.get(id(tensor))
        if made is not None:
            return Source(self._name(*made), tensor, fetch=fetch)
        name = self.trace.given.get(id(tensor), "")
        batch = self.trace.batch
        if name == "input" and batch is not None and tensor.shape != batch.shape:
            offset = self._sample() * tensor.numel()
            return Source(name, tensor, tuple(batch.shape), offset, fetch)
        return Source(name, tensor, fetch=fetch, now=self._state.get(name))

    def _sample(self) -> int:
        """The one that a forward took out of the batch."""
        forwards = [dict(one.command.arguments) for one in self.trace.commands if one.command.name == "forward"]
        return int(forwards[-1].get("sample") or 0)  # pyright: ignore[reportArgumentType]

    def _name(self, operation: Operation, which: int = 0) -> str:
        """What the resolver of names calls it; nothing, for one that it would give another for."""
        return operation.output_name(which) if self._newest.get(operation.name) == id(operation) else ""

    # ------------------------------------------------------------------------------------------------- backward

    def activation(self, operation: Operation, cell: Cell, which: int = 0) -> tuple[tuple[Part, ...], str]:
        """What the gradient of a cell of one of its outputs is made of."""
        end = operation.ends[which]
        visits = next(one for one in self._passes() if end.node in one)
        # What returned the very tensor that it was given has its gradient, too.
        same = [one for one in self._operations if end in one.ends]
        of = {id(output) for one in same for output, its in zip(one.outputs, one.ends, strict=True) if its == end}
        users = [one for one in self._operations if all(one is not other for other in same)]
        parts, notes = self._uses(users, visits, of, cell)
        if not parts and not notes and next(iter(visits)) == end.node:
            return (self._seed(operation, end, visits, cell),), ""
        if not parts and not notes:
            notes.append("What it goes into cannot be followed: something was written into a part of it.")
        return parts, " ".join(notes)

    def parameter(self, name: str, cell: Cell) -> tuple[tuple[Part, ...], str]:
        """What its gradient is made of: what was there earlier, and each use of it in the newest pass."""
        nodes = [i for i, one in enumerate(self.trace.nodes) if one.parameter == name]
        last, zeroed = None, ""
        for command, visits in self._backwards(0):
            if command.command.name == "zero_grad":
                last, zeroed = None, "zero_grad has set it to 0"
            last = next(((visits, visit) for visit in visits if visit.node in nodes), last)
        if last is None:
            return (), f"{zeroed or 'It is what was there before this step'}, and no backward has come to it since."
        visits, visit = last
        of = {kept for kept, known in self.trace.given.items() if known == name}
        parts, notes = self._uses(self._operations, {one.node: one for one in visits}, of, cell)
        if visit.earlier is not None:
            earlier = Terms(number(_at(visit.earlier, cell), "the gradient before this backward"))
            parts = (Part("earlier", "what was there before this backward", (earlier,)), *parts)
        return parts, " ".join(notes)

    def _uses(
        self, users: list[Operation], visits: dict[int, Visit], of: Collection[int], cell: Cell
    ) -> tuple[tuple[Part, ...], list[str]]:
        """What each use of a tensor, which the trace keeps under these identities, gives back to a cell of it."""
        parts: list[Part] = []
        notes: list[str] = []
        for user in users:
            received = [*self._received(user, visits)]
            if not received or not _among(user.arguments, of):
                continue
            try:
                parts += self._use(user, received, of, cell)
            except CannotTakeApart as error:
                notes.append(f"What goes through {user.name} cannot be taken apart: {error}.")
        return tuple(parts), notes

    def _use(self, user: Operation, received: list[Received], of: Collection[int], cell: Cell) -> Iterator[Part]:
        """Raises CannotTakeApart where there is neither a formula nor a derivative."""
        try:
            kind = self._kind(user)
            bound = bind(kind, user.arguments)
            names = list(_names(bound, of))
            if not names:
                raise CannotTakeApart("a list of tensors")
            if GIVEN not in bound and any(which for which, *_ in received):
                raise CannotTakeApart("more than its first output is used")
            found: list[Part] = []
            for which, gradient, gave in received:
                call = self.call(user, which)
                if gave is not None and gave.shape == call.output.shape:
                    call = Call(user, {**call.arguments, GAVE: self._gradient(gave)}, call.output, which)
                for name in names:
                    found += kind.backward(call, name, cell, gradient)
        except CannotTakeApart:
            found = [jacobian.column(user, which, of, cell, one, self.source) for which, one, _ in received]
        return iter(found)

    def _received(self, user: Operation, visits: dict[int, Visit]) -> Iterator[Received]:
        """Which of its outputs has a gradient in this pass, that, and what the output's node gave on first."""
        for which, end in enumerate(user.ends):
            visit = visits.get(end.node)
            gradient = visit.received[end.slot] if visit is not None and end.slot < len(visit.received) else None
            if visit is not None and gradient is not None:
                name = self._name(user, which)
                gave = visit.gave[0] if visit.gave else None
                yield which, self._gradient(gradient, f"{name}.grad" if name else ""), gave

    def _gradient(self, tensor: Tensor, name: str = "") -> Source:
        return Source(name, tensor, fetch=self._session.stepper.fetch)

    def _seed(self, operation: Operation, end: End, visits: dict[int, Visit], cell: Cell) -> Part:
        """Where the backward begins."""
        gradient = visits[end.node].received[end.slot]
        assert gradient is not None
        value = _at(self._session.stepper.fetch(gradient), cell)
        return Part(
            operation.name,
            "∂L/∂L = 1" if gradient.ndim == 0 else "the gradient that the backward begins with",
            (Terms(number(value, "the backward begins here")),),
        )

    def _passes(self) -> Iterator[dict[int, Visit]]:
        """The backwards up to the cursor, the newest first: each one's visits by their nodes, in order."""
        for _, visits in reversed([*self._backwards(1)]):
            yield {visit.node: visit for visit in visits}

    def _backwards(self, ahead: int) -> Iterator[tuple[TracedCommand, list[Visit]]]:
        """The commands up to the cursor, with the visits that are done, and so many of those that come next.

        A node's incoming gradient is complete in the place before it runs.
        """
        place, item = len(self._session.journal), self._session.item
        for command in self.trace.commands:
            if command.place < place or (command.place == place and item):
                items = command.items if command.place < place else command.items[: item + ahead]
                yield command, [one for one in items if isinstance(one, Visit)]


def _names(arguments: dict[str, Any], of: Collection[int]) -> Iterator[str]:
    """The arguments that are the tensor of these identities; of such as stay as given, which of the first's tensors."""
    if GIVEN in arguments:
        first = arguments[GIVEN][0] if arguments[GIVEN] else None
        among = [one for one in (first if isinstance(first, _NESTED) else (first,)) if isinstance(one, Tensor)]
        yield from (str(which) for which, one in enumerate(among) if id(one) in of)
    else:
        yield from (name for name, one in arguments.items() if isinstance(one, Tensor) and id(one) in of)


def _among(value: Any, of: Collection[int]) -> bool:
    if isinstance(value, Tensor):
        return id(value) in of
    if isinstance(value, dict):
        return any(_among(one, of) for one in value.values())
    return isinstance(value, _NESTED) and any(_among(one, of) for one in value)


def _at(tensor: Tensor, cell: Cell) -> float:
    return float(tensor[cell])
