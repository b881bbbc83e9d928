"""Room on the disk for the tensors of checkpoints that the memory has none for. It ends with the process, however.

This is no file that anybody opens: what is kept of a run between two starts is elsewhere.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Sequence
from typing import IO

import torch
from torch import Tensor


class Swap:
    """A file without a name, made at the first `write`. Raises OSError where the disk is full or read-only."""

    def __init__(self) -> None:
        self.bytes = 0
        """What is in use."""
        self._file: IO[bytes] | None = None
        self._end = 0
        # The places that are free again, by their size.
        self._free: dict[int, list[int]] = {}

    def write(self, tensors: Sequence[Tensor]) -> int:
        """Copy them; where they lie."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (open as long as the session lives)
            weakref.finalize(self, self._file.close)
        size = _size(tensors)
        free = self._free.get(size)
        offset = free.pop() if free else self._end
        at = offset
        for tensor in tensors:
            at += _write_all(self._file.fileno(), tensor.detach().cpu().contiguous(), at)
        self._end = max(self._end, at)
        self.bytes += size
        return offset

    def read(self, offset: int, like: Sequence[Tensor]) -> list[Tensor]:
        """What was written there, as tensors of these shapes on the CPU."""
        assert self._file is not None
        found = []
        for tensor in like:
            data = bytearray(os.pread(self._file.fileno(), tensor.nbytes, offset))
            if len(data) != tensor.nbytes:
                raise OSError("the swap file of the checkpoints was cut short")
            offset += tensor.nbytes
            flat = torch.frombuffer(data, dtype=tensor.dtype) if data else torch.empty(0, dtype=tensor.dtype)
            found.append(flat.reshape(tensor.shape))
        return found

    def free(self, offset: int, like: Sequence[Tensor]) -> None:
        """Let something else lie there."""
        size = _size(like)
        self._free.setdefault(size, []).append(offset)
        self.bytes -= size


def _size(tensors: Sequence[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _write_all(file: int, tensor: Tensor, at: int) -> int:
    data = tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else memoryview(b"")
    done = 0
    while done < len(data):
        done += os.pwrite(file, data[done:], at + done)
    return done
