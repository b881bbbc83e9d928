"""The pyramid against brute force over plain rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet_gui.gui.plots.curve import spans
from lenet_gui.gui.plots.pyramid import BLOCK, Pyramid

COLUMNS = 2


def rows_of(count: int, seed: int, holes: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((count, COLUMNS)).astype(np.float32)
    if holes:
        rows[rng.random(rows.shape) < 0.2] = np.nan
        rows[rng.random(rows.shape) < 0.1] = -np.inf
    return rows


def check(pyramid: Pyramid, rows: np.ndarray, start: int, stop: int, width: int) -> None:
    """Every bucket holds the extremes of exactly its own rows, and together they cover the stretch."""
    found = pyramid.envelope(start, stop, width)
    assert found.low.shape == found.high.shape == found.broken.shape == (COLUMNS, len(found.steps))
    if not len(found.steps):
        assert max(0, start) >= min(stop, len(rows))
        return
    # A bucket's middle gives its edges away: each begins where the one before ends.
    used = next(w for w in range(width, 0, -1) if _edges(found.steps, w, len(rows)) is not None)
    assert used * 2 > width
    edges = _edges(found.steps, used, len(rows))
    assert edges is not None
    assert edges[0][0] <= max(0, start)
    assert edges[-1][1] >= min(stop, len(rows))
    for i, (first, last) in enumerate(edges):
        for column in range(COLUMNS):
            part = rows[first:last, column]
            finite = part[np.isfinite(part)]
            assert found.broken[column, i] == (len(finite) < len(part))
            if len(finite):
                assert (found.low[column, i], found.high[column, i]) == (finite.min(), finite.max())
            else:
                assert np.isnan(found.low[column, i])
                assert np.isnan(found.high[column, i])


def _edges(steps: np.ndarray, width: int, count: int) -> list[tuple[int, int]] | None:
    first = int(steps[0]) // width
    edges = [(i * width, min((i + 1) * width, count)) for i in range(first, first + len(steps))]
    fits = all((a + b - 1) / 2 == middle for (a, b), middle in zip(edges, steps, strict=True))
    return edges if fits else None


@given(
    blocks=st.lists(st.integers(0, 700), max_size=6),
    seed=st.integers(0, 99),
    holes=st.booleans(),
    stretch=st.tuples(st.integers(-50, 4000), st.integers(-50, 4000)),
    width=st.integers(1, 900),
)
def test_each_bucket_holds_the_extremes_of_its_rows(
    blocks: list[int], seed: int, holes: bool, stretch: tuple[int, int], width: int
) -> None:
    rows = rows_of(sum(blocks), seed, holes)
    pyramid, done = Pyramid(COLUMNS), 0
    for count in blocks:
        pyramid.append(rows[done : done + count])
        done += count
    check(pyramid, rows, min(stretch), max(stretch), width)


@given(lengths=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 1200)), max_size=6), width=st.integers(1, 600))
def test_after_going_back_and_on_it_is_as_if_never_otherwise(lengths: list[tuple[int, int]], width: int) -> None:
    pyramid, rows = Pyramid(COLUMNS), np.empty((0, COLUMNS), np.float32)
    for seed, (more, back_to) in enumerate(lengths):
        added = rows_of(more, seed, holes=False)
        pyramid.append(added)
        pyramid.truncate(back_to)
        rows = np.concatenate([rows, added])[:back_to]
    assert len(pyramid) == len(rows)
    assert np.array_equal(pyramid.rows(0, len(rows)), rows)
    check(pyramid, rows, 0, len(rows), width)


@pytest.mark.parametrize("width", [1, 8, 60, 5000])
def test_buckets_and_rows_are_right_across_the_blocks_of_storage(width: int) -> None:
    rows = rows_of(2 * BLOCK + 77, 3, holes=False)
    pyramid = Pyramid(COLUMNS)
    pyramid.append(rows)
    check(pyramid, rows, BLOCK - 200, BLOCK + 200, width)
    check(pyramid, rows, 2 * BLOCK - 100, 3 * BLOCK, width)
    pyramid.truncate(BLOCK)
    check(pyramid, rows[:BLOCK], BLOCK - 200, BLOCK + 200, width)


def test_seven_columns_cost_less_than_sixty_bytes_a_row() -> None:
    pyramid = Pyramid(7)
    pyramid.append(np.zeros((8 * BLOCK, 7), np.float32))
    stored = [pyramid.raw, *pyramid._levels]
    touched = sum(4 * part.length * math.prod(part.shape) for part in stored)
    assert touched / len(pyramid) < 60


def test_a_pixel_column_covers_the_lines_that_cross_it() -> None:
    x = np.array([0.5, 2.5, 2.75])
    values = np.array([[0.0, 2.0, 5.0]])
    low, high = spans(x, values, 4), -spans(x, -values, 4)
    assert low[0, :3].tolist() == [0.0, 0.5, 1.5]
    assert high[0, :3].tolist() == [0.5, 1.5, 5.0]
    assert np.isnan(low[0, 3])


def test_a_gap_stays_a_gap_and_a_lonely_point_is_seen() -> None:
    x = np.array([0.5, 1.5, 2.5, 3.5])
    values = np.array([[1.0, np.nan, 3.0, np.nan]])
    low, high = spans(x, values, 5), -spans(x, -values, 5)
    assert low[0, [0, 2]].tolist() == high[0, [0, 2]].tolist() == [1.0, 3.0]
    assert np.isnan(low[0, [1, 3, 4]]).all()
