"""A drawing becomes an image as the data's were made: against plain scripts that go pixel by pixel."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lenet_gui import resources
from lenet_gui.engine import Session, Settings
from lenet_gui.engine.drawing.centring import as_digits, as_mnist, cut_out, resized
from lenet_gui.engine.drawing.fitting import fitted

Pixels = NDArray[np.float32]


def stroke(*points: tuple[float, float], width: float = 9.0, side: int = 140) -> Pixels:
    """Ink within half of `width` of the lines between (x, y)."""
    y, x = np.mgrid[0:side, 0:side] + 0.5
    ink = np.zeros((side, side), np.float32)
    for (x0, y0), (x1, y1) in pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
        far = np.hypot(x - x0 - t * dx, y - y0 - t * dy)
        ink = np.maximum(ink, np.clip(width / 2 + 0.5 - far, 0, 1).astype(np.float32))
    return ink


SEVEN = stroke((30, 20), (100, 20), (60, 120))
ONE = stroke((110, 15), (110, 130))
WIDE = stroke((5, 60), (135, 70))
CORNER = stroke((3, 3), (20, 6), (8, 30), width=4)


def mean_over(image: Pixels, top: float, bottom: float, left: float, right: float) -> float:
    """Pixel by pixel, each with the share of it that lies in the rectangle."""
    total = 0.0
    for i in range(math.floor(top), math.ceil(bottom)):
        for j in range(math.floor(left), math.ceil(right)):
            down = min(bottom, i + 1) - max(top, i)
            across = min(right, j + 1) - max(left, j)
            total += float(image[min(i, image.shape[0] - 1), min(j, image.shape[1] - 1)]) * down * across
    return total / ((bottom - top) * (right - left))


def plain_mnist(ink: Pixels) -> Pixels:
    """What MNIST's page says, as a person would write it down."""
    there = [(i, j) for i in range(ink.shape[0]) for j in range(ink.shape[1]) if ink[i, j] > 0.1]
    top, bottom = min(i for i, _ in there), max(i for i, _ in there) + 1
    left, right = min(j for _, j in there), max(j for _, j in there) + 1
    scale = 20 / max(bottom - top, right - left)
    height, width = max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale))
    down, across = (bottom - top) / height, (right - left) / width
    box = ink[top:bottom, left:right]
    small = [
        [mean_over(box, i * down, (i + 1) * down, j * across, (j + 1) * across) for j in range(width)]
        for i in range(height)
    ]
    mass = sum(map(sum, small))
    middle_y = sum((i + 0.5) * value for i, row in enumerate(small) for value in row) / mass
    middle_x = sum((j + 0.5) * value for row in small for j, value in enumerate(row)) / mass
    image = np.zeros((32, 32), np.float32)
    at_y = min(max(0, math.floor(14 - middle_y + 0.5)), 28 - height)
    at_x = min(max(0, math.floor(14 - middle_x + 0.5)), 28 - width)
    for i, row in enumerate(small):
        for j, value in enumerate(row):
            image[2 + at_y + i, 2 + at_x + j] = value
    return image


@pytest.mark.parametrize("ink", [SEVEN, ONE, WIDE, CORNER], ids=["seven", "one", "wide", "corner"])
def test_it_is_what_mnist_does(ink: Pixels) -> None:
    np.testing.assert_allclose(as_mnist(ink), plain_mnist(ink), atol=1e-5)


@pytest.mark.parametrize("ink", [SEVEN, ONE, WIDE, CORNER], ids=["seven", "one", "wide", "corner"])
def test_the_box_is_20_pixels_and_the_centre_of_mass_in_the_middle(ink: Pixels) -> None:
    image = as_mnist(ink)
    assert max(cut_out(image).shape) in (19, 20)  # the ink's last pixel may be faint
    y, x = np.mgrid[0:32, 0:32] + 0.5
    assert abs((image * y).sum() / image.sum() - 16) <= 0.51
    assert abs((image * x).sum() / image.sum() - 16) <= 0.51
    assert (image[:2] == 0).all()
    assert (image[:, -2:] == 0).all()


def test_where_it_was_drawn_and_how_large_makes_no_difference() -> None:
    moved = np.zeros((300, 300), np.float32)
    moved[120:260, 90:230] = SEVEN
    assert np.array_equal(as_mnist(moved), as_mnist(SEVEN))
    assert np.array_equal(as_digits(moved), as_digits(SEVEN))
    double = np.kron(SEVEN, np.ones((2, 2), np.float32))
    np.testing.assert_allclose(as_mnist(double), as_mnist(SEVEN), atol=1e-5)


def test_resizing_keeps_the_mean() -> None:
    image = np.random.default_rng(0).random((37, 53)).astype(np.float32)
    for size in ((20, 20), (5, 50), (60, 7), (37, 53)):
        assert resized(image, *size).mean() == pytest.approx(image.mean(), rel=1e-5)
    assert np.allclose(resized(image, 37, 53), image)


@pytest.mark.parametrize("way", [as_mnist, as_digits])
def test_nothing_drawn_is_an_empty_image_and_a_dot_is_one(way: object) -> None:
    assert not way(np.zeros((50, 50), np.float32)).any()  # pyright: ignore[reportCallIssue]
    dot = np.zeros((50, 50), np.float32)
    dot[30, 12] = 1
    image = way(dot)  # pyright: ignore[reportCallIssue]
    assert image.shape == (32, 32)
    assert image.max() > 0.9


def test_a_digit_of_the_data_drawn_large_comes_back_as_itself() -> None:
    with np.load(resources.path("digits.npz")) as file:
        images = file["images"][:60]
    alike = []
    for small in images:
        smooth = torch.from_numpy(small.astype(np.float32) / 16)[None, None]
        large = torch.nn.functional.interpolate(smooth, size=(224, 224), mode="bilinear")[0, 0].numpy()
        found = as_digits(np.pad((large > 0.5).astype(np.float32), 30))
        counted = torch.nn.functional.avg_pool2d(torch.from_numpy(found)[None], 4)[0].numpy()
        alike.append(np.corrcoef(counted.ravel(), small.ravel())[0, 1])
    assert np.mean(alike) > 0.9
    assert min(alike) > 0.6


def test_a_drawing_is_normalised_as_the_data_are() -> None:
    ink = (SEVEN * 255).astype(np.uint8)
    plain, _ = fitted(Session(), ink)
    session = Session(Settings(data_normalise=True))
    mean, spread = session.source.arrays.moments  # pyright: ignore[reportAttributeAccessIssue]
    image, how = fitted(session, ink)
    assert torch.equal(image, (plain - mean) / spread)
    assert "32 pixels high" in how
    random, how = fitted(Session(Settings(data="random")), ink)
    assert np.array_equal(random[0].numpy(), as_mnist(ink.astype(np.float32) / np.float32(255)))
    assert "As MNIST" in how


@pytest.mark.parametrize("ink", [np.zeros((2000, 10), np.uint8), np.zeros((0, 5), np.uint8), np.zeros(5, np.uint8)])
def test_what_is_no_drawing_is_refused(ink: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="a drawing has at most"):
        fitted(Session(), ink)
