"""MNIST's files are found wherever they lie, and wrong ones are said in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import Cursor, DataError, folders, source
from lenet_gui.engine.data.choices import choices
from lenet_gui.engine.data.files import PARTS, find
from tests.engine.data import made_up


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """The user's folder of this test's own (see conftest)."""
    return tmp_path / "data"


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("below", ["mnist", "MNIST/raw"])
def test_files_in_the_users_folder_are_found(cache: Path, below: str, zipped: bool) -> None:
    made_up.write(cache / below, zipped)
    session = Session(Settings(data="mnist", batch_size=7))
    images, labels, test_images, test_labels = made_up.images_and_labels()
    assert session.source.size == 300
    assert session.source.classes == tuple("0123456789")
    train, train_labels = session.source.batch(Cursor(), 300)
    assert train_labels is not None
    seen = (255 * train[:, 0, 2:-2, 2:-2]).round().to(torch.uint8).numpy()
    assert sorted(map(bytes, seen)) == sorted(map(bytes, images))
    assert float(train[:, :, :2].abs().max()) == 0
    assert train.shape == (300, 1, 32, 32)
    assert train_labels.sort().values.tolist() == sorted(labels.tolist())
    assert session.source.test is not None
    held, held_labels = session.source.test
    assert np.array_equal((255 * held[:, 0, 2:-2, 2:-2]).round().numpy(), test_images)
    assert held_labels.tolist() == test_labels.tolist()


def test_each_image_keeps_its_label(cache: Path) -> None:
    made_up.write(cache / "mnist")
    images, labels, *_ = made_up.images_and_labels()
    known = {bytes(image): int(label) for image, label in zip(images, labels, strict=True)}
    train, train_labels = source(Settings(data="mnist", seed=3), "cpu").batch(Cursor(5), 300)
    seen = (255 * train[:, 0, 2:-2, 2:-2]).round().to(torch.uint8).numpy()
    assert train_labels is not None
    assert [known[bytes(image)] for image in seen] == train_labels.tolist()


@pytest.mark.parametrize("below", ["", "raw", "mnist", "MNIST/raw"])
def test_a_chosen_folder_is_remembered(tmp_path: Path, below: str) -> None:
    made_up.write(tmp_path / "elsewhere" / below, zipped=False)
    assert find("mnist") is None
    folders.choose("mnist", tmp_path / "elsewhere")
    assert find("mnist") is not None
    assert Session(Settings(data="mnist")).source.size == 300


def test_both_data_in_one_torchvision_root_are_told_apart(tmp_path: Path) -> None:
    made_up.write(tmp_path / "root/MNIST/raw", train=40)
    made_up.write(tmp_path / "root/FashionMNIST/raw", train=50)
    for name in ("mnist", "fashion-mnist"):
        folders.choose(name, tmp_path / "root")
    assert Session(Settings(data="mnist")).source.size == 40
    session = Session(Settings(data="fashion-mnist"))
    assert session.source.size == 50
    assert session.source.classes[9] == "Ankle boot"


def test_what_is_not_here_is_said_and_listed(cache: Path) -> None:
    with pytest.raises(DataError, match="MNIST is not on this machine: choose it in the list of data to download"):
        Session(Settings(data="mnist"))
    assert {one.value: bool(one.missing) for one in choices()} == {
        "digits": False,
        "random": False,
        "mnist": True,
        "fashion-mnist": True,
    }
    made_up.write(cache / "mnist")
    assert not next(one for one in choices() if one.value == "mnist").missing


def test_files_that_came_later_are_read_again(cache: Path) -> None:
    made_up.write(cache / "mnist", train=40)
    assert Session(Settings(data="mnist")).source.size == 40
    made_up.write(cache / "mnist", train=50)
    assert Session(Settings(data="mnist")).source.size == 50


def test_a_session_that_names_what_is_gone_says_so(cache: Path, tmp_path: Path) -> None:
    made_up.write(cache / "mnist")
    session = Session(Settings(data="mnist", data_shift=1, data_normalise=True))
    session.run(3)
    session.save(tmp_path / "run.lenet")
    again = Session.open(tmp_path / "run.lenet")
    assert again.digest() == session.digest()
    again.run(2)
    session.run(2)
    assert again.digest() == session.digest()
    shutil.rmtree(cache / "mnist")
    with pytest.raises(ValueError, match=r"run\.lenet cannot be opened here \(MNIST is not on this machine: choose it"):
        Session.open(tmp_path / "run.lenet")


@pytest.mark.parametrize(
    ("part", "array", "words"),
    [
        (0, np.zeros((300, 14, 14), np.uint8), "are 14×14, not 28×28"),
        (0, np.zeros((299, 28, 28), np.uint8), "has 299 images and train-labels-idx1-ubyte 300 labels"),
        (1, np.full(300, 10, np.uint8), "has a label 10, and there are classes 0 to 9 only"),
        (3, np.zeros((60, 2), np.uint8), "begins with 00 00 08 02, not with 00 00 08 01"),
    ],
)
def test_files_that_do_not_fit_are_said(cache: Path, part: int, array: np.ndarray, words: str) -> None:
    made_up.write(cache / "mnist", zipped=False)
    (cache / "mnist" / PARTS[part]).write_bytes(made_up.idx(array))
    with pytest.raises(DataError, match=words):
        Session(Settings(data="mnist"))
