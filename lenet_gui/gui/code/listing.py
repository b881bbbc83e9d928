"""A traced step as lines of code: the person's functions and the training step, and what was made on each line.

How they are drawn is `code_view`'s, which of them is marked `code`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath

from lenet_gui.gui.code.python_colours import Stretch, stretches
from lenet_gui.protocol.trace import SourceFile, Span, TraceReply

STEP = "# one training step"
NO_SOURCE = ("# The model is made of PyTorch's own", "# modules: there is no code of its own.")
MOST_LINES = 20_000
_LONGEST = 2_000
# What Qt takes for the end of a line, or for marks of its own, is one letter of a line of Python.
_LETTERS: dict[int, str] = dict.fromkeys((0, 0xB, 0xC, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029, 0xFDD0, 0xFDD1), " ")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of the text. `number` is that of its file (0: none); lines of a `group` have their notes in one column."""

    text: str
    number: int = 0
    group: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row, both counted from 0; columns in UTF-16 units, as Qt counts letters."""

    row: int
    begin: int
    end: int


@dataclass(slots=True)
class Listing:
    """The lines, and by their rows what is on them. Operations are in the order in which they ran."""

    lines: list[CodeLine] = field(default_factory=list)
    colours: dict[int, list[Stretch]] = field(default_factory=dict)
    begins: dict[int, list[int]] = field(default_factory=dict)
    """The operations whose code begins on a row."""
    covers: dict[int, list[int]] = field(default_factory=dict)
    """Those, and then the ones that only go on there; on a line of the step all of its part."""
    parts: dict[int, int] = field(default_factory=dict)
    """The part of the step that a row belongs to."""
    rows: list[int] = field(default_factory=list)
    """The first row of each part."""
    pieces: dict[int, list[Piece]] = field(default_factory=dict)
    """Where the code of an operation stands."""
    files: dict[int, str] = field(default_factory=dict)
    """The file that a row is from."""


def listing(reply: TraceReply) -> Listing:
    """The functions of all sources, one below the other, and below them the lines of the step."""
    made = Listing()
    places: dict[tuple[str, int], tuple[int, int]] = {}
    for source in reply.sources:
        _add_source(made, source, _title(source, reply.sources), places)
    if reply.operations and not reply.sources:
        made.lines += [CodeLine(words) for words in NO_SOURCE]
    _add_step(made, reply)
    _add_operations(made, reply, places)
    made.colours |= _colours(made.lines)
    return made


def _add_source(made: Listing, source: SourceFile, title: str, places: dict[tuple[str, int], tuple[int, int]]) -> None:
    if made.lines:
        made.lines.append(CodeLine(""))
    if title:
        made.lines.append(CodeLine(f"# {title}"))
    text = source.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for count, (first, last) in enumerate(_merged(source.functions)):
        body = text[first - 1 : last][: MOST_LINES - len(made.lines)]
        while body and not body[-1].strip():
            body.pop()
        if count and body:
            made.lines.append(CodeLine(""))
        group, indent = len(made.lines), _indent(body)
        for number, line in enumerate(body, start=first):
            cut = min(indent, len(line) - len(line.lstrip()))
            row = len(made.lines)
            places[source.file, number] = row, cut
            made.files[row] = source.file
            made.lines.append(CodeLine(_shown(line[cut:]), number, group))


def _add_step(made: Listing, reply: TraceReply) -> None:
    made.lines += [CodeLine(""), CodeLine(STEP)]
    group = len(made.lines)
    for index, part in enumerate(reply.parts):
        made.rows.append(len(made.lines))
        for line in part.code.split("\n"):
            row = len(made.lines)
            made.parts[row] = index
            if part.name in ("forward", "loss"):
                made.covers[row] = list(part.items)
            made.lines.append(CodeLine(_shown(line), 0, group))


def _add_operations(made: Listing, reply: TraceReply, places: dict[tuple[str, int], tuple[int, int]]) -> None:
    going_on: dict[int, list[int]] = {}
    for index in (item for part in reply.parts if part.name in ("forward", "loss") for item in part.items):
        span = reply.operations[index].source
        if span is None:
            continue
        for number in range(span.line, min(span.end_line, span.line + MOST_LINES) + 1):
            if (span.file, number) in places:
                row, cut = places[span.file, number]
                made.pieces.setdefault(index, []).append(_piece(made.lines[row].text, row, cut, span, number))
                (made.begins if number == span.line else going_on).setdefault(row, []).append(index)
    for row in made.begins.keys() | going_on.keys():
        made.covers[row] = made.begins.get(row, []) + going_on.get(row, [])


def _piece(text: str, row: int, cut: int, span: Span, number: int) -> Piece:
    """The part of a line that is of a span."""
    indent = len(text) - len(text.lstrip())
    begin = max(span.column - cut, 0) if number == span.line else indent
    end = max(span.end_column - cut, 0) if number == span.end_line else len(text.rstrip())
    return Piece(row, units(text[:begin]), units(text[: max(begin, end)]))


def units(text: str) -> int:
    """How many letters Qt counts."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def _colours(lines: list[CodeLine]) -> dict[int, list[Stretch]]:
    """Group by group, so that one that is no readable Python takes no other's colours."""
    found: dict[int, list[Stretch]] = {}
    begin = 0
    for row in range(1, len(lines) + 1):
        if row == len(lines) or lines[row].group != lines[row - 1].group:
            texts = [line.text for line in lines[begin:row]]
            for i, on_line in stretches(texts).items():
                text = texts[i]
                found[begin + i] = [(units(text[:one]), units(text[:other]), kind) for one, other, kind in on_line]
            begin = row
    return found


def _merged(functions: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Functions within functions are shown once."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(functions):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def _indent(lines: list[str]) -> int:
    first = lines[0] if lines else ""
    return len(first) - len(first.lstrip())


def _shown(line: str) -> str:
    return line.translate(_LETTERS) if len(line) <= _LONGEST else f"{line[:_LONGEST].translate(_LETTERS)} …"


def _title(source: SourceFile, sources: tuple[SourceFile, ...]) -> str:
    """A heading where there are several files: the name, or all of the path where two have the same."""
    if len(sources) == 1:
        return ""
    name = PurePath(source.file).name
    return source.file if sum(PurePath(one.file).name == name for one in sources) > 1 else name
