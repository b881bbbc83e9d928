"""Own images from a CSV file: an image a row, and one sentence that names the row which is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from lenet_gui.engine.data.own.reading import read
from tests.engine.data.own import refused


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("head", ["", "label,p1,p2,p3,p4", "P1,p2,Label,p3,p4"])
def test_a_row_is_a_label_and_its_pixels(tmp_path: Path, head: str) -> None:
    middle = head.startswith("P1")
    rows = [
        ("b", "0", "255", "7", "9"),
        ("a", "1", "2", "3", "4"),
        ("b", "0", "0", "0", "0"),
        ("a", "9", "9", "9", "9"),
    ]
    texts = [",".join((*row[1:3], row[0], *row[3:]) if middle else row) for row in rows]
    found = read(table(tmp_path / "own.csv", *([head] if head else []), *texts))
    assert found.classes == ("a", "b")
    assert found.labels.tolist() == [1, 0, 1, 0]
    # 2×2 made 32×32: the corners are the pixels.
    assert found.images[0][[0, 0, -1, -1], [0, -1, 0, -1]].tolist() == [0, 255, 7, 9]


def test_pixels_may_go_to_one(tmp_path: Path) -> None:
    rows = [f"{number % 2},{','.join(['0.5'] * 1023)},1.0" for number in range(4)]
    found = read(table(tmp_path / "own.csv", *rows))
    assert (found.images[0, 0, 0], found.images[0, -1, -1]) == (128, 255)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,2,3,4,nan", "Row 5 of own.csv has NaN for a pixel"),
        ("1,2,3,4,dog", "Row 5 of own.csv has 'dog' for a pixel: write numbers only"),
        ("1,2,3,4", "Row 5 of own.csv has 3 pixels, which is no square image"),
        ("1," + ",".join("1" * 9), "Row 5 of own.csv has 9 pixels, and the first has 4"),
        ("1,2,3,4,256", "pixels from 2 to 256: they must go from 0 to 255"),
        ("1,2,3,4,-1", "pixels from -1 to 4"),
        ("1,2,3,4,inf", "pixels from 2 to inf"),
        (",2,3,4,5", "Row 5 of own.csv has no label"),
        ("7,1,2,3,4", "The class '7' has one image only"),
        (f"{'x' * 90},1,2,3,4", "give it a name of at most 80 letters"),
        ("1," + "2" * 3_000_000, "has a row of more than 2,097,152 characters"),
        ('1,"' + "2" * 200_000 + '",2,3,4', "is no CSV file (field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: str, words: str) -> None:
    good = ["1,2,3,4,5", "2,1,1,1,1", "1,2,3,4,5", "2,1,1,1,1"]
    assert words in refused(table(tmp_path / "own.csv", *good, row))


def test_a_file_that_is_no_table_is_said(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(bytes(range(128, 256)))
    assert "own.csv is no CSV file (it is no text)" in refused(tmp_path / "own.csv")
    (tmp_path / "own.csv").write_bytes(b"")
    assert "has no rows of pixels" in refused(tmp_path / "own.csv")
    assert "has no rows of pixels" in refused(table(tmp_path / "own.csv", "label,a,b,c,d"))
