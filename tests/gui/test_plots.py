"""The plots as a user notices them: following, dragging, the legend, the read-out, what is exported."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.plots.plot_view import PlotView
from lenet_gui.gui.plots.plots import PlotsPanel
from lenet_gui.protocol import BranchRow, Frame, Seek, Series
from tests.gui import frames

NAMES = ("loss", *(f"conv1.bias.grad[{i}]" for i in range(6)))


def rows_of(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((count, 7)).astype(np.float32)


@pytest.fixture
def panel(qtbot: QtBot) -> PlotsPanel:
    panel = PlotsPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 240)
    panel.show()
    return panel


def add(panel: PlotsPanel, rows: np.ndarray, first: int = 0, run: int = 1) -> None:
    panel.add(Series(run, NAMES, first, rows.astype(np.float32)))
    QApplication.processEvents()


def seen(view: PlotView) -> QImage:
    return view.grab().toImage()


def has_colour(view: PlotView, i: int) -> bool:
    image = seen(view).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return bool((pixels == theme.series(i).rgb()).any())


def drag(view: PlotView, by: int) -> None:
    start = view.viewport().rect().center()
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(view.viewport(), button, none, start)
    for part in range(1, 6):
        QTest.mouseMove(view.viewport(), start + QPoint(by * part // 5, 0))
    QTest.mouseRelease(view.viewport(), button, none, start + QPoint(by, 0))


def wheel(view: PlotView, notches: int) -> None:
    place = QPointF(view.viewport().rect().center())
    event = QWheelEvent(
        place,
        view.viewport().mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_an_empty_plot_says_what_will_appear(panel: PlotsPanel) -> None:
    before = seen(panel.loss.view)
    panel.loss.view.curves.hint = ""
    panel.loss.view.curves.refresh()
    assert seen(panel.loss.view) != before


def test_the_newest_step_stays_in_view_and_the_axis_is_steady(panel: PlotsPanel) -> None:
    rows, ranges = rows_of(3000), set()
    for first in range(0, 3000, 30):
        add(panel, rows[first : first + 30], first)
        left, right = panel.loss.view.steps()
        assert left <= 0 < first + 29 <= right
        ranges.add(right)
    assert len(ranges) < 20


def test_dragging_ends_following_and_the_button_brings_it_back(panel: PlotsPanel) -> None:
    add(panel, rows_of(500))
    drag(panel.loss.view, 150)
    assert not panel.follow.isChecked()
    kept = panel.loss.view.steps()
    assert panel.gradients.view.steps() == pytest.approx(kept)
    add(panel, rows_of(2000), 500)
    assert panel.loss.view.steps() == kept
    panel.follow.click()
    left, right = panel.loss.view.steps()
    assert left <= 2499 <= right
    assert right - left == pytest.approx(kept[1] - kept[0])


def test_the_keyboard_pans_zooms_follows_and_shows_all(panel: PlotsPanel) -> None:
    add(panel, rows_of(500))
    panel.activateWindow()
    panel.loss.view.setFocus()
    before = panel.loss.view.steps()
    QTest.keyClick(panel.loss.view, Qt.Key.Key_Left)
    assert panel.loss.view.steps()[0] < before[0]
    assert not panel.follow.isChecked()
    QTest.keyClick(panel.loss.view, Qt.Key.Key_F)
    assert panel.follow.isChecked()
    QTest.keyClick(panel.loss.view, Qt.Key.Key_Plus)
    left, right = panel.loss.view.steps()
    assert right - left < before[1] - before[0]
    assert left <= 499 <= right
    QTest.keyClick(panel.loss.view, Qt.Key.Key_Home)
    assert panel.loss.view.steps() == before


def test_the_wheel_zooms_both_plots_and_a_narrow_window_follows(panel: PlotsPanel) -> None:
    add(panel, rows_of(500))
    before = panel.loss.view.steps()
    wheel(panel.gradients.view, 3)
    left, right = panel.loss.view.steps()
    assert right - left < before[1] - before[0]
    assert panel.gradients.view.steps() == pytest.approx((left, right))
    panel.follow.setChecked(True)
    add(panel, rows_of(5000), 500)
    newer = panel.loss.view.steps()
    assert newer[0] < 5499 <= newer[1]
    assert newer[1] - newer[0] == pytest.approx(right - left)


@pytest.mark.parametrize("count", [50, 5000])
def test_the_legend_switches_curves_by_mouse_and_keyboard(panel: PlotsPanel, count: int) -> None:
    add(panel, rows_of(count))
    last = panel.gradients.legend.buttons[5]
    assert last.text() == "[5]"
    assert has_colour(panel.gradients.view, 5)
    QTest.mouseClick(last, Qt.MouseButton.LeftButton)
    assert not has_colour(panel.gradients.view, 5)
    last.setFocus()
    QTest.keyClick(last, Qt.Key.Key_Space)
    assert has_colour(panel.gradients.view, 5)


@pytest.mark.parametrize(("start", "stop", "block"), [(3000, 4000, 40), (80, 120, 3), (30, 50, 1)])
def test_a_frame_that_only_adds_steps_shows_what_a_full_one_shows(
    panel: PlotsPanel, start: int, stop: int, block: int
) -> None:
    rows = rows_of(stop + block)
    add(panel, rows[:start])
    seen(panel.gradients.view)
    for first in range(start, stop, block):
        add(panel, rows[first : first + block], first)
    panel.gradients.view.viewport().repaint()
    in_strips = seen(panel.gradients.view)
    panel.gradients.view.curves.refresh()
    assert seen(panel.gradients.view) == in_strips


def test_going_back_drops_what_lies_behind_and_another_run_starts_anew(panel: PlotsPanel) -> None:
    rows = rows_of(1000)
    add(panel, rows)
    add(panel, np.zeros((1, 7)), 300)
    assert len(panel.pyramid) == 301
    assert panel.pyramid.row(300).tolist() == [0.0] * 7
    assert np.array_equal(panel.pyramid.rows(0, 300), rows[:300])
    add(panel, rows[:5], 0, run=2)
    assert len(panel.pyramid) == 5
    assert panel.loss.view.steps()[1] < 100


def test_the_read_out_gives_the_numbers_of_the_step_under_the_mouse(panel: PlotsPanel) -> None:
    rows = rows_of(200)
    rows[120] = [0.25, -1.5, np.nan, np.inf, 2e-7, 3, 0]
    add(panel, rows)
    place = panel.gradients.view.place_of(120).toPoint() + QPoint(0, 40)
    QTest.mouseMove(panel.gradients.view.viewport(), place)
    QApplication.processEvents()
    assert panel.loss.view.readout.text() == "step 120\nloss 0.250000"
    assert panel.gradients.view.readout.text().splitlines() == [
        "step 120",
        "[0] -1.500000",
        "[1] nan",
        "[2] inf",
        "[3] 2.0000e-07",
        "[4] 3.000000",
        "[5] 0.000000",
    ]
    panel.gradients.legend.buttons[1].click()
    assert "[1]" not in panel.gradients.view.readout.text()


def test_a_logarithmic_axis_has_gaps_where_nothing_is_positive(panel: PlotsPanel) -> None:
    rows = np.ones((60, 7), np.float32)
    rows[:, 0] = np.geomspace(1e-4, 100, 60)
    rows[30:35, 0] = [0, -1, -5, 0, -2]
    add(panel, rows)
    panel.loss.log.click()
    bottom, top = panel.loss.view.values()
    assert -4.6 < bottom < -3.9
    assert 1.9 < top < 2.6
    found = panel.loss.view.curves.envelope(1)
    assert np.flatnonzero(np.isnan(found.low[0])).tolist() == [30, 31, 32, 33, 34]


def test_one_spike_does_not_flatten_the_rest_unless_asked_for(panel: PlotsPanel) -> None:
    rows = rows_of(1000)
    rows[500, 0] = 1e6
    add(panel, rows)
    assert panel.loss.view.values()[1] < 10
    panel.loss.spikes.click()
    assert panel.loss.view.values()[1] > 1e6


@pytest.mark.parametrize("count", [60, 3000])
def test_what_is_not_finite_is_marked_and_breaks_nothing(panel: PlotsPanel, count: int) -> None:
    rows = rows_of(count)
    rows[count // 2 :, 0] = np.nan
    rows[count // 3, 1:] = -np.inf
    rows[5, 0] = 3e38
    add(panel, rows)
    assert panel.loss.view.values()[1] < 10 or count == 60
    image = seen(panel.loss.view)
    mark = theme.colour("not_finite").rgb()
    assert any(
        image.pixel(x, y) == mark for x in range(image.width()) for y in range(image.height() - 60, image.height())
    )
    add(panel, np.full((100, 7), np.nan), count)
    panel.loss.log.click()
    panel.grab()


def test_the_csv_holds_every_number_to_the_bit(panel: PlotsPanel, tmp_path: Path) -> None:
    rows = rows_of(300)
    rows[7, 2], rows[8, 2] = np.nan, np.inf
    add(panel, rows)
    assert panel.export_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["step", *NAMES]
    assert [int(line[0]) for line in lines] == list(range(300))
    read = np.array([[float(cell) for cell in line[1:]] for line in lines]).astype(np.float32)
    assert read.tobytes() == rows.tobytes()


def test_the_picture_has_both_plots(panel: PlotsPanel, tmp_path: Path) -> None:
    add(panel, rows_of(300))
    assert panel.export_png(tmp_path / "plots.png")
    image = QImage(str(tmp_path / "plots.png"))
    assert image.width() > 2 * panel.loss.view.width() + 2 * panel.gradients.view.width()
    halves = [image.copy(0, 0, image.width() // 2, image.height()), image.copy(image.width() // 2, 0, 9999, 9999)]
    for half, i in zip(halves, (0, 5), strict=True):
        wanted = theme.series(i).rgb()
        assert any(half.pixel(x, y) == wanted for x in range(half.width() // 2) for y in range(half.height()))


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file can grow beyond 20 kB, which is how a full disk looks to a program."""
    resource = pytest.importorskip("resource", reason="Windows has no limit for the size of a file")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_old_file_and_says_so(panel: PlotsPanel, tmp_path: Path, qtbot: QtBot) -> None:
    add(panel, rows_of(3000))
    path = tmp_path / "run.csv"
    path.write_text("old")
    with qtbot.waitSignal(panel.failed) as told:
        assert not panel.export_csv(path)
    assert told.args is not None
    assert "run.csv was not written" in told.args[0]
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir() if "run" in file.name] == ["run.csv"]


