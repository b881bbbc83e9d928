"""Ways to damage a session file, by accident or on purpose. No tests here."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

SESSION, LOG, CHECKPOINT = "session.json", "log.safetensors", "checkpoint.safetensors"

NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 2**31, 2**50, 2**63, 10**30, 0.0, -1.5, 1e308, float("nan"), "", "main", "NaN",
    "../up", "x" * 500, [], {}, [[]], [0], [[0, 0]], {"do": "step"}, {"n": 2**50}, {"do": "set", "with": {"lr": -1}},
    {"do": "set", "with": {"batch_size": 2**30}}, {"do": "dance"}, {"do": "forward", "with": {"sample": [1]}},
)  # fmt: skip


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip whose check sums are right, whatever is in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def with_session(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with its session.json changed."""
    parts = members(data)
    value = json.loads(parts[SESSION])
    change(value)
    return packed(parts | {SESSION: json.dumps(value).encode()})


def with_header(data: bytes, name: str, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with the header of one of its safetensors files changed."""
    parts = members(data)
    length = int.from_bytes(parts[name][:8], "little")
    header = json.loads(parts[name][8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return packed(parts | {name: len(text).to_bytes(8, "little") + text + parts[name][8 + length :]})


def with_state(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with what its checkpoint says beside the tensors changed."""

    def inside(header: dict[str, Any]) -> None:
        state = json.loads(header["__metadata__"]["state"])
        change(state)
        header["__metadata__"]["state"] = json.dumps(state)

    return with_header(data, CHECKPOINT, inside)


def any_bytes(data: bytes, chance: random.Random) -> bytes:
    """Cut short, with bits flipped, or partly overwritten."""
    damaged = bytearray(data)
    at = chance.randrange(len(data))
    match chance.randrange(4):
        case 0:
            return data[:at]
        case 1:
            for _ in range(chance.choice((1, 1, 2, 30))):
                damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 2:
            damaged[at : at + chance.randrange(1, 200)] = chance.randbytes(chance.randrange(1, 200))
        case _:
            damaged[at:at] = data[chance.randrange(len(data)) :][: chance.randrange(1, 2000)]
    return bytes(damaged)


def any_part(data: bytes, chance: random.Random) -> bytes:
    """With one part of it changed so that every check sum is right again."""
    match chance.randrange(6):
        case 0 | 1:
            return with_session(data, lambda value: _change_a_leaf(value, chance))
        case 2:
            return with_state(data, lambda state: _change_a_leaf(state, chance))
        case 3:
            return with_header(data, chance.choice((LOG, CHECKPOINT)), lambda header: _change_a_leaf(header, chance))
        case 4:
            parts = members(data)
            name = chance.choice([*parts])
            return packed(parts | {name: any_bytes(parts[name], chance)})
        case _:
            parts = members(data)
            other = parts.pop(chance.choice([*parts]))
            return packed(parts | {chance.choice([SESSION, LOG, CHECKPOINT, "../up", "data.pkl"]): other})


def _change_a_leaf(value: Any, chance: random.Random) -> None:
    """Somewhere in the JSON put something else, or nothing, or the same once more."""
    while True:
        keys: list[Any] = [*value] if isinstance(value, dict) else [*range(len(value))]
        key = chance.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.8:
            value = inner
            continue
        kind = chance.randrange(4)
        if kind == 0:
            del value[key]
        elif kind == 1 and isinstance(value, list):
            value.append(inner)
        elif kind == 1:
            value[str(chance.choice(NASTY))] = inner
        else:
            value[key] = chance.choice(NASTY)
        return
