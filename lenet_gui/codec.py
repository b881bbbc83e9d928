"""Every value of `protocol` as bytes and back, without pickle: a JSON text with the arrays' bytes behind it."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from lenet_gui import protocol, protocol_trace

TYPES = {
    name: value
    for name, value in {**vars(protocol), **vars(protocol_trace)}.items()
    if isinstance(value, type) and is_dataclass(value)
}


def encode(value: Any) -> bytes:
    """The bytes of a value of `protocol`. Raises TypeError for anything else."""
    arrays: list[bytes] = []
    text = json.dumps(_plain(value, arrays)).encode()
    return b"".join([len(text).to_bytes(8, "little"), text, *arrays])


def decode(data: bytes) -> Any:
    """The value that `encode` wrote. Raises ValueError for bytes that are not one."""
    try:
        end = 8 + int.from_bytes(data[:8], "little")
        return _value(json.loads(data[8:end]), data[end:])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"these bytes are no value of the protocol: {error}") from error


def _plain(value: Any, arrays: list[bytes]) -> Any:
    if TYPES.get(type(value).__name__) is type(value):
        return {"$": type(value).__name__, **_fields(value, arrays)}
    if isinstance(value, np.ndarray):
        start = sum(map(len, arrays))
        arrays.append(value.astype("<f4").tobytes())
        return {"$": "array", "shape": value.shape, "start": start}
    if isinstance(value, tuple):
        return [_plain(item, arrays) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} may not cross the thread")


def _fields(value: Any, arrays: list[bytes]) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name), arrays) for field in fields(value)}


def _value(plain: Any, arrays: bytes) -> Any:
    if isinstance(plain, list):
        return tuple(_value(item, arrays) for item in plain)
    if not isinstance(plain, dict):
        return plain
    kind = plain.pop("$")
    if kind == "array":
        shape = tuple(plain["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(arrays, "<f4", count, plain["start"]).reshape(shape)
    values = {name: _value(item, arrays) for name, item in plain.items()}
    if kind == "Settings":
        return protocol.Settings(**values | dict(values.pop("options")))
    return TYPES[kind](**values)
