"""Images that were read from somewhere, in the form in which they are kept. How they got there is not known here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet_gui.engine.data.source import DataError

MOST_IMAGES = 200_000
MOST_CLASSES = 1_000
MOST_NAME = 80
"""Letters in the name of a class."""

Tell = Callable[[int, int], None]
"""Is told how many images are read, of how many (0: nobody knows yet). It may raise, to end the reading."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Images [N, 32, 32] of greys 0 to 255, labels [N] from 0, the names of the classes; `form` says how they came."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    title: str
    form: str

    def sha256(self) -> str:
        """Of the images, the labels and the classes' names; not of the title."""
        head = json.dumps([list(self.images.shape), self.classes]).encode()
        parts = (head, self.images.tobytes(), self.labels.astype("<i8").tobytes())
        return hashlib.sha256(b"".join(parts)).hexdigest()


def collected(
    images: NDArray[np.uint8], names: Sequence[str], title: str, form: str, classes: Sequence[str] = ()
) -> Collected:
    """With the name of each image's class. `classes` are all there are; without them those that come up, in order.

    Raises DataError where nothing can be trained on them.
    """
    found = tuple(classes) or tuple(sorted({*names}, key=_in_order))
    if len(found) < 2:
        raise DataError(
            f"All images are of one class, {found[0]!r}: there must be two classes or more."
            if found
            else "There are no images in it: choose another."
        )
    if len(found) > MOST_CLASSES:
        raise DataError(
            f"There are {len(found):,} classes, and at most {MOST_CLASSES:,} can be told apart here: is the "
            f"label in another column?"
        )
    if long := next((one for one in found if not 0 < len(one) <= MOST_NAME), None):
        raise DataError(f"A class is called {long[:40]!r}…: give it a name of at most {MOST_NAME} letters.")
    if len({*found}) < len(found):
        raise DataError(f"Two classes have one name among {_few(found)}: call one of them something else.")
    number = {name: index for index, name in enumerate(found)}
    if strange := next((name for name in names if name not in number), None):
        raise DataError(f"A label is {strange[:MOST_NAME]!r}, and there is no such class: there are {_few(found)}.")
    labels = np.array([number[name] for name in names], np.int64)
    counts = np.bincount(labels, minlength=len(found))
    if counts.min() < 2:
        few = found[int(counts.argmin())]
        many = "no image" if counts.min() == 0 else "one image only"
        raise DataError(f"The class {few!r} has {many}: it needs two or more, one to train on and one to test with.")
    return Collected(np.ascontiguousarray(images), labels, found, title[:MOST_NAME], form)


def too_many(count: int) -> None:
    """Raises DataError where there are more images than are taken."""
    if count > MOST_IMAGES:
        raise DataError(f"There are more than {MOST_IMAGES:,} images: choose fewer.")


def _in_order(name: str) -> tuple[bool, float, str]:
    """Numbers by their value, and before words."""
    digits = name.removeprefix("-")
    number = digits.isdecimal() and digits.isascii()
    return not number, float(name) if number and len(name) < 300 else 0.0, name


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
