"""Pictures to read as own images, and reading what cannot be used. No tests here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet_gui.engine.data import DataError
from lenet_gui.engine.data.own.reading import read

DICE = np.random.default_rng(0)
GREYS = DICE.integers(0, 256, (12, 32, 32), np.uint8)


def pictures(folder: Path, classes: dict[str, int], side: int = 32, ending: str = ".png") -> Path:
    """A folder a class, with so many images in each."""
    at = 0
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            grey = Image.fromarray(GREYS[at % 12]).resize((side, side))
            grey.save(folder / name / f"{number}{ending}")
            at += 1
    return folder


def refused(path: Path) -> str:
    with pytest.raises(DataError) as error:
        read(path)
    words = str(error.value)
    assert words.endswith(".")
    assert "\n" not in words
    assert len(words) < 400
    return words
