"""The range test's panel and the buttons of a cycle that has more than five phases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lenet_gui.gui.plots.rate_range import RateRangePanel
from lenet_gui.gui.window.actions import Actions
from lenet_gui.gui.window.toolbars import PhaseBar
from lenet_gui.protocol import EVERY_PHASE, PHASES, Command
from lenet_gui.protocol.rate_range import RangeReport, StartRangeTest
from tests.gui import frames

RATES = np.geomspace(1e-5, 1.0, 20)
LOSSES = np.linspace(2.3, 1.0, 20)
REPORT = RangeReport(1, RATES, LOSSES, LOSSES, 0.05, 0.012345, "All 20 batches were taken.")


@pytest.fixture
def panel(qtbot: QtBot, asked: list[Any]) -> RateRangePanel:
    made = RateRangePanel()
    qtbot.addWidget(made)
    made.asked.connect(asked.append)
    made.resize(300, 320)
    made.show()
    qtbot.waitExposed(made)
    made.show_frame(frames.fresh())
    return made


def test_it_asks_for_the_range_that_was_typed(panel: RateRangePanel, asked: list[Any]) -> None:
    panel.high.setText("10")
    panel.batches.setText("50")
    panel.start.click()
    assert asked == [StartRangeTest(1e-5, 10.0, 50)]


def test_a_range_that_is_none_is_said_and_not_asked(panel: RateRangePanel, asked: list[Any]) -> None:
    panel.low.setText("2")
    panel.start.click()
    assert asked == []
    assert "larger number" in panel.words.text()


def test_what_it_suggests_is_taken_by_one_command(panel: RateRangePanel, asked: list[Any]) -> None:
    assert not panel.take.isEnabled()
    panel.show_reply(replace(REPORT, words=""))
    assert not panel.take.isEnabled()  # it goes on
    panel.show_reply(REPORT)
    assert "0.012" in panel.words.text()
    panel.take.click()
    assert asked == [Command.of("set", lr=0.012)]
    panel.show_reply(replace(REPORT, suggestion=None))
    assert not panel.take.isEnabled()
    assert "nothing is suggested" in panel.words.text()


def test_another_run_forgets_it(panel: RateRangePanel) -> None:
    panel.show_reply(REPORT)
    panel.show_frame(replace(frames.fresh(), run=2))
    assert not panel.take.isEnabled()
    assert "tried aside" in panel.words.text()


def test_a_run_has_a_button_for_each_of_its_phases(qtbot: QtBot) -> None:
    owner = QObject()
    bar = PhaseBar(Actions(owner))
    qtbot.addWidget(bar)

    def shown() -> list[str]:
        return [phase for phase in EVERY_PHASE if bar.phases[phase].isVisibleTo(bar)]

    bar.resize(1280, 40)
    bar.show()
    bar.show_frame(frames.fresh())
    qtbot.waitUntil(lambda: shown() == list(PHASES))
    bar.show_frame(replace(frames.fresh(), cycle=tuple(map(Command, EVERY_PHASE)), next="clip"))
    qtbot.waitUntil(lambda: shown() == list(EVERY_PHASE))
    assert bar.phases["clip"].property("next")
    assert bar.sizeHint().width() <= 1280
    bar.show_frame(frames.fresh())
    qtbot.waitUntil(lambda: shown() == list(PHASES))
    owner.deleteLater()
