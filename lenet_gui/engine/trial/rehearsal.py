"""The newest pass of a session done again on a second one: what its backward added, and what its step makes of it.

The session itself stays as it is. What is asked of a rehearsal is elsewhere: `samples`, `finite_difference`, `line`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.optim import Optimizer

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.choices.state import flat
from lenet_gui.engine.commands import optimize
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.trial.batch_loss import BatchLoss
from lenet_gui.protocol import Command
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session
    from lenet_gui.engine.trial.line import Line

Gradients = dict[str, Tensor | None]
State = dict[str, Tensor | None]

NO_LOSS = "There is no loss here yet: press Forward and Loss."
NO_STEP = "No step was taken, and no backward has left a gradient for one: press Forward, Loss and Backward."


@dataclass(frozen=True, slots=True)
class Plan:
    """The commands that it is about, each with the place before it; `None`: there is none.

    `step` is the newest one if it came behind the newest backward, and else the one that would come now.
    """

    forward: tuple[int, Command] | None
    loss: int | None
    backward: tuple[int, Command] | None
    step: int | None
    taken: bool


@dataclass(slots=True)
class Before:
    """What a step starts from, by parameter, and what PyTorch makes of it."""

    settings: Settings
    rate: float
    """The learning rate then, which a scheduler may have moved."""
    steps: int
    values: dict[str, Tensor]
    gradients: Gradients
    states: dict[str, State]
    optimizer: Optimizer
    """For its rule and its options: its tensors have gone on."""
    after: dict[str, Tensor]


@dataclass(slots=True)
class Rehearsal:
    """`earlier` are the gradients before the newest backward and `added` what it added; both empty without one."""

    plan: Plan
    number: int
    batch: BatchLoss | None = None
    earlier: Gradients = field(default_factory=dict)
    added: Gradients = field(default_factory=dict)
    before: Before | None = None
    mixed: dict[tuple[bool, ...], str] = field(default_factory=dict)
    """By the modes of the modules: whether the samples depend on each other, in words, once somebody has asked."""
    line: Line | None = None
    """What a step would do, once somebody has asked."""


class Rehearsals:
    """Of one session: the newest rehearsal, and the second session that it was made on."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._second: Session | None = None
        self._newest: tuple[Branch, Rehearsal] | None = None
        self._count = 0
        self._mixed: dict[tuple[bool, ...], str] = {}

    def of_step(self) -> Rehearsal:
        """Of the newest step, or of the one that comes next where a backward has been made for it. Raises NotYet."""
        return self._of(_plan_of_step(self._session))

    def of_loss(self) -> Rehearsal:
        """Of the newest loss. Raises NotYet before one was taken."""
        planned = _plan_of_loss(self._session)
        if self._newest is not None and self._newest[0] is self._session.branch:
            known = self._newest[1]
            if (known.plan.loss, known.plan.backward) == (planned.loss, planned.backward):
                return known
        return self._of(planned)

    def _of(self, planned: Plan) -> Rehearsal:
        branch = self._session.branch
        if self._newest is None or self._newest[0] is not branch or self._newest[1].plan != planned:
            self._newest = None
            self._count += 1
            self._newest = branch, self._rehearse(planned)
        return self._newest[1]

    def _rehearse(self, planned: Plan) -> Rehearsal:
        found = Rehearsal(planned, self._count, mixed=self._mixed)
        first = planned.step if planned.forward is None else planned.forward[0]
        assert first is not None
        second = self._at(first)
        if planned.forward is not None:
            found.batch = BatchLoss(second, planned.forward[1])
        if planned.loss is not None and found.batch is not None:
            travel.follow(second, planned.loss + 1, compare=False)
            found.batch.compare()
        if planned.backward is not None:
            _go_backward(second, found, *planned.backward)
        if planned.step is not None:
            travel.follow(second, planned.step, compare=False)
            found.before = _step(second)
        return found

    def _at(self, place: int) -> Session:
        """The second session at a place of this branch."""
        session, branch = self._session, self._session.branch
        if self._second is None:
            self._second = session.twin()
        copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
        travel.restore(self._second, session.history.start_for(branch, place), copy)
        travel.follow(self._second, place, compare=False)
        return self._second


def _plan_of_step(session: Session) -> Plan:
    place = len(session.journal)
    step = loss = backward = None
    for at, command in _done(session):
        if command.name == "step" and step is None and backward is None:
            step = at
        elif command.name == "backward" and backward is None:
            backward = at, command
        elif command.name == "loss" and loss is None and backward is not None:
            loss = at
        elif command.name == "forward" and backward is not None and (loss is not None or starts_at_output(backward[1])):
            coming = place if backward[0] < place else None
            return Plan((at, command), loss, backward, coming if step is None else step, step is not None)
    if step is None:
        raise NotYet(NO_STEP)
    return Plan(None, None, None, step, True)


def _plan_of_loss(session: Session) -> Plan:
    loss = backward = None
    for at, command in _done(session):
        if command.name == "backward" and backward is None and loss is None and not starts_at_output(command):
            backward = at, command
        elif command.name == "loss" and loss is None:
            loss = at
        elif command.name == "forward" and loss is not None:
            return Plan((at, command), loss, backward, None, False)
    raise NotYet(NO_LOSS)


def _done(session: Session) -> Iterator[tuple[int, Command]]:
    """What was done up to the cursor, the newest first; a backward that is under way counts too."""
    place, inside = len(session.journal), session.stepper.inside()
    if inside is not None and inside.command.name == "backward":
        yield place, inside.command
    yield from session.journal.backwards(place)


def starts_at_output(backward: Command) -> bool:
    return dict(backward.arguments).get("of") == "output"


def _go_backward(second: Session, found: Rehearsal, place: int, command: Command) -> None:
    """The backward by itself, into empty gradients; they are added up then, as PyTorch would have done."""
    travel.follow(second, place, compare=False)
    found.earlier = _gradients(second)
    for parameter in second.parameters:
        parameter.grad = None
    with second.undisturbed():
        if starts_at_output(command) and second.output is not None and found.batch is not None:
            state = second.generators.state
            found.batch.start = torch.randn(second.output.shape).to(second.output.device)
            second.generators.state = state
        second.commands["backward"](second, **dict(command.arguments))
    found.added = _gradients(second)
    for name, parameter in second.model.named_parameters():
        earlier, added = found.earlier[name], found.added[name]
        if earlier is not None:
            parameter.grad = earlier.clone() if added is None else earlier + added
    second.journal = second.branch.journal.until(place + 1)


def _step(second: Session) -> Before:
    named = dict(second.model.named_parameters())
    states: dict[str, State] = {
        name: {key: _copy(value) for key, value in flat(second.optimizer.state.get(one, {})).items()}
        for name, one in named.items()
    }
    values, gradients = {name: one.detach().clone() for name, one in named.items()}, _gradients(second)
    rate = second.lr
    with second.undisturbed():
        optimize(second)
    after = {name: one.detach().clone() for name, one in named.items()}
    return Before(second.settings, rate, second.steps, values, gradients, states, second.optimizer, after)


def _gradients(session: Session) -> Gradients:
    return {
        name: None if one.grad is None else one.grad.detach().clone() for name, one in session.model.named_parameters()
    }


def _copy(value: Tensor | float | None) -> Tensor | None:
    return None if value is None else torch.as_tensor(value).clone()
