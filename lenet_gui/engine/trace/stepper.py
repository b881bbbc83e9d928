"""The cursor inside a step: which item of the next command comes next, and what the state is as of there.

The session itself stands before that command until the last of its items is passed. Places inside are read off the
trace; nothing here changes the training state but by the commands that a move passes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from lenet_gui.engine.trace.cursor import item_after
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Operation, Trace, TracedCommand, Update, Visit
from lenet_gui.engine.trace.tracer import StartFor, Tracer
from lenet_gui.protocol import Command, Move
from lenet_gui.protocol.trace import TraceReply

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


class Stepper:
    """Of one session, whose `item` says how many items of the next command are done as far as is shown."""

    def __init__(self, session: Session, start_for: StartFor | None = None) -> None:
        """`start_for` as `Tracer` has it."""
        self._session = session
        self._tracer = Tracer(session, start_for)

    # ------------------------------------------------------------------------------------------------- reading it

    @property
    def number(self) -> int:
        """Of the trace that belongs to this place, made or not."""
        return self._tracer.key

    @property
    def sources(self) -> Sources:
        """The code that the newest trace ran through."""
        return self._tracer.sources

    def trace(self) -> Trace:
        """Of the step that the cursor stands in."""
        return self._tracer.trace()

    @property
    def told(self) -> TraceReply | None:
        """What was answered about the trace of this place, if it was asked for."""
        return self._tracer.told

    def traces_around(self) -> Iterator[tuple[Trace, Sources]]:
        """Those that one press leads to, as `Tracer.around` has them."""
        return self._tracer.around()

    def fetch(self, tensor: Tensor) -> Tensor:
        """A tensor of that trace, also one that it had no room for."""
        return self._tracer.fetch(tensor)

    def inside(self) -> TracedCommand | None:
        """The command that it stands inside of; `None` between commands."""
        return self.trace().at(len(self._session.journal)) if self._session.item else None

    def state(self) -> dict[str, Tensor | None]:
        """The training state as of the cursor, by the names of `Session.tensors`."""
        found = self._session.tensors()
        if self._session.item:
            found.update(self.trace().changes(len(self._session.journal), self._session.item))
        return found

    def words(self) -> str:
        """What comes next, for a person: `before relu_1, operation 5 of 12 of forward`."""
        inside = self.inside()
        if inside is None:
            return ""
        count, name = len(inside.items), inside.command.name
        if self._session.item >= count:
            return f"before what PyTorch refuses in {name}"
        item = inside.items[self._session.item]
        match item:
            case Operation():
                what, kind = item.name, "operation"
            case Visit():
                node = self.trace().nodes[item.node]
                what, kind = f"{node.name}{f' of {node.parameter}' if node.parameter else ''}", "node"
            case Update():
                what, kind = item.parameter, "parameter"
        return f"before {what}, {kind} {self._session.item + 1} of {count} of {name}"

    # ---------------------------------------------------------------------------------------------------- moving

    def move(self, move: Move, do: Callable[[Command], None]) -> None:
        """Move the cursor; `do` does a command by hand. Raises what `do` raises, and ValueError for another `how`."""
        if move.how not in ("into", "over", "out"):
            raise ValueError(f"the cursor moves into, over or out, not {move.how!r}")
        if move.back:
            self._back(move.how)
        else:
            self._on(move.how, do)

    def run_to(self, place: int, item: int, do: Callable[[Command], None]) -> None:
        """To an item of this step, done yet or not; `do` does a command by hand. Raises ValueError for another."""
        session = self._session
        last = self.trace().commands[-1:]
        if not last or place > last[0].place + 1:
            raise ValueError(f"place {place:,} lies behind this step; choose something of the step that is shown")
        while len(session.journal) < place and not session.ahead:
            do(session.next_command)
        self.go(place, item)

    def go(self, place: int, item: int) -> None:
        """To an item of a command of this branch, through its trace. Raises ValueError where there is none."""
        if place != len(self._session.journal):
            self._session.seek(place)
        self._session.item = 0
        if item:
            command = self.trace().at(place)
            most = _most(command)
            if command is None or not 0 <= item <= most:
                raise ValueError(f"there is no item {item:,} here: choose one from 0 to {most:,}")
            self._session.item = item

    def _on(self, how: str, do: Callable[[Command], None]) -> None:
        session = self._session
        if how == "out" and not self._session.item:
            steps = session.steps
            while session.steps == steps:
                do(session.next_command)
            return
        command = self._traced_next() if self._session.item or how == "into" else None
        if command is not None and command.items:
            item = item_after(self.trace(), command, self._session.item, how, back=False)
            if item <= _most(command):
                self._session.item = item
                return
        following = session.next_command if command is None else command.command
        self._session.item = 0
        do(following)

    def _back(self, how: str) -> None:
        session, place = self._session, len(self._session.journal)
        if self._session.item:
            command = self._traced_next()
            assert command is not None
            self._session.item = item_after(self.trace(), command, self._session.item, how, back=True)
        elif how == "out":
            start = session.journal.place_of_step(session.steps)
            self.go(
                start if start < place or not session.steps else session.journal.place_of_step(session.steps - 1), 0
            )
        elif place:
            self.go(place - 1, 0)
            if how == "into":
                command = self._traced_next()
                self._session.item = max(0, len(command.items) - 1) if command is not None else 0

    def _traced_next(self) -> TracedCommand | None:
        return self.trace().at(len(self._session.journal))


def _most(command: TracedCommand | None) -> int:
    """The last item that one can pause before: behind it all, only where PyTorch then refuses."""
    return 0 if command is None else max(0, len(command.items) - (not command.refused))
