"""Somebody's training loop as a session: its live model, optimizer and criterion, and a journal that is observed.

What it does is the loop's own doing: a phase that is applied here is one that the loop is let go on to. Going back
shows copies, within the newest steps; the loop stays where it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lenet_gui.engine.attached import described, past, seen
from lenet_gui.engine.attached.inside import LoopStepper, LoopStops, NewestSteps
from lenet_gui.engine.attached.loop import Loop
from lenet_gui.engine.attached.outside import Outside
from lenet_gui.engine.attached.records import Record
from lenet_gui.engine.attached.told import Done, Ended
from lenet_gui.engine.attached.twin import FunctionLoss, Twin
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.engine.data import Cursor
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.session import Session
from lenet_gui.protocol import PHASES, Accuracy, Budget, Command
from lenet_gui.settings import Settings


class AttachedSession(Session):
    """Made in the loop's thread; everything else that has no other note is called in the runner's, while it waits."""

    observed = True

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        criterion: Callable[..., Any] | None,
        loop: Loop,
        clean: Callable[..., None],
    ) -> None:
        """`clean` takes the hooks of this attachment off copies of the model and of the criterion."""
        self.loop = loop
        self.clean = clean
        self.live_model, self.live_optimizer = model, optimizer
        self.live_criterion = criterion if isinstance(criterion, nn.Module) else FunctionLoss(criterion or _unknown)
        self.records: dict[tuple[int, int], Record] = {}
        """By the whole steps before it, and the phases since."""
        self.nth = 0
        # Where somebody looks at the past: what is shown else, and the session that is looked at.
        self.aside: dict[str, Any] = {}
        self.past: Twin | None = None
        # The loss that was taken since the newest forward.
        self.taken: Tensor | None = None
        # What the forward that comes now is given.
        self.given: Tensor | None = None
        self.before_step: dict[str, tuple[Tensor, Tensor | None]] | None = None
        device, threads = described.device(model), torch.get_num_threads()
        start = Settings(data="random", batch_size=1, device=device, threads=threads)
        super().__init__(start, lambda: model, Budget(0, 0))
        self.input = torch.empty(0, 1, 1, device=device)
        self.due = "advance"
        self.generators = Outside(device)
        self.history, self.stepper, self.stops = NewestSteps(self), LoopStepper(self), LoopStops(self)
        self.describe()

    def equip(self) -> None:
        self.modules, self.parameters = list(self.model.modules()), list(self.model.parameters())
        self.criterion, self.optimizer = self.live_criterion, self.live_optimizer

    def twin(self) -> Twin:
        return Twin(self)

    def describe(self) -> None:
        """Read what the loop has set: its learning rate may be another by now."""
        if not self.ahead:
            self.settings = self.journal.settings = described.settings(self)

    # -------------------------------------------------------------------------------- seen, in the loop's thread

    see = seen.see
    saw = seen.saw
    passed = seen.passed

    # ------------------------------------------------------------------------------------------- stepping

    @property
    def coming(self) -> str:
        """The phase that the loop stands before; empty where it has not come to one, or somebody looks at the past."""
        return "" if self.ahead else self.loop.coming

    @property
    def known_next(self) -> str:
        return self.branch.journal.at(len(self.journal)).name if self.ahead else self.loop.coming

    @property
    def next_phase(self) -> str:
        if self.loop.coming:
            return self.loop.coming
        journal = self.branch.journal
        begins = journal.place_of_step(journal.steps)
        if begins == len(journal) and journal.steps:
            begins = journal.place_of_step(journal.steps - 1)
            return next(one.name for one in journal.commands(begins) if one.name in PHASES)
        done = sum(one.name in PHASES for one in journal.commands(begins))
        return PHASES[done % len(PHASES)]

    @property
    def epoch_ended(self) -> bool:
        return False

    def arrive(self) -> str:
        """Let the loop come to its next phase. Raises Ended, Raised, Left."""
        coming = self.loop.arrive()
        self._note()
        return coming

    def apply(self, command: Command) -> Any:
        """Let the loop do its next phase, or change something by hand. Raises ValueError for anything else, and as
        `arrive`."""
        self.item = 0
        if self.ahead:
            return past.again(self, command)
        if command.name in ("edit", "set"):
            return self._change(command)
        if command.name not in PHASES or command.arguments:
            raise ValueError("This is the loop's own to decide: only what it does next can be stepped.")
        expected = self.next_phase
        began = time.perf_counter()
        coming = self.arrive()
        if command.name not in (coming, expected):
            raise ValueError(f"The loop goes on with {coming}, not with {command.name}: what it does next is its own.")
        with suppress(Ended):  # behind the phase
            self.loop.go()
        self.seconds += time.perf_counter() - began
        self._note()
        return {"forward": self.output, "loss": self.last_loss}.get(coming)

    def run(self, steps: int, between: Callable[[], bool] = lambda: True) -> int:
        """Let the loop run free for so many whole steps. `between` is called now and then, and may end it."""
        self.item = 0
        self.come_back()
        start, began = self.steps, time.perf_counter()

        def look() -> bool:
            self._note(free=True)
            return between()

        with suppress(Ended):
            self.loop.run(steps, look)
        self.seconds += time.perf_counter() - began
        self._note(free=True)
        return self.steps - start

    def look_around(self) -> None:
        """The loop has come to its first phase."""
        self._note()

    def _note(self, free: bool = False) -> None:
        """Journal what the loop has done since this was asked last, running free or not."""
        done = self.loop.take()
        if free and (done.first or done.whole):
            self.history.forget()
        _journal(self.journal, done)
        self.describe()
        begins = len(self.journal) == self.journal.place_of_step(self.journal.steps)
        if begins and self.loop.coming and not self.history.has(self.steps):
            self.cursor = Cursor(0, self.cursor.offset)
            self.history.begin(self)
            self.records = {key: one for key, one in self.records.items() if self.history.has(key[0])}
        self.due = "advance"

    def _change(self, command: Command) -> None:
        if command.name == "set":
            described.set_lr(self.live_optimizer, dict(command.arguments))
        else:
            COMMANDS[command.name](self, **dict(command.arguments))
        self.journal.append(command)
        self.describe()

    # ------------------------------------------------------------------------------------------- the past

    seek = past.seek
    come_back = past.come_back

    # -------------------------------------------------------------------------------------- what is not to be had

    @property
    def barred(self) -> tuple[tuple[str, str], ...]:  # type: ignore[override]
        return described.barred(self)

    def evaluate(self) -> Accuracy | None:
        return None


def _journal(journal: Journal, done: Done) -> None:
    for phase in done.first:
        journal.append(Command(phase))
    journal.extend(done.whole, tuple(map(Command, done.cycle)))
    for phase in done.since:
        journal.append(Command(phase))


def _unknown(*_: Any, **__: Any) -> Tensor:
    raise ValueError("the criterion is not known: it was not given to attach")
