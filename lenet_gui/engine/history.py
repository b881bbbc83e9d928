"""The checkpoints of a session, within a budget of bytes: which are taken, which are kept, which one may start from.

A checkpoint holds no autograd graph. So going to a place starts from one behind which nothing is reachable there: no
forward whose output or loss is still alive, a freed graph's too, and not the last step, whose update can be looked at.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.checkpoint import Checkpoint, Spare
from lenet_gui.engine.far import Far, Key, too_near
from lenet_gui.engine.generators import GeneratorState, drawn_elsewhere
from lenet_gui.protocol import Budget, Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SPACING = 0.008
"""Seconds of replay between two checkpoints near the newest step: going back there is instant."""
SHARE = 0.01
"""Of the time of a run, what taking checkpoints shall cost: where it is more, they come less often,"""
WIDER = 1.5
"""but at most by this factor: going back stays quick."""
NEAR = 256
"""Steps before the newest one that keep all their checkpoints."""
APART = 0.1
"""Seconds of the run between two checkpoints that stay in memory behind those steps, at first.

The others make room for newer ones: to copy into memory that was never used takes three times as long.
"""
LONGEST = 1e6
"""Seconds between two checkpoints that nobody asks for any more: then the start and the newest are what is kept."""

BUDGET = Budget()


class History:
    """Knows one session's checkpoints on all of its branches."""

    def __init__(self, session: Session, budget: Budget) -> None:
        self.budget = budget
        self.far = Far(budget.disk)
        self.bytes = 0
        """What the checkpoints hold, about."""
        self.start = Checkpoint(session, 0)
        """Of the beginning, which stays."""
        self._kept: dict[Key, Checkpoint] = {}
        # Those of a run that the newest steps still need; and the seconds of the last one that stays behind these.
        self._recent: deque[Key] = deque()
        self._stays = -APART
        # Taken where a graph was alive that may still be used.
        self._open: list[Checkpoint] = []
        self._spare: Spare = {}
        # Where a run began, or was looked at last, Python's and NumPy's generators; and what was taken since then
        # without looking whether they had moved. A model that draws from them is found out, and looked at each time.
        self._sure: GeneratorState | None = None
        self._unsure: list[Key] = []
        self._draws_elsewhere = False
        # The places of the forwards that the output and the loss come from.
        self._output_from = self._loss_from = 0
        # Seconds that taking one takes.
        self._cost = 0.0
        self.due = 0.0
        """The session's seconds from which on another checkpoint is worth its time."""
        # Behind which one may have to come back, while it is not sure that one arrives somewhere else.
        self._home: Checkpoint | None = None

    def limit(self, budget: Budget) -> None:
        """Keep to another budget from now on, and give back at once what is over it."""
        self.budget = budget
        if self.bytes > budget.memory and self._kept:
            self._thin(max(self._kept.values(), key=lambda one: one.seconds))
        self._spare.clear()
        self.far.limit(budget.disk)

    # -------------------------------------------------------------------------------------------------- taking them

    def before(self, command: Command, session: Session, place: int) -> None:
        """Look at a command that is about to be done at a place."""
        if command.name == "forward" and session.seconds >= self.due:
            self._open.append(self._take(session, place))

    def after(self, command: Command, session: Session, place: int) -> None:
        """Note what a command that was done at `place` reached."""
        used = place
        if command.name == "forward":
            self._output_from = place
        elif command.name == "loss":
            used = self._loss_from = self._output_from
        elif command.name == "backward":
            used = self._output_from if ("of", "output") in command.arguments else self._loss_from
        elif command.name == "step":
            used = self._loss_from  # the log takes down the newest loss, however old
        elif command.name == "schedule":
            used = self._loss_from  # some schedulers judge by it
        reached = min(self._output_from, self._loss_from)
        opened, self._open = self._open, []
        for checkpoint in opened:
            if used < checkpoint.place:
                self._let_go(checkpoint)
            elif reached < checkpoint.place:
                self._open.append(checkpoint)
            else:
                self._keep(checkpoint, session.branch.owner(place + 1), place + 1)

    def in_run(self, session: Session, place: int) -> None:
        """Take one behind the first command of a cycle that will go on with a forward of its own."""
        if self._sure is None or self._draws_elsewhere:
            checkpoint = self._take(session, place)
            self._sure = checkpoint.generators
        else:
            checkpoint = self._take(session, place, session.generators.since(self._sure))
            self._unsure.append((session.branch, place))
        self._keep(checkpoint, session.branch, place + len(session.journal.cycle) - 1)
        self._roll((session.branch, place), session.steps - NEAR)

    def make_sure(self, session: Session) -> None:
        """Look whether what was taken in a run may be used: before anything is, and now and then."""
        if self._sure is not None and drawn_elsewhere(self._sure, session.generators.state):
            self._draws_elsewhere = True
            self._forget(self._unsure)
        self._unsure.clear()
        self._sure = None

    def after_run(self, branch: Branch, last_forward: int, end: int) -> None:
        """Note that whole cycles ran up to `end`, the last forward at `last_forward`; nothing before is reachable."""
        self._output_from = self._loss_from = last_forward
        for checkpoint in self._open:
            self._keep(checkpoint, branch, end)
        self._open.clear()

    def forget_behind(self, branch: Branch, place: int) -> None:
        """Drop what was taken in a cycle that was refused half-way."""
        known = {**self.far.all, **self._kept}
        self._forget([key for key, one in known.items() if one.usable_from > place and key[0] is branch])

    # ---------------------------------------------------------------------------------------------- going to a place

    def start_for(self, branch: Branch, place: int) -> Checkpoint:
        """The newest checkpoint from which this place can be had again in all that is seen there."""
        found, key = self._best(branch, place)
        return found if key is None else self.far.loaded(key)

    def _best(self, branch: Branch, place: int) -> tuple[Checkpoint, Key | None]:
        """Also what it is found by on the disk, where it lies there."""
        step = next((at for at, command in branch.journal.backwards(place) if command.name == "step"), place)
        limits = branch.limits()
        near = [(key, None, one) for key, one in self._kept.items()]
        usable = [
            (one, found_by)
            for (owner, at), found_by, one in (*near, *((key, key, one) for key, one in self.far.all.items()))
            if at <= step and one.usable_from <= min(limits.get(owner, -1), place)
        ]
        return max(usable, key=lambda found: found[0].place, default=(self.start, None))

    def seconds_at(self, branch: Branch, place: int) -> float:
        """About how long it took to come to a place from the start of the run, without the pauses."""
        limits = branch.limits()
        known = [one for (owner, at), one in self._kept.items() if at <= limits.get(owner, -1)]
        before = max((one for one in known if one.place <= place), key=lambda one: one.place, default=self.start)
        behind = min((one for one in known if one.place > place), key=lambda one: one.place, default=None)
        if behind is not None:
            each = (behind.seconds - before.seconds) / (behind.place - before.place)
        else:
            each = before.seconds / before.place if before.place else 0.0
        return before.seconds + (place - before.place) * each

    def seconds_to(self, branch: Branch, place: int) -> float:
        """About how long going there takes."""
        return self.seconds_at(branch, place) - self._best(branch, place)[0].seconds

    def hold(self, branch: Branch, place: int) -> None:
        """Keep what leads back to this place, until `let_go`: a long way elsewhere may be left off."""
        self._home = self._best(branch, place)[0]

    def let_go(self) -> None:
        self._home = None

    def restored(self, checkpoint: Checkpoint) -> None:
        """The session is at this checkpoint now."""
        for one in self._open:
            self._let_go(one)
        self._open.clear()
        # Until they have been made again they are older than all that is taken from now on.
        self._output_from = self._loss_from = -1
        self.due = checkpoint.seconds + SPACING

    # -------------------------------------------------------------------------------------------------- keeping them

    def _take(self, session: Session, place: int, generators: GeneratorState | None = None) -> Checkpoint:
        began = time.perf_counter()
        checkpoint = Checkpoint(session, place, self._spare, generators)
        cost = time.perf_counter() - began
        # The least of late: a single pause of the machine says nothing.
        self._cost = min(cost, 1.1 * self._cost) if self._cost else cost
        if checkpoint.layout not in self._spare:
            self._spare.clear()  # of another optimizer, or on another device
        self.due = checkpoint.seconds + min(max(SPACING, self._cost / SHARE), WIDER * SPACING)
        self.bytes += checkpoint.bytes
        return checkpoint

    def _keep(self, checkpoint: Checkpoint, branch: Branch, usable_from: int) -> None:
        checkpoint.usable_from = usable_from
        before = self._kept.pop((branch, checkpoint.place), None)
        if before is not None:
            self._let_go(before)
            self._home = checkpoint if before is self._home else self._home
        self._kept[branch, checkpoint.place] = checkpoint
        self.far.keep(branch, checkpoint)
        if self.bytes > self.budget.memory:
            self._thin(checkpoint)

    def _roll(self, key: Key, oldest: int) -> None:
        """Go on with a run to the newest checkpoint `key`: of those before step `oldest` only a few stay."""
        if self._recent and self._recent[0][0] is not key[0]:
            self._recent.clear()  # what another branch has stays, while there is room
            self._stays = -APART
        self._recent.append(key)
        while self._recent:
            one = self._kept.get(self._recent[0])
            if one is not None and one.steps >= oldest:
                break
            passed = self._recent.popleft()
            if one is None:
                continue
            if abs(one.seconds - self._stays) >= APART:
                self._stays = one.seconds
            else:
                self._let_go(self._kept.pop(passed))

    def _forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._kept:
                self._let_go(self._kept.pop(key))
        self.far.forget(keys)

    def _let_go(self, checkpoint: Checkpoint) -> None:
        self.bytes -= checkpoint.bytes
        self._spare.setdefault(checkpoint.layout, []).append(checkpoint.tensors)

    def _thin(self, newest: Checkpoint) -> None:
        """Free a good part of the budget: what lies far off is kept at a distance that doubles until it fits.

        The newest steps keep all of theirs as far as half of the budget goes.
        """
        near, room = {newest.place}, self.budget.memory / 2 - newest.bytes
        for (_, place), one in reversed(self._kept.items()):
            if abs(newest.steps - one.steps) > NEAR or (room := room - one.bytes) < 0:
                break
            near.add(place)
        near |= set() if self._home is None else {self._home.place}
        movable = [(key, one.seconds) for key, one in self._kept.items() if key[1] not in near]
        ascending = sorted(movable, key=lambda item: item[1])
        distance = max(SPACING, 0.001)
        while self.bytes > self.budget.memory * 3 / 4 and distance < LONGEST:
            distance *= 2
            for key in too_near([item for item in ascending if item[0] in self._kept], distance):
                self._let_go(self._kept.pop(key))
