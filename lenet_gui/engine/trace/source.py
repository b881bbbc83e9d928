"""Where in a person's own code an operation was called: file, lines and columns. PyTorch's own code is passed over."""

from __future__ import annotations

import linecache
import os
import sys
from functools import cache
from itertools import islice
from pathlib import Path
from types import CodeType

import torch

from lenet_gui.engine import commands
from lenet_gui.protocol.trace import SourceFile, Span

_TORCH = str(Path(torch.__file__).parent) + os.sep
_OURS = tuple(str(Path(__file__).parent.with_name(name)) + os.sep for name in ("trace", "attached"))
_OUTSIDE = commands.__file__, str(Path(commands.__file__).parent / "attached" / "records.py")
"""Who calls the model: what lies further out is not the person's code."""
MOST_LETTERS = 1_000_000
MOST_SPANS = 10_000


class Sources:
    """Notes which functions of which files were seen."""

    def __init__(self) -> None:
        # By identity: equal functions of two files are equal to Python.
        self._seen: dict[int, CodeType] = {}

    def span(self) -> Span | None:
        """Where the person's code stands now, seen from a call inside it; `None` where all of it is PyTorch's."""
        frame = sys._getframe(3)  # those before are of the recorder
        while frame is not None:
            code = frame.f_code
            if code.co_filename in _OUTSIDE:
                return None
            if not is_foreign(code.co_filename):
                found = _span(code, frame.f_lasti)
                if found is not None:
                    self._seen[id(code)] = code
                return found
            frame = frame.f_back
        return None

    def files(self) -> tuple[SourceFile, ...]:
        """The texts of what was seen, as they are on the disk now, or as somebody's own model was when it was opened;
        what cannot be read is left out."""
        functions: dict[str, set[tuple[int, int]]] = {}
        for code in self._seen.values():
            functions.setdefault(code.co_filename, set()).add(_lines(code))
        found = []
        for file, lines in functions.items():
            linecache.checkcache(file)
            text = "".join(linecache.getlines(file))[:MOST_LETTERS]
            if not text:
                continue
            found.append(SourceFile(file, text, tuple(sorted(lines))))
        return tuple(found)


@cache
def is_foreign(file: str) -> bool:
    """Whether a file is PyTorch's, Python's or a part of this recorder."""
    return file.startswith((_TORCH, *_OURS, "<frozen"))


# With the code itself, so that no other takes its identity.
_spans: dict[tuple[int, int], tuple[CodeType, Span | None]] = {}


def _span(code: CodeType, instruction: int) -> Span | None:
    known = _spans.get((id(code), instruction))
    if known is None:
        if len(_spans) >= MOST_SPANS:
            _spans.clear()
        known = _spans[id(code), instruction] = code, _position(code, instruction)
    return known[1]


def _position(code: CodeType, instruction: int) -> Span | None:
    line, end_line, start, end = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    if line is None:
        return None
    end_line = end_line or line
    first, last = _column(code, line, start), _column(code, end_line, start if end is None else end)
    return Span(code.co_filename, line, first, end_line, last)


def _column(code: CodeType, line: int, bytes: int | None) -> int:
    """Python counts the bytes of a line, people its letters."""
    text = linecache.getline(code.co_filename, line)
    return len(text.encode()[: bytes or 0].decode(errors="ignore")) if text and not text.isascii() else bytes or 0


def _lines(code: CodeType) -> tuple[int, int]:
    lines = [line for _, _, line in code.co_lines() if line]
    return code.co_firstlineno, max(lines, default=code.co_firstlineno)
