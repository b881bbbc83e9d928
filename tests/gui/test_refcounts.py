"""PySide6 6.12 loses a reference to `None` or `True` with each frame on Python 3.11, until the process aborts."""

from __future__ import annotations

import sys

import numpy as np
from pytestqt.qtbot import QtBot

from lenet_gui.gui.plots.plots import PlotsPanel
from lenet_gui.protocol import Series

FRAMES = 5_000
NOISE = 100


def test_thousands_of_frames_leave_none_and_true_as_they_were(qtbot: QtBot) -> None:
    panel = PlotsPanel()
    qtbot.addWidget(panel)
    panel.resize(500, 160)
    panel.show()
    names = ("loss", "conv1.bias.grad[0]", "conv1.bias.grad[1]")
    rows = np.random.default_rng(0).standard_normal((FRAMES + 100, 3)).astype(np.float32)

    def draw(first: int, last: int) -> None:
        for step in range(first, last):
            panel.add(Series(1, names, step, rows[step : step + 1]))
            panel.loss.view.viewport().repaint()

    draw(0, 100)
    before = sys.getrefcount(None), sys.getrefcount(True)
    draw(100, FRAMES + 100)
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert abs(after[0] - before[0]) < NOISE
    assert abs(after[1] - before[1]) < NOISE
