"""Which breakpoints belong to which lines of the code, and at what place a line begins to run."""

from __future__ import annotations

from lenet_gui.gui.code.listing import Listing
from lenet_gui.gui.inside.trace_place import Step, operation_places
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow
from lenet_gui.protocol.trace import TraceReply


def stop_on(reply: TraceReply, made: Listing, row: int) -> tuple[str, str] | None:
    """The kind and the name of what a breakpoint on a line stops at; `None`: there is nothing to stop at."""
    if row in made.parts:
        return "phase", reply.parts[made.parts[row]].name
    operations = made.covers.get(row, [])
    return ("operation", reply.operations[operations[0]].name) if operations else None


def rows_of(reply: TraceReply, made: Listing, one: Breakpoint) -> list[int]:
    """The lines of a phase, of an operation, or of what is called in a module. Others have no line."""
    if one.kind == "phase":
        return [made.rows[i] for i, part in enumerate(reply.parts) if part.name == one.at]
    operations = [
        index
        for index, row in enumerate(reply.operations)
        if (one.kind == "operation" and row.name == one.at)
        or (one.kind == "module" and row.call >= 0 and reply.calls[row.call].path == one.at)
    ]
    return [made.pieces[index][0].row for index in operations if index in made.pieces]


def on_rows(
    reply: TraceReply, made: Listing, breakpoints: tuple[BreakpointRow, ...]
) -> dict[int, tuple[BreakpointRow, ...]]:
    """The breakpoints of each line that has any."""
    found: dict[int, tuple[BreakpointRow, ...]] = {}
    for one in breakpoints:
        for row in dict.fromkeys(rows_of(reply, made, one.breakpoint)):
            found[row] = (*found.get(row, ()), one)
    return found


def beginning(reply: TraceReply, made: Listing, row: int, here: Step) -> Step | None:
    """Where a line begins to run: its next operation from `here` on, or else its first; for a command its start."""
    if row in made.parts:
        return reply.parts[made.parts[row]].commands, 0
    places = operation_places(reply)
    beginnings = [places[index] for index in made.covers.get(row, [])]
    return next((place for place in beginnings if place > here), beginnings[0] if beginnings else None)


def words(one: BreakpointRow) -> str:
    """A breakpoint as it stands."""
    point = one.breakpoint
    said = [f"stops at {point.kind} {point.at}" if not point.log else f"says at {point.kind} {point.at}: {point.log}"]
    if point.condition:
        said.append(f"when {point.condition}")
    if point.hits:
        said.append(f"hits {point.hits}")
    said.append(f"hit {one.hits}×" if point.enabled else "off")
    return ", ".join([*said, *([one.problem] if one.problem else [])])
