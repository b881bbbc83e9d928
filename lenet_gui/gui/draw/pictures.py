"""A picture of a digit from a file or the clipboard as ink: what is paper becomes 0, the darkest stroke 255."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter

MOST_BYTES = 50 * 2**20
MOST_PIXELS = 100_000_000
SIDE = 560
"""Pixels to which a larger picture is brought down."""
_NOISE = 0.2
"""Of the way from paper to ink, what is still paper."""


class NoPicture(Exception):
    """What was given is none; the message says so in a sentence."""


def from_file(path: Path) -> NDArray[np.uint8]:
    """The ink of a picture in a file. Raises NoPicture."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NoPicture(f"{path.name} is larger than {MOST_BYTES // 2**20} MB: choose a smaller picture.")
    except OSError as error:
        raise NoPicture(f"{path.name} cannot be read: {error.strerror or error}.") from error
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    reader.setDecideFormatFromContent(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() > MOST_PIXELS:
        raise NoPicture(f"{path.name} has {size.width():,} × {size.height():,} pixels: choose a smaller picture.")
    if size.isValid() and max(size.width(), size.height()) > SIDE:
        reader.setScaledSize(_bounded(size))
    image = reader.read()
    if image.isNull():
        raise NoPicture(f"{path.name} is not a picture that can be read.")
    return from_image(image)


def from_mime(given: QMimeData) -> NDArray[np.uint8]:
    """The ink of what was dropped or lies on the clipboard. Raises NoPicture."""
    if given.hasImage():
        return from_image(QImage(given.imageData()))
    files = [Path(url.toLocalFile()) for url in given.urls() if url.isLocalFile()]
    if not files:
        raise NoPicture("There is no picture on the clipboard.")
    return from_file(files[0])


def can_take(given: QMimeData) -> bool:
    """Whether it may be a picture."""
    return given.hasImage() or any(url.isLocalFile() for url in given.urls())


def from_image(image: QImage) -> NDArray[np.uint8]:
    """[height, width]. Raises NoPicture for an empty one and for one of a single grey."""
    if image.isNull():
        raise NoPicture("There is no picture on the clipboard.")
    if max(image.width(), image.height()) > SIDE:
        smooth = Qt.TransformationMode.SmoothTransformation
        image = image.scaled(_bounded(image.size()), Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    grey = _grey(image)
    # Most of a picture of a digit is paper, and most of its rim is.
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(rim))
    ink = np.abs(grey.astype(np.float32) - paper)
    most = float(np.quantile(ink, 0.995))
    if most < 8:
        raise NoPicture("The picture is of one grey: there is no digit on it.")
    return np.rint(255 * np.clip((ink / most - _NOISE) / (1 - _NOISE), 0, 1)).astype(np.uint8)


def _grey(image: QImage) -> NDArray[np.uint8]:
    """What is transparent is white."""
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(QColor(255, 255, 255))
    with QPainter(flat) as painter:
        painter.drawImage(0, 0, image)
    grey = flat.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return pixels[:, : grey.width()].copy()


def _bounded(size: QSize) -> QSize:
    return size.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