def test_a_folder_that_is_not_there_is_said(panel: PlotsPanel, tmp_path: Path, qtbot: QtBot) -> None:
    add(panel, rows_of(3))
    for export in (panel.export_csv, panel.export_png):
        with qtbot.waitSignal(panel.failed) as told:
            assert not export(tmp_path / "nowhere" / "file")
        assert told.args is not None
        assert "No such file or directory" in told.args[0]


def test_light_and_dark_have_their_own_ground(panel: PlotsPanel) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    add(panel, rows_of(3000))
    grounds = []
    try:
        for scheme in ("dark", "light"):
            theme.apply(app, scheme)
            app.processEvents()
            image = seen(panel.loss.view)
            middle = panel.loss.view.place_of(4000).toPoint() + QPoint(0, 7)
            grounds.append((image.pixelColor(middle).lightness(), image.pixelColor(3, 3).lightness()))
    finally:
        theme.apply(app, "system")
    assert max(grounds[0]) < 100
    assert min(grounds[1]) > 200


def test_every_control_has_a_name_and_a_tooltip(panel: PlotsPanel) -> None:
    add(panel, rows_of(3))
    buttons = [
        panel.follow,
        panel.all,
        panel.export,
        panel.loss.log,
        panel.loss.spikes,
        *panel.gradients.legend.buttons,
    ]
    assert all(b.toolTip() and b.accessibleName() and b.objectName() for b in buttons)
    assert len({b.objectName() for b in buttons}) == len(buttons)


