"""Errands beside the session: what is told of downloads, folders and own images, and that the session goes on."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import published
from lenet_gui.engine.data.errands import Errands
from lenet_gui.protocol.data import (
    Download,
    ErrandEnded,
    ErrandProgress,
    ImagesPreview,
    ReadImages,
    StopErrand,
    TakeFolder,
    TakeImages,
)
from tests.engine.data import made_up
from tests.engine.data.own import pictures
from tests.engine.data.servers import Asked, Server, serving, whole


class Told:
    """An errand's words in their order."""

    def __init__(self) -> None:
        self.queue: SimpleQueue = SimpleQueue()
        self.errands = Errands(self.queue.put)
        self.progress: list[ErrandProgress] = []
        self.previews: list[ImagesPreview] = []

    def do(self, errand: Download | TakeFolder | ReadImages | TakeImages) -> ErrandEnded:
        """What became of it."""
        self.errands.do(errand)
        return self.end()

    def end(self) -> ErrandEnded:
        while not isinstance(told := self.queue.get(timeout=60), ErrandEnded):
            assert isinstance(told, ErrandProgress | ImagesPreview), told
            (self.progress if isinstance(told, ErrandProgress) else self.previews).append(told)  # type: ignore[arg-type]
        return told


@pytest.fixture
def told() -> Iterator[Told]:
    found = Told()
    yield found
    found.errands.end()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The made-up set, published as MNIST is."""
    files = {path.name: path.read_bytes() for path in made_up.write(tmp_path / "served")}
    told = tuple(published.File(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items())
    with serving(whole(files)) as found:
        monkeypatch.setitem(published.FILES, "mnist", told)
        monkeypatch.setitem(published.MIRRORS, "mnist", (found.mirror,))
        yield found


def test_a_download_is_told_of_and_can_be_trained_on(told: Told, server: Server) -> None:
    ended = told.do(Download("mnist"))
    assert (ended.errand, ended.data, ended.words, ended.cancelled) == (Download("mnist"), "mnist", "", False)
    assert not next(one for one in ended.choices if one.value == "mnist").missing
    sizes = [one.size for one in published.FILES["mnist"]]
    assert (told.progress[-1].done, told.progress[-1].total) == (sum(sizes), sum(sizes))
    assert told.progress[-1].what == "Getting MNIST"
    session = Session(Settings(data="mnist"))
    session.run(3)
    assert session.source.size == 300


def test_a_download_that_is_stopped_goes_on_the_next_time(told: Told, server: Server, tmp_path: Path) -> None:
    give, first = server.answer, published.FILES["mnist"][0]
    data, half = (tmp_path / "served" / first.name).read_bytes(), threading.Event()

    def slow(asked: Asked) -> None:
        asked.head(200, first.size)
        asked.wfile.write(data[: first.size // 2])
        half.set()
        server.leaving.wait()

    server.answer = slow
    told.errands.do(Download("mnist"))
    assert half.wait(60)
    told.errands.do(StopErrand())
    assert told.end().cancelled
    server.answer = give
    assert told.do(Download("mnist")).data == "mnist"


def test_another_errand_ends_the_one_before(told: Told, server: Server, tmp_path: Path) -> None:
    def silent(asked: Asked) -> None:
        server.leaving.wait()

    server.answer = silent
    told.errands.do(Download("mnist"))
    told.errands.do(TakeFolder("mnist", str(tmp_path / "served")))
    assert told.end().cancelled
    assert told.end().data == "mnist"
    assert Session(Settings(data="mnist")).source.size == 300


def test_without_a_network_the_words_say_so(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(published.MIRRORS, "mnist", ("http://127.0.0.1:9/",))
    ended = told.do(Download("mnist"))
    assert ended.words.startswith("There is no way to the network, or to none of the mirrors (127.0.0.1:9: it cannot")
    assert ended.words.endswith("or choose a folder with the files; the digits are always here.")
    assert next(one for one in ended.choices if one.value == "mnist").missing
    assert ended.data == ""


def test_a_folder_without_the_files_is_said_and_not_remembered(told: Told, tmp_path: Path) -> None:
    ended = told.do(TakeFolder("mnist", str(tmp_path)))
    assert "does not hold MNIST: choose the folder with train-images-idx3-ubyte and the three other" in ended.words
    made_up.write(tmp_path / "own")
    (tmp_path / "own/train-labels-idx1-ubyte.gz").write_bytes(b"x")
    ended = told.do(TakeFolder("mnist", str(tmp_path / "own")))
    assert "train-labels-idx1-ubyte.gz is no whole IDX file" in ended.words
    assert next(one for one in ended.choices if one.value == "mnist").missing


def test_own_images_are_shown_before_they_are_taken(told: Told, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "pets", {"dog": 12, "cat": 3}, side=64)
    ended = told.do(ReadImages(str(folder)))
    assert (ended.data, ended.words) == ("", "")
    (preview,) = told.previews
    assert (preview.classes, preview.counts, preview.form) == (("cat", "dog"), (3, 12), "64×64, made 32×32")
    assert [one.shape for one in preview.pictures] == [(3, 32, 32), (8, 32, 32)]
    assert all(one.dtype == np.uint8 and not one.flags.writeable for one in preview.pictures)
    assert told.progress[0].total == 15
    assert not (tmp_path / "data").exists()  # looking keeps nothing
    ended = told.do(TakeImages())
    assert ended.data.startswith("images:")
    assert [one.label for one in ended.choices if one.value == ended.data] == ["pets (15)"]
    assert Session(Settings(data=ended.data, batch_size=4)).source.classes == ("cat", "dog")


def test_what_is_wrong_with_own_images_is_said(told: Told, tmp_path: Path) -> None:
    assert "No images were read" in told.do(TakeImages()).words
    (tmp_path / "empty").mkdir()
    assert "empty has no folders in it" in told.do(ReadImages(str(tmp_path / "empty"))).words


def test_a_disk_that_cannot_be_written_is_said(told: Told, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    folder = pictures(tmp_path / "pets", {"dog": 2, "cat": 3})
    told.do(ReadImages(str(folder)))
    assert "cannot be written" in told.do(TakeImages()).words
