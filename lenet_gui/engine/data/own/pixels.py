"""One image in the form that LeNet takes: 32×32 greys. Files of images are opened here, and nowhere else."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lenet_gui.engine.data.source import DataError

SIDE = 32
MOST_BYTES = 2**27
MOST_PIXELS = 50_000_000
"""In one image file: more than a camera has. A file of a few kilobytes can promise thousands of millions."""
FORMATS = ("PNG", "JPEG")


def opened(path: Path) -> tuple[NDArray[np.uint8], tuple[int, int], bool]:
    """The image [32, 32] in a file, its own (width, height), and whether it had colours. Raises DataError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path.name} has more than {MOST_BYTES:,} bytes: take it out of the folder.")
        # A kind of file is known by its first bytes; only these two are ever decoded.
        with warnings.catch_warnings(), Image.open(path, formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            size = image.size
            if size[0] * size[1] > MOST_PIXELS:
                raise Image.DecompressionBombError
            coloured = image.mode not in ("1", "L", "LA", "I", "I;16", "F")
            # A photograph is decoded at a fraction of its size, which is all that is needed.
            image.draft("L", (4 * SIDE, 4 * SIDE))
            return fitted(_grey(ImageOps.exif_transpose(image))), size, coloured
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(
            f"{path.name} says that it has more than {MOST_PIXELS:,} pixels: take it out of the folder."
        ) from error
    except Exception as error:  # a damaged file raises whatever its damage leads to
        words = " ".join(str(error).split())[:120]
        raise DataError(f"{path.name} is no whole PNG or JPEG image ({words}): take it out of the folder.") from error


def fitted(grey: Image.Image) -> NDArray[np.uint8]:
    """[32, 32]: 28×28 gets a border of two pixels, others are made larger or smaller as a whole and centred.

    What is left free at two sides is black.
    """
    if grey.size not in ((SIDE, SIDE), (28, 28)):
        scale = SIDE / max(grey.size)
        size = [max(1, round(scale * one)) for one in grey.size]
        grey = grey.resize((size[0], size[1]), Image.Resampling.BILINEAR)
    found = np.zeros((SIDE, SIDE), np.uint8)
    left, top = (SIDE - grey.width) // 2, (SIDE - grey.height) // 2
    found[top : top + grey.height, left : left + grey.width] = np.asarray(grey)
    return found


def fitted_all(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[N, 32, 32] of greys [N, height, width]."""
    if images.shape[1:] == (SIDE, SIDE):
        return images
    found = np.zeros((len(images), SIDE, SIDE), np.uint8)
    if images.shape[1:] == (28, 28):
        found[:, 2:-2, 2:-2] = images
        return found
    for at, image in enumerate(images):
        found[at] = fitted(Image.fromarray(image))
    return found


def scale_of(values: NDArray[Any], where: str) -> int:
    """By what to multiply numbers that go from 0 to 255, or from 0 to 1, for greys. Raises DataError for others."""
    low, high = float(values.min()), float(values.max())
    if np.isnan(low) or np.isnan(high):
        raise DataError(f"{where} has NaN among its pixels: write 0 where nothing is known.")
    if low < 0 or high > 255:
        raise DataError(f"{where} has pixels from {low:g} to {high:g}: they must go from 0 to 255, or from 0 to 1.")
    return 255 if high <= 1 else 1


def _grey(image: Image.Image) -> Image.Image:
    """By the ITU-R 601 weights of red, green and blue. What is seen through is white below."""
    if image.mode.startswith("I") or image.mode == "F":
        # Sixteen bits: the upper eight of them.
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 256).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        paper = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(paper, over).convert("L")
    return image.convert("L")
