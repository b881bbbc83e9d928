"""A folder with a folder for each class, and the class's images in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lenet_gui.engine.data.own import pixels
from lenet_gui.engine.data.own.collected import MOST_CLASSES, Collected, Tell, collected, too_many
from lenet_gui.engine.data.source import DataError

ENDINGS = (".png", ".jpg", ".jpeg")


def read(folder: Path, tell: Tell) -> Collected:
    """Raises DataError. Only the folders right below are looked into, so that no link leads in circles."""
    paths: list[tuple[Path, str]] = []
    folders = sorted((one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")), key=str)
    if not folders:
        raise DataError(f"{folder.name} has no folders in it: make one for each class, with the images of that class.")
    if len(folders) > MOST_CLASSES:
        raise DataError(
            f"{folder.name} has {len(folders):,} folders, and at most {MOST_CLASSES:,} classes can be told "
            f"apart here: choose another."
        )
    for one in folders:
        found = sorted(path for path in one.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
        if not found:
            raise DataError(f"The folder {one.name!r} has no PNG or JPEG images in it: put some there, or remove it.")
        paths += [(path, one.name) for path in found]
        too_many(len(paths))
    images = np.empty((len(paths), pixels.SIDE, pixels.SIDE), np.uint8)
    sizes: set[tuple[int, int]] = set()
    colours = 0
    for at, (path, _) in enumerate(paths):
        tell(at, len(paths))
        images[at], size, coloured = pixels.opened(path)
        sizes.add(size)
        colours += coloured
    return collected(images, [name for _, name in paths], folder.name, form_of(sizes, colours))


def form_of(sizes: set[tuple[int, int]], colours: int) -> str:
    """What was done to images of these (width, height), so many of them with colours."""
    first, *others = sorted(sizes)
    words = f"{first[0]}×{first[1]}"
    words = f"{len(sizes)} sizes from {words} to {others[-1][0]}×{others[-1][1]}" if others else words
    if sizes == {(28, 28)}:
        words += ", with a border of 2 pixels"
    elif sizes != {(pixels.SIDE, pixels.SIDE)}:
        words += ", made 32×32"
    return f"{words}; {colours:,} with colours, made grey" if colours else words
