"""A tensor as a file: `.npy` in full precision, or `.csv`. A file is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from torch import Tensor

from lenet_gui.engine.tensors.figures import numbers

if TYPE_CHECKING:
    from lenet_gui.protocol.tensors import Exact

CHUNK = 50_000
"""Numbers that are written at once."""


def export(tensor: Tensor, path: str) -> None:
    """Write all of a tensor. Raises ValueError, in one sentence, where that cannot be."""
    wanted = Path(path)
    if wanted.suffix not in (".npy", ".csv"):
        raise ValueError(f"{wanted.name} is neither .npy nor .csv: choose one of these")
    values = numbers(tensor)
    beside = wanted.with_name(f".{wanted.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            if wanted.suffix == ".npy":
                np.save(file, values, allow_pickle=False)
            else:
                _write_csv(file, values)
        os.replace(beside, wanted)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ValueError(f"{path} cannot be written: {error.strerror}; choose another place") from error
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _write_csv(file: BinaryIO, values: Exact) -> None:
    """The rows of the table, a dimension in front of the last one a column of its own: `index 0, index 1, …`.

    Digits enough that what is read back is the same number.
    """
    width = values.shape[-1] if values.ndim > 1 else 1
    above = values.shape[:-1] if values.ndim > 1 else values.shape
    names = [f"index {i}" for i in range(len(above))]
    names += [f"[{i}]" for i in range(width)] if values.ndim > 1 else ["value"]
    file.write((",".join(names) + "\n").encode())
    table = values.reshape(-1, width) if width else values.reshape(0, 1)
    form = ["%d"] * len(above) + ["%d" if values.dtype.kind == "i" else _digits(values)] * table.shape[1]
    rows = max(1, CHUNK // max(1, width))
    for start in range(0, len(table), rows):
        cut = table[start : start + rows]
        index = np.stack(np.unravel_index(np.arange(start, start + len(cut)), above), axis=1) if above else None
        cells = [[*row] for row in cut.tolist()]
        if index is not None:
            cells = [[*at, *row] for at, row in zip(index.tolist(), cells, strict=True)]
        file.write(
            "".join(",".join(f % one for f, one in zip(form, row, strict=True)) + "\n" for row in cells).encode()
        )


def _digits(values: Exact) -> str:
    return "%.17g" if values.dtype == np.float64 else "%.9g"
