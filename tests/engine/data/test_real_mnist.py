"""MNIST's own files, which are not in the repository: LENET_GUI_MNIST names the folder that has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import folders

VARIABLE = "LENET_GUI_MNIST"


@pytest.mark.mnist
@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no folder with MNIST's files")
def test_the_defaults_reach_98_5_percent_in_5_epochs() -> None:
    folders.choose("mnist", Path(os.environ[VARIABLE]))
    session = Session(Settings(data="mnist"))
    assert (session.source.size, session.source.test_size) == (60_000, 10_000)
    session.run(5 * 3750)
    assert session.epoch_ended
    found = session.evaluate()
    assert found is not None
    assert found.total == 10_000
    assert found.correct >= 9_850
