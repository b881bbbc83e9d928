"""A picture of fewer pixels than numbers keeps their mean, and loses none that sticks out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lenet_gui.engine.tensors.figures import histogram, summary
from lenet_gui.engine.tensors.picture import as_tiles, picture
from lenet_gui.protocol.tensors import QUANTILES, Block, Region


@pytest.mark.parametrize(
    ("shape", "tiles"),
    [
        ((6, 1, 3, 3), (6, 3, 3)),
        ((120, 576), (1, 120, 576)),
        ((6,), (1, 1, 6)),
        ((), (1, 1, 1)),
        ((512, 64, 3, 3), (1, 512, 576)),
        ((0, 3), (0, 1, 1)),
    ],
)
def test_each_shape_has_its_picture(shape: tuple[int, ...], tiles: tuple[int, ...]) -> None:
    assert as_tiles(np.zeros(shape, np.float32)).shape == tiles


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, shape).astype(np.float32)


def test_a_million_numbers_are_reduced_to_the_pixels_there_are_and_their_mean_is_kept() -> None:
    values = noise(1000, 1000)
    found = picture(values, (300, 400), None, 100.0)
    assert found.tiles.size <= 300 * 400
    assert found.full == (1, 1000, 1000)
    blocks = torch.nn.functional.avg_pool2d(
        torch.from_numpy(values)[None, None].double(), (found.down, found.across), ceil_mode=True
    )
    assert np.allclose(found.tiles[0], blocks[0, 0].numpy(), atol=1e-7)


def test_what_sticks_out_or_is_not_finite_is_not_lost() -> None:
    values = noise(500, 500)
    values[123, 456], values[77, 3], values[300, 300] = 9.0, -8.0, np.nan
    found = picture(values, (100, 100), None, 17.0)
    at = lambda row, column: found.tiles[0, row // found.down, column // found.across]  # noqa: E731
    assert at(123, 456) == 9.0
    assert at(77, 3) == -8.0
    assert np.isnan(at(300, 300))
    assert np.isfinite(found.tiles).sum() == found.tiles.size - 1


@given(st.integers(1, 5), st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40))
def test_any_shape_fits_any_room(tiles: int, height: int, width: int, down: int, across: int) -> None:
    values = noise(tiles, height, width)
    found = picture(values, (down, across), None, 1.0)
    count, rows, columns = found.tiles.shape
    assert (count, rows, columns) == (tiles, -(-height // found.down), -(-width // found.across))
    assert min(found.tiles.shape) > 0
    if found.down == found.across == 1:
        assert np.array_equal(found.tiles, values)


def test_a_region_is_cut_to_what_there_is() -> None:
    values = noise(4, 50, 60)
    found = picture(values, (1000, 1000), Region(3, 9, Block(45, 58, 20, 20)), 1.0)
    assert found.region == Region(3, 1, Block(45, 58, 5, 2))
    assert np.array_equal(found.tiles, values[3:, 45:, 58:])


def test_a_histogram_counts_what_is_finite_and_its_quantiles_are_numbers_of_the_tensor() -> None:
    values = noise(10_000)
    values[:3] = np.nan, np.inf, -np.inf
    found = histogram(values, 40)
    finite = np.sort(values[3:][np.isfinite(values[3:])])
    assert found.counts.sum() == finite.size
    assert (found.quantiles[0], found.quantiles[-1]) == (finite[0], finite[-1])
    assert found.quantiles[QUANTILES.index(0.5)] == finite[round(0.5 * (finite.size - 1))]


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, 0.0], [3e38, -3e38], [1e-45], [2**40]])
def test_no_numbers_are_too_odd(values: list[float]) -> None:
    array = np.array(values, np.float32)
    found, figures = histogram(array, 8), summary(array)
    assert found.counts.sum() == np.isfinite(array).sum()
    assert figures.count == len(values)
    assert picture(array, (10, 10), None, 0.0).tiles.size == len(values)
