"""Reads IDX, the format of MNIST's files (http://yann.lecun.com/exdb/mnist/), gzipped or not, in bounded memory."""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet_gui.engine.data.source import DataError

MOST = 2**29
"""Bytes of one file unpacked: 680,000 images of 28×28."""
DENSEST = 1032
"""How many bytes one byte of gzip can become (zlib's technical notes)."""
BYTES = 0x08
"""The only kind of number that is read here: unsigned bytes."""
GZIP = b"\x1f\x8b"


def read(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The bytes in a file, read-only, of so many dimensions. Raises DataError, in a sentence, for what is no such file.

    No more is unpacked than the header promises, and no more is promised than the file can hold.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MOST:
            raise DataError(f"{path.name} is no file of at most {MOST:,} bytes: choose a folder with the data's own.")
        data = path.read_bytes()
    except OSError as error:
        words = error.strerror or error
        raise DataError(f"{path} cannot be read ({words}): allow it, or choose another folder.") from error
    try:
        return _unpacked(data, dimensions) if data.startswith(GZIP) else _plain(data, dimensions)
    except (ValueError, zlib.error) as error:
        reason = f"its gzip is broken: {error}" if isinstance(error, zlib.error) else error
        raise DataError(f"{path.name} is no whole IDX file ({reason}): get it again, or choose another.") from error


def _plain(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    shape = _shape(data[: 4 + 4 * dimensions], dimensions, len(data))
    return _shaped(memoryview(data)[4 + 4 * dimensions :], shape)


def _unpacked(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    # 16 more than zlib's own window bits stand for gzip, with its check sum.
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    head = unpacker.decompress(data, 4 + 4 * dimensions)
    shape = _shape(head, dimensions, DENSEST * len(data))
    # One more than promised, so that a file that goes on is seen.
    body = unpacker.decompress(unpacker.unconsumed_tail, math.prod(shape) + 1)
    if len(body) <= math.prod(shape) and not unpacker.eof:
        # What is left is the check sum, unless the file is cut.
        body += unpacker.decompress(unpacker.unconsumed_tail, 1)
    if len(body) == math.prod(shape) and not unpacker.eof:
        raise ValueError("it is cut short")
    if unpacker.unused_data:
        raise ValueError("something stands behind its end")
    return _shaped(memoryview(body), shape)


def _shape(head: bytes, dimensions: int, most: int) -> tuple[int, ...]:
    if len(head) < 4 + 4 * dimensions:
        raise ValueError("it ends within its header")
    if head[:2] != b"\0\0" or head[2] != BYTES or head[3] != dimensions:
        raise ValueError(f"it begins with {head[:4].hex(' ')}, not with 00 00 08 {dimensions:02x}")
    shape = tuple(int.from_bytes(head[at : at + 4], "big") for at in range(4, 4 + 4 * dimensions, 4))
    promised = " × ".join(f"{one:,}" for one in shape)
    if 0 in shape:
        raise ValueError(f"it says that it is {promised}: there is nothing in it")
    if math.prod(shape) > min(most, MOST):
        raise ValueError(f"it promises {promised} bytes, which it cannot hold")
    return shape


def _shaped(body: memoryview, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if len(body) != math.prod(shape):
        more = "more" if len(body) > math.prod(shape) else f"{len(body):,}"
        raise ValueError(f"it promises {math.prod(shape):,} bytes and has {more}")
    return np.frombuffer(body, np.uint8).reshape(shape)
