"""The living training state, and the commands that change it. Nothing else does, and every one is journaled.

It neither draws nor waits: `runner` hosts it for the window, a notebook hosts it for itself. What each command does
is in `commands`, how a refused one is undone in `rollback`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lenet_gui.engine import optimizers
from lenet_gui.engine.commands import COMMANDS, check
from lenet_gui.engine.data import Cursor, source
from lenet_gui.engine.digest import digest
from lenet_gui.engine.generators import Generators
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.net import Net
from lenet_gui.engine.refusal import Refused, explain
from lenet_gui.engine.rollback import Rollback
from lenet_gui.engine.steplog import StepLog
from lenet_gui.protocol import PHASES, Accuracy, Command
from lenet_gui.settings import Settings, Value

SLICE = 0.02
"""Seconds of the bare path between two looks at what else is asked for."""


class Session:
    """One run of training: real PyTorch on a real module, driven by commands.

    `make_model` makes the module (LeNet by default) and is called once, under the session's own seed. Raises
    DataError when the data cannot be had, ValueError for settings that do not fit.
    """

    def __init__(self, settings: Settings | None = None, make_model: Callable[[], nn.Module] = Net) -> None:
        self.settings = settings or Settings()
        self.make_model = make_model
        self.journal = Journal(self.settings)
        self.source = source(self.settings.data, self.settings.seed, "cpu")
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
        # Of the last step taken by hand: the settings, each parameter before it, and the gradient it used.
        self.last_update: tuple[Settings, dict[str, tuple[Tensor, Tensor | None]]] | None = None

        with self._undisturbed():
            self.model = make_model().to(self.settings.device)
            self.input, self.labels = self.source.batch(self.cursor, self.settings.batch_size)
        self.log = StepLog(self.model, self.settings.device)
        self.equip()
        self._rollback = Rollback(self)

    def equip(self) -> None:
        """Make what follows from the settings alone: data and model on the device, mode, loss, a fresh optimizer.

        A model that has to move comes there with empty parameters, for a checkpoint to fill.
        """
        settings = self.settings
        if next(self.model.parameters()).device != torch.empty(0, device=settings.device).device:
            self.model.to_empty(device=settings.device)
        self.source = source(settings.data, settings.seed, settings.device)
        self.input = self.input.to(settings.device)
        self.labels = None if self.labels is None else self.labels.to(settings.device)
        self.log.start_block(self.model, settings.device)
        self.model.train(settings.mode == "train")
        self.criterion = optimizers.criterion(settings.loss)
        self.optimizer = optimizers.optimizer(settings, self.model.parameters())

    # ------------------------------------------------------------------------------------------- the five phases

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

    def step(self) -> None:
        """`optimizer.step()`."""
        self.apply(_command("step"))

    # ------------------------------------------------------------------------------------------ everything else

    def next_batch(self) -> None:
        """Take the next batch without a step."""
        self.apply(_command("next_batch"))

    def set(self, **changes: Value) -> None:
        """Change lr, optimizer, the optimizer's own options, loss, batch_size, mode, threads or device."""
        self.apply(Command.of("set", **changes))

    def apply(self, command: Command) -> Any:
        """Do one command and journal it. Raises Refused; the state is then as before, to the bit."""
        self._rollback.before(command, self)
        settings = self.settings
        try:
            result = self.perform(command)
        except Exception as error:
            raise self._refuse(command, error, settings) from error
        self.journal.append(command)
        self._rollback.after(command, len(self.journal) - 1)
        return result

    def perform(self, command: Command) -> Any:
        """Do one command without journaling it: for `apply`, and for going over the journal again."""
        if command.name not in COMMANDS:
            raise ValueError(f"there is no command called {command.name!r}")
        update = self._parameters() if command.name == "step" else None
        with self._undisturbed():
            result = COMMANDS[command.name](self, **dict(command.arguments))
        if update:
            self.last_update = self.settings, update
        return result

    @property
    def next_phase(self) -> str:
        """The phase that the cycle has next."""
        last = self.journal.last_phase()
        return PHASES[0] if last is None else PHASES[(PHASES.index(last) + 1) % len(PHASES)]

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
        start = self.steps
        while self.next_phase != PHASES[0] and self.steps - start < steps:
            self.apply(Command(self.next_phase))
        self._run_cycles(steps - (self.steps - start), between)
        return self.steps - start

    def _run_cycles(self, cycles: int, between: Callable[[], bool]) -> None:
        """Whole cycles, whatever phase would come next."""
        start, end = self.steps, self.steps + cycles
        with self._undisturbed():
            going = between()
            while going and self.steps < end - 1:
                self._run_slice(end - 1 - self.steps)
                going = between()
            if self.steps < end and (going or self.steps > start):
                for command in self.journal.cycle:
                    self.apply(command)

    def _run_slice(self, most: int) -> None:
        """The bare path for about 20 ms, at most to the end of the epoch."""
        self._rollback.before_run(self)
        torch.set_num_threads(self.settings.threads)
        cycle = [partial(COMMANDS[command.name], self, **dict(command.arguments)) for command in self.journal.cycle]
        start, taken, reached = len(self.journal), 0, 0
        failure: Exception | None = None
        end = time.perf_counter() + SLICE
        try:
            while taken < most:
                for reached, command in enumerate(cycle):  # noqa: B007 (read when one raises)
                    command()
                taken += 1
                if time.perf_counter() > end or self.epoch_ended:
                    break
        except Exception as error:
            failure = error
        self.journal.extend(taken)
        if taken:
            self._rollback.after_run(start + len(cycle) * (taken - 1))
        if failure is not None:
            for command in self.journal.cycle[:reached]:
                self.journal.append(command)
            raise self._refuse(self.journal.cycle[reached], failure, self.settings) from failure

    @staticmethod
    def replay(
        journal: Journal,
        make_model: Callable[[], nn.Module] = Net,
        between: Callable[[Session], bool] = lambda _: True,
    ) -> Session:
        """A fresh session taken through a journal. Ends early, where it then is, when `between` returns false."""
        session = Session(journal.settings, make_model)
        for entry in journal.entries:
            if isinstance(entry, Command):
                session.apply(entry)
            else:
                session._run_cycles(entry.n, lambda: between(session))
            if not between(session):
                break
        return session

    def evaluate(self) -> Accuracy | None:
        """The accuracy on the held-out digits, `None` where the data has none. The training state stays as it is."""
        if self.source.test is None:
            return None
        images, labels = self.source.test
        modes = [(module, module.training) for module in self.model.modules()]
        buffers = [(buffer, buffer.clone()) for buffer in self.model.buffers()]
        generators = self.generators.state
        try:
            with self._undisturbed(), torch.no_grad():
                correct = int((self.model.eval()(images.clone()).argmax(-1) == labels).sum())
        finally:
            self.generators.state = generators
            for module, training in modes:
                module.training = training
            for buffer, before in buffers:
                # Only what was moved is written: a live graph may hold the others, and would notice.
                if not _same(buffer, before):
                    buffer.copy_(before)
        return Accuracy(self.steps, self.cursor.epoch, correct, len(labels))

    def tensors(self) -> dict[str, Tensor | None]:
        """The training state by name, live: parameters, gradients, buffers and the optimizer's own tensors."""
        found: dict[str, Tensor | None] = {}
        for name, parameter in self.model.named_parameters():
            found[name], found[f"{name}.grad"] = parameter, parameter.grad
            for key, value in self.optimizer.state.get(parameter, {}).items():
                found[f"{name}: {key}"] = value if isinstance(value, Tensor) or value is None else torch.tensor(value)
        return found | dict(self.model.named_buffers())

    def digest(self) -> str:
        """A hash over everything that decides how the run goes on: equal digests are equal to the bit."""
        return digest(self)

    # --------------------------------------------------------------------------------------------------- inside

    def _refuse(self, command: Command, error: Exception, settings: Settings) -> Refused:
        """Roll back what a refused command left half done, and say what that was. `settings` held before it."""
        try:
            left = {name: None if value is None else value.detach().clone() for name, value in self.tensors().items()}
            self._rollback.back(self)
            now = {name: None if value is None else value.detach() for name, value in self.tensors().items()}
            changed = tuple(name for name in {**now, **left} if not _same(now.get(name), left.get(name)))
        except Exception:
            # A device that has failed can neither be read nor written: the journal is what remains.
            if settings.device == "cpu":
                raise
            self.settings, changed = settings, ()
        return Refused(explain(error, command, self, changed))

    def _parameters(self) -> dict[str, tuple[Tensor, Tensor | None]]:
        return {
            name: (parameter.detach().clone(), None if parameter.grad is None else parameter.grad.clone())
            for name, parameter in self.model.named_parameters()
        }

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """This session's generators and thread count, for as long as it works."""
        threads = torch.get_num_threads()
        if threads != self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        try:
            with self.generators:
                yield
        finally:
            if threads != torch.get_num_threads():
                torch.set_num_threads(threads)


def _command(name: str, **arguments: Value) -> Command:
    """A command with only the arguments that differ from their defaults, so that equal ones are equal."""
    return Command.of(name, **{key: value for key, value in arguments.items() if value is not None})


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    """Equal to the bit, NaNs included."""
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and one.cpu().numpy().tobytes() == other.cpu().numpy().tobytes()
