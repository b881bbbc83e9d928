"""Notices which parameters and buffers the operations of a forward change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from lenet_gui.engine.digest import same
from lenet_gui.engine.trace.trace import Changes


class StateWatch:
    """Of one model. A look gives what has changed since the look before.

    PyTorch counts what is written into a tensor, but for the statistics of batch norm: buffers that an operation was
    given are compared by their bits. And a module may well put another tensor in a buffer's place.
    """

    def __init__(self, model: nn.Module) -> None:
        self.modules = dict(model.named_modules())
        self.parameters: dict[str, Tensor] = {}
        self.names: dict[int, str] = {}
        self._buffers: list[_Buffer] = []
        for path, module in self.modules.items():
            for key, tensor in module._parameters.items():
                if tensor is not None and id(tensor) not in self.names:
                    name = self.names[id(tensor)] = f"{path}.{key}" if path else key
                    self.parameters[name] = tensor
            for key, tensor in module._buffers.items():
                if tensor is not None and id(tensor) not in self.names:
                    name = self.names[id(tensor)] = f"{path}.{key}" if path else key
                    self._buffers.append(_Buffer(name, module._buffers, key, tensor))
        self._versions = [one._version for one in self.parameters.values()]
        self.written = False
        """Whether an operation has written into any tensor since the last look."""

    def held(self, name: str) -> Tensor | None:
        """The copy of a buffer, as it was at the last look; `None` for what is no buffer."""
        return next((one.copy for one in self._buffers if one.name == name), None)

    def given(self, tensors: Iterable[Tensor]) -> None:
        """What the operation that comes now may write into."""
        if self._buffers:
            known = {id(one) for one in tensors}
            for buffer in self._buffers:
                buffer.given |= id(buffer.tensor) in known

    def look(self, all: bool = False) -> Changes:
        """`all` compares every buffer, not only those that operations were given since the last look."""
        found: Changes = {}
        if not (all or self.written or self._buffers):
            return found
        if all or self.written:
            self.written = False
            versions = [one._version for one in self.parameters.values()]
            if versions != self._versions:
                for (name, one), before, now in zip(self.parameters.items(), self._versions, versions, strict=True):
                    if before != now:
                        found[name] = one.detach().clone()
                self._versions = versions
        for buffer in self._buffers:
            if buffer.changed(all):
                self.names[id(buffer.tensor)] = buffer.name
                found[buffer.name] = buffer.copy
        return found


class _Buffer:
    """One, in the module's own dictionary `owner`, and its numbers when it was last looked at."""

    def __init__(self, name: str, owner: Mapping[str, Tensor | None], key: str, tensor: Tensor) -> None:
        self.name = name
        self.tensor = tensor
        self.given = False
        self.copy = tensor.detach().clone()
        self._owner = owner
        self._key = key
        self._version = tensor._version

    def changed(self, all: bool) -> bool:
        now = self._owner.get(self._key)
        if now is None:
            return False
        compared, self.given = all or self.given, False
        same_one = now is self.tensor and now._version == self._version
        if same_one and not (compared and not same(self.copy, now.detach())):
            return False
        self.tensor, self._version, self.copy = now, now._version, now.detach().clone()
        return True
