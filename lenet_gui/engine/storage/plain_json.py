"""JSON that may be damaged or made to do harm: each value is looked at before it is used."""

from __future__ import annotations

import json
from typing import Any, TypeVar

MOST = 2**53
"""Whole numbers above are not the same in every reader of JSON."""

Kind = TypeVar("Kind")


def parse(text: str | bytes) -> Any:
    """JSON without its extensions. Raises ValueError or RecursionError."""
    return _DECODER.decode(text if isinstance(text, str) else text.decode())


def given(value: Any, name: str, kind: type[Kind]) -> Kind:
    """What a JSON object has under a name. Raises ValueError where it is missing or of another kind."""
    found = value.get(name) if isinstance(value, dict) else None
    if type(found) is not kind:
        raise ValueError(f"{name!r} is missing or of another kind")
    return found


def whole(value: Any, name: str, most: int = MOST) -> int:
    """A whole number that is not negative."""
    found = given(value, name, int)
    if not 0 <= found <= most:
        raise ValueError(f"{name!r} is {found:,}")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
