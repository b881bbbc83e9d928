"""The trace of one step: its commands, and of each the operations, autograd nodes or parameter updates in order.

Nothing in it is a live tensor of the session, and no autograd graph is kept alive. How it is recorded is `recording`'s
to know, and what a window is told of it `reply`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from lenet_gui.engine.trace.figures import Figures
from lenet_gui.protocol import Command
from lenet_gui.protocol.trace import CallRow, Span, TraceReply

Changes = dict[str, Tensor | None]
"""Tensors of the training state that an item changed, by the names of `Session.tensors`, as they were behind it."""


@dataclass(slots=True)
class End:
    """Where the gradient of an operation's output comes in: the index of the autograd node that made it (-1: none that
    a backward leads to), and which of that node's outputs it is."""

    node: int
    slot: int


@dataclass(slots=True)
class Operation:
    """A call of the model's Python that returned or changed a tensor.

    `name` is unique in its command (`relu_1`), `line` in the person's own code. `outputs` are what it returned, or else
    wrote into, copied, and `ends` where their gradients come in. `inputs` are operations of this trace by index (-1:
    the model's input), `tensors` parameters and buffers.
    """

    name: str
    function: str
    call: int
    source: Span | None
    inputs: tuple[int, ...]
    tensors: tuple[str, ...]
    outputs: tuple[Tensor, ...]
    changes: Changes
    ends: tuple[End, ...]
    module: str = ""
    """The dotted path of the module that called it."""
    do: Callable[..., Any] | None = None
    """PyTorch's own function."""
    arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What that was given, as it was then. Tensors are copies: of what an operation made, that in its `outputs`."""

    @property
    def line(self) -> int | None:
        return self.source.line if self.source else None

    @property
    def node(self) -> int:
        """Of the first output."""
        return self.ends[0].node

    @property
    def slot(self) -> int:
        return self.ends[0].slot

    def output_name(self, which: int) -> str:
        """The first output has the operation's own name, those behind it are counted: `chunk.out1`."""
        return f"{self.name}.out{which}" if which else self.name


@dataclass(slots=True)
class Node:
    """An autograd node; `next` are those its gradients go to, `parameter` whose gradient it accumulates.

    `saved` is what it keeps for its backward, by name: of a tensor the shape, anything else as it is.
    """

    name: str
    operation: int = -1
    parameter: str = ""
    next: tuple[int, ...] = ()
    saved: tuple[tuple[str, Any], ...] = ()


@dataclass(slots=True)
class Visit:
    """A node as a backward ran it: the gradients that came in and went out, and what it changed."""

    node: int
    received: tuple[Tensor | None, ...]
    gave: tuple[Tensor | None, ...]
    changes: Changes
    earlier: Tensor | None = None
    """Where the node adds to a parameter's gradient: what that was before."""


@dataclass(slots=True)
class Update:
    """What a step did to one parameter; `state` is its optimizer's, before and after."""

    parameter: str
    before: Tensor
    gradient: Tensor | None
    after: Tensor
    changes: Changes


Item = Operation | Visit | Update


@dataclass(slots=True)
class TracedCommand:
    """A command at its place, with its items in order. `refused` is what PyTorch said behind the last of them."""

    place: int
    command: Command
    items: list[Item] = field(default_factory=list)
    refused: str = ""
    target: Tensor | None = None


@dataclass(slots=True)
class Trace:
    """The commands of one step from its first on, those that are still to come included.

    Where it would have been too large, `partial` says so: activations and gradients on the device `meta` then stand for
    tensors of that shape and type. Their `figures` are kept, and `Tracer.fetch` gets one.
    """

    commands: list[TracedCommand] = field(default_factory=list)
    calls: list[CallRow] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    batch: Tensor | None = None
    labels: Tensor | None = None
    partial: str = ""
    given: dict[int, str] = field(default_factory=dict)
    """By the identity of a tensor in arguments that no operation made: `input`, `target` or a name of the state."""
    figures: dict[int, Figures] = field(default_factory=dict)
    """By the identity of a recorded tensor, as far as they were asked for."""
    numbers: dict[int, int] = field(default_factory=dict)
    """By the identity of one that was not kept: which one it is when the step is recorded again."""
    told: TraceReply | None = None
    """The newest answer about it, whoever asked."""

    @property
    def operations(self) -> list[Operation]:
        """All of them, those of the loss too."""
        return [item for command in self.commands for item in command.items if isinstance(item, Operation)]

    @property
    def forward(self) -> list[Operation]:
        """Those of the model, without the loss's."""
        return [item for one in self._called("forward") for item in one.items if isinstance(item, Operation)]

    @property
    def backward(self) -> list[Visit]:
        return [item for one in self._called("backward") for item in one.items if isinstance(item, Visit)]

    @property
    def updates(self) -> list[Update]:
        return [item for one in self._called("step") for item in one.items if isinstance(item, Update)]

    def at(self, place: int) -> TracedCommand | None:
        """The command that is done next at a place, if it is one of this step's."""
        index = place - self.commands[0].place if self.commands else -1
        return self.commands[index] if 0 <= index < len(self.commands) else None

    def changes(self, place: int, items: int) -> Changes:
        """What the first `items` of the command at a place changed of the training state, as it is behind them."""
        found: Changes = {}
        command = self.at(place)
        for item in command.items[:items] if command else ():
            found.update(item.changes)
        return found

    def _called(self, name: str) -> list[TracedCommand]:
        return [one for one in self.commands if one.command.name == name]
