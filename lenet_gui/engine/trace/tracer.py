"""Makes the trace of the step that a session stands in, on a second session: the first is not touched.

Which part of it a person has come to is the cursor's to know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from torch import Tensor

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.engine.digest import same
from lenet_gui.engine.trace.recording import BUDGET, Recording
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Operation, Trace
from lenet_gui.protocol import EVERY_PHASE, Command, phase_after
from lenet_gui.protocol.trace import TraceReply

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MOST = 64
"""Commands of a step that are traced: the last ones before the place, and those up to the step's end."""

QUICK = 0.1
"""Seconds that a trace may take which nobody has asked for yet."""
PREPARED = 3
"""Traces of steps around that are kept beside the one that is looked at."""

WITH_ITEMS = ("forward", "loss", "backward", "step")

StartFor = Callable[[int], Checkpoint]
Key = tuple[Branch, int, tuple[Command, ...]]


class Tracer:
    """Keeps the newest trace of one session, and the second session that it was made on."""

    def __init__(self, session: Session, start_for: StartFor | None = None, budget: int = BUDGET) -> None:
        """`start_for` gives a checkpoint to come to a place of the session's branch from; its own history does."""
        self._session = session
        self._start_for = start_for or (lambda place: session.history.start_for(session.branch, place))
        self._budget = budget
        self._second: Session | None = None
        self._key: Key | None = None
        self._trace = Trace()
        self._sources = Sources()
        # Of steps that one press leads to, the oldest first; and how long the newest took to make.
        self._prepared: dict[Key, tuple[Trace, Sources]] = {}
        self._seconds = 0.0
        # Up to where the second session has come with the commands of this branch.
        self._reached: tuple[Branch, tuple[Command, ...], int] | None = None
        self.number = 0
        """Counts the traces: another number, another step."""
        # The tensor that was last asked for of those that the trace has no room for, and what it is.
        self._fetched: tuple[Tensor, Tensor] | None = None

    @property
    def key(self) -> int:
        """The number that the trace of this place has, or will have."""
        return self.number if self._wanted() == self._key else self.number + 1

    @property
    def told(self) -> TraceReply | None:
        """What was answered about the trace of this place, if there is one."""
        return self._trace.told if self._wanted() == self._key else None

    @property
    def sources(self) -> Sources:
        return self._sources

    def trace(self) -> Trace:
        """Of the step that the session stands in. Raises what going there raises."""
        wanted = self._wanted()
        if wanted != self._key:
            found = self._prepared.pop(wanted, None) or self._record(*wanted, Room(self._budget))
            if self._key is not None and self._seconds < QUICK:
                self._prepare(self._key, (self._trace, self._sources))  # one press leads back
            self._key, (self._trace, self._sources) = wanted, found
            self.number += 1
            self._compare(self._trace)
        return self._trace

    def around(self) -> Iterator[tuple[Trace, Sources]]:
        """The traces that one press leads to, of the step that comes next and of the one before, where one is quickly
        made: each when it is asked for."""
        for key in self._neighbours() if self._key is not None and self._seconds < QUICK else ():
            if key not in self._prepared:
                self._prepare(key, self._record(*key, Room(self._budget)))
            yield self._prepared[key]

    def _prepare(self, key: Key, made: tuple[Trace, Sources]) -> None:
        self._prepared[key] = made
        while len(self._prepared) > PREPARED:
            del self._prepared[next(iter(self._prepared))]

    def _neighbours(self) -> Iterator[Key]:
        session, place = self._session, len(self._session.journal)
        if not session.ahead and session.next_command.name not in WITH_ITEMS:
            yield session.branch, place, tuple(self._following([], place))
        # Back leads to the end of a step: of this one's predecessor, or of the one before that.
        before = session.steps - (place == session.journal.place_of_step(session.steps))
        if before > 0:
            yield self._finished(before)

    def fetch(self, tensor: Tensor) -> Tensor:
        """A tensor of the trace; one that it had no room for by recording the step again. Raises as `trace`."""
        if not tensor.is_meta:
            return tensor
        if self._fetched is None or self._fetched[0] is not tensor:
            assert self._key is not None
            room = Room(0, only=self._trace.numbers[id(tensor)])
            self._record(*self._key, room)
            assert room.found is not None
            self._fetched = tensor, room.found
        return self._fetched[1]

    def _wanted(self) -> Key:
        """The step that is under way; between two steps the finished one, until the next has something to show."""
        session = self._session
        place = len(session.journal)
        steps = session.steps
        if steps and place == session.journal.place_of_step(steps) and session.next_command.name not in WITH_ITEMS:
            return self._finished(steps)
        first = max(session.journal.place_of_step(steps), place - MOST // 2)
        commands = [*islice(session.journal.commands(first), place - first)]
        commands += self._following(commands, place)
        return _of_one_model(session.branch, first, commands, place)

    def _finished(self, steps: int) -> Key:
        """The last of so many whole steps."""
        journal = self._session.journal
        place = journal.place_of_step(steps)
        first = max(journal.place_of_step(steps - 1), place - MOST // 2)
        return _of_one_model(self._session.branch, first, [*islice(journal.commands(first), place - first)], place)

    def _following(self, done: list[Command], place: int) -> Iterator[Command]:
        """What comes next, to the end of the step: along the branch, and then as the cycle has it."""
        session = self._session
        newest = next((one.name for one in reversed(done) if one.name in (*EVERY_PHASE, "reload")), "")
        last = newest if newest in EVERY_PHASE else session.journal.last_phase()
        if session.ahead:
            for command in islice(session.branch.journal.commands(place), MOST // 2):
                yield command
                last = command.name if command.name in EVERY_PHASE else last
                if command.name == "step":
                    return
        ended = session.epoch_ended
        while (last := phase_after(session.settings, last, ended)) != "step":
            yield Command(last)
            ended = False
        yield Command(last)

    def _record(self, branch: Branch, first: int, commands: tuple[Command, ...], room: Room) -> tuple[Trace, Sources]:
        start = time.perf_counter()
        second = self._at(branch, first)
        recording = Recording(second, room)
        self._reached = None
        with second.undisturbed():
            for place, command in enumerate(commands, first):
                if recording.do(command, place).refused:
                    break
            else:
                self._reached = branch, commands, first + len(commands)
        self._seconds = time.perf_counter() - start
        return recording.trace, recording.sources

    def _at(self, branch: Branch, first: int) -> Session:
        """The second session at this place: it goes on from where it is, or there from a checkpoint."""
        session, second = self._session, self._second
        if second is not None and self._reached is not None and self._reached[2] == first:
            known, done, _ = self._reached
            if known is branch and done == tuple(islice(branch.journal.commands(first - len(done)), len(done))):
                return second
        if second is None:
            second = session.twin()
            self._second = second
        self._reached = None
        start = self._start_for(first)
        copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
        travel.restore(second, start, copy)
        travel.follow(second, first, compare=False)
        return second

    def _compare(self, trace: Trace) -> None:
        """Say so where the second session has computed another loss than the first."""
        session = self._session
        done = [one for one in trace.commands if one.command.name == "loss" and one.place < len(session.journal)]
        if not done or session.last_loss is None:
            return
        theirs = [one.outputs[0] for one in done[-1].items if isinstance(one, Operation)][-1:]
        if theirs and not same(theirs[0], session.last_loss.detach()):
            trace.told = None
            trace.partial = "Done again, this step has other bits: what is shown inside it is approximate."


def _of_one_model(branch: Branch, first: int, commands: list[Command], place: int) -> Key:
    """Without what lies beyond a reload of the model: a trace is of one module."""
    reloads = [at for at, command in enumerate(commands, first) if command.name == "reload"]
    start = max((at + 1 for at in reloads if at < place), default=first)
    end = min((at for at in reloads if at >= place), default=first + len(commands))
    return branch, start, tuple(commands[start - first : end - first])
