"""A CSV file with an image a row: its label and its pixels, row by row from the top left."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from lenet_gui.engine.data.own import pixels
from lenet_gui.engine.data.own.collected import Collected, Tell, collected, too_many
from lenet_gui.engine.data.own.folder import form_of
from lenet_gui.engine.data.source import DataError

MOST_SIDE = 256
MOST_LINE = 32 * MOST_SIDE**2
"""Characters: a row is read as a whole."""
MOST_PIXELS = 2**28
"""A gigabyte while they are read."""


def read(path: Path, tell: Tell) -> Collected:
    """The label is in the first column, or in the one whose head is `label`. Raises DataError."""
    names: list[str] = []
    rows: list[NDArray[np.float32]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = enumerate(csv.reader(_lines(file, path.name)), start=1)
            number, first = next(table, (0, []))
            column = _label_column(first)
            if column is None:
                column = 0
                names, rows = [first[0]] if first else [], [_pixels(first, 0, number, path.name)] if first else []
            for number, row in table:
                if not row:
                    continue
                names.append(_label(row, column, number, path.name))
                rows.append(_pixels(row, column, number, path.name))
                if len(rows[-1]) != len(rows[0]):
                    raise DataError(
                        f"Row {number:,} of {path.name} has {len(rows[-1]):,} pixels, and the first has "
                        f"{len(rows[0]):,}: all images must be of one size."
                    )
                too_many(len(rows))
                if len(rows) * len(rows[0]) > MOST_PIXELS:
                    raise DataError(
                        f"{path.name} has more than {MOST_PIXELS:,} pixels: choose fewer or smaller images."
                    )
                if number % 64 == 0:
                    tell(len(rows), 0)
    except (UnicodeDecodeError, csv.Error) as error:
        words = "it is no text" if isinstance(error, UnicodeDecodeError) else error
        raise DataError(f"{path.name} is no CSV file ({words}): choose another.") from error
    if not rows:
        raise DataError(f"{path.name} has no rows of pixels in it: choose another.")
    return _images(rows, names, path)


def _images(rows: list[NDArray[np.float32]], names: list[str], path: Path) -> Collected:
    # The largest number of the file decides whether its pixels go to 1 or to 255.
    scale = np.float32(255 if max(float(row.max()) for row in rows) <= 1 else 1)
    side = math.isqrt(len(rows[0]))
    flat = np.empty((len(rows), len(rows[0])), np.uint8)
    for at, row in enumerate(rows):
        flat[at] = np.rint(row * scale)
    images = pixels.fitted_all(flat.reshape(len(rows), side, side))
    return collected(images, names, path.stem, form_of({(side, side)}, 0))


def _lines(file: IO[str], name: str) -> Iterator[str]:
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise DataError(f"{name} has a row of more than {MOST_LINE:,} characters: choose smaller images.")
        yield line


def _label_column(head: list[str]) -> int | None:
    """Where the label is by the heads of the columns; `None` where the first row is an image already."""
    plain = [one.strip().lower() for one in head]
    if "label" in plain:
        return plain.index("label")
    # Heads that are words: the label is in the first column all the same.
    return 0 if len(plain) > 1 and not _is_number(plain[1]) else None


def _label(row: list[str], column: int, number: int, name: str) -> str:
    label = row[column].strip() if column < len(row) else ""
    if not label or label.lower() == "nan":
        raise DataError(f"Row {number:,} of {name} has no label: write one, or remove the row.")
    return label


def _pixels(row: list[str], column: int, number: int, name: str) -> NDArray[np.float32]:
    texts = row[:column] + row[column + 1 :]
    side = math.isqrt(len(texts))
    if not texts or side * side != len(texts) or side > MOST_SIDE:
        raise DataError(
            f"Row {number:,} of {name} has {len(texts):,} pixels, which is no square image of at most "
            f"{MOST_SIDE}×{MOST_SIDE} (28×28 has 784): give each image a row, its label first."
        )
    try:
        found = np.array(texts, np.float32)
    except ValueError:
        strange = next(text for text in texts if not _is_number(text))
        raise DataError(f"Row {number:,} of {name} has {strange[:20]!r} for a pixel: write numbers only.") from None
    if np.isnan(found).any():
        raise DataError(f"Row {number:,} of {name} has NaN for a pixel: write 0 where nothing is known.")
    if found.min() < 0 or found.max() > 255:
        raise DataError(
            f"Row {number:,} of {name} has pixels from {found.min():g} to {found.max():g}: they must go "
            f"from 0 to 255, or from 0 to 1."
        )
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
