"""The race panel as a user notices it: what can be raced, what a report shows, and what is gone with another run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.race import Race
from lenet_gui.gui import theme
from lenet_gui.gui.plots.race import ONE_BRANCH, SAME_BRANCH, RacePanel
from lenet_gui.gui.plots.race_table import DIFFERENCE, NAME, SHARE
from lenet_gui.protocol import BranchRow, Distance, Frame, Place, RaceReport, StartRace
from tests.gui import frames

MAIN = BranchRow("main", "", 0, 120, 600)
SECOND = BranchRow("branch 2", "main", 8, 200, 1000)
THIRD = BranchRow("branch 3", "branch 2", 50, 90, 450)


def at(here: str, *rows: BranchRow, run: int = 1, allowed: tuple[str, ...] = ("seek", "back")) -> Frame:
    """Standing still on the branch `here` of these."""
    return replace(frames.fresh(), run=run, place=Place(here, 40), branches=rows, allowed=allowed)


def report(count: int, differs_at: int | None = 9, end: int = 120, factor: float = 1.0) -> RaceReport:
    """`branch 2` against `main` from step 8 on, `count` steps of it; they are `factor` times as far apart."""
    noise = np.random.default_rng(0).random((2000, 2))
    losses = frames.read_only((2.3 * np.exp(-np.arange(2000) / 500)[:, None] + 0.1 * noise)[:count])
    distances = tuple(
        Distance(name, factor * 0.001 * i, 2.0 + i) for i, name in enumerate(frames.SHAPES)
    )  # the first is the same in both
    return RaceReport("branch 2", "main", 8, end, losses, differs_at, distances)


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> RacePanel:
    theme.apply(qapp, "light")
    panel = RacePanel()
    qtbot.addWidget(panel)
    panel.resize(900, 320)
    panel.show()
    return panel


@pytest.fixture
def two(panel: RacePanel) -> RacePanel:
    panel.show_frame(at("branch 2", MAIN, SECOND))
    return panel


def chosen(panel: RacePanel) -> tuple[str, str]:
    return panel.one.currentText(), panel.other.currentText()


def choose(field: QComboBox, name: str) -> None:
    """By the keyboard, as a person does."""
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Home)
    for _ in range(field.findText(name)):
        QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.currentText() == name


def cells(panel: RacePanel, column: int) -> list[str]:
    model = panel.table.distances
    return [model.index(row, column).data() for row in range(model.rowCount())]


def click(panel: RacePanel, row: int) -> None:
    place = panel.table.visualRect(panel.table.distances.index(row, NAME)).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def picture(panel: RacePanel) -> QImage:
    return panel.plot.view.grab().toImage()


def has_colour(panel: RacePanel, i: int) -> bool:
    image = picture(panel).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return bool((pixels == theme.series(i).rgb()).any())


# ------------------------------------------------------------------------------------------------------- the choice


def test_with_one_branch_it_says_what_to_do(panel: RacePanel) -> None:
    panel.show_frame(at("main", MAIN))
    assert panel.words.text() == ONE_BRANCH
    assert not panel.start.isEnabled()
    assert chosen(panel) == ("main", "")


def test_before_the_first_frame_it_says_nothing(panel: RacePanel) -> None:
    assert panel.words.text() == ""
    assert not panel.start.isEnabled()
    assert not panel.one.isEnabled()


def test_the_branch_one_is_on_races_the_one_it_grew_from(panel: RacePanel) -> None:
    panel.show_frame(at("main", MAIN))
    panel.show_frame(at("branch 2", MAIN, SECOND))
    assert chosen(panel) == ("branch 2", "main")
    panel.show_frame(at("branch 3", MAIN, SECOND, THIRD))
    assert chosen(panel) == ("branch 3", "branch 2")


def test_the_first_branch_races_what_grew_from_it(panel: RacePanel) -> None:
    panel.show_frame(at("main", MAIN, SECOND, THIRD))
    assert chosen(panel) == ("main", "branch 2")


def test_going_to_another_branch_leaves_the_choice(two: RacePanel) -> None:
    two.show_frame(at("main", MAIN, replace(SECOND, steps=201)))
    assert chosen(two) == ("branch 2", "main")


def test_what_somebody_chose_stays_when_a_branch_grows_or_gets_another_name(two: RacePanel) -> None:
    choose(two.one, "main")
    choose(two.other, "branch 2")
    two.show_frame(at("branch 3", MAIN, SECOND, THIRD))
    assert chosen(two) == ("main", "branch 2")
    two.show_frame(at("branch 3", MAIN, replace(SECOND, name="lr 0.2"), replace(THIRD, parent="lr 0.2")))
    assert chosen(two) == ("main", "lr 0.2")


def test_the_button_asks_for_a_race_of_the_chosen_two(two: RacePanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(two.asked) as asked:
        two.start.setFocus()
        QTest.keyClick(two.start, Qt.Key.Key_Space)
    assert asked.args == [StartRace("branch 2", "main")]


def test_the_button_waits_for_two_different_branches(two: RacePanel) -> None:
    choose(two.one, "main")
    assert not two.start.isEnabled()
    assert two.words.text() == SAME_BRANCH
    choose(two.other, "branch 2")
    assert two.start.isEnabled()
    assert two.words.text() == ""


def test_nothing_is_raced_while_something_runs(two: RacePanel) -> None:
    two.show_frame(at("branch 2", MAIN, SECOND, allowed=("pause",)))
    assert not two.start.isEnabled()
    two.show_frame(at("branch 2", MAIN, SECOND))
    assert two.start.isEnabled()


# ------------------------------------------------------------------------------------------------------- the report


def test_a_line_says_where_they_first_differ_and_how_far_the_race_is(two: RacePanel) -> None:
    two.show_report(report(0, None))
    assert two.words.text() == "no difference so far · step 8 of 120"
    two.show_report(report(49))
    assert two.words.text() == "first difference behind step 9 · step 57 of 120"
    two.show_report(report(1800, 1009, end=2000))
    assert two.words.text() == "first difference behind step 1,009 · step 1,808 of 2,000"


def test_branches_that_end_where_they_part_have_nothing_to_race(two: RacePanel) -> None:
    two.show_report(report(0, None, end=8))
    assert two.words.text() == "Nothing to race: one of the two ends at step 8, where they part"


def test_both_losses_have_the_colours_of_their_branches(panel: RacePanel) -> None:
    panel.show_frame(at("branch 3", MAIN, SECOND, THIRD))
    for count in (49, 1800):
        panel.show_report(replace(report(count, end=2008), one="branch 3", other="main"))
        assert [has_colour(panel, i) for i in range(4)] == [True, False, True, False]


def test_two_branches_of_one_colour_are_told_apart(panel: RacePanel) -> None:
    rows = [MAIN, *(BranchRow(f"branch {i}", "main", 8, 120, 600) for i in range(2, 10))]
    panel.show_frame(at("branch 9", *rows))
    assert theme.series(8) == theme.series(0)
    panel.show_report(replace(report(49), one="main", other="branch 9"))
    assert has_colour(panel, 0)
    assert has_colour(panel, 1)


def test_the_read_out_counts_the_steps_of_the_run(two: RacePanel) -> None:
    found = report(49)
    two.show_report(found)
    view = two.plot.view
    QTest.mouseMove(view.viewport(), view.place_of(12).toPoint() + QPoint(0, 40))
    QApplication.processEvents()
    one, other = found.losses[12].tolist()
    assert view.readout.text() == f"step 20\nbranch 2 {one:.6f}\nmain {other:.6f}"
    assert view.getAxis("bottom").range == pytest.approx([step + 8 for step in view.steps()])
    two.plot.zoom(2)
    assert view.getAxis("bottom").range == pytest.approx([step + 8 for step in view.steps()])
    two.resize(800, 300)
    QApplication.processEvents()
    assert view.getAxis("bottom").range == pytest.approx([step + 8 for step in view.steps()])


def test_the_keyboard_reads_pans_zooms_and_shows_all_again(two: RacePanel) -> None:
    two.show_report(report(49))
    two.activateWindow()
    view = two.plot.view
    view.setFocus()
    before = view.steps()
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.readout.text().startswith("step 55\n")
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.readout.isVisible()
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    moved = view.steps()
    assert moved[0] > before[0]
    # What somebody looks at stays in view while the race goes on.
    two.show_report(report(112))
    assert view.steps() == moved
    QTest.keyClick(view, Qt.Key.Key_Home)
    left, right = view.steps()
    assert left < 0 < 111 <= right


def test_the_axes_are_steady_while_the_race_goes_on(two: RacePanel) -> None:
    ranges = set()
    for count in range(0, 2000, 20):
        two.show_report(report(count, end=2008))
        left, right = two.plot.view.steps()
        assert left <= 0 <= count - 1 <= right or not count
        ranges.add(right)
    assert len(ranges) < 10


@pytest.mark.parametrize(("count", "block"), [(40, 1), (1500, 50)])
def test_a_race_that_grows_is_drawn_as_a_whole_one_is(two: RacePanel, count: int, block: int) -> None:
    for done in range(0, count + 1, block):
        two.show_report(report(done, end=8 + count))
        QApplication.processEvents()
    grown = picture(two)
    two.plot.view.curves.refresh()
    assert picture(two) == grown
    assert np.array_equal(two.plot.pyramid.rows(0, count)[:, [1, 0]], report(count).losses)


def test_another_race_of_the_same_two_begins_anew(two: RacePanel) -> None:
    two.show_report(report(100))
    other = replace(report(30), losses=frames.read_only(report(30).losses + 1))
    two.show_report(other)
    assert np.array_equal(two.plot.pyramid.rows(0, 30)[:, [1, 0]], other.losses)
    assert len(two.plot.pyramid) == 30


def test_losses_that_are_not_finite_are_told(two: RacePanel) -> None:
    losses = report(60).losses.copy()
    losses[30:, 0] = np.nan
    losses[40:, 1] = np.inf
    two.show_report(replace(report(60), losses=frames.read_only(losses)))
    two.activateWindow()
    two.plot.view.setFocus()
    QTest.keyClick(two.plot.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert two.plot.view.readout.text() == "step 67\nbranch 2 nan\nmain inf"
    assert two.plot.view.values()[1] < 10


# -------------------------------------------------------------------------------------------------------- the table


def test_the_table_has_the_parameters_in_model_order(two: RacePanel) -> None:
    two.show_report(report(49))
    assert cells(two, NAME) == list(frames.SHAPES)
    assert cells(two, DIFFERENCE)[:3] == ["0", "0.001000", "0.002000"]
    assert cells(two, SHARE)[:3] == ["0", "3.3333e-04", "5.0000e-04"]


def test_all_digits_are_in_the_tooltip_and_in_what_is_copied(two: RacePanel) -> None:
    two.show_report(report(49))
    click(two, 7)
    QTest.keyClick(two.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    name, difference, share = QGuiApplication.clipboard().text().split("\t")
    assert (name, float(difference), float(share)) == ("fc2.bias", 0.007, 0.007 / 9)
    tip = two.table.distances.index(7, SHARE).data(Qt.ItemDataRole.ToolTipRole)
    assert repr(0.007 / 9) in tip
    assert "branch 2" in tip


def test_the_bars_are_as_long_as_the_shares(two: RacePanel) -> None:
    two.show_report(report(49))
    shares = [0.001 * i / (2 + i) for i in range(10)]
    assert two.table.distances.full == pytest.approx(0.001)
    image = two.table.viewport().grab().toImage()
    scale = image.devicePixelRatio()
    ground = theme.colour("grid").rgb()
    left, width = two.table.columnViewportPosition(SHARE), two.table.columnWidth(SHARE)
    for row, share in enumerate(shares):
        y = two.table.rowViewportPosition(row) + 3
        drawn = sum(image.pixel(int(x * scale), int(y * scale)) == ground for x in range(left, left + width))
        assert drawn == pytest.approx(share / 0.001 * width, abs=3)


def test_nothing_in_the_table_moves_while_its_numbers_change(two: RacePanel) -> None:
    two.resize(360, 560)
    two.show_report(report(1, factor=1e-7))
    widths = [two.table.columnWidth(column) for column in range(3)]
    click(two, 3)
    fulls = []
    for factor in (1e-3, 1, 1e6, 1):
        two.show_report(report(49, factor=factor))
        assert [two.table.columnWidth(column) for column in range(3)] == widths
        fulls.append(two.table.distances.full)
    assert fulls == sorted(fulls)
    assert [index.row() for index in two.table.selectionModel().selectedRows()] == [3]


@pytest.mark.parametrize(
    ("difference", "norm", "words"),
    [
        (0.0, 0.0, "0"),
        (0.5, 0.0, "inf"),
        (float("nan"), 1.0, "nan"),
        (float("inf"), 2.0, "inf"),
        (5e-324, 1.0, "4.9407e-324"),
        (1.0, 2e9, "5.0000e-10"),
    ],
)
def test_shares_of_every_size(two: RacePanel, difference: float, norm: float, words: str) -> None:
    two.show_report(replace(report(3), distances=(Distance("weight", difference, norm),)))
    assert cells(two, SHARE) == [words]
    two.grab()


def test_no_distances_are_shown_before_the_first_step(two: RacePanel) -> None:
    # On the way to where they part, one of the two may have gone further than the other.
    two.show_report(report(0, None))
    assert cells(two, NAME) == []


# ------------------------------------------------------------------------------------------------- coming and going


def test_another_run_takes_the_report_away(two: RacePanel) -> None:
    two.show_report(report(49))
    two.show_frame(at("main", replace(MAIN, steps=0), run=2))
    assert two.words.text() == ONE_BRANCH
    assert cells(two, NAME) == []
    assert len(two.plot.pyramid) == 0
    two.show_frame(at("branch 2", MAIN, SECOND, run=2))
    assert two.words.text() == ""
    assert len(two.plot.pyramid) == 0


def test_the_report_stays_while_the_run_goes_on_and_its_branches_are_renamed(two: RacePanel) -> None:
    two.show_report(report(49))
    two.show_frame(at("main", MAIN, replace(SECOND, name="lr 0.2", steps=300)))
    assert chosen(two) == ("lr 0.2", "main")
    assert two.words.text() == "first difference behind step 9 · step 57 of 120"
    assert two.plot.names.toolTip() == "lr 0.2 and main"
    assert len(two.plot.pyramid) == 49


def test_a_report_that_came_while_it_was_hidden_is_drawn_when_it_is_shown(two: RacePanel) -> None:
    two.hide()
    two.show_report(report(49))
    assert len(two.plot.pyramid) == 0
    two.show()
    assert len(two.plot.pyramid) == 49
    assert two.words.text() == "first difference behind step 9 · step 57 of 120"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 640, 900])
@pytest.mark.parametrize("count", [0, 3, 2000])
def test_nothing_is_cut_off(two: RacePanel, qapp: QApplication, scheme: str, width: int, count: int) -> None:
    theme.apply(qapp, scheme)
    two.resize(width, 520)
    two.show_report(report(count, None if count == 0 else 9, end=2008))
    QApplication.processEvents()
    for field in (two.one, two.other):
        assert field.width() > field.fontMetrics().horizontalAdvance("branch 10") + 40
    for words in (two.words.text(), ONE_BRANCH):
        two.words.setText(words)
        assert two.words.heightForWidth(two.words.width()) <= two.words.height()
    assert two.table.horizontalScrollBar().maximum() == 0
    assert two.plot.names.width() >= 130
    # Beside each other where there is room, below each other where there is none.
    plot, table = two.plot.geometry(), two.table.geometry()
    assert not plot.intersects(table)
    assert (table.left() > plot.right()) == (width > 360)
    ground = two.grab().toImage().pixelColor(1, 1).lightness()
    assert ground > 200 if scheme == "light" else ground < 60


def test_two_real_branches(panel: RacePanel) -> None:
    session = Session(Settings(batch_size=4))
    session.run(20)
    session.seek(step=8)
    session.set(lr=0.2)
    session.run(7)
    rows = tuple(
        BranchRow(branch.name, "" if branch.parent is None else branch.parent.name, 8, branch.journal.steps, 0)
        for branch in session.branches
    )
    panel.show_frame(at(session.branch.name, *rows))
    assert chosen(panel) == ("branch 2", "main")
    race = Race(session, *chosen(panel))
    for _ in race.run():
        panel.show_report(race.report())
    panel.show_report(race.report())
    assert panel.words.text() == "first difference behind step 9 · step 15 of 15"
    main, second = session.branches
    assert np.array_equal(
        panel.plot.pyramid.rows(0, 7), np.stack([main.log.rows()[8:15, 0], second.log.rows()[8:15, 0]], 1)
    )
    assert cells(panel, NAME) == [name for name, _ in session.model.named_parameters()]
    for row, distance in enumerate(race.report().distances):
        assert distance.difference > 0
        assert float(cells(panel, DIFFERENCE)[row]) == pytest.approx(distance.difference, rel=1e-3)
        assert float(cells(panel, SHARE)[row]) == pytest.approx(distance.difference / distance.norm, rel=1e-3)
    assert has_colour(panel, 0)
    assert has_colour(panel, 1)
