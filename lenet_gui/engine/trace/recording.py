"""Does commands on a session with everything noted that happens inside them. It ends in the bits of unwatched ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_gui.engine.choices.state import flat
from lenet_gui.engine.commands import load_batch
from lenet_gui.engine.trace.changes import StateWatch
from lenet_gui.engine.trace.nodes import NodeRecorder
from lenet_gui.engine.trace.operations import OperationRecorder
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Changes, Trace, TracedCommand, Update
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

BUDGET = 256 * 2**20
"""Bytes of activations and gradients that a trace keeps."""


class Recording:
    """One trace as it grows: each command is done on the session, which has to be undisturbed; it is not journaled."""

    def __init__(self, session: Session, room: Room | None = None) -> None:
        self._session = session
        self._room = room or Room(BUDGET)
        self.trace = Trace()
        self.sources = Sources()
        self._state = StateWatch(session.model)
        self._operations = OperationRecorder(session.criterion, self._state, self.sources, self._room)
        self._nodes = NodeRecorder(self._state.names, self._room)
        self.trace.calls = self._operations.calls
        self.trace.given = self._operations.arguments.names
        self.trace.nodes = self._nodes.nodes
        self.trace.figures, self.trace.numbers = self._room.figures, self._room.numbers

    def do(self, command: Command, place: int) -> TracedCommand:
        """One command. What PyTorch refuses ends up in `refused`, with the items before it."""
        traced = TracedCommand(place, command)
        self.trace.commands.append(traced)
        try:
            self._do(command, traced)
        except Exception as error:
            traced.refused = f"{type(error).__name__}: {error}"
        if self._room.full:
            self.trace.partial = (
                "This step is too large to be kept whole: of its last tensors only shapes and figures are there; "
                "one that is asked for is computed again."
            )
        return traced

    def _do(self, command: Command, traced: TracedCommand) -> None:
        session, arguments = self._session, dict(command.arguments)
        if command.name == "forward":
            if session.due:
                load_batch(session)
            self.trace.batch, self.trace.labels = session.input.detach().clone(), session.labels
            self._operations.arguments.know(session.input, self.trace.batch, "input")
            self._operations.new_command()
            self._forward(command, traced)
        elif command.name == "loss":
            self._forward(command, traced)
            traced.target = session.target
        elif command.name == "backward":
            start = session.output if arguments.get("of") == "output" else session.last_loss
            self._nodes.discover(start, self._operations.made)
            if start is None:
                session.commands["backward"](session, **arguments)
            else:
                written = self._operations.hooked()
                with self._nodes.recording(start, written) as traced.items:  # pyright: ignore[reportAttributeAccessIssue]
                    session.commands["backward"](session, **arguments)
        elif command.name == "step":
            traced.items.extend(self._updates(lambda: session.commands["step"](session, **arguments)))
        else:
            session.commands[command.name](session, **arguments)

    def _forward(self, command: Command, traced: TracedCommand) -> None:
        session = self._session
        with self._operations.recording() as traced.items:  # pyright: ignore[reportAttributeAccessIssue]
            session.commands[command.name](session, **dict(command.arguments))
        result = session.output if command.name == "forward" else session.last_loss
        self._nodes.discover(result, self._operations.made)

    @torch.no_grad()
    def _updates(self, do: Callable[[], None]) -> list[Update]:
        """One a parameter, in the model's order; PyTorch may well compute them all at once."""
        parameters = self._state.parameters
        before = [(self._value(one), self._gradient(name, one.grad)) for name, one in parameters.items()]
        versions = [one.grad if one.grad is None else one.grad._version for one in parameters.values()]
        with torch.enable_grad():
            do()
        updates = []
        state = self._session.optimizer.state
        for (name, parameter), (value, gradient), version in zip(parameters.items(), before, versions, strict=True):
            after = parameter.clone()
            own: Changes = {name: after}
            if parameter.grad is not None and parameter.grad._version != version:
                own[f"{name}.grad"] = parameter.grad.clone()
            for key, kept in flat(state.get(parameter, {})).items():
                own[f"{name}: {key}"] = None if kept is None else kept.clone()
            updates.append(Update(name, value, gradient, after, own))
        return updates

    def _value(self, parameter: Tensor) -> Tensor:
        """A copy; that of the forward, where nothing has changed since."""
        known = self._operations.arguments.known(parameter)
        return parameter.clone() if known is None else known

    def _gradient(self, parameter: str, gradient: Tensor | None) -> Tensor | None:
        """A copy; that of the backward, where nothing has changed since."""
        if gradient is None:
            return None
        live, version, copy = self._nodes.accumulated.get(f"{parameter}.grad", (None, 0, None))
        return copy if live is gradient and gradient._version == version else gradient.clone()
