"""What operations are given, copied as it was when they were called: whatever may be written into it later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from lenet_gui.engine.trace.changes import StateWatch
from lenet_gui.engine.trace.room import Room

_NESTED = (tuple, list)
_PLAIN = frozenset((int, float, bool, str, type(None)))


class Arguments:
    """Of one trace. A tensor that is known, and was not written into since, is not copied again.

    Copies of the model's state and of the batch are made beside the room, as all else that is kept of them.
    """

    def __init__(self, state: StateWatch, room: Room) -> None:
        self.names: dict[int, str] = {}
        """By the identity of a copy what it is of: `input`, `target` or a name of the state. Not of what was made."""
        self._state = state
        self._room = room
        # By identity, with PyTorch's count of what was written into it; the tensors, so that none is used again.
        self._known: dict[int, tuple[int, Tensor]] = {}
        self._called: dict[int, str] = {}
        self._alive: list[Tensor] = []

    def know(self, tensor: Tensor, copy: Tensor, name: str = "") -> None:
        """The copy stands for the tensor, until something is written into that."""
        self._known[id(tensor)] = tensor._version, copy
        self._alive += tensor, copy
        if name:
            self.names[id(copy)] = name

    def call(self, tensors: Iterable[Tensor], name: str) -> None:
        """What the tensors are, if nothing else is known of them."""
        for tensor in tensors:
            self._called[id(tensor)] = name
            self._alive.append(tensor)

    def known(self, tensor: Tensor) -> Tensor | None:
        """The copy that stands for it, where there is one and nothing was written since."""
        version, copy = self._known.get(id(tensor), (-1, None))
        return copy if version == tensor._version else None

    def copied(self, value: Any, found: list[Tensor]) -> Any:
        """Nested arguments, with copies for tensors, which are themselves added to `found`."""
        if isinstance(value, Tensor):
            found.append(value)
            return self._copy(value)
        if isinstance(value, _NESTED):
            # A named tuple takes its fields one by one.
            made = [one if type(one) in _PLAIN else self.copied(one, found) for one in value]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, dict):
            return {key: one if type(one) in _PLAIN else self.copied(one, found) for key, one in value.items()}
        return value

    def _copy(self, tensor: Tensor) -> Tensor:
        key = id(tensor)
        name = self._state.names.get(key, "")
        held = self._state.held(name) if name and name not in self._state.parameters else None
        if held is not None:  # batch norm's statistics are written without PyTorch's counting it
            self.names[id(held)] = name
            self._alive.append(held)
            return held
        version, copy = self._known.get(key, (-1, tensor))
        if version != tensor._version:
            name = name or self._called.get(key, "")
            copy = tensor.detach().clone() if name else self._room.copy(tensor)
            self.know(tensor, copy, name)
        return copy
