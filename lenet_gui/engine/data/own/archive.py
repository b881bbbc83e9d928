"""An `.npz` file with the arrays `images` (or `x`) and `labels` (or `y`). Nothing is unpacked to the disk."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lenet_gui.engine.data.own import pixels
from lenet_gui.engine.data.own.collected import Collected, Tell, collected, too_many
from lenet_gui.engine.data.own.folder import form_of
from lenet_gui.engine.data.source import DataError

MOST = 2**30
"""Bytes of one array."""
MOST_ENTRIES = 64
AT_ONCE = 1000
"""Images that are made grey together."""
MOST_HEADER = 2**16
IMAGES, LABELS, CLASSES = ("images", "x"), ("labels", "y"), ("classes", "class_names")
GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""The weights of red, green and blue by ITU-R 601, as Pillow has them."""


def read(path: Path, tell: Tell) -> Collected:
    """Images [N, height, width], with a dimension for 1 or 3 colours in front of these two or behind.

    `classes` may hold the names that whole labels count from 0. Raises DataError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path.name)
            images, labels = _array(archive, members, IMAGES, path.name), _array(archive, members, LABELS, path.name)
            named = None if not {*CLASSES} & members.keys() else _array(archive, members, CLASSES, path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        words = " ".join(str(error).split())[:120]
        raise DataError(f"{path.name} is no whole .npz file ({words}): save it again with np.savez.") from error
    images = _upright(images, path.name)
    if labels.shape != (len(images),):
        raise DataError(
            f"{path.name} has {len(images):,} images and labels of the shape {list(labels.shape)}: "
            f"each image needs one label."
        )
    height, width = images.shape[1:3]
    form = form_of({(width, height)}, len(images) if images.ndim == 4 else 0)
    names, classes = _names(labels, named, path.name)
    return collected(_fitted(images, path.name, tell), names, path.stem, form, classes)


def _members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MOST_ENTRIES:
        raise DataError(f"{name} has {len(infos):,} arrays in it: save one of images and one of labels.")
    if strange := next((one.filename for one in infos if {"/", "\\", ":"} & {*one.filename}), None):
        raise DataError(f"{name} has an entry called {strange[:60]!r}, a path: np.savez writes none, choose another.")
    return {one.filename.removesuffix(".npy"): one for one in infos}


def _array(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], names: tuple[str, ...], name: str
) -> NDArray[Any]:
    """One array, of no more than its header says and no more than is allowed. Nothing in it is ever run."""
    key = next((one for one in names if one in members), None)
    if key is None:
        raise DataError(
            f"{name} has no array called {' or '.join(names)}: it has "
            f"{', '.join(one[:20] for one in [*members][:6]) or 'none'}."
        )
    if members[key].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{key} is packed in another way than np.savez does")
    with archive.open(members[key]) as stream:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{key} is of another version of NumPy's format")
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = header(stream, max_header_size=MOST_HEADER)
        if dtype.hasobject:
            raise DataError(f"{key} in {name} holds Python objects, which could run code: save numbers or text.")
        size = math.prod(shape) * dtype.itemsize
        if not shape or 0 in shape or size > MOST or dtype.kind not in "buifU":
            words = " × ".join(f"{one:,}" for one in shape) or "one"
            raise DataError(f"{key} in {name} is {words} of {dtype}: an array of at most {MOST:,} bytes is needed.")
        data = stream.read(size)
    if len(data) != size:
        raise ValueError(f"{key} is cut short")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _upright(images: NDArray[Any], name: str) -> NDArray[Any]:
    """[N, height, width] or, with colours, [N, height, width, 3]; the numbers as they are."""
    shape = images.shape
    too_many(shape[0])
    if len(shape) == 4 and 1 in (shape[1], shape[3]):
        images = images.reshape(shape[0], *(shape[2:] if shape[1] == 1 else shape[1:3]))
    elif len(shape) == 4 and 3 in (shape[1], shape[3]):
        images = images if shape[3] == 3 else images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or images.dtype.kind == "U" or (images.ndim == 4 and images.shape[-1] != 3):
        raise DataError(
            f"The images in {name} are {images.dtype} of the shape {list(shape)}: they must be numbers "
            f"[N, height, width], or with 3 colours."
        )
    return images


def _fitted(images: NDArray[Any], name: str, tell: Tell) -> NDArray[np.uint8]:
    """[N, 32, 32] of greys, some at a time: as 32-bit numbers all of them could be four times as large."""
    scale = pixels.scale_of(images, name)
    found = np.empty((len(images), pixels.SIDE, pixels.SIDE), np.uint8)
    for start in range(0, len(images), AT_ONCE):
        tell(start, len(images))
        some = images[start : start + AT_ONCE].astype(np.float32) * scale
        grey = np.rint(some @ GREY if some.ndim == 4 else some).astype(np.uint8)
        found[start : start + AT_ONCE] = pixels.fitted_all(grey)
    return found


def _names(labels: NDArray[Any], named: NDArray[Any] | None, name: str) -> tuple[list[str], list[str]]:
    """The class of each image by its name, and the names of all classes where the file has them."""
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all() or (labels % 1).any():
            raise DataError(f"The labels in {name} are not whole numbers: give each class a number or a name.")
        labels = labels.astype(np.int64)
    if named is None:
        return [str(one) for one in labels.tolist()], []
    classes = [str(one) for one in named.reshape(-1).tolist()]
    if labels.dtype.kind == "U":
        return labels.tolist(), classes
    if labels.min() < 0 or labels.max() >= len(classes):
        raise DataError(
            f"The labels in {name} go from {labels.min()} to {labels.max()}, and it names "
            f"{len(classes)} classes, counted from 0: they must agree."
        )
    return [classes[one] for one in labels.tolist()], classes
