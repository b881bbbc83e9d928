"""The living training state, and the commands that change it. Nothing else does, and every one is journaled.

It neither draws nor waits: `runner` hosts it for the window, a notebook hosts it for itself. What each command does
is in `commands`, the bare path of a run in `running`, going to another place in `travel`, what a person notes beside
the journal in `marks`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lenet_gui.engine import evaluation, marks, models, running, travel
from lenet_gui.engine.branch import Bookmark, Branch, called
from lenet_gui.engine.choices import clipping, losses, optimizers, schedulers, state
from lenet_gui.engine.commands import COMMANDS, check
from lenet_gui.engine.data import Cursor, source
from lenet_gui.engine.digest import digest
from lenet_gui.engine.generators import Generators, undisturbed
from lenet_gui.engine.history import BUDGET, Budget, History
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.steplog import StepLog
from lenet_gui.engine.stops.stops import Stops
from lenet_gui.engine.stops.watches import Watches
from lenet_gui.engine.storage import session_file
from lenet_gui.engine.storage.store import Store
from lenet_gui.engine.tensors.update import LastUpdate, keeping_update
from lenet_gui.engine.trace.stepper import Stepper
from lenet_gui.engine.trace.trace import Trace
from lenet_gui.engine.trial.rehearsal import Rehearsals
from lenet_gui.engine.why.why import why
from lenet_gui.protocol import Accuracy, Command, phase_after
from lenet_gui.settings import Settings, Value

if TYPE_CHECKING:
    from torch.optim.lr_scheduler import LRScheduler

    from lenet_gui.engine.measures.measured import Measured
    from lenet_gui.engine.tensors.found import Pinned


class Session:
    """One run of training: real PyTorch on a real module, driven by commands.

    The module is made under the session's own seed: as the settings say, or by `make_model` where one is given. Raises
    DataError when the data cannot be had, ValueError for settings that do not fit.
    """

    commands: Mapping[str, Callable[..., Any]] = COMMANDS
    """What each command does."""
    barred: tuple[tuple[str, str], ...] = ()
    """What cannot be done with this session though its place would let it, each with the reason for a person."""
    takes_closure = False
    """Whether a step of its optimizer takes the loss again and again."""
    scheduler: LRScheduler | None = None
    observed = False
    """Whether somebody else's loop drives it."""

    def __init__(
        self,
        settings: Settings | None = None,
        make_model: Callable[[], nn.Module] | None = None,
        budget: Budget = BUDGET,
        store: Store | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.make_model = make_model
        self.store = Store() if store is None else store
        # What was done up to here. In the past of a branch the branch has more, and a longer log.
        self.journal = Journal(self.settings)
        self.item = 0
        """How many items of the next command are done, as far as is shown: operations, autograd nodes, parameters."""
        self.seconds = 0.0
        """How long it took to come here from the start, without the pauses."""
        self.source = source(self.settings, "cpu")
        check(self.settings, self.source.size)
        self.generators = Generators(self.settings.seed, self.settings.device)
        self.steps = 0
        self.cursor = Cursor()
        # What the next forward does to the batch first: nothing, "advance" to the next, "reload" with another size.
        self.due = ""
        self.target: Tensor | None = None
        self.target_kind: tuple[str, torch.Size] | None = None
        # (sample, unsqueeze) of the forward that made the output from this very batch; None before it.
        self.forwarded: tuple[int | None, bool] | None = None
        self.output: Tensor | None = None
        self.last_loss: Tensor | None = None
        self.graph = "none"
        self.last_update: LastUpdate | None = None

        with self.undisturbed():
            self.model = models.made(self).to(self.settings.device)
            self.made_of = models.named(self.settings)
            self.input, self.labels = self.source.batch(self.cursor, self.settings.batch_size)
        self.log = StepLog(self.model, self.settings.device)
        self.branch = Branch("main", self.journal, self.log)
        self.branches = [self.branch]
        self.bookmarks: list[Bookmark] = []
        # Measured on the way, by the branch that did the steps and the place behind them.
        self.accuracies: dict[tuple[Branch, int], Accuracy] = {}
        self.equip()
        self.history = History(self, budget)
        self.stepper = Stepper(self)
        self.stops = Stops(self)
        self.watches = Watches(self)
        self.rehearsals = Rehearsals(self)
        self.measured: dict[str, Measured] = {}
        """What was measured last of each side, at whichever place."""
        self.pinned: Pinned | None = None
        """A tensor that somebody keeps in view as it was."""

    def twin(self) -> Session:
        """Another session of the same start, with the same big values and without checkpoints: to go elsewhere with."""
        return type(self)(self.journal.settings, self.make_model, Budget(0, 0), self.store)

    def equip(self) -> None:
        """Make what follows from the settings alone: data and model on the device, mode, loss, a fresh optimizer.

        A model that has to move, or is another one now, has whatever parameters, for a checkpoint to fill.
        """
        settings = self.settings
        if self.made_of != models.named(settings):
            with self.undisturbed():
                self.model, self.made_of = models.made(self), models.named(settings)
        if next(self.model.parameters()).device != torch.empty(0, device=settings.device).device:
            self.model.to_empty(device=settings.device)
        if settings.device != self.source.device:
            self.source = source(settings, settings.device)
        self.modules, self.parameters = list(self.model.modules()), list(self.model.parameters())
        self.model.train(settings.mode == "train")
        clipping.arguments(settings)
        self.criterion = losses.criterion(settings)
        self.optimizer = optimizers.optimizer(settings, self.parameters)
        self.takes_closure = optimizers.needs_closure(self.optimizer)
        self.scheduler = schedulers.scheduler(settings, self.optimizer)

    # ------------------------------------------------------------------------------------------- the phases

    def zero_grad(self, set_to_none: bool = True) -> None:
        """`optimizer.zero_grad()`. Gradients become `None`, or zeros where `set_to_none` is false."""
        self.apply(_command("zero_grad", set_to_none=None if set_to_none else False))

    def forward(self, sample: int | None = None, unsqueeze: bool = False) -> Tensor:
        """`output = net(input)`: [N, classes]. After a step it takes the next batch first.

        `sample` sends one sample of the batch through without its batch dimension, `unsqueeze` gives it one of 1.
        """
        return self.apply(_command("forward", sample=sample, unsqueeze=unsqueeze or None))

    def loss(self) -> Tensor:
        """`loss = criterion(output, target)`, a scalar."""
        return self.apply(_command("loss"))

    def backward(self, of: str = "loss", retain_graph: bool = False) -> None:
        """`loss.backward()`; `of="output"` goes backward from the output with random gradients instead."""
        self.apply(_command("backward", of=None if of == "loss" else of, retain_graph=retain_graph or None))

    def clip(self) -> Tensor | None:
        """Clip the gradients as the settings say, such as `clip_grad_norm_(net.parameters(), max_norm)`."""
        return self.apply(_command("clip"))

    def step(self) -> None:
        """`optimizer.step()`."""
        self.apply(_command("step"))

    def schedule(self) -> None:
        """`scheduler.step()`."""
        self.apply(_command("schedule"))

    def next_batch(self) -> None:
        """Take the next batch without a step."""
        self.apply(_command("next_batch"))

    def set(self, **changes: Value) -> None:
        """Change one of SETTABLE: lr, optimizer, loss, clip, scheduler, batch_size, …, or one of their options."""
        self.apply(Command.of("set", **changes))

    def edit(self, tensor: str, index: int, value: float) -> None:
        """Write one number of a parameter, a buffer or a gradient (`conv1.bias.grad`); `index` is flat, from 0."""
        self.apply(Command.of("edit", tensor=tensor, index=index, value=value))

    def apply(self, command: Command) -> Any:
        """Do one command and journal it. Raises Refused; the state is then as before, to the bit.

        In the past, what the branch did next leads along it; anything else makes a new branch grow from here.
        """
        settings, place = self.settings, len(self.journal)
        self.item = 0
        self.history.before(command, self, place)
        start = time.perf_counter()
        try:
            result = self.perform(command)
        except Exception as error:
            raise travel.refuse(self, command, error, settings) from error
        self.seconds += time.perf_counter() - start
        travel.record(self, command)
        self.history.after(command, self, place)
        return result

    def perform(self, command: Command) -> Any:
        """Do one command without journaling it: for `apply`, and for going over the journal again."""
        if command.name not in self.commands:
            raise ValueError(f"there is no command called {command.name!r}")
        keeping = keeping_update(self) if command.name == "step" else nullcontext()
        with keeping, self.undisturbed():
            return self.commands[command.name](self, **dict(command.arguments))

    @property
    def next_phase(self) -> str:
        """The phase that the cycle has next."""
        return phase_after(self.settings, self.journal.last_phase(), self.epoch_ended)

    @property
    def next_command(self) -> Command:
        """What the branch did next from here; at its end, the phase that the cycle has next."""
        return self.branch.journal.at(len(self.journal)) if self.ahead else Command(self.next_phase)

    @property
    def lr(self) -> float:
        """The learning rate that the next step takes: the one that was set, or what a scheduler made of it."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def epoch_ended(self) -> bool:
        """Whether the step that was just taken was its epoch's last."""
        return self.due == "advance" and self.source.after(self.cursor, len(self.input)).epoch != self.cursor.epoch

    def run(self, steps: int, between: Callable[[], bool] = lambda: True) -> int:
        """Take whole steps on the bare path, after the rest of the one that is under way; the steps taken.

        `between` is called about every 20 ms and at the end of each epoch; it may stop the run by returning false.
        The last step is taken command by command, so that where the run stops everything can be looked at.
        Raises Refused when PyTorch refuses a phase; what was done before it stays.
        """
        self.item = 0
        return running.run(self, steps, between)

    # ------------------------------------------------------------------------------------------------ other places

    @property
    def ahead(self) -> int:
        """The commands that the branch has behind this place."""
        return len(self.branch.journal) - len(self.journal)

    seek = travel.seek
    step_back = travel.step_back

    def branch_called(self, name: str) -> Branch:
        """Raises ValueError where there is none."""
        return called(self.branches, name)

    rename_branch = marks.rename_branch
    add_bookmark = marks.add_bookmark
    save = session_file.save
    open = classmethod(session_file.open_as)

    @staticmethod
    def replay(
        journal: Journal,
        make_model: Callable[[], nn.Module] | None = None,
        between: Callable[[Session], bool] = lambda _: True,
        store: Store | None = None,
    ) -> Session:
        """A fresh session taken through a journal. Ends early, where it then is, when `between` returns false."""
        session = Session(journal.settings, make_model, store=store)
        session.branch.journal = journal.until(len(journal))
        travel.follow(session, len(journal), lambda: between(session))
        return session

    # ------------------------------------------------------------------------------------------------------ reading

    evaluate = evaluation.evaluate

    tensors = state.tensors

    def trace(self) -> Trace:
        """The step that is under way (the finished one between two steps) in detail: operations, nodes, updates."""
        return self.stepper.trace()

    why = why
    digest = digest

    def script(self) -> str:
        """What was done up to here as a plain PyTorch script that gives the same bits. Raises ValueError."""
        from lenet_gui.engine.export.script import script  # which reads sessions, and can come only after them

        return script(self)

    undisturbed = undisturbed


def _command(name: str, **arguments: Value) -> Command:
    """A command with only the arguments that differ from their defaults, so that equal ones are equal."""
    return Command.of(name, **{key: value for key, value in arguments.items() if value is not None})
