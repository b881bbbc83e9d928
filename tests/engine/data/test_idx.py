"""IDX files: whole ones come out as they went in, everything else is one sentence in bounded memory and time."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lenet_gui.engine.data import DataError
from lenet_gui.engine.data.idx import read
from tests.engine.data.made_up import idx

PICTURES = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
WHOLE = idx(PICTURES)


def refused(path: Path, data: bytes, dimensions: int = 3) -> str:
    path.write_bytes(data)
    with pytest.raises(DataError) as error:
        read(path, dimensions)
    words = str(error.value)
    assert words.endswith(".")
    assert "\n" not in words
    return words


def read_or_refused(path: Path) -> tuple[str, np.ndarray | None]:
    try:
        return "", read(path, 3)
    except DataError as error:
        return str(error), None


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=9)), st.booleans())
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, zipped: bool) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(idx(array)) if zipped else idx(array))
    found = read(path, array.ndim)
    assert np.array_equal(found, array)
    assert found.dtype == np.uint8


BYTE = st.integers(0, 255)


@given(at=st.integers(0, len(WHOLE) - 1), byte=BYTE, cut=st.integers(0, len(WHOLE)), zipped=st.booleans())
def test_a_mutated_file_is_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: int, zipped: bool
) -> None:
    mutated = bytearray(WHOLE)
    mutated[at] = byte
    data = bytes(mutated[:cut] or mutated)
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(data) if zipped else data)
    said, found = read_or_refused(path)
    assert "file is no whole IDX file" in said or (found is not None and found.size == len(WHOLE) - 16)


@given(at=st.integers(0, len(gzip.compress(WHOLE, mtime=0)) - 1), byte=st.integers(0, 255))
def test_a_mutated_gzip_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    mutated = bytearray(gzip.compress(WHOLE, mtime=0))
    mutated[at] = byte
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(bytes(mutated))
    said, found = read_or_refused(path)
    # Read all the same where it is a byte that nobody reads, such as the time.
    assert "file is no whole IDX file" in said or (found is not None and np.array_equal(found, PICTURES))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ends within its header"),
        (WHOLE[:9], "ends within its header"),
        (WHOLE[:-1], "promises 60 bytes and has 59"),
        (WHOLE + b"x", "promises 60 bytes and has more"),
        (b"PK\3\4" + WHOLE, "begins with 50 4b 03 04, not with 00 00 08 03"),
        (b"\0\0\x0d\3" + WHOLE[4:], "begins with 00 00 0d 03"),
        (WHOLE[:4] + bytes(4) + WHOLE[8:], "it says that it is 0 × 4 × 3"),
        (gzip.compress(WHOLE)[:-9], "cut short"),
        (gzip.compress(WHOLE)[:-1], "cut short"),
        (gzip.compress(WHOLE)[:-8] + bytes(8), "its gzip is broken"),
        (gzip.compress(WHOLE) + b"more", "something stands behind its end"),
        (gzip.compress(WHOLE + b"x"), "promises 60 bytes and has more"),
    ],
)
def test_what_is_wrong_with_it_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in refused(tmp_path / "file", data)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_header_that_promises_a_thousand_million_rows_costs_nothing(tmp_path: Path, zipped: bool) -> None:
    data = struct.pack(">BBBBIII", 0, 0, 8, 3, 10**9, 28, 28) + bytes(100)
    tracemalloc.start()
    words = refused(tmp_path / "file", gzip.compress(data) if zipped else data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "promises 1,000,000,000 × 28 × 28 bytes, which it cannot hold" in words
    assert peak < 10**6


def test_a_bomb_is_unpacked_no_further_than_its_header_says(tmp_path: Path) -> None:
    data = gzip.compress(struct.pack(">BBBBIII", 0, 0, 8, 3, 10, 28, 28) + bytes(3 * 10**8), 1)
    tracemalloc.start()
    words = refused(tmp_path / "file", data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "promises 7,840 bytes and has more" in words
    assert peak < 3 * len(data) + 10**6


def test_a_folder_or_nothing_at_its_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "nothing", 3)
    with pytest.raises(DataError, match="is no file"):
        read(tmp_path, 3)
