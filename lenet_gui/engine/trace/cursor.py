"""Where a move leads inside a command: over the items of its trace, by the module calls that they were made in."""

from __future__ import annotations

from collections.abc import Sequence

from lenet_gui.engine.trace.trace import Operation, Trace, TracedCommand

Stack = tuple[int, ...]
"""Calls of modules by their index, the outermost first."""


def item_after(trace: Trace, command: TracedCommand, item: int, how: str, back: bool) -> int:
    """The item before which a move from before `item` pauses: from 0 to the number of items, which is the end.

    Over passes the call that begins here, out leaves the one that it stands in; both mirror each other backwards.
    """
    stacks = _Stacks(trace, command)
    around = _shared(stacks[item - 1], stacks[item])
    step = -1 if back else 1
    here = stacks[item - 1] if back else stacks[item]
    if how == "into":
        return item + step
    if how == "over":
        entered = here[: len(around) + 1]
        return stacks.edge(item, entered, step) if len(here) > len(around) else item + step
    # The model's own call is the whole command.
    return stacks.edge(item, around if len(around) > 1 else (), step)


class _Stacks:
    def __init__(self, trace: Trace, command: TracedCommand) -> None:
        self._trace = trace
        self._items: Sequence[object] = command.items

    def __getitem__(self, item: int) -> Stack:
        if not 0 <= item < len(self._items):
            return ()
        operation = self._items[item]
        found: list[int] = []
        call = operation.call if isinstance(operation, Operation) else -1
        while call >= 0:
            found.append(call)
            call = self._trace.calls[call].parent
        return tuple(reversed(found))

    def edge(self, item: int, call: Stack, step: int) -> int:
        """The first place from here on, in this direction, that lies outside of a call."""
        last = 0 if step < 0 else len(self._items)
        while item != last and self[item - (step < 0)][: len(call)] == call:
            item += step
        return item


def _shared(one: Stack, other: Stack) -> Stack:
    both = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        both += 1
    return one[:both]
