"""What is done to images on the way into a batch: to 0..1, normalised, augmented; pure, and replayed to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import Cursor, Digits, Images, source
from lenet_gui.engine.data.augment import augmented
from lenet_gui.engine.data.images import Arrays
from lenet_gui.engine.data.preparation import Preparation
from lenet_gui.engine.export.script import write_script
from tests.engine.data import made_up

EVERYTHING = Preparation(normalise=True, shift=2, rotate=10.0, flip=True)


@pytest.fixture
def mnist(tmp_path: Path) -> None:
    made_up.write(tmp_path / "data/mnist")


def images(prepare: Preparation, seed: int = 0) -> Images:
    """Of bytes, unlike the digits."""
    pixels, labels, *test = map(torch.from_numpy, made_up.images_and_labels(40, 20))
    held = test[0][:, None], test[1].long()
    return Images(Arrays((pixels[:, None], labels.long()), held, tuple("0123456789")), seed, "cpu", prepare)


def whole(found: Images, epoch: int = 0) -> Tensor:
    return found.batch(Cursor(epoch), found.size)[0]


def test_bytes_become_parts_of_one() -> None:
    batch = whole(images(Preparation()))
    assert batch.dtype == torch.float32
    assert torch.equal(batch, (255 * batch).round() / 255)
    assert (float(batch.min()), float(batch.max())) == (0, 1)


@pytest.mark.parametrize("kind", [images, lambda prepare: Digits(0, "cpu", prepare)])
def test_normalised_training_images_have_mean_0_and_spread_1(kind) -> None:
    found = kind(Preparation(normalise=True))
    batch, plain = whole(found), whole(kind(Preparation()))
    assert abs(float(batch.double().mean())) < 1e-6
    assert float(batch.double().std(correction=0)) == pytest.approx(1, abs=1e-6)
    mean, spread = float(plain.double().mean()), float(plain.double().std(correction=0))
    assert found.prepared == f"mean {mean:.4f}, std {spread:.4f}"
    # The held-out ones by the numbers of the training set.
    assert found.test is not None
    assert kind(Preparation()).test is not None
    held, as_it_is = found.test[0], kind(Preparation()).test[0]
    assert torch.allclose(held, (as_it_is - mean) / spread, atol=1e-5)


def test_the_added_border_is_not_part_of_the_mean(mnist: None) -> None:
    pixels, *_ = made_up.images_and_labels()
    found = source(Settings(data="mnist", data_normalise=True), "cpu")
    assert found.prepared == f"mean {pixels.mean() / 255:.4f}, std {pixels.std() / 255:.4f}"


def test_images_of_one_grey_are_no_division_by_zero() -> None:
    grey = torch.full((4, 1, 32, 32), 7, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64)
    batch = whole(Images(Arrays(grey, None, ("a", "b")), 0, "cpu", Preparation(normalise=True)))
    assert torch.equal(batch, torch.zeros(4, 1, 32, 32))


@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 1000), size=st.integers(1, 40))
def test_augmentation_depends_on_seed_epoch_and_sample_alone(seed: int, epoch: int, size: int) -> None:
    found = images(EVERYTHING, seed)
    at_once = whole(found, epoch)
    torch.rand(1)
    cursor, parts = Cursor(epoch), []
    while cursor.epoch == epoch:
        parts.append(found.batch(cursor, size)[0])
        cursor = found.after(cursor, size)
    assert torch.equal(torch.cat(parts), at_once)
    assert torch.equal(whole(images(EVERYTHING, seed), epoch), at_once)


def test_each_epoch_and_each_seed_has_ways_of_its_own() -> None:
    pixels, chosen = torch.rand(8, 1, 32, 32), torch.arange(8)
    first = augmented(pixels, chosen, 3, 4, shift=4)
    assert not torch.equal(first, augmented(pixels, chosen, 3, 5, shift=4))
    assert not torch.equal(first, augmented(pixels, chosen, 4, 4, shift=4))
    same = augmented(pixels[:1].expand(8, -1, -1, -1), chosen, 3, 4, shift=4)
    assert len({bytes(one.numpy()) for one in same}) > 4


def test_a_shift_moves_by_whole_pixels_in_every_direction() -> None:
    dot = torch.zeros(400, 1, 32, 32)
    dot[:, 0, 16, 16] = 1
    moved = augmented(dot, torch.arange(400), 0, 0, shift=2)
    assert torch.allclose(moved.amax((1, 2, 3)), torch.ones(400), atol=1e-4)
    places = {divmod(int(one.argmax()), 32) for one in moved}
    assert places == {(16 + down, 16 + right) for down in range(-2, 3) for right in range(-2, 3)}


def test_a_turn_keeps_the_middle_and_stays_below_its_angle() -> None:
    line = torch.zeros(200, 1, 33, 33)
    line[:, 0, 16, :] = 1
    turned = augmented(line, torch.arange(200), 0, 0, rotate=20)[:, 0]
    assert (turned[:, 16, 16] > 0.9).all()
    # Where the line leaves at the right, in pixels above or below the middle.
    ends = (turned[:, :, 32] * torch.arange(-16, 17)).sum(1) / turned[:, :, 32].sum(1)
    angles = torch.rad2deg(torch.atan(ends / 16))
    assert float(angles.max()) < 21
    assert float(angles.min()) > -21
    assert float(angles.max()) > 15
    assert float(angles.min()) < -15


def test_half_are_mirrored() -> None:
    pixels = torch.rand(1, 1, 32, 32).expand(300, -1, -1, -1)
    found = augmented(pixels, torch.arange(300), 0, 0, flip=True)
    mirrored = sum(torch.allclose(one, pixels[0].flip(-1), atol=1e-5) for one in found)
    kept = sum(torch.allclose(one, pixels[0], atol=1e-5) for one in found)
    assert mirrored + kept == 300
    assert 110 < mirrored < 190


def test_the_test_set_is_not_augmented_and_comes_in_parts() -> None:
    found, plain = images(EVERYTHING), images(Preparation(normalise=True))
    assert found.test is not None
    assert plain.test is not None
    assert torch.equal(found.test[0], plain.test[0])
    parts = [*found.test_batches(7)]
    assert [len(labels) for _, labels in parts] == [7, 7, 6]
    assert torch.equal(torch.cat([one for one, _ in parts]), plain.test[0])
    assert found.test_size == 20


def test_the_accuracy_is_the_same_in_parts_and_at_once(mnist: None, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Settings(data="mnist", batch_size=32, lr=0.1))
    session.run(60)
    assert isinstance(session.source, Images)
    assert session.source.test is not None
    pixels, labels = session.source.test
    with torch.no_grad():
        right = int((session.model(pixels).argmax(1) == labels).sum())
    found = session.evaluate()
    assert found is not None
    assert (found.correct, found.total) == (right, 60)


PREPARED = {"data_normalise": True, "data_shift": 2, "data_rotate": 10.0, "data_flip": True}


@pytest.mark.parametrize("data", ["mnist", "digits"])
def test_a_replay_takes_the_same_bits(mnist: None, data: str) -> None:
    session = Session(Settings(data=data, batch_size=32, optimizer="Adam", lr=0.001, **PREPARED))
    session.run(25)
    end, place = session.digest(), len(session.journal)
    session.seek(step=7)
    session.seek(place)
    assert session.digest() == end
    assert Session.replay(session.journal).digest() == end


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data_shift": 17}, "data_shift must be a whole number from 0 to 16, not 17"),
        ({"data_shift": 1.5}, "data_shift must be a whole number"),
        ({"data_rotate": -1}, "data_rotate must be a number from 0 to 180"),
        ({"data_flip": 1}, "data_flip must be True or False, not 1"),
        ({"data_zoom": 2}, "data has no option 'zoom'; it has test_share, normalise, shift, rotate, flip"),
        ({"data_test_share": 0.5}, "digits has a test set of its own"),
        ({"data": "random", "data_flip": True}, "random data has no options; it was given data_flip"),
    ],
)
def test_options_that_cannot_be_are_said(given: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Session(Settings(**given))


def test_another_choice_of_data_forgets_the_options_of_the_one_before() -> None:
    assert Settings(data_shift=2, momentum=0.9).change(data="random").options == (("momentum", 0.9),)


# ---------------------------------------------------------------------------------------------------- as a script

RUN = """
import runpy, sys
for script in sys.argv[1:]:
    sys.argv = [script, script + ".pt"]
    runpy.run_path(script, run_name="__main__")
