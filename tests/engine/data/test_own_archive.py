"""Own images from an .npz: arrays of any usual form, and nothing in it is run, unpacked to the disk or believed."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lenet_gui.engine.data.own.reading import read
from tests.engine.data.own import GREYS, refused

LABELS = np.arange(12) % 3


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y")])
@pytest.mark.parametrize(
    "images",
    [GREYS, GREYS / 255, GREYS[:, None], GREYS[..., None], np.repeat(GREYS[..., None], 3, 3), GREYS.astype(np.int64)],
)
def test_arrays_of_any_usual_form_are_the_same_images(
    tmp_path: Path, names: tuple[str, str], images: np.ndarray
) -> None:
    np.savez_compressed(tmp_path / "own.npz", **{names[0]: np.asfortranarray(images), names[1]: LABELS})
    found = read(tmp_path / "own.npz")
    assert np.array_equal(found.images, GREYS)
    assert found.labels.tolist() == LABELS.tolist()
    assert found.classes == ("0", "1", "2")


def test_the_archive_may_name_its_classes(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=GREYS, labels=LABELS, classes=np.array(["ox", "ass", "hen"]))
    assert read(tmp_path / "own.npz").classes == ("ox", "ass", "hen")
    np.savez(tmp_path / "own.npz", images=GREYS, labels=np.array(["ox", "ass", "hen"])[LABELS])
    assert read(tmp_path / "own.npz").classes == ("ass", "hen", "ox")


WRONG = {
    "no labels": ({"images": GREYS}, "has no array called labels or y: it has images"),
    "other lengths": ({"images": GREYS, "labels": LABELS[:5]}, "has 12 images and labels of the shape [5]"),
    "flat": ({"images": GREYS.reshape(12, -1), "labels": LABELS}, "must be numbers [N, height, width]"),
    "objects": ({"images": np.array([{}] * 12), "labels": LABELS}, "holds Python objects, which could run code"),
    "NaN": ({"images": np.full((12, 32, 32), np.nan), "labels": LABELS}, "has NaN among its pixels"),
    "too bright": ({"images": GREYS * 2.0, "labels": LABELS}, "they must go from 0 to 255, or from 0 to 1"),
    "half labels": ({"images": GREYS, "labels": LABELS / 2}, "are not whole numbers"),
    "labels outside": (
        {"images": GREYS, "labels": LABELS, "classes": np.array(["a", "b"])},
        "go from 0 to 2, and it names 2 classes, counted from 0",
    ),
    "nobody": ({"images": GREYS, "labels": LABELS, "classes": np.array(list("abcd"))}, "The class 'd' has no image"),
    "twice": ({"images": GREYS, "labels": LABELS, "classes": np.array(list("aba"))}, "Two classes have one name"),
    "nothing": ({"images": GREYS[:0], "labels": LABELS[:0]}, "is 0 × 32 × 32 of uint8"),
}


@pytest.mark.parametrize("name", WRONG)
def test_arrays_that_cannot_be_used_are_said(tmp_path: Path, name: str) -> None:
    arrays, words = WRONG[name]
    np.savez(tmp_path / "own.npz", **arrays)
    assert words in refused(tmp_path / "own.npz")


class Boom:
    def __reduce__(self) -> tuple:
        return Path.touch, (Path("boom"),)


def test_nothing_in_an_archive_is_run_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "own.npz", images=np.array([Boom()] * 2), labels=np.zeros(2))
    assert "could run code" in refused(tmp_path / "own.npz")
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        archive.writestr("images.npy", pickle.dumps(Boom()))
        archive.writestr("labels.npy", pickle.dumps(Boom()))
    assert "is no whole .npz file" in refused(tmp_path / "own.npz")
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        archive.writestr("../../images.npy", b"x")
    assert "has an entry called '../../images.npy', a path" in refused(tmp_path / "own.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["own.npz"]


def test_a_bomb_of_an_archive_is_not_unpacked(tmp_path: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 28, 28)})
    with zipfile.ZipFile(tmp_path / "own.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", head.getvalue() + bytes(2 * 10**8))
        archive.writestr("labels.npy", b"")
    tracemalloc.start()
    assert "is 1,000,000,000 × 28 × 28 of uint8: an array of at most" in refused(tmp_path / "own.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 10**6


@pytest.mark.parametrize("length", [0, 10, 1000, -1, -50])
def test_a_cut_archive_is_said(tmp_path: Path, length: int) -> None:
    np.savez(tmp_path / "own.npz", images=GREYS, labels=LABELS)
    data = (tmp_path / "own.npz").read_bytes()
    (tmp_path / "own.npz").write_bytes(data[:length])
    assert "own.npz is no whole .npz file" in refused(tmp_path / "own.npz")