def ends_at(steps: int) -> tuple[BranchRow, ...]:
    return (BranchRow("main", "", 0, steps, 5 * steps),)


def lightness_of_curve(view: PlotView, first: int, last: int) -> float:
    """How far the loss's colour is from the ground between two steps, at its strongest."""
    image = seen(view)
    scale = image.devicePixelRatio()
    ground, box = theme.colour("base"), view.curves.geometry()
    xs = range(round(scale * (view.place_of(first).x() + 4)), round(scale * (view.place_of(last).x() - 4)))
    ys = range(round(scale * (box.top() + 2)), round(scale * (box.bottom() - 2)))
    colours = [image.pixelColor(x, y) for x in xs for y in ys]
    blue = [colour for colour in colours if colour.blue() > colour.red() + 30]
    return max(abs(colour.red() - ground.red()) for colour in blue)


@pytest.mark.parametrize("count", [60, 3000])
def test_what_lies_ahead_of_the_present_step_is_greyed(panel: PlotsPanel, count: int) -> None:
    add(panel, rows_of(count))
    panel.show_frame(frames.in_past(count, ends_at(count)))
    whole = seen(panel.loss.view)
    half = count // 2
    panel.show_frame(frames.in_past(half, ends_at(count)))
    assert lightness_of_curve(panel.loss.view, half, count) < 0.6 * lightness_of_curve(panel.loss.view, 0, half)
    # A line stands at the last step that was done.
    image = seen(panel.loss.view)
    scale = image.devicePixelRatio()
    x, place = round(scale * panel.loss.view.place_of(half - 1).x()), theme.colour("place").name()
    assert any(image.pixelColor(x + near, round(60 * scale)).name() == place for near in range(-2, 5))
    panel.show_frame(frames.in_past(count, ends_at(count)))
    assert seen(panel.loss.view) == whole


