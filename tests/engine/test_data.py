"""Where batches come from: the digits' fixed split and pure order, random tensors, and a damaged file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lenet_gui import resources
from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import Cursor, DataError, Digits, RandomData, permutation, source
from lenet_gui.engine.data import digits as engine_digits

SEEDS = st.integers(0, 2**63 - 1)


def held_out(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    test = Digits(seed, "cpu").test
    assert test is not None
    return test


def training_images(seed: int, epoch: int) -> torch.Tensor:
    """The training images in the order of the file: an epoch with its permutation undone."""
    digits = Digits(seed, "cpu")
    images, _ = digits.batch(Cursor(epoch), digits.size)
    return images[permutation(seed, epoch, digits.size).argsort()]


def test_the_split_is_the_same_whatever_the_seed() -> None:
    assert torch.equal(training_images(0, 0), training_images(2**63 - 1, 3))
    for one, other in zip(held_out(0), held_out(9), strict=True):
        assert torch.equal(one, other)


def test_every_digit_is_in_one_half_of_the_split() -> None:
    with np.load(resources.path("digits.npz")) as file:
        images, labels = torch.from_numpy(file["images"]), torch.from_numpy(file["labels"]).long()
    digits = Digits(0, "cpu")
    train, train_labels = digits.batch(Cursor(), digits.size)
    test, test_labels = held_out(0)
    assert (len(train), len(test)) == (1437, 360)
    both = torch.cat([train, test]).flatten(1)
    # Bilinear 32×32 by PyTorch itself is what the network sees of an 8×8 image.
    pixels = torch.nn.functional.interpolate(images[:, None].float() / 16, (32, 32), mode="bilinear")
    everything = torch.cat([pixels.flatten(1), labels[:, None].float()], 1)
    found = torch.cat([both, torch.cat([train_labels, test_labels])[:, None].float()], 1)
    assert torch.equal(_sorted(found), _sorted(everything))
    assert float(both.min()) == 0
    assert float(both.max()) == 1
    assert test_labels.bincount().min() >= 25  # no class is missing from the held-out digits


def _sorted(rows: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.array(sorted(map(tuple, rows.tolist()))))


@given(seed=SEEDS, epoch=st.integers(0, 10_000), size=st.integers(1, 300))
def test_an_epochs_order_is_a_pure_function(seed: int, epoch: int, size: int) -> None:
    order = permutation(seed, epoch, size)
    torch.rand(1)
    assert torch.equal(permutation(seed, epoch, size), order)
    assert torch.equal(order.sort().values, torch.arange(size))


@given(seed=st.integers(0, 2**62), epoch=st.integers(0, 1000), shift=st.integers(1, 1000))
def test_seed_and_epoch_are_mixed_and_not_added(seed: int, epoch: int, shift: int) -> None:
    assert not torch.equal(permutation(seed, epoch + shift, 200), permutation(seed + shift, epoch, 200))
    assert not torch.equal(permutation(seed, epoch + shift, 200), permutation(seed, epoch, 200))


@given(size=st.integers(1, 1437))
def test_the_last_partial_batch_is_kept(size: int) -> None:
    digits, cursor, seen = Digits(1, "cpu"), Cursor(4), []
    while cursor.epoch == 4:
        images, labels = digits.batch(cursor, size)
        assert len(images) == len(labels)
        seen.append(images)
        cursor = digits.after(cursor, size)
    assert cursor == Cursor(5)
    assert [len(images) for images in seen[:-1]] == [size] * (len(seen) - 1)
    assert torch.equal(torch.cat(seen), digits.batch(Cursor(4), 1437)[0])


def test_random_data_is_the_tutorials_draw() -> None:
    torch.manual_seed(3)
    images, labels = RandomData("cpu").batch(Cursor(), 5)
    torch.manual_seed(3)
    assert torch.equal(images, torch.randn(5, 1, 32, 32))
    assert labels is None


@pytest.mark.parametrize("redraw", [True, False])
def test_random_data_is_drawn_anew_or_kept(redraw: bool) -> None:
    session = Session(Settings(data="random", batch_size=2, redraw=redraw))
    first = session.input.clone()
    session.run(2)
    assert torch.equal(session.input, first) != redraw
    session.set(batch_size=3)
    session.forward()
    assert session.input.shape == (3, 1, 32, 32)


@pytest.mark.parametrize("loss", ["MSELoss", "CrossEntropyLoss"])
def test_a_target_without_labels_belongs_to_its_batch(loss: str) -> None:
    session = Session(Settings(data="random", batch_size=2, redraw=False, loss=loss))
    session.run(1)
    kept = session.target
    session.run(1)
    assert session.target is kept
    session = Session(Settings(data="random", batch_size=2, loss=loss))
    session.run(1)
    before = session.target
    session.run(1)
    assert before is not None
    assert session.target is not None
    assert not torch.equal(session.target.float(), before.float())


def test_unknown_data_is_named() -> None:
    with pytest.raises(DataError, match=r"no data called 'cats'; there are digits, random, mnist, fashion-mnist and"):
        source(Settings(data="cats"), "cpu")


# ------------------------------------------------------------------------------------------------ a damaged file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A resources folder of this test's own, empty at first."""
    monkeypatch.setattr(resources, "_FOLDERS", (tmp_path,))
    engine_digits.digits.cache_clear()
    yield tmp_path
    engine_digits.digits.cache_clear()


WHOLE = resources.path("digits.npz").read_bytes()
TEST_IMAGES, TEST_LABELS = held_out(0)
WORDS = r"digits.* Install the program again, or choose random data"


def test_a_missing_file_is_said_in_a_sentence(folder: Path) -> None:
    with pytest.raises(DataError, match=WORDS):
        Digits(0, "cpu")
    assert not list(folder.iterdir())


@pytest.mark.parametrize("length", [0, 1, 100, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_truncated_file_is_said_in_a_sentence(folder: Path, length: int) -> None:
    (folder / "digits.npz").write_bytes(WHOLE[:length])
    with pytest.raises(DataError, match=WORDS):
        Session()


@pytest.mark.parametrize("at", range(0, len(WHOLE), len(WHOLE) // 12))
def test_a_damaged_file_is_harmless_or_said_in_a_sentence(folder: Path, at: int) -> None:
    damaged = bytes(byte ^ 0xFF for byte in WHOLE[at : at + 9])
    (folder / "digits.npz").write_bytes(WHOLE[:at] + damaged + WHOLE[at + 9 :])
    said = ""
    try:
        images, labels = held_out(0)
    except DataError as error:
        said = str(error)
    else:  # the bytes were ones that nobody reads
        assert torch.equal(images, TEST_IMAGES)
        assert torch.equal(labels, TEST_LABELS)
    assert not said or re.search(WORDS, said)


def test_other_arrays_under_the_same_name_are_said_in_a_sentence(folder: Path) -> None:
    np.savez(folder / "digits.npz", images=np.zeros((10, 9, 9)), labels=np.zeros(10))
    with pytest.raises(DataError, match=WORDS):
        Digits(0, "cpu")
    engine_digits.digits.cache_clear()
    with (folder / "digits.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match=WORDS):
        Digits(0, "cpu")
