"""What runs next, as code and call stack tell it: the part of the step, the number in it, the calls around it."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.gui.inside.trace_place import Step, upcoming
from lenet_gui.protocol.trace import TraceReply


@dataclass(frozen=True, slots=True)
class Next:
    """The item that runs next: its part, by index, and its number in it; behind the last one the command is refused.

    `operation` is the one that it is or belongs to, `node` and `update` the row that it is; each is -1 where there is
    none.
    """

    part: int
    item: int
    operation: int = -1
    node: int = -1
    update: int = -1


def next_item(reply: TraceReply, at: Step) -> Next | None:
    """What runs next; `None` where the place is none of this step, or is its end."""
    found = upcoming(reply, at)
    if found is None:
        return None
    part, index = found.part, reply.parts.index(found.part)
    item = min(at[1], len(part.items))
    if item == len(part.items):
        return Next(index, item)
    operation = -1 if found.operation is None else found.operation
    row = part.items[item]
    return Next(index, item, operation, row if part.name == "backward" else -1, row if part.name == "step" else -1)


def calls_of(reply: TraceReply, operation: int) -> list[int]:
    """The module calls that an operation was made in, by index, the outermost first."""
    found: list[int] = []
    call = reply.operations[operation].call
    while call >= 0:
        found.insert(0, call)
        call = reply.calls[call].parent
    return found
