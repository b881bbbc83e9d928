"""What has happened of a traced step at a place, and what runs next. Nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lenet_gui.protocol.trace import Part, TraceReply

Step = tuple[int, int]
"""Commands done, and items done inside the next one: places of one branch compare as these do."""
OF_OPERATIONS = ("forward", "loss")


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What runs next: an operation by its index (`None`: none of them), in this part of the step."""

    operation: int | None
    part: Part

    @property
    def backward(self) -> bool:
        return self.part.name == "backward"


def operation_places(trace: TraceReply) -> dict[int, Step]:
    """The place before each operation."""
    return {
        index: (part.commands, item)
        for part in trace.parts
        if part.name in OF_OPERATIONS
        for item, index in enumerate(part.items)
    }


def backward_end(trace: TraceReply) -> Step | None:
    """The place behind the last backward of the step, `None` where it has none."""
    ends = [part.commands + 1 for part in trace.parts if part.name == "backward"]
    return (ends[-1], 0) if ends else None


def upcoming(trace: TraceReply, at: Step) -> Upcoming | None:
    """What runs next at this place; `None` behind the end of the step.

    In a backward it is the operation that made the node, or reads the parameter that an AccumulateGrad belongs to.
    """
    part = next((part for part in trace.parts if part.commands == at[0]), None)
    if part is None:
        return None
    if at[1] >= len(part.items):
        return Upcoming(None, part)
    if part.name in OF_OPERATIONS:
        return Upcoming(part.items[at[1]], part)
    if part.name == "backward":
        # A node that no operation made belongs to the one before: the marker stays instead of going out.
        found = (_operation_of(trace, node) for node in reversed(part.items[: at[1] + 1]))
        return Upcoming(next((one for one in found if one is not None), None), part)
    return Upcoming(None, part)


def _operation_of(trace: TraceReply, node: int) -> int | None:
    row = trace.nodes[node]
    if row.operation >= 0:
        return row.operation
    if not row.parameter:
        return None
    readers = (index for index, one in enumerate(trace.operations) if row.parameter in one.tensors)
    return next(readers, None)
