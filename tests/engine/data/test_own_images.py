"""Own images from folders, and how they are kept: what they become, one sentence for each thing that is wrong."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import DataError
from lenet_gui.engine.data.own import kept
from lenet_gui.engine.data.own.reading import read
from tests.engine.data.own import GREYS, pictures, refused

# -------------------------------------------------------------------------------------------------------- a folder


def test_each_folder_is_a_class(tmp_path: Path) -> None:
    found = read(pictures(tmp_path / "pets", {"dog": 3, "cat": 2, "10": 4, "9": 3}))
    assert found.classes == ("9", "10", "cat", "dog")
    assert np.bincount(found.labels).tolist() == [3, 4, 2, 3]
    assert (found.title, found.form) == ("pets", "32×32")
    # Sorted by folder: 10, 9, cat, dog; written: dog, cat, 10, 9.
    assert np.array_equal(found.images[-3:], GREYS[:3])
    assert np.array_equal(found.images[:4], GREYS[5:9])


@pytest.mark.parametrize(
    ("size", "form", "border"),
    [
        ((28, 28), "28×28, with a border of 2 pixels", (2, 2)),
        ((64, 64), "64×64, made 32×32", (0, 0)),
        ((200, 100), "200×100, made 32×32", (8, 0)),
        ((5, 10), "5×10, made 32×32", (0, 8)),
        ((4000, 1), "4000×1, made 32×32", (15, 0)),
    ],
)
def test_other_sizes_are_centred_on_32_by_32(
    tmp_path: Path, size: tuple[int, int], form: str, border: tuple[int, int]
) -> None:
    for name in "ab":
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(2):
            Image.new("L", size, 200).save(tmp_path / "own" / name / f"{number}.png")
    found = read(tmp_path / "own")
    assert found.form == form
    top, left = border
    inner = found.images[:, top : 32 - top, left : 32 - left] if size != (4000, 1) else found.images[:, 15:16]
    assert set(inner.flat) == {200}
    assert found.images.sum() == inner.sum()


def test_colours_and_what_is_seen_through_become_grey(tmp_path: Path) -> None:
    colours = {"red": ("RGB", (255, 0, 0)), "clear": ("RGBA", (0, 0, 0, 0)), "deep": ("I;16", 40_000)}
    for name, (mode, colour) in colours.items():
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(2):
            Image.new(mode, (32, 32), colour).save(tmp_path / "own" / name / f"{number}.png")
    found = read(tmp_path / "own")
    greys = {name: {*found.images[found.labels == label].flat} for label, name in enumerate(found.classes)}
    assert greys == {"clear": {255}, "deep": {40_000 // 256}, "red": {76}}
    assert found.form == "32×32; 4 with colours, made grey"


def test_photographs_are_turned_as_they_were_taken(tmp_path: Path) -> None:
    picture = Image.new("L", (400, 400))
    picture.paste(255, (0, 0, 400, 200))  # the upper half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by a quarter
    for name in "ab":
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(2):
            picture.save(tmp_path / "own" / name / f"{number}.JPG", "JPEG", exif=exif)
    one = read(tmp_path / "own").images[0]
    assert one[:, 20:].min() > 200
    assert one[:, :12].max() < 50


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "has no folders in it: make one for each class" in refused(tmp_path / "empty")
    one = pictures(tmp_path / "one", {"a": 3})
    assert "All images are of one class, 'a'" in refused(one)
    (one / "b").mkdir()
    assert "The folder 'b' has no PNG or JPEG images in it" in refused(one)
    few = pictures(tmp_path / "few", {"a": 3, "b": 1})
    assert "The class 'b' has one image only: it needs two or more" in refused(few)
    assert "is not there" in refused(tmp_path / "nothing.csv")
    (tmp_path / "x.txt").write_text("x")
    assert "choose a folder with a folder a class, a .csv or an .npz" in refused(tmp_path / "x.txt")


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG of greys that says that it is so large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


WHOLE = png(32, 32, bytes(33 * 32))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png(8000, 7000, bytes(1000)), "says that it has more than 50,000,000 pixels"),
        (b"", "3.png is no whole PNG or JPEG image"),
        (b"GIF89a" + bytes(100), "is no whole PNG or JPEG image"),
        (WHOLE[:50], "is no whole PNG or JPEG image"),
        (WHOLE[:-30], "is no whole PNG or JPEG image"),
        (png(60_000, 60_000, bytes(1000)), "3.png says that it has more than 50,000,000 pixels: take it out"),
        (png(0, 5, b""), "is no whole PNG or JPEG image"),
        (b"import os; os.system('true')", "is no whole PNG or JPEG image"),
    ],
)
def test_a_wrong_image_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    folder = pictures(tmp_path / "own", {"a": 2, "b": 2})
    (folder / "b/3.png").write_bytes(data)
    tracemalloc.start()
    assert words in refused(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 10**6


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_a_mutated_image_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    mutated = bytearray(WHOLE)
    mutated[at] = byte
    folder = pictures(tmp_path_factory.mktemp("own"), {"a": 2, "b": 2})
    (folder / "b/3.png").write_bytes(bytes(mutated))
    said = ""
    try:
        assert read(folder).images.shape == (5, 32, 32)
    except DataError as error:
        said = str(error)
    assert not said or said.startswith("3.png ")


# ------------------------------------------------------------------------------------------------------------ kept


@pytest.fixture
def taken(tmp_path: Path) -> str:
    return kept.keep(read(pictures(tmp_path / "pets", {"dog": 10, "cat": 20, "yak": 5})))


def test_what_was_taken_is_trained_on_without_its_folder(taken: str, tmp_path: Path) -> None:
    session = Session(Settings(data=taken, batch_size=4, data_flip=True))
    assert (session.source.size, session.source.test_size) == (28, 7)  # of each class a fifth
    assert session.source.classes == ("cat", "dog", "yak")
    assert dict(kept.listed()) == {taken: "pets (35)"}
    session.run(20)
    found = session.evaluate()
    assert found is not None
    assert found.total == 7
    session.save(tmp_path / "run.lenet")
    again = Session.open(tmp_path / "run.lenet")
    assert again.digest() == session.digest()


def test_the_same_images_are_kept_once_whatever_they_are_called(taken: str, tmp_path: Path) -> None:
    (tmp_path / "pets").rename(tmp_path / "animals")
    assert kept.keep(read(tmp_path / "animals")) == taken
    (tmp_path / "animals/yak/0.png").unlink()
    assert kept.keep(read(tmp_path / "animals")) != taken
    assert len([*kept.listed()]) == 2


@pytest.mark.parametrize(("share", "held"), [(0, 0), (0.01, 3), (0.5, 17), (0.9, 31)])
def test_each_class_gives_its_share(taken: str, share: float, held: int) -> None:
    source = Session(Settings(data=taken, data_test_share=share, batch_size=1)).source
    assert source.test_size == held
    assert source.size == 35 - held
    other = Session(Settings(data=taken, data_test_share=share, batch_size=1, seed=9))
    if source.test is None or other.source.test is None:
        assert other.evaluate() is None
    else:
        assert source.test[1].unique().tolist() == [0, 1, 2]
        assert torch.equal(other.source.test[0], source.test[0])


def test_images_that_are_gone_or_damaged_are_said(taken: str, tmp_path: Path) -> None:
    session = Session(Settings(data=taken, batch_size=2))
    session.save(tmp_path / "run.lenet")
    file = next((tmp_path / "data/images").iterdir())
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    kept._read.cache_clear()
    with pytest.raises(DataError, match=r"are damaged \(they are no longer as they were written\): remove"):
        Session(Settings(data=taken))
    file.write_bytes(b"x")
    with pytest.raises(DataError, match="are damaged"):
        Session(Settings(data=taken))
    assert [*kept.listed()] == []
    file.unlink()
    with pytest.raises(
        ValueError, match=r"run\.lenet cannot be opened here \(The images [0-9a-f]{12}… are not on this"
    ):
        Session.open(tmp_path / "run.lenet")
    with pytest.raises(DataError, match="take the same ones again with “Own images…”"):
        Session(Settings(data="images:../../etc/passwd"))


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
@pytest.mark.parametrize("classes", [2, 12])
def test_fewer_and_more_classes_than_ten_train_with_either_loss(tmp_path: Path, classes: int, loss: str) -> None:
    taken = kept.keep(read(pictures(tmp_path / "own", {f"kind {number}": 4 for number in range(classes)})))
    session = Session(Settings(data=taken, batch_size=4, loss=loss))
    session.run(3)
    assert session.output is not None
    assert session.output.shape == (4, classes)
    assert session.last_loss is not None
    assert session.last_loss.isfinite()
