"""The colours of Python's words: keywords, strings, numbers and comments."""

from __future__ import annotations

import keyword
import token
import tokenize
from collections.abc import Iterator, Sequence

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from lenet_gui.gui import theme

# kind: (light, dark). Each has a contrast of at least 4.5 on the plain ground and on that of the current place.
_INKS = {
    "keyword": ("#7336ad", "#cf9ff0"),
    "string": ("#146b40", "#55cf95"),
    "number": ("#0a6170", "#62cfdd"),
    "comment": ("#59626e", "#a6b0be"),
}
_STRINGS = {"STRING", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"}
_MOST_LINES = 2_000

Stretch = tuple[int, int, str]
"""First column and the one behind the last, in characters, and what stands there."""


def ink(kind: str) -> QColor:
    """The colour that `keyword`, `string`, `number` or `comment` has now."""
    return QColor(_INKS[kind][theme.is_dark()])


def stretches(lines: Sequence[str]) -> dict[int, list[Stretch]]:
    """What is coloured on each of `lines`, by their index.

    Python that cannot be read keeps the colours up to where that begins. What is very long has none at all: finding
    them would hold the window up.
    """
    found: dict[int, list[Stretch]] = {}
    if len(lines) > _MOST_LINES:
        return found
    try:
        for kind, (row, column), (end_row, end_column) in _tokens(lines):
            for i in range(row - 1, min(end_row, len(lines))):
                begin = column if i == row - 1 else 0
                end = end_column if i == end_row - 1 else len(lines[i])
                found.setdefault(i, []).append((begin, end, kind))
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


def _tokens(lines: Sequence[str]) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    rest = iter([f"{line}\n" for line in lines])
    for one in tokenize.generate_tokens(lambda: next(rest, "")):
        kind = _kind(one)
        if kind:
            yield kind, one.start, one.end


def _kind(one: tokenize.TokenInfo) -> str:
    if one.type == token.NAME:
        return "keyword" if keyword.iskeyword(one.string) or one.string == "self" else ""
    if one.type in (token.NUMBER, token.COMMENT):
        return "number" if one.type == token.NUMBER else "comment"
    return "string" if token.tok_name[one.type] in _STRINGS else ""


class PythonColours(QSyntaxHighlighter):
    """Gives the lines of a document their colours. After a change of palette `rehighlight` is called."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.stretches: dict[int, list[Stretch]] = {}
        """By the number of the line, in UTF-16 units as Qt counts letters; set before the text is."""

    def highlightBlock(self, text: str) -> None:  # noqa: ARG002
        for begin, end, kind in self.stretches.get(self.currentBlock().blockNumber(), ()):
            written = QTextCharFormat()
            written.setForeground(ink(kind))
            self.setFormat(begin, end - begin, written)
