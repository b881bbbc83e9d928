"""The watches as a person notices them: what is typed, what is shown, what is plotted, what is asked of the worker."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from lenet_gui.engine.tensors.found import Found
from lenet_gui.engine.tensors.look import seen_of
from lenet_gui.gui import theme
from lenet_gui.gui.plots.pyramid import Pyramid
from lenet_gui.gui.watches.curve_columns import CurveColumns
from lenet_gui.gui.watches.watch_plot import MOST_CURVES, WatchPlot
from lenet_gui.gui.watches.watch_table import CHANGE, EXPRESSION, NOT_YET, NOW
from lenet_gui.gui.watches.watches import WatchesPanel
from lenet_gui.protocol import Frame, Place, Seek, WatchSeries
from lenet_gui.protocol.stops import DropWatch, LookAtWatch, PlotWatch, SetWatch, WatchRow
from lenet_gui.protocol.tensors import LookReply, LookRequest, View, Which
from tests.gui import frames

LOSS = WatchRow(1, "loss", "1.5495", 1.5495285987854004, "value", 1.6495285034179688)
BIAS = WatchRow(2, "conv1.bias.grad", "[-0.5273, 0.6833]", None, "value", None)
DEAD = WatchRow(3, "(relu_1 == 0).mean()", "", None, "not yet", 0.41)
WRONG = WatchRow(4, "conv3.bias", "there is no conv3.bias", None, "problem", None)


def at(*rows: WatchRow, step: int = 57, **changes: Any) -> Frame:
    return replace(frames.in_past(step), watches=rows, **changes)


def series(watch: int, first: int, values: list[float], expression: str = "loss", branch: str = "main") -> WatchSeries:
    return WatchSeries(watch, expression, 1, branch, first, frames.read_only(np.array(values)))


def opened(qtbot: QtBot, asked: list[Any], frame: Frame) -> WatchesPanel:
    panel = WatchesPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 560)
    panel.asked.connect(asked.append)
    panel.show()
    panel.show_frame(frame)
    return panel


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication, asked: list[Any]) -> WatchesPanel:
    theme.apply(qapp, "light")
    return opened(qtbot, asked, at(LOSS, BIAS, DEAD, WRONG))


def cell(panel: WatchesPanel, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> Any:
    return panel.table.watches.index(row, column).data(role)


def column(panel: WatchesPanel, number: int) -> list[str]:
    return [cell(panel, row, number) for row in range(panel.table.watches.rowCount())]


def click(panel: WatchesPanel, row: int, column: int = EXPRESSION) -> None:
    place = panel.table.visualRect(panel.table.watches.index(row, column)).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def press(panel: WatchesPanel, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    panel.table.setFocus()
    QTest.keyClick(panel.table, key, modifier)


def plot_of(panel: WatchesPanel) -> WatchPlot:
    assert panel.plot is not None
    return panel.plot


def has_colour(panel: WatchesPanel, i: int) -> bool:
    image = plot_of(panel).view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return bool((pixels == theme.series(i).rgb()).any())


# ------------------------------------------------------------------------------------------------------ what is shown


def test_each_watch_shows_its_value_and_its_change(panel: WatchesPanel) -> None:
    assert column(panel, EXPRESSION) == ["loss", "conv1.bias.grad", "(relu_1 == 0).mean()", "conv3.bias"]
    assert column(panel, NOW) == ["1.5495", "[-0.5273, 0.6833]", NOT_YET, "there is no conv3.bias"]
    assert column(panel, CHANGE) == ["-0.1000", "", "", ""]


@pytest.mark.parametrize(
    ("number", "before", "now", "change"),
    [
        (128.0, 127.0, "128", "+1"),
        (0.0, 0.0, "0", "0"),
        (1.23456e-7, 1.0e-7, "1.235e-07", "+2.3e-08"),
        (81194.0, 0.0, "81,194", "+81,194"),
        (5827.125, 5827.0, "5827.12", "+0.1250"),
        (-123456.75, 1.0, "-1.235e+05", "-1.2e+05"),
        (float("nan"), 1.0, "nan", ""),
        (float("inf"), 1.0, "inf", ""),
        (1.0, float("nan"), "1", ""),
        (2.5, None, "2.5000", ""),
    ],
)
def test_numbers_of_any_size_fit_their_column(
    panel: WatchesPanel, number: float, before: float | None, now: str, change: str
) -> None:
    panel.show_frame(at(replace(LOSS, number=number, before=before)))
    assert (cell(panel, 0, NOW), cell(panel, 0, CHANGE)) == (now, change)
    letters = panel.table.fontMetrics()
    for number_column in (NOW, CHANGE):
        assert letters.horizontalAdvance(cell(panel, 0, number_column)) < panel.table.columnWidth(number_column)


def test_hovering_shows_all_digits(panel: WatchesPanel) -> None:
    tip = cell(panel, 0, NOW, Qt.ItemDataRole.ToolTipRole)
    assert "1.5495285987854004" in tip
    assert "1.6495285034179688" in tip


def test_what_is_not_there_yet_is_quiet_and_a_problem_is_not(panel: WatchesPanel) -> None:
    ink = Qt.ItemDataRole.ForegroundRole
    assert cell(panel, 2, NOW, ink) == theme.colour("muted")
    assert cell(panel, 3, NOW, ink) == cell(panel, 3, EXPRESSION, ink) == theme.colour("error")
    assert cell(panel, 0, NOW, ink) is None
    assert "there is no conv3.bias" in cell(panel, 3, EXPRESSION, Qt.ItemDataRole.ToolTipRole)
    assert panel.words.text() == "conv3.bias: there is no conv3.bias"
    assert theme.colour("error").name() in panel.words.styleSheet()


def test_the_line_speaks_of_the_chosen_problem(panel: WatchesPanel) -> None:
    other = WatchRow(5, "los", "there is no los", None, "problem", None)
    panel.show_frame(at(LOSS, WRONG, other))
    click(panel, 2)
    assert panel.words.text() == "los: there is no los"
    panel.show_frame(at(LOSS))
    assert panel.words.text() == ""


def test_only_cells_that_changed_are_painted_again(panel: WatchesPanel) -> None:
    rows = [replace(LOSS, id=i, number=float(i), before=float(i)) for i in range(1, 101)]
    panel.show_frame(at(*rows))
    changed: list[tuple[int, int]] = []
    panel.table.watches.dataChanged.connect(lambda top, _: changed.append((top.row(), top.column())))
    panel.show_frame(at(*rows))
    assert changed == []
    rows[41] = replace(rows[41], number=2.5)
    panel.show_frame(at(*rows))
    assert changed == [(41, NOW), (41, CHANGE)]


def test_the_columns_stay_where_they_are_while_values_change(panel: WatchesPanel) -> None:
    def widths() -> list[int]:
        return [panel.table.columnWidth(i) for i in (EXPRESSION, NOW, CHANGE)]

    before = widths()
    for state, number in (("value", 1e-30), ("not yet", None), ("problem", None), ("value", -123456.0)):
        panel.show_frame(at(*(replace(row, state=state, number=number) for row in (LOSS, BIAS, DEAD, WRONG))))
        assert widths() == before


# ------------------------------------------------------------------------------------------------ adding and changing


def test_a_typed_expression_is_watched(panel: WatchesPanel, asked: list[Any]) -> None:
    QTest.keyClicks(panel.field, " conv1.bias.grad.norm() ")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert asked == [SetWatch(0, "conv1.bias.grad.norm()")]
    assert panel.field.text() == ""
    # What the frame says is what there is.
    assert panel.table.watches.rowCount() == 4


def test_nothing_typed_is_said_and_not_sent(panel: WatchesPanel, asked: list[Any]) -> None:
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert asked == []
    assert panel.words.text() == "There is no expression to watch. Type one, such as loss."
    panel.show_frame(at(LOSS))
    assert panel.words.text().startswith("There is no expression")
    QTest.keyClicks(panel.field, "l")
    assert panel.words.text() == ""


def test_other_panels_may_add_a_watch(panel: WatchesPanel, asked: list[Any]) -> None:
    panel.add_watch("relu_1.mean()")
    assert asked == [SetWatch(0, "relu_1.mean()")]


def edit(panel: WatchesPanel, row: int, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    click(panel, row)
    press(panel, Qt.Key.Key_F2)
    field = panel.table.findChild(QLineEdit, "watch_editor")
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, end)
    QApplication.processEvents()  # Qt takes what was typed a moment after Enter


def test_f2_edits_a_watch(panel: WatchesPanel, asked: list[Any]) -> None:
    edit(panel, 1, "conv1.bias.grad.norm()")
    assert asked == [SetWatch(2, "conv1.bias.grad.norm()")]
    assert cell(panel, 1, EXPRESSION) == "conv1.bias.grad"
    panel.show_frame(at(LOSS, replace(BIAS, expression="conv1.bias.grad.norm()")))
    assert cell(panel, 1, EXPRESSION) == "conv1.bias.grad.norm()"


@pytest.mark.parametrize(
    ("text", "end"), [("x", Qt.Key.Key_Escape), ("   ", Qt.Key.Key_Return), ("conv1.bias.grad", Qt.Key.Key_Return)]
)
def test_an_edit_that_is_none_sends_nothing(panel: WatchesPanel, asked: list[Any], text: str, end: Qt.Key) -> None:
    edit(panel, 1, text, end)
    assert asked == []
    assert cell(panel, 1, EXPRESSION) == "conv1.bias.grad"


def test_double_click_edits_and_what_is_typed_outlives_a_frame(panel: WatchesPanel, asked: list[Any]) -> None:
    click(panel, 1)
    place = panel.table.visualRect(panel.table.watches.index(1, EXPRESSION)).center()
    QTest.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    field = panel.table.findChild(QLineEdit, "watch_editor")
    assert field is not None
    field.setText("step")
    panel.show_frame(at(replace(LOSS, number=0.5), replace(BIAS, words="[0.1]"), DEAD, WRONG))
    panel.show_frame(at(BIAS, DEAD, WRONG, replace(LOSS, id=9)))
    assert field.text() == "step"
    QTest.keyClick(field, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert asked == [SetWatch(2, "step")]


# ------------------------------------------------------------------------------------------------ removing and copying


def test_delete_removes_and_undo_brings_back(panel: WatchesPanel, asked: list[Any]) -> None:
    click(panel, 0)
    press(panel, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    press(panel, Qt.Key.Key_Delete)
    assert asked == [DropWatch(1), DropWatch(2)]
    panel.show_frame(at(DEAD, WRONG))
    assert column(panel, EXPRESSION) == [DEAD.expression, WRONG.expression]
    asked.clear()
    press(panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked == [SetWatch(0, "loss"), SetWatch(0, "conv1.bias.grad")]
    press(panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(asked) == 2


def test_the_remove_button_needs_a_chosen_watch(panel: WatchesPanel, asked: list[Any]) -> None:
    assert not panel.remove.isEnabled()
    click(panel, 3)
    QTest.mouseClick(panel.remove, Qt.MouseButton.LeftButton)
    assert asked == [DropWatch(4)]
    panel.show_frame(at(LOSS))
    assert not panel.remove.isEnabled()


def test_a_row_that_stays_stays_chosen(panel: WatchesPanel) -> None:
    click(panel, 2)
    panel.show_frame(at(DEAD, LOSS))
    panel.show_frame(at(BIAS, DEAD))
    click(panel, 1)
    panel.show_frame(at(LOSS, BIAS, DEAD))
    assert [row.expression for row in panel.table.chosen()] == [DEAD.expression]
    panel.show_frame(at(DEAD))
    assert [row.expression for row in panel.table.chosen()] == [DEAD.expression]


def test_copy_gives_the_row_as_text_with_all_digits(panel: WatchesPanel) -> None:
    click(panel, 0)
    press(panel, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert (
        QGuiApplication.clipboard().text() == f"loss\t1.5495285987854004\t{1.5495285987854004 - 1.6495285034179688!r}"
    )
    click(panel, 2)
    press(panel, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"{DEAD.expression}\t{NOT_YET}"


# ------------------------------------------------------------------------------------------------------------ plotting


def plot(panel: WatchesPanel, *rows: int) -> None:
    for row in rows:
        click(panel, row)
        QTest.mouseClick(panel.plot_button, Qt.MouseButton.LeftButton)


def test_one_click_plots_a_watch_and_another_closes_it(panel: WatchesPanel, asked: list[Any]) -> None:
    plot(panel, 0)
    assert asked == [PlotWatch(1)]
    assert plot_of(panel).isVisible()
    assert not has_colour(panel, 0)
    panel.show_watch_series(series(1, 0, [2.0, 1.5, 1.0]))
    assert has_colour(panel, 0)
    assert panel.plot_button.isChecked()
    plot(panel, 0)
    assert not plot_of(panel).isVisible()
    assert not panel.plot_button.isChecked()
    assert asked == [PlotWatch(1)]
    panel.show_watch_series(series(1, 3, [0.5]))
    assert not plot_of(panel).isVisible()


def test_the_menu_of_a_row_plots_too(panel: WatchesPanel, asked: list[Any]) -> None:
    click(panel, 0)
    action = next(action for action in panel.table.menu().actions() if action.text().startswith("Plot"))
    action.trigger()
    assert asked == [PlotWatch(1)]


def test_several_watches_are_several_curves_with_their_names(panel: WatchesPanel, qtbot: QtBot) -> None:
    plot(panel, 0, 1)
    panel.show_watch_series(series(1, 0, [1.0, 2.0, 3.0]))
    panel.show_watch_series(series(2, 0, [3.0, 2.0], "conv1.bias.grad"))
    assert has_colour(panel, 0)
    assert has_colour(panel, 1)
    names = [button.text() for button in plot_of(panel).legend.findChildren(QAbstractButton)]
    assert names == ["loss", "conv1.bias.grad"]
    icon = cell(panel, 1, EXPRESSION, Qt.ItemDataRole.DecorationRole)
    assert icon.pixmap(12, 8).toImage().pixelColor(2, 2) == theme.series(1)
    button = plot_of(panel).legend.findChild(QAbstractButton, "close_curve_1")
    assert button is not None
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert not has_colour(panel, 0)
    assert has_colour(panel, 1)
    assert cell(panel, 0, EXPRESSION, Qt.ItemDataRole.DecorationRole) is None
    # The colour that became free is the next curve's; the other one keeps its own.
    plot(panel, 2)
    assert plot_of(panel).slots() == {2: 1, 3: 0}


def test_values_arrive_in_any_pieces(panel: WatchesPanel) -> None:
    plot(panel, 0, 1)
    values = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    for first in (0, 700, 2100):
        panel.show_watch_series(series(1, first, values[first : first + 1400].tolist()))
        panel.show_watch_series(series(2, first // 3, (-values[first // 3 : first // 3 + 500]).tolist(), "b"))
    rows = plot_of(panel).columns.rows(0, 3000)
    assert rows[:, 0].tobytes() == values.tobytes()
    assert rows[:500, 1].tobytes() == (-values[:500]).tobytes()
    assert rows[700:1200, 1].tobytes() == (-values[700:1200]).tobytes()
    assert np.isnan(rows[1200:, 1]).all()


def test_nan_leaves_a_gap_and_no_mark(panel: WatchesPanel) -> None:
    nan = float("nan")
    plot(panel, 0)
    panel.show_watch_series(series(1, 0, [1.0, nan, nan, nan, 1.0]))
    image = plot_of(panel).view.grab().toImage()
    marks = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert theme.colour("not_finite").rgb() not in marks
    gap, value = (plot_of(panel).view.place_of(step).x() for step in (2, 4))
    columns = {
        x
        for x in range(image.width())
        if any(image.pixel(x, y) == theme.series(0).rgb() for y in range(image.height()))
    }
    assert round(gap) not in columns
    assert columns & set(range(round(value) - 2, round(value) + 3))


def test_another_branch_begins_a_curve_anew_and_is_named(panel: WatchesPanel) -> None:
    plot(panel, 0)
    panel.show_watch_series(series(1, 0, [1.0, 2.0, 3.0]))
    panel.show_frame(at(LOSS, place=Place("warmer", 285)))
    button = plot_of(panel).legend.findChild(QAbstractButton, "close_curve_1")
    assert button is not None
    assert button.text() == "loss of main"
    panel.show_watch_series(series(1, 0, [5.0], branch="warmer"))
    panel.show_frame(at(LOSS, place=Place("warmer", 285)))
    assert button.text() == "loss"
    assert plot_of(panel).columns.rows(0, 1)[:, 0].tolist() == [5.0]
    assert len(plot_of(panel).columns) == 1


def test_an_edited_watch_is_plotted_again(panel: WatchesPanel, asked: list[Any]) -> None:
    plot(panel, 0)
    panel.show_watch_series(series(1, 0, [1.0, 2.0]))
    edit(panel, 0, "step")
    assert asked == [PlotWatch(1), SetWatch(1, "step"), PlotWatch(1)]
    panel.show_watch_series(series(1, 0, [0.0], "step"))
    assert len(plot_of(panel).columns) == 1


def test_a_curve_goes_with_its_watch_and_with_its_run(panel: WatchesPanel) -> None:
    plot(panel, 0, 1)
    panel.show_frame(at(LOSS))
    assert list(plot_of(panel).slots()) == [1]
    panel.show_frame(at(LOSS, run=2))
    assert not plot_of(panel).slots()
    assert not plot_of(panel).isVisible()


def test_more_curves_than_colours_are_refused_with_a_sentence(panel: WatchesPanel, asked: list[Any]) -> None:
    panel.show_frame(at(*(replace(LOSS, id=i) for i in range(1, MOST_CURVES + 2))))
    panel.table.selectAll()
    press(panel, Qt.Key.Key_P)
    assert asked == [PlotWatch(i) for i in range(1, MOST_CURVES + 1)]
    assert panel.words.text() == "8 curves are shown at once. Close one first."


def test_a_click_in_the_plot_goes_to_the_step(panel: WatchesPanel, asked: list[Any], qtbot: QtBot) -> None:
    panel.resize(700, 400)
    plot(panel, 0)
    panel.show_watch_series(series(1, 0, [1.0] * 20))
    qtbot.waitExposed(panel)
    view = plot_of(panel).view
    place = view.place_of(7).toPoint() + QPoint(0, 40)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert asked == [PlotWatch(1), Seek(8)]


def test_the_keyboard_reads_the_values_of_a_step(panel: WatchesPanel) -> None:
    plot(panel, 0)
    panel.show_watch_series(series(1, 0, [1.0, 2.0, 3.25]))
    plot_of(panel).move_cursor(-1)
    assert plot_of(panel).view.readout.text() == "step 2\nloss 3.250000"
    plot_of(panel).move_cursor(-1)
    assert plot_of(panel).view.readout.text() == "step 1\nloss 2.000000"


def test_a_panel_without_a_plot_loads_no_plotting() -> None:
    code = (
        "import sys, PySide6.QtWidgets as w; app = w.QApplication([]); "
        "from lenet_gui.gui.watches.watches import WatchesPanel; WatchesPanel().show(); "
        "print(sorted({'numpy', 'pyqtgraph', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("width", [1, 3, 64, 700])
def test_curves_of_different_lengths_are_reduced_as_if_they_ended_in_nan(width: int) -> None:
    values = np.random.default_rng(1).normal(size=(5000, 3)).astype(np.float32)
    values[40:90, 1] = np.nan
    columns, whole = CurveColumns(3), Pyramid(3)
    for i, length in enumerate((5000, 1234, 0)):
        values[length:, i] = np.nan
        # The middle first: values may come in any order.
        for piece in (slice(length // 3, length // 2), slice(0, length // 3), slice(length // 2, length)):
            columns.curves[i].write(piece.start, values[piece, i])
    whole.append(values)
    for start, stop in ((0, 5000), (1000, 1300), (37, 4021), (4900, 6000)):
        found, wanted = columns.envelope(start, stop, width), whole.envelope(start, stop, width)
        assert found.steps.tolist() == wanted.steps.tolist()
        assert np.array_equal(found.low, wanted.low, equal_nan=True)
        assert np.array_equal(found.high, wanted.high, equal_nan=True)
        assert not found.broken.any()
    assert np.array_equal(columns.rows(0, 5000), values, equal_nan=True)


# ------------------------------------------------------------------------------------------------------- its picture


TENSOR = WatchRow(6, "conv1.weight * 2", "6×1×3×3  −0.6 … 0.6, mean 0.01", None, "value", None, (6, 1, 3, 3))


def test_a_chosen_tensor_is_drawn_and_its_numbers_are_told(panel: WatchesPanel, asked: list[Any]):
    panel.show_frame(at(LOSS, TENSOR))
    assert cell(panel, 1, NOW) == TENSOR.words
    asked.clear()
    click(panel, 0)
    assert panel.picture.isHidden()
    assert asked == []  # one number needs no picture
    click(panel, 1)
    (question,) = asked
    assert isinstance(question, LookAtWatch)
    assert question.watch == 6
    assert panel.words.text() == f"{TENSOR.expression}: {TENSOR.words}"
    values = np.arange(54, dtype=np.float32).reshape(6, 1, 3, 3) / 10
    panel.show_reply(looked(question, values))
    heatmap = panel.picture.heatmap
    assert heatmap is not None
    assert heatmap.mosaic.isVisible()
    heatmap.mosaic.point_at((4, 1, 2))
    assert heatmap.read_out.text() == f"[4, 0, 1, 2]  {values[4, 0, 1, 2]!s}"
    panel.show_frame(at(LOSS, TENSOR))
    assert len(asked) == 1, "the same place is asked about once"
    panel.show_frame(at(LOSS, TENSOR, step=58))
    assert len(asked) == 2
    panel.show_frame(replace(at(LOSS, TENSOR, step=59), running=True))
    assert panel.picture.isHidden()
    assert len(asked) == 2, "in a run nothing is asked"


def test_a_tensor_that_is_large_is_asked_for_as_large_as_it_is_seen(panel: WatchesPanel, asked: list[Any]):
    panel.show_frame(at(TENSOR))
    click(panel, 0)
    question = asked[-1]
    assert 0 < question.room[0] * question.room[1] <= panel.picture.width() * panel.picture.height()
    panel.show_reply(looked(question, np.zeros((400, 500), np.float32)))
    heatmap = panel.picture.heatmap
    assert heatmap is not None
    heatmap.mosaic.point_at((0, 399, 7))  # a number that stands for several: the exact one is asked for
    assert (asked[-1].block.row, asked[-1].block.column) == (399, 7)
    values = np.zeros((400, 500), np.float32)
    values[399, 7] = 0.1
    panel.show_reply(looked(asked[-1], values))
    assert heatmap.read_out.text() == "[399, 7]  0.1"


def looked(question: LookAtWatch, values: np.ndarray) -> LookReply:
    view = View(Which(TENSOR.expression))
    told = LookReply(question.id, Place("main", 4), "step 0", view, "")
    request = LookRequest(question.id, view, question.room, question.region, question.block)
    return seen_of(Found(torch.tensor(values), "expression"), request, told)
