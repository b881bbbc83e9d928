"""MNIST and Fashion-MNIST from their four files each, wherever on this machine they lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lenet_gui.engine.data import folders, idx
from lenet_gui.engine.data.images import Arrays
from lenet_gui.engine.data.source import DataError

SIDE, PADDED = 28, 32
"""Pixels: the images are 28×28, LeNet takes 32×32, so that they get a black border of two pixels."""
ENDINGS = (".gz", "")


@dataclass(frozen=True, slots=True)
class Dataset:
    """`label` is what people call it, `torchvision` the folder that torchvision keeps it in, below its `root`."""

    label: str
    torchvision: str
    classes: tuple[str, ...]


DATASETS = {
    "mnist": Dataset("MNIST", "MNIST", tuple("0123456789")),
    "fashion-mnist": Dataset(
        "Fashion-MNIST",
        "FashionMNIST",
        ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
}
PARTS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def find(name: str) -> list[Path] | None:
    """The four files, in the folder that was chosen or else in the user's cache; `None` where they are not there."""
    base, places = folders.cache(), []
    if (chosen := folders.chosen(name)) is not None:
        places += _places(name, chosen)
    # Below the cache and below another's data folder only under its own name: both data have files of equal names.
    places += [base / name, base / DATASETS[name].torchvision / "raw"]
    return next((files for place in places if (files := _files(place))), None)


def find_in(name: str, folder: Path) -> list[Path]:
    """The four files in a folder, a torchvision `root` too. Raises DataError where they are not there."""
    for place in _places(name, folder):
        if files := _files(place):
            return files
    raise DataError(
        f"{folder} does not hold {DATASETS[name].label}: choose the folder with {PARTS[0]} and the three other files, "
        f"gzipped or not, or the root of torchvision."
    )


def arrays(name: str) -> Arrays:
    """The images; they are read once. Raises DataError."""
    found = find(name)
    if found is None:
        raise DataError(
            f"{DATASETS[name].label} is not on this machine: choose it in the list of data to download it or to say "
            f"where it lies, or let {folders.VARIABLE} name a folder with {DATASETS[name].torchvision}/raw in it. The "
            f"digits are always here."
        )
    return _read(name, tuple(found), tuple(_stamp(path) for path in found))


def read(name: str, found: list[Path]) -> Arrays:
    """The images in these four files, 28×28 with a border of two pixels around them. Raises DataError."""
    train, test = (_pair(found[at], found[at + 1], len(DATASETS[name].classes)) for at in (0, 2))
    return Arrays(train, test, DATASETS[name].classes, edge=(PADDED - SIDE) // 2)


@lru_cache(maxsize=2)
def _read(name: str, found: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]) -> Arrays:  # noqa: ARG001
    return read(name, list(found))


def padded(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[N, 28, 28] as [N, 1, 32, 32], with a black border."""
    wide = np.zeros((len(images), 1, PADDED, PADDED), np.uint8)
    edge = (PADDED - SIDE) // 2
    wide[:, 0, edge:-edge, edge:-edge] = images
    return wide


def _pair(images: Path, labels: Path, classes: int) -> tuple[Tensor, Tensor]:
    pictures, named = idx.read(images, 3), idx.read(labels, 1)
    if pictures.shape[1:] != (SIDE, SIDE):
        height, width = pictures.shape[1:]
        raise DataError(f"The images in {images.name} are {height}×{width}, not 28×28: choose the data's own files.")
    if len(pictures) != len(named):
        raise DataError(
            f"{images.name} has {len(pictures):,} images and {labels.name} {len(named):,} labels: "
            f"choose files that belong together."
        )
    if (largest := int(named.max())) >= classes:
        raise DataError(
            f"{labels.name} has a label {largest}, and there are classes 0 to {classes - 1} only: choose "
            f"the data's own files."
        )
    return torch.from_numpy(padded(pictures)), torch.from_numpy(named.astype(np.int64))


def _places(name: str, folder: Path) -> list[Path]:
    own = DATASETS[name].torchvision
    return [folder / own / "raw", folder / name, folder / own, folder / "raw", folder]


def _files(folder: Path) -> list[Path]:
    """Each of the four, gzipped before not: what was downloaded has been checked. Empty where one is missing."""
    found = []
    for part in PARTS:
        # Some copies have a point in the name where the others have a hyphen.
        names = (f"{each}{end}" for end in ENDINGS for each in (part, part.replace("-idx", ".idx")))
        found += [path for path in (folder / name for name in names) if path.is_file()][:1]
    return found if len(found) == len(PARTS) else []


def _stamp(path: Path) -> tuple[int, int]:
    try:
        now = path.stat()
    except OSError:
        return 0, 0
    return now.st_mtime_ns, now.st_size
