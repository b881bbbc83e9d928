"""The panel that compares runs: what it asks for, what it draws, and the settings that differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from lenet_gui.gui.compare.compare import ComparePanel
from lenet_gui.gui.compare.runs import smoothed
from lenet_gui.protocol import Frame
from lenet_gui.protocol.compare import ComparedBranch, CompareReply, CompareRequest
from tests.gui.frames import fresh

USUAL = {"seed": "0", "lr": "0.05", "optimizer": "SGD"}


def branch(name: str = "main", steps: int = 5, accuracy: float | None = None, **settings: str) -> ComparedBranch:
    losses = np.linspace(2.3, 0.5, steps, dtype=np.float32)
    return ComparedBranch(name, losses, tuple({**USUAL, **settings}.items()), accuracy, steps)


class Held:
    """A panel that is seen, and what it asked for."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panel = ComparePanel()
        qtbot.addWidget(self.panel)
        self.panel.resize(900, 200)
        self.panel.show()
        self.asked: list[CompareRequest] = []
        self.panel.asked.connect(self.asked.append)

    def answer(self, *branches: ComparedBranch, problem: str = "") -> None:
        """To what was asked last."""
        request = self.asked[-1]
        self.panel.show_reply(CompareReply(request.id, request.path, branches, problem))

    def add(self, path: str, *branches: ComparedBranch) -> None:
        self.panel.add_file(path)
        self.answer(*branches)

    def rows(self) -> list[tuple[str, ...]]:
        table = self.panel.table
        found = []
        for row in range(table.rowCount()):
            items = [table.item(row, column) for column in range(table.columnCount())]
            found.append(tuple("" if item is None else item.text() for item in items))
        return found

    def drawn(self) -> list[bool]:
        return list(self.panel.plot.view.curves.shown)

    def check(self, row: int, wanted: bool) -> None:
        item = self.panel.table.item(row, 0)
        assert item is not None
        item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)


@pytest.fixture
def held(qtbot: QtBot) -> Held:
    held = Held(qtbot)
    held.panel.show_frame(fresh())
    held.answer(branch(accuracy=0.75))
    return held


def test_the_living_run_is_asked_for_and_again_where_something_was_done(held: Held) -> None:
    assert [one.path for one in held.asked] == [""]
    assert held.rows() == [("this run", "5", "0.5", "75.00%")]
    held.panel.show_frame(fresh())
    assert len(held.asked) == 1
    held.panel.show_frame(replace(fresh(), step=3))
    assert len(held.asked) == 2
    held.panel.show_frame(replace(fresh(), step=4))
    assert len(held.asked) == 2  # one question at a time


def test_while_it_runs_it_is_not_asked_for_with_each_frame(held: Held) -> None:
    for step in range(1, 9):
        held.panel.show_frame(replace(fresh(), step=step, running=True))
        held.answer(branch())
    assert len(held.asked) == 1


def test_curves_have_the_colours_of_their_rows_and_are_switched_off(held: Held) -> None:
    held.add("/x/a.lenet", branch("main", 8), branch("branch 2", 6))
    assert [row[0] for row in held.rows()] == ["this run", "a.lenet · main", "a.lenet · branch 2"]
    assert held.drawn() == [True] * 3 + [False] * 5
    curves = held.panel.plot.columns.curves
    assert [len(curve) for curve in curves[:3]] == [5, 8, 6]
    held.check(1, False)
    assert held.drawn() == [True, False, True] + [False] * 5
    held.add("/x/b.lenet", branch("main", 7))
    assert held.drawn()[:3] == [True] * 3  # it has the colour that was free
    assert len(curves[1]) == 7


def test_only_settings_that_differ_are_listed(held: Held) -> None:
    table = held.panel.settings
    held.add("/x/same.lenet", branch())
    assert table.rowCount() == 0
    assert held.panel.same.text() == "All settings are the same"
    held.add("/x/other.lenet", branch(lr="0.05 → 0.01", momentum="0.9"))
    rows = [[table.item(row, column) for column in range(table.columnCount())] for row in range(table.rowCount())]
    assert [[item.text() for item in row if item is not None] for row in rows] == [
        ["lr", "0.05", "0.05", "0.05 → 0.01"],
        ["momentum", "default", "default", "0.9"],
    ]


