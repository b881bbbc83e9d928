"""What images cost: loading 60,000 of them against NumPy, and feeding batches against a bare LeNet step."""

import gzip
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks import row
from lenet_gui.engine.data import Cursor, Digits, Images, files, folders
from lenet_gui.engine.data.images import Arrays
from lenet_gui.engine.data.preparation import Preparation
from lenet_gui.engine.net import Net

COUNT, TESTED = 60_000, 10_000
BATCH = 64
STEPS = 300
ROUNDS = 9


def write(folder: Path) -> None:
    """A made-up set of MNIST's size and compressibility: the digits, each moved and made darker in its own way."""
    folder.mkdir(parents=True)
    dice = np.random.default_rng(0)
    digits = Digits(0, "cpu").arrays.train
    small = (255 * nn.functional.interpolate(digits[0], (20, 20), mode="bilinear")[:, 0]).byte().numpy()
    for part, count in zip(files.PARTS[::2], (COUNT, TESTED), strict=True):
        chosen, images = dice.integers(0, len(small), count), np.zeros((count, 28, 28), np.uint8)
        for at, one in enumerate(chosen):
            top, left = dice.integers(0, 8, 2)
            images[at, top : top + 20, left : left + 20] = small[one] // dice.integers(1, 3)
        labels = digits[1].numpy()[chosen].astype(np.uint8)
        for name, array in ((part, images), (part.replace("images-idx3", "labels-idx1"), labels)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (folder / f"{name}.gz").write_bytes(gzip.compress(head + array.tobytes(), 6))


def with_numpy(paths: list[Path]) -> list[np.ndarray]:
    """What a person writes: gunzip and reshape."""
    found = []
    for path in paths:
        with gzip.open(path, "rb") as file:
            data = file.read()
        shape = (-1, 28, 28) if "images" in path.name else (-1,)
        found.append(np.frombuffer(data, np.uint8, offset=16 if "images" in path.name else 8).reshape(shape))
    return found


def loading(paths: list[Path]) -> float:
    """How long all four files take, as a multiple of NumPy's time."""
    return _paired(lambda: files.read("mnist", paths), lambda: with_numpy(paths))


def feeding(arrays: Arrays, prepare: Preparation) -> float:
    """The time of taking batches, as a share of that of bare steps with the same batches at hand."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    source, net, criterion = Images(arrays, 0, "cpu", prepare), Net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    images, labels = source.batch(Cursor(), BATCH)

    def feed() -> None:
        cursor = Cursor()
        for _ in range(STEPS):
            source.batch(cursor, BATCH)
            cursor = source.after(cursor, BATCH)

    def step() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            criterion(net(images), labels).backward()
            optimizer.step()

    return _paired(feed, step)


def _paired(one: Callable[[], object], other: Callable[[], object]) -> float:
    """How long one takes, the other being 1.0; the median of rounds in which they take turns."""
    one()
    other()
    found = []
    for _ in range(ROUNDS):
        seconds = []
        for what in (one, other):
            start = time.perf_counter()
            what()
            seconds.append(time.perf_counter() - start)
        found.append(seconds[0] / seconds[1])
    return statistics.median(found)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ[folders.VARIABLE] = folder
        write(Path(folder) / "mnist")
        paths = files.find("mnist")
        assert paths is not None
        row("loading 70,000 images; NumPy's gunzip and reshape is 1.0", "≤ 1.5", f"{loading(paths):.2f}")
        arrays = files.arrays("mnist")
        for what, asked, prepare in (
            ("", "≤ 3 %", Preparation()),
            (", normalised", "≤ 3 %", Preparation(normalise=True)),
            (", moved, turned and mirrored", "", Preparation(shift=2, rotate=10.0, flip=True)),
        ):
            words = f"{100 * feeding(arrays, prepare):.1f} %"
            row(f"feeding batches of {BATCH}{what}; of a bare LeNet step", asked, words)
