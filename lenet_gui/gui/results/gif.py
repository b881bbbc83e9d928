"""Pictures one after the other as an animated GIF, by Pillow."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PySide6.QtGui import QImage

from lenet_gui.gui.results.whole_file import write_whole

COLOURS = 256
WIDEST = 1200
"""Pixels: a wider panel is made smaller, or nobody could send the file."""


def picture(image: QImage) -> Image.Image:
    """With colours of its own, a byte a pixel: four hundred of them are kept until the last is there."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    data = bytes(plain.constBits())
    found = Image.frombytes("RGB", (plain.width(), plain.height()), data, "raw", "RGB", plain.bytesPerLine())
    if found.width > WIDEST:
        found = found.resize((WIDEST, round(found.height * WIDEST / found.width)), Image.Resampling.LANCZOS)
    return found.quantize(COLOURS, dither=Image.Dither.NONE)


def write_gif(path: Path, pictures: list[Image.Image], rate: int) -> None:
    """Write them at so many a second, without an end. All have the size of the first. Raises OSError."""
    first, *rest = [one if one.size == pictures[0].size else one.resize(pictures[0].size) for one in pictures]
    # GIF counts hundredths of a second.
    duration = max(2, round(100 / rate)) * 10
    write_whole(
        path,
        lambda file: first.save(file, "GIF", save_all=True, append_images=rest, duration=duration, loop=0),
    )