def test_a_wrong_file_is_said_in_one_sentence_and_changes_nothing(held: Held) -> None:
    before = held.rows()
    held.panel.add_file("/x/wrong.lenet")
    held.answer(problem="wrong.lenet is no session: choose a file that lenet-gui saved.")
    assert held.panel.words.text() == "wrong.lenet is no session: choose a file that lenet-gui saved."
    assert held.rows() == before
    held.add("/x/right.lenet", branch())
    assert held.panel.words.text() == ""


def test_a_session_is_taken_away_but_not_the_living_one(held: Held, qtbot: QtBot) -> None:
    assert not held.panel.remove.isEnabled()
    held.add("/x/a.lenet", branch("main"), branch("branch 2"))
    held.add("/x/b.lenet", branch())
    held.panel.table.setCurrentCell(2, 0)
    held.panel.remove.click()
    assert [row[0] for row in held.rows()] == ["this run", "b.lenet"]
    held.panel.remove.click()
    assert [row[0] for row in held.rows()] == ["this run"]
    assert not held.panel.remove.isEnabled()


def test_files_with_one_name_are_told_apart_by_their_folders(held: Held) -> None:
    held.add("/x/one/session.lenet", branch())
    held.add("/x/two/session.lenet", branch())
    assert [row[0] for row in held.rows()[1:]] == ["one/session.lenet", "two/session.lenet"]


def test_sessions_are_dropped_on_it_and_nothing_else_is_taken(held: Held, tmp_path: Path) -> None:
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.lenet", "b.txt", "c.lenet")])
    rest = Qt.DropAction.CopyAction, files, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), *rest)
    held.panel.dragEnterEvent(entered)
    assert entered.isAccepted()
    held.panel.dropEvent(QDropEvent(QPointF(5, 5), *rest))
    assert [one.path for one in held.asked[1:]] == [str(tmp_path / "a.lenet"), str(tmp_path / "c.lenet")]


def test_files_that_were_used_lately_are_offered(held: Held) -> None:
    held.panel.recent = lambda: ["/x/a.lenet", "/x/b.lenet"]
    held.add("/x/b.lenet", branch())
    menu = held.panel.findChild(QMenu, "compare_menu")
    assert menu is not None
    menu.aboutToShow.emit()
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert texts == ["Choose a file…", "a.lenet"]
    menu.actions()[-1].trigger()
    assert held.asked[-1].path == "/x/a.lenet"


def test_no_more_curves_than_colours(held: Held) -> None:
    held.add("/x/many.lenet", *(branch(f"branch {at}") for at in range(9)))
    assert held.drawn() == [True] * 8
    held.check(9, True)
    assert held.panel.words.text() == "There are 8 curves already: uncheck one first."
    held.check(0, False)
    held.check(9, True)
    assert held.drawn() == [True] * 8


def test_an_empty_run_and_a_broken_one_are_drawn(held: Held) -> None:
    held.add("/x/empty.lenet", branch(steps=0))
    broken = replace(branch(), losses=np.array([1, np.nan, np.inf], np.float32))
    held.add("/x/broken.lenet", broken)
    assert [row[1:3] for row in held.rows()[1:]] == [("0", "–"), ("3", "inf")]
    held.panel.plot.smooth.setValue(90)
    held.panel.grab()


def test_smoothing_is_the_mean_that_forgets() -> None:
    losses = np.random.default_rng(0).normal(size=300).astype(np.float32)
    losses[[0, 7]] = np.nan, np.inf
    for weight in (0.5, 0.9, 0.99):
        sums = counts = 0.0
        expected = []
        for value in losses.astype(float):
            sums, counts = weight * sums, weight * counts
            if np.isfinite(value):
                sums, counts = sums + value, counts + 1
            expected.append(sums / counts if np.isfinite(value) else value)
        np.testing.assert_allclose(smoothed(losses, weight), expected, rtol=1e-5, atol=1e-6)


def test_frames_of_the_living_run_keep_what_was_added(held: Held) -> None:
    held.add("/x/a.lenet", branch())
    grown: Frame = replace(fresh(), step=9)
    held.panel.show_frame(grown)
    held.answer(branch(steps=9), branch("branch 2", 6))
    assert [row[:2] for row in held.rows()] == [
        ("this run · main", "9"),
        ("this run · branch 2", "6"),
        ("a.lenet", "5"),
    ]
