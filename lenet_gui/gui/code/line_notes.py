"""What is said beside the lines of the code: what came out of the last operation on each, and what runs next."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lenet_gui.gui.code.code_place import Next
from lenet_gui.gui.code.listing import CodeLine, Listing, units
from lenet_gui.gui.inside.trace_place import Step, operation_places
from lenet_gui.protocol.trace import Summary, TraceReply

# The longest shape and range, in letters, that those of other lines are lined up with.
_SHAPE = 20
_RANGE = 19
# How far from the left the notes of a group may stand, and how many letters of them must then be seen.
_FARTHEST = 56
_LEAST = 14


@dataclass(frozen=True, slots=True)
class Note:
    """Words beside a line, in the colour of a role."""

    words: str
    role: str = "muted"


class LineNotes:
    """The notes of one step. Which of them hold depends on the place."""

    def __init__(self, reply: TraceReply, made: Listing) -> None:
        self._reply = reply
        self._made = made
        # For each row, in the order in which they come: from when on a note holds, and what it says.
        self._holds_from: dict[int, list[Step]] = {}
        self._notes: dict[int, list[Note]] = {}
        places = operation_places(reply)
        outputs = [one for index in places if (one := reply.operations[index].output).shape]
        columns = _widest(map(_shape, outputs), _SHAPE), _widest(map(_range, outputs), _RANGE)
        for row, operations in made.begins.items():
            for index in operations:
                commands, item = places[index]
                self._add(row, (commands, item + 1), reply.operations[index].output, columns)
        for index, part in enumerate(reply.parts):
            if part.name in ("forward", "loss") and part.items:
                output = reply.operations[part.items[-1]].output
                # The line has run when its command is done.
                self._add(made.rows[index], (part.commands + 1, 0), output, (0, 0))

    def _add(self, row: int, holds_from: Step, output: Summary, columns: tuple[int, int]) -> None:
        self._holds_from.setdefault(row, []).append(holds_from)
        role = "muted" if output.finite else "error"
        self._notes.setdefault(row, []).append(Note(f"# {summary_words(output, columns)}", role))

    def at(self, place: Step, now: Next | None) -> dict[int, Note]:
        """By row: what has run is told by its values, and the step's line where the next item is by its name."""
        found = {}
        for row, beginnings in self._holds_from.items():
            count = bisect_right(beginnings, place)
            if count:
                found[row] = self._notes[row][count - 1]
        next_note = self._next(now)
        if now is not None and next_note is not None:
            found[self._made.rows[now.part]] = next_note
        return found

    def longest(self) -> dict[int, int]:
        """How many letters the longest note of a row has, at whatever place."""
        found = {row: max(len(note.words) for note in notes) for row, notes in self._notes.items()}
        for index, part in enumerate(self._reply.parts):
            items = (self._next(Next(index, i, *_rows(part.name, row))) for i, row in enumerate(part.items))
            refusal = self._next(Next(index, len(part.items)))
            lengths = [len(note.words) for note in (*items, refusal) if note is not None]
            row = self._made.rows[index]
            found[row] = max([found.get(row, 0), *lengths])
        return {row: length for row, length in found.items() if length}

    def _next(self, now: Next | None) -> Note | None:
        if now is None:
            return None
        part = self._reply.parts[now.part]
        if now.item >= len(part.items):
            return Note(f"# {part.refused.splitlines()[0]}", "error") if part.refused.strip() else None
        if now.node >= 0:
            return Note(f"# ◂ {node_words(self._reply, now.node)}", "backward")
        if now.update >= 0:
            return Note(f"# ◂ {self._reply.updates[now.update].parameter}")
        return None


def _rows(part: str, row: int) -> tuple[int, int, int]:
    """What `Next` says of an item, but for its operation."""
    return -1, row if part == "backward" else -1, row if part == "step" else -1


def note_columns(lines: Sequence[CodeLine], longest: dict[int, int], seen: int) -> dict[int, tuple[int, bool]]:
    """Behind which letter the note of each row begins, and whether it is lined up with others.

    Those of a group stand below each other where so many letters can be `seen` that there is room for it, else each
    stands behind its own line.
    """
    ends = {row: units(lines[row].text) for row in longest}
    together: dict[int, int] = {}
    for row, end in ends.items():
        together[lines[row].group] = max(together.get(lines[row].group, 0), min(end, _FARTHEST))
    found = {}
    for row, end in ends.items():
        column = together[lines[row].group]
        aligned = column + _LEAST <= seen
        found[row] = max(end, column) if aligned else end, aligned
    return found


def node_words(reply: TraceReply, node: int) -> str:
    """The node's name, and the parameter whose gradient it adds to."""
    row = reply.nodes[node]
    return f"{row.name}  {row.parameter}" if row.parameter else row.name


def summary_words(summary: Summary, columns: tuple[int, int] = (0, 0)) -> str:
    """Shape, range and mean; shape and range as wide as `columns` at least. A single number is told as it is."""
    if not summary.shape:
        return number(summary.mean) if summary.finite else "not finite"
    if 0 in summary.shape:
        return f"{_shape(summary)}  no numbers"
    if math.isnan(summary.low):
        return f"{_shape(summary)}  no finite number"
    words = f"{_shape(summary):<{columns[0]}}  {_range(summary):<{columns[1]}}  mean {summary.mean:.3g}"
    return words if summary.finite else f"{words}  NaN or Inf"


def _shape(summary: Summary) -> str:
    return f"[{', '.join(map(str, summary.shape))}]"


def _range(summary: Summary) -> str:
    return f"{summary.low:.3g} … {summary.high:.3g}"


def _widest(words: Iterable[str], most: int) -> int:
    return max((len(one) for one in words if len(one) <= most), default=0)


def number(value: float) -> str:
    """Four digits, as PyTorch prints a number."""
    return f"{value:.4f}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.4e}"
