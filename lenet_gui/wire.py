"""The two ends of a pipe between the window's process and the engine's: values of the protocol, pickled.

Only between processes of this program: whoever can write into the pipe can run code. Neither torch nor Qt.
"""

from __future__ import annotations

import pickle
from typing import IO, Any

from lenet_gui.protocol import Frame


class Writer:
    """Sends a value after the other. Raises OSError when the other end is gone."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._before: Frame | None = None

    def write(self, value: Any) -> None:
        """What the newest frame has of the one before, as the same object, is not sent again."""
        pickler = _Pickler(self._stream, pickle.HIGHEST_PROTOCOL)
        pickler.known = {id(part): name for name, part in _parts(self._before).items()}
        pickler.dump(value)
        self._stream.flush()
        self._before = _newest_frame(value, self._before)


class Reader:
    """Receives them. What was the same object in two frames is so here too, so that no panel draws it anew."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._before: Frame | None = None

    def read(self) -> Any:
        """Waits for the next value. Raises EOFError, OSError or UnpicklingError when there is none any more."""
        unpickler = _Unpickler(self._stream)
        unpickler.known = _parts(self._before)
        value = unpickler.load()
        self._before = _newest_frame(value, self._before)
        return value


class _Pickler(pickle.Pickler):
    known: dict[int, str]

    def persistent_id(self, obj: Any) -> str | None:
        return self.known.get(id(obj))


class _Unpickler(pickle.Unpickler):
    known: dict[str, Any]

    def persistent_load(self, pid: str) -> Any:
        return self.known[pid]


def _parts(frame: Frame | None) -> dict[str, Any]:
    """What is long to send or to draw, and seldom changes."""
    if frame is None:
        return {}
    return {
        "modules": frame.modules,
        "parameters": frame.parameters,
        "samples": frame.samples,
        "images": frame.samples.images,
    }


def _newest_frame(value: Any, before: Frame | None) -> Frame | None:
    frames = [one for one in value if isinstance(one, Frame)] if isinstance(value, list) else []
    return frames[-1] if frames else before