"""
KINDS = [("mnist", {}), ("mnist", PREPARED), ("digits", PREPARED)]


def test_scripts_end_in_the_same_bits(mnist: None, tmp_path: Path) -> None:
    ends: dict[Path, dict[str, bytes]] = {}
    for number, (data, options) in enumerate(KINDS):
        for loss in ("CrossEntropyLoss", "MSELoss"):
            session = Session(Settings(data=data, batch_size=90, loss=loss, seed=5, **options))
            session.run(9)  # over the end of an epoch of 300
            session.set(batch_size=7)
            session.run(2)
            path = tmp_path / f"{number}{loss}.py"
            write_script(session, path)
            assert (tmp_path / f"{data}.npz").exists()
            assert "lenet_gui" not in path.read_text(encoding="utf-8")
            ends[path] = _bits(session.model.state_dict())
    done = subprocess.run([sys.executable, "-I", "-c", RUN, *map(str, ends)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for path, bits in ends.items():
        assert _bits(torch.load(f"{path}.pt", weights_only=True)) == bits, path.name


def _bits(state: dict[str, Tensor]) -> dict[str, bytes]:
    return {name: one.numpy().tobytes() for name, one in state.items()}


def test_another_file_of_the_images_name_is_left_alone(mnist: None, tmp_path: Path) -> None:
    session = Session(Settings(data="mnist"))
    write_script(session, tmp_path / "run.py")
    write_script(session, tmp_path / "again.py")
    np.savez(tmp_path / "mnist.npz", images=np.zeros(3))
    with pytest.raises(ValueError, match=r"mnist\.npz is there and is another file"):
        write_script(session, tmp_path / "run.py")
