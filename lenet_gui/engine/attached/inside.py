"""Looking inside the newest steps of somebody's loop: the trace, the cursor, breakpoints, and where it starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.engine.expressions.calculation import ExpressionError
from lenet_gui.engine.history import History
from lenet_gui.engine.stops.armed import Armed
from lenet_gui.engine.stops.back import Between
from lenet_gui.engine.stops.stops import Stops
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.engine.trace.trace import Trace
from lenet_gui.engine.trace.tracer import MOST, WITH_ITEMS, Key, Tracer
from lenet_gui.protocol import PHASES, Budget, Command, Move

if TYPE_CHECKING:
    from lenet_gui.engine.attached.session import AttachedSession

KEPT = 2
"""Steps whose beginning is kept: the one under way and the one before."""
NOT_KEPT = "nobody looked on when this step began: what is inside can be seen from the next step on"


class NotKept(ExpressionError):
    """A place that cannot be come to again, in one sentence."""


class NewestSteps(History):
    """The checkpoints at the beginning of the newest steps. What lies before cannot be had again."""

    def __init__(self, session: AttachedSession) -> None:
        super().__init__(session, Budget(0, 0))
        self._steps: dict[int, Checkpoint] = {}

    def begin(self, session: AttachedSession) -> None:
        """A step begins here, with its first phase known."""
        self._steps[session.steps] = Checkpoint(session, len(session.journal))
        while len(self._steps) > KEPT:
            del self._steps[min(self._steps)]

    def forget(self) -> None:
        """What comes now is not looked on at: beyond it nothing can be come to from here."""
        self._steps.clear()

    def has(self, step: int) -> bool:
        return step in self._steps

    def start_for(self, branch: Branch, place: int) -> Checkpoint:
        """Raises NotKept."""
        journal = branch.journal
        step = journal.steps_at(place)
        found = self._steps.get(step)
        if found is None and step and place == journal.place_of_step(step):
            found = self._steps.get(step - 1)  # its end
        if found is None or found.place > place:
            raise NotKept(NOT_KEPT)
        return found

    def seconds_to(self, branch: Branch, place: int) -> float:  # noqa: ARG002
        return 0.0


class LoopTracer(Tracer):
    """Of what was seen of a step so far, and of the phase that the loop stands before."""

    _session: AttachedSession

    def around(self) -> Iterator[tuple[Trace, Sources]]:
        """What comes next is the loop's to say."""
        return iter(())

    def _wanted(self) -> Key:
        session = self._session
        place, steps = len(session.journal), session.steps
        begins = steps > 0 and place == session.journal.place_of_step(steps)
        if begins and session.known_next not in WITH_ITEMS:
            return self._finished(steps)
        first = max(session.journal.place_of_step(steps), place - MOST // 2)
        commands = [*islice(session.journal.commands(first), place - first)]
        commands += self._following(commands, place)
        return session.branch, first, tuple(commands)

    def _following(self, done: list[Command], place: int) -> Iterator[Command]:  # noqa: ARG002
        session = self._session
        for command in islice(session.branch.journal.commands(place), MOST // 2):
            yield command
            if command.name == PHASES[-1]:
                return
        if session.coming:
            yield Command(session.coming)

    def _record(self, branch: Branch, first: int, commands: tuple[Command, ...], room: Room) -> tuple[Trace, Sources]:
        trace, sources = super()._record(branch, first, commands, room)
        differs = getattr(self._second, "differs", "")
        if differs:
            trace.partial = (
                f"Done again, {differs} has other bits than in the loop, which does something there that cannot be "
                "seen: what is shown inside this step is approximate."
            )
        return trace, sources


class LoopStepper(Stepper):
    """The cursor inside the loop's newest step."""

    _session: AttachedSession

    def __init__(self, session: AttachedSession) -> None:
        super().__init__(session)
        self._tracer = LoopTracer(session)

    def move(self, move: Move, do: Callable[[Command], None]) -> None:
        """As every cursor; where it would go into a phase, the loop is first let come to it."""
        if not move.back and not self._session.ahead:
            self._session.arrive()
        super().move(move, do)


class LoopStops(Stops):
    """Breakpoints in a loop that is let on phase by phase, as long as there are any."""

    def _bare(self, steps: int, armed: list[Armed], between: Between) -> bool:  # noqa: ARG002
        return True

    def _count(self, armed: list[Armed], between: Between) -> bool:  # noqa: ARG002
        """Hits are those since it was set that a run came by: the loop cannot be gone over again."""
        return True
