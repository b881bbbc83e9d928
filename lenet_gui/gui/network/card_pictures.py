"""The small pictures on the cards: which colours a tensor has, and its image, made once. Cards are in `cards`."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import DIVERGING, SEQUENTIAL, by_powers, paint, steady_range
from lenet_gui.protocol.trace import Summary


class Pictures:
    """Images of outputs and gradients, each made when it is drawn for the first time.

    An output has a range of its own. All gradients of the network have one together, so that they can be compared,
    with colours by powers of ten: they shrink or grow by several from one end of a network to the other.
    """

    def __init__(self, gradients: Iterable[Summary | None]) -> None:
        sizes = [
            max(abs(one.low), abs(one.high)) for one in gradients if one and not is_number(one) and one.low == one.low
        ]
        self.gradient_limit = steady_range(np.array(sizes, np.float32), DIVERGING)[1] if sizes else 0.0
        self._images: dict[tuple[int, bool], QImage] = {}

    def forget(self) -> None:
        """The colours have changed."""
        self._images.clear()

    def image(self, card: int, summary: Summary, gradient: bool) -> QImage:
        """`summary` is the output or the gradient of this card, and has a picture."""
        found = self._images.get((card, gradient))
        if found is None:
            values, scale, span = summary.picture, *scale_of(summary)
            if gradient:
                values, scale, span = by_powers(values, self.gradient_limit or 1.0), DIVERGING, (-1.0, 1.0)
            found = self._images[card, gradient] = _image(values, scale, span, summary.finite)
        return found


def is_number(summary: Summary) -> bool:
    """Whether it is one number: it is then written instead of drawn."""
    return math.prod(summary.shape) == 1


def scale_of(summary: Summary) -> tuple[str, tuple[float, float]]:
    """Sequential for what is never negative, such as what a ReLU gives; else diverging around zero.

    The range is the whole tensor's, not that of the sample that is drawn: the colours of two samples compare.
    """
    scale = SEQUENTIAL if summary.low >= 0 else DIVERGING
    return scale, steady_range(np.array([summary.low, summary.high], np.float32), scale)


def has_numbers(summary: Summary) -> bool:
    """Whether anything is known of it besides its shape: what was too large was not kept."""
    return not summary.finite or not math.isnan(summary.low)


def _image(values: NDArray[np.float32], scale: str, span: tuple[float, float], finite: bool) -> QImage:
    pixels = paint(values, scale, span, theme.is_dark())
    if finite:
        # Then NaN is where the last line or the last map of a picture is missing.
        pixels[np.isnan(values)] = 0
    height, width = pixels.shape
    # A copy: the pixels of a QImage that is made of an array are the array's.
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