def test_before_the_first_step_all_of_it_is_greyed(panel: PlotsPanel) -> None:
    add(panel, rows_of(300))
    strong = lightness_of_curve(panel.loss.view, 0, 300)
    panel.show_frame(frames.in_past(0, ends_at(300)))
    assert lightness_of_curve(panel.loss.view, 0, 300) < 0.6 * strong


def test_the_greyed_part_stays_with_its_step_while_the_view_moves(panel: PlotsPanel) -> None:
    add(panel, rows_of(1000))
    panel.show_frame(frames.in_past(500, ends_at(1000)))
    mark = panel.loss.view.mark
    panel.zoom(0.5)
    panel.resize(700, 200)
    QApplication.processEvents()
    assert mark.at is not None
    assert mark.geometry().left() + mark.at == pytest.approx(panel.loss.view.place_of(499).x(), abs=1.5)
    panel.pan(0.1)
    assert lightness_of_curve(panel.loss.view, 800, 1000) < 130


def test_a_run_at_the_newest_step_paints_nothing_over_the_curves(panel: PlotsPanel) -> None:
    rows = rows_of(600)
    add(panel, rows[:300])
    panel.show_frame(frames.in_past(100, ends_at(300)))
    assert panel.loss.view.mark.isVisible()
    for step in range(300, 600, 30):
        add(panel, rows[step : step + 30], step)
        panel.show_frame(replace(frames.running(step + 30), branches=ends_at(step + 30)))
        assert not panel.loss.view.mark.isVisible()


def test_a_run_along_the_past_moves_only_what_lies_between(panel: PlotsPanel) -> None:
    add(panel, rows_of(3000))
    panel.show_frame(frames.in_past(1000, ends_at(3000)))
    view = panel.loss.view
    seen(view)
    panel.show_frame(replace(frames.in_past(1100, ends_at(3000)), running=True))
    QApplication.processEvents()
    in_strips = seen(view)
    view.mark.update()
    assert seen(view) == in_strips


def asked_by(panel: PlotsPanel) -> list[object]:
    asked: list[object] = []
    panel.asked.connect(asked.append)
    return asked


def click(view: PlotView, step: int) -> None:
    place = view.place_of(step).toPoint() + QPoint(0, 40)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def test_a_click_at_a_step_goes_to_where_it_was_the_last_one_done(panel: PlotsPanel) -> None:
    asked = asked_by(panel)
    add(panel, rows_of(40))
    panel.show_frame(frames.in_past(40, ends_at(40)))
    click(panel.loss.view, 12)
    click(panel.gradients.view, 30)
    assert asked == [Seek(13), Seek(31)]
    # Beyond the newest step there is nothing: it goes to the newest.
    click(panel.loss.view, 55)
    assert asked[-1] == Seek(40)


def test_a_drag_is_no_click(panel: PlotsPanel) -> None:
    asked = asked_by(panel)
    add(panel, rows_of(500))
    panel.show_frame(frames.in_past(500, ends_at(500)))
    drag(panel.loss.view, 150)
    assert asked == []


@pytest.mark.parametrize("frame", [frames.running(), frames.seeking()], ids=["running", "seeking"])
def test_a_click_in_a_run_goes_nowhere(panel: PlotsPanel, frame: Frame) -> None:
    asked = asked_by(panel)
    add(panel, rows_of(40))
    panel.show_frame(frame)
    click(panel.loss.view, 12)
    assert asked == []


def test_a_click_on_an_empty_plot_goes_nowhere(panel: PlotsPanel) -> None:
    asked = asked_by(panel)
    panel.show_frame(frames.in_past(0, ends_at(0)))
    click(panel.loss.view, 3)
    assert asked == []


def test_enter_goes_to_the_step_whose_numbers_are_read(panel: PlotsPanel) -> None:
    asked = asked_by(panel)
    add(panel, rows_of(40))
    panel.show_frame(frames.in_past(40, ends_at(40)))
    panel.activateWindow()
    panel.loss.view.setFocus()
    QTest.keyClick(panel.loss.view, Qt.Key.Key_Return)
    assert asked == []
    for _ in range(3):
        QTest.keyClick(panel.loss.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(panel.loss.view, Qt.Key.Key_Return)
    assert asked == [Seek(38)]
    QTest.keyClick(panel.loss.view, Qt.Key.Key_Escape)
    assert not panel.loss.view.readout.isVisible()
