"""Whether two values of the protocol are the same. No tests here."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np


def alike(one: object, other: object) -> bool:
    """Equal, to the bit where there are arrays."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.shape == other.shape and one.tobytes() == other.tobytes()
    if is_dataclass(one):
        pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)]
        return type(one) is type(other) and all(alike(*pair) for pair in pairs)
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other
