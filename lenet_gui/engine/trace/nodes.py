"""Records a backward node by node, with the gradients that come in and go out. No hook and no node outlives it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from functools import cache, partial
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node as AutogradNode

from lenet_gui.engine.trace.operations import Made
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.trace import Node, Visit

Gradients = tuple[Tensor | None, ...]
Keep = Callable[[Gradients, Gradients], tuple[Gradients, Gradients]]
"""Of what a node received and gave, what the trace keeps."""

_UNNAMED = "CppFunction"
"""What Python calls the nodes that it has no class for."""

_ACCUMULATES = "AccumulateGrad"
_NESTED = (tuple, list)
_PLAIN = frozenset((int, float, bool, str, type(None)))


class NodeRecorder:
    """Of one trace: knows the nodes of the live graphs, as long as it is recorded."""

    def __init__(self, names: dict[int, str], room: Room) -> None:
        """`names` are those of the parameters, by their identity."""
        self.nodes: list[Node] = []
        self._room = room
        self._index: dict[AutogradNode, int] = {}
        self.accumulated: dict[str, tuple[Tensor, int, Tensor]] = {}
        """Gradients of parameters as a backward left them: the live one, its version, and a copy."""
        self._live: list[AutogradNode] = []
        self._names = names

    def discover(self, tensor: Tensor | None, made: list[Made]) -> None:
        """Note the graph behind a tensor, and which operation made which of its nodes."""
        if tensor is None or tensor.grad_fn is None:
            return
        known = self._index
        new = _behind(tensor.grad_fn, known)
        if not new:
            return
        self._live += new
        known.update(zip(new, range(len(known), len(known) + len(new)), strict=True))
        for node, following in new.items():
            name, parameter = type(node).__name__, ""
            if name == _UNNAMED:
                name = node.name().rpartition("::")[2]
            elif name == _ACCUMULATES:
                parameter = self._names.get(id(node.variable), "")  # pyright: ignore[reportAttributeAccessIssue]
            next_ = tuple([known[child] for child in following])
            self.nodes.append(Node(name, -1, parameter, next_, _saved(node)))
        for index, end, node in made:
            if node in new:
                end.node = known[node]
                self._claim(known[node], index)

    @contextmanager
    def recording(self, start: Tensor, written: bool) -> Iterator[list[Visit]]:
        """The nodes that a backward from `start` runs in this block, in order.

        `written` says that somebody's hook may write into a gradient. A node of PyTorch's own never does, and the
        gradients are kept as they are; a person's autograd function may.
        """
        visits: list[Visit] = []
        nodes = [] if start.grad_fn is None else self._reached(start.grad_fn)
        written = written or any(isinstance(node, BackwardCFunction) for _, node in nodes)
        handles = []
        for index, node in nodes:
            keep = self._room.hold
            if written:
                came: list[Gradients] = []
                handles.append(node.register_prehook(partial(self._note, came)))
                keep = partial(self._noted, came)
            handles.append(node.register_hook(self._hook(index, node, visits, keep)))
        try:
            yield visits
        finally:
            for handle in handles:
                handle.remove()

    def _claim(self, node: int, operation: int) -> None:
        """This one and those that were made with it: behind it, until another operation's or a parameter's."""
        waiting = [node]
        while waiting:
            at = waiting.pop()
            if self.nodes[at].operation < 0 and not self.nodes[at].parameter:
                self.nodes[at].operation = operation
                waiting.extend(self.nodes[at].next)

    def _reached(self, root: AutogradNode) -> list[tuple[int, AutogradNode]]:
        """The root and all behind it."""
        reached, waiting = set[int](), [self._index[root]]
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting += self.nodes[at].next
        return [(at, self._live[at]) for at in reached]

    def _note(self, came: list[Gradients], received: Gradients) -> None:
        came.append(self._room.copies(received))

    def _noted(self, came: list[Gradients], received: Gradients, gave: Gradients) -> tuple[Gradients, Gradients]:
        """What was received as it came, because it may have been written into since."""
        return came.pop() if came else self._room.copies(received), self._room.copies(gave)

    def _hook(
        self, index: int, node: AutogradNode, visits: list[Visit], keep: Keep
    ) -> Callable[[Gradients, Gradients], None]:
        """Notes a visit of the node."""
        parameter = self.nodes[index].parameter

        def visited(gave: Gradients, received: Gradients) -> None:
            received, gave = keep(received, gave)
            visits.append(Visit(index, received, gave, {}))

        if not parameter:
            return visited
        variable: Tensor = node.variable  # pyright: ignore[reportAttributeAccessIssue]
        # The first gradient of a parameter is what comes in; PyTorch copies it where somebody else holds it as well.
        fresh = variable.grad is None
        earlier = None if variable.grad is None else variable.grad.detach().clone()
        name = f"{parameter}.grad"

        def accumulated(gave: Gradients, received: Gradients) -> None:
            received, gave = keep(received, gave)
            live, first = variable.grad, received[0] if fresh else None
            now = None
            if live is not None:
                shared = first is not None and not first.is_meta and not _alias(live, first)
                now = first if shared and not variable._post_accumulate_grad_hooks else live.detach().clone()
                assert now is not None
                self.accumulated[name] = live, live._version, now
            visits.append(Visit(index, received, gave, {name: now}, earlier))

        return accumulated


def _behind(root: AutogradNode, known: Container[AutogradNode]) -> dict[AutogradNode, list[AutogradNode]]:
    """The root and all that it leads to, but for what is known and what only that leads to; of each what is next."""
    seen: dict[AutogradNode, list[AutogradNode]] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node not in seen and node not in known:
            seen[node] = following = [child for child, _ in node.next_functions if child is not None]
            waiting += following
    return seen


def _alias(one: Tensor, other: Tensor) -> bool:
    if one.layout != torch.strided or other.layout != torch.strided:
        return True
    return one.data_ptr() == other.data_ptr()


def _saved(node: AutogradNode) -> tuple[tuple[str, Any], ...]:
    """What it keeps, by name: of a tensor its shape. A graph that was freed keeps nothing any more."""
    names, read = _kept_by(type(node))
    if not names:
        return ()
    try:
        values = read(node)
    except RuntimeError:
        return ()
    pairs = zip(names, values, strict=True)
    return tuple([(name, value if type(value) in _PLAIN else _shape(value)) for name, value in pairs])


@cache
def _kept_by(kind: type) -> tuple[tuple[str, ...], Callable[[AutogradNode], tuple[Any, ...]]]:
    """The names of what such nodes keep, and how to read it all."""
    saved = [name for name in dir(kind) if name.startswith("_saved_") and "_sym_" not in name]
    if issubclass(kind, BackwardCFunction):
        saved = ["saved_tensors"]
    if not saved:
        return (), lambda node: ()  # noqa: ARG005
    names = tuple(name.removeprefix("_saved_") for name in saved)
    read = attrgetter(*saved)
    return names, read if len(saved) > 1 else lambda node: (read(node),)


def _shape(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.shape
    if isinstance(value, _NESTED) and value and isinstance(value[0], Tensor):
        return tuple([one if one is None else one.shape for one in value])
    return value
