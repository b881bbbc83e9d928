"""What a breakpoint writes when it does not stop: a text with `{expressions}` in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from torch import Tensor

from lenet_gui.engine.expressions.calculation import NoGradient
from lenet_gui.engine.expressions.expression import Expression, ExpressionError, Lookup, NotYet, parse
from lenet_gui.engine.expressions.grammar import MOST_CHARACTERS

PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text and expressions in turn. `names` are those that all of its expressions read."""

    parts: tuple[str | Expression, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(part.names for part in self.parts if isinstance(part, Expression)))

    def text(self, lookup: Lookup) -> str:
        """The message with its numbers. Raises ExpressionError where one of its expressions has no value."""
        return "".join(part if isinstance(part, str) else _printed(part, lookup) for part in self.parts)


def parse_message(text: str) -> Message:
    """`loss {loss} in step {step}`; `{{` and `}}` are braces. Raises ExpressionError with one sentence."""
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"a log message has at most {MOST_CHARACTERS} characters, and this has {len(text):,}")
    parts: list[str | Expression] = []
    for found in PARTS.finditer(text):
        if found[0] in ("{", "}"):
            raise ExpressionError(f"a {found[0]} stands alone: write {{expression}}, or {found[0] * 2} for a brace")
        plain = found[0][0] if found[0] in ("{{", "}}") else found[0]
        parts.append(plain if found[1] is None else parse(found[1]))
    return Message(tuple(parts))


def _printed(expression: Expression, lookup: Lookup) -> str:
    try:
        value = expression.value(lookup)
    except NotYet:
        return "not yet computed"
    except NoGradient:
        return "None"
    if not isinstance(value, Tensor):
        return "None" if value is None else _number(value)
    if value.numel() > SHOWN or value.ndim > 1:
        return f"a tensor of {list(value.shape)}"
    return f"[{', '.join(_number(float(number)) for number in value.tolist())}]"


def _number(value: float) -> str:
    """Four digits are enough to read; a step's number is written whole."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
