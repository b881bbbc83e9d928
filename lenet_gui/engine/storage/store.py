"""The big values of a session by their content: a drawn digit, loaded weights, a model's source.

Settings and commands hold a value's name, which is the SHA-256 of its bytes; the bytes lie here, and beside the journal
on the disk. What a value means is for whoever wrote it: nothing here reads one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

MOST_VALUES = 10_000


class Store:
    """Only ever added to. A session and its twins share one."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._values)

    def put(self, value: bytes) -> str:
        """Keep a value; its name, 64 hexadecimal digits. Raises ValueError where there are too many."""
        name = hashlib.sha256(value).hexdigest()
        if name not in self._values and len(self._values) >= MOST_VALUES:
            raise ValueError(f"a session holds at most {MOST_VALUES:,} images, weights and sources: start a new one")
        self._values[name] = value
        return name

    def get(self, name: object) -> bytes:
        """The value of this name. Raises ValueError where it is not here."""
        if not isinstance(name, str) or name not in self._values:
            raise ValueError(f"the session does not hold what its journal calls {str(name)[:12]}…: open it whole")
        return self._values[name]

    def take(self, name: str, value: bytes) -> None:
        """Keep a value that was on the disk under a name. Raises ValueError where it is another one."""
        if self.put(value) != name:
            raise ValueError(f"the value {name[:12]}… is no longer as it was written")

    def items(self, known: int = 0) -> Iterator[tuple[str, bytes]]:
        """Names and values in the order in which they came, but for the first `known`."""
        yield from list(self._values.items())[known:]
