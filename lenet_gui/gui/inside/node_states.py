"""What has happened to each node of the autograd graph at a place of the step. Nothing is drawn here."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from lenet_gui.gui.inside.trace_place import Step, operation_places
from lenet_gui.protocol.trace import NodeRow, Summary, TraceReply

_START = (-1, 0)


class NodeState(NamedTuple):
    """Whether a node exists; whether it has run, and is the one that runs next; whether the newest gradients that came
    in and went out are there yet.
    """

    there: bool = False
    visited: bool = False
    next: bool = False
    received: bool = False
    gave: bool = False


class NodeStates:
    """The moments of a trace's nodes. `before` are the nodes whose gradients come to each node, by index."""

    def __init__(self, reply: TraceReply) -> None:
        self.nodes = reply.nodes
        self.before = _before(reply.nodes)
        self._made = _made(reply)
        self.visits: dict[int, list[Step]] = defaultdict(list)
        for part in reply.parts:
            if part.name == "backward":
                for item, node in enumerate(part.items):
                    self.visits[node].append((part.commands, item))

    def at(self, place: Step | None) -> tuple[NodeState, ...]:
        """The state of each node there; `None` is before everything."""
        if place is None:
            return (NodeState(),) * len(self.nodes)
        return tuple(self._state(node, place) for node in range(len(self.nodes)))

    def run_to(self, node: int, place: Step | None) -> Step | None:
        """The place before a node runs: the next such one, or the newest behind; `None` where no backward runs it."""
        visits = self.visits.get(node, [])
        return next((visit for visit in visits if place is None or visit > place), visits[-1] if visits else None)

    def _state(self, node: int, place: Step) -> NodeState:
        visits = self.visits.get(node)
        there = self._made[node] <= place
        if not visits:
            return NodeState(there)
        newest = visits[-1]
        return NodeState(there, visits[0] < place, place in visits, newest <= place, newest < place)


def not_finite(summaries: tuple[Summary | None, ...]) -> bool:
    return any(summary is not None and not summary.finite for summary in summaries)


def _before(nodes: tuple[NodeRow, ...]) -> tuple[tuple[int, ...], ...]:
    """The other direction of `next`."""
    before: list[list[int]] = [[] for _ in nodes]
    for index, node in enumerate(nodes):
        for one in dict.fromkeys(node.next):
            if one >= len(nodes):
                raise ValueError("The autograd graph has an edge to a node that is not in it.")
            if one >= 0:
                before[one].append(index)
    return tuple(map(tuple, before))


def _made(reply: TraceReply) -> list[Step]:
    """From when on each node is there: its operation's end, or where it has none that of the first that leads to it."""
    done = {operation: (commands, item + 1) for operation, (commands, item) in operation_places(reply).items()}
    known = {index: done.get(node.operation, _START) for index, node in enumerate(reply.nodes) if node.operation >= 0}
    made = [known.get(index, _START) for index in range(len(reply.nodes))]
    seen = set(known)
    for first in sorted(known, key=lambda index: known[index]):
        waiting = [first]
        while waiting:
            for one in reply.nodes[waiting.pop()].next:
                if one >= 0 and one not in seen:
                    seen.add(one)
                    made[one] = known[first]
                    waiting.append(one)
    return made
