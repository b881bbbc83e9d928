"""The tensor panel, with a real session that answers it: what is shown, what is asked, and what a person can do."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from lenet_gui.engine import Session, Settings
from lenet_gui.gui.numbers.pane_menu import menu_of, save_png
from lenet_gui.gui.numbers.pane_words import NO_GRADIENT, NO_UPDATE, NOT_MOVED, NOT_YET
from lenet_gui.gui.numbers.pinned import PinnedPane
from lenet_gui.gui.numbers.tensor import NOTHING_CHOSEN, TensorPanel
from lenet_gui.gui.numbers.tensor_pane import TensorPane
from lenet_gui.protocol import Command
from lenet_gui.protocol.tensors import ALL, CellsRequest, ExportTensor, LookRequest, PinRequest, PlotHistograms, Which
from tests.gui import frames, looking
from tests.gui.looking import Looker

STEP = ("zero_grad", "forward", "loss", "backward", "step")


@pytest.fixture
def panel(qtbot: QtBot) -> TensorPanel:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 480)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    return panel


@pytest.fixture
def session() -> Session:
    return Session(Settings(batch_size=4, optimizer="SGD", lr=0.05, momentum=0.9))


@pytest.fixture
def looker(panel: TensorPanel, session: Session) -> Looker:
    return Looker(panel, session)


@pytest.fixture
def slow(panel: TensorPanel, session: Session) -> Looker:
    """Answers when it is told to."""
    return Looker(panel, session, slow=True)


def press(panel: TensorPanel, name: str) -> None:
    button = panel.findChild(QToolButton, name)
    assert button is not None
    button.click()


def words(pane: TensorPane) -> str:
    assert pane.pages.currentWidget() is pane.message
    return pane.message.text()


# ------------------------------------------------------------------------------------------------- what is asked


def test_before_anything_is_chosen_it_asks_nothing_and_says_what_to_do(panel: TensorPanel, looker: Looker):
    assert looker.asked == []
    assert words(panel.now) == NOTHING_CHOSEN
    assert not panel.pin.isEnabled()


def test_a_chosen_tensor_is_asked_for_and_shown(panel: TensorPanel, looker: Looker, session: Session):
    panel.show_tensor("conv1.weight")
    (question,) = looker.looks()
    assert question.view.tensor == Which("conv1.weight")
    assert panel.now.heading.text() == "conv1.weight  [6, 1, 3, 3]"
    assert panel.now.pages.currentWidget() is panel.now.heatmap
    assert panel.now.heatmap.mosaic.full == (6, 3, 3)
    value = session.model.get_parameter("conv1.weight").detach()
    told = panel.now.statistics.text()
    assert told.startswith(f"54 numbers · from {value.min():.4g} to {value.max():.4g} · mean {value.mean():.4g} · std ")
    assert f"std {value.std():.4g}" in told


def test_only_what_is_seen_is_asked_for(panel: TensorPanel, looker: Looker):
    panel.show_tensor("fc1.weight")
    wants = {}
    for name in ("picture", "table", "histogram", "time", "printed"):
        press(panel, f"tensor_view_{name}")
        panel.now.ask()
        one = looker.looks()[-1]
        wants[name] = (one.room != (0, 0), one.block is not None, one.bins > 0, one.printed)
    assert wants == {
        "picture": (True, False, False, False),
        "table": (False, True, False, False),
        "histogram": (False, False, True, False),
        "time": (False, False, True, False),
        "printed": (False, False, False, True),
    }


def test_it_never_asks_twice_before_the_answer_came(panel: TensorPanel, slow: Looker):
    panel.show_tensor("conv1.bias")
    for step in range(5):
        panel.show_frame(frames.running(step))
    assert len(slow.looks()) == 1
    slow.answer()
    assert len(slow.looks()) == 2, "the frames that came meanwhile are newer than the answer"
    slow.answer()
    assert len(slow.looks()) == 2


def test_an_answer_to_an_older_question_is_dropped(panel: TensorPanel, slow: Looker):
    panel.show_tensor("conv1.weight")
    panel.show_tensor("conv1.bias")
    old, new = slow.looks()
    panel.show_reply(looking.reply(old))
    assert panel.now.heading.text() == "conv1.bias"
    panel.show_reply(looking.reply(new))
    assert panel.now.heading.text() == "conv1.bias  [6]"


def test_in_a_run_no_step_is_gone_over_again(panel: TensorPanel, looker: Looker):
    panel.show_tensor("relu_1")
    looker.panel.show_frame(looking.frame_of(looker.session, running=True))
    assert not looker.looks()[-1].inside
    assert words(panel.now) == "Running: it comes at the next stop."


def test_a_hidden_panel_asks_for_nothing(panel: TensorPanel, looker: Looker):
    panel.hide()
    panel.show_tensor("conv1.bias")
    press(panel, "tensor_view_table")
    assert looker.asked == []


# ------------------------------------------------------------------------------------- what has not happened


def test_none_zero_and_not_yet_are_three_looks(panel: TensorPanel, looker: Looker, session: Session):
    panel.show_tensor("conv1.weight", "grad")
    assert words(panel.now) == NO_GRADIENT
    assert panel.now.heading.text() == "conv1.weight.grad  [6, 1, 3, 3]"
    looker.do(*STEP)
    looker.panel.asked.emit(Command.of("zero_grad", set_to_none=False))
    assert panel.now.pages.currentWidget() is panel.now.heatmap
    assert panel.now.statistics.text() == "54 numbers · all of them 0"
    panel.show_tensor("relu_1", "value")
    assert words(panel.now) == NOT_YET
    looker.do("forward")
    assert panel.now.pages.currentWidget() is panel.now.heatmap


def test_an_unknown_name_is_told_in_a_sentence_and_no_notice_is_needed(panel: TensorPanel, looker: Looker):
    looker.do("zero_grad", "forward")
    panel.show_tensor("rellu")
    assert "there is no rellu" in words(panel.now)
    panel.show_tensor("relu")
    assert panel.now.pages.currentWidget() is panel.now.heatmap


def test_an_update_is_a_picture_and_a_table_of_what_it_came_from(panel: TensorPanel, looker: Looker, session: Session):
    panel.show_tensor("conv1.bias", "update")
    assert words(panel.now) == NO_UPDATE
    looker.do(*STEP)
    assert panel.now.statistics.text().startswith("change: 6 numbers · ")
    assert panel.now.formula.text().startswith("buffer = 0.9 * buffer + gradient")
    press(panel, "tensor_view_table")
    model = panel.now.table.numbers
    headers = [model.headerData(k, Qt.Orientation.Horizontal) for k in range(model.columnCount())]
    assert headers == ["before", "gradient", "momentum_buffer", "after", "change"]
    assert session.last_update is not None
    before, gradient, after = session.last_update[1]["conv1.bias"]
    assert gradient is not None
    for column, tensor in ((0, before), (1, gradient), (3, after), (4, after - before)):
        assert [model.cells.values[row, column] for row in range(6)] == tensor.tolist()


def test_inside_of_a_step_the_table_says_that_nothing_has_moved(panel: TensorPanel, looker: Looker, session: Session):
    looker.do(*STEP, *STEP[:4])
    session.stepper.go(len(session.journal), 0)
    session.item = 1  # conv1.weight has moved, conv1.bias has not
    panel.show_tensor("conv1.bias", "update")
    looker.stop()
    assert words(panel.now) == NOT_MOVED
    press(panel, "tensor_view_table")
    model = panel.now.table.numbers
    assert [model.headerData(k, Qt.Orientation.Horizontal) for k in range(model.columnCount())] == [
        "before",
        "gradient",
        "momentum_buffer",
    ]
    assert panel.now.statistics.text() == NOT_MOVED


def test_a_tensor_that_the_new_model_does_not_have_is_let_go(panel: TensorPanel, looker: Looker):
    panel.show_tensor("conv1.bias")
    panel.show_frame(frames.huge(layers=2))
    assert words(panel.now) == NOTHING_CHOSEN
    assert len(looker.looks()) == 1


def test_nan_and_inf_are_counted(panel: TensorPanel, looker: Looker, session: Session):
    with torch.no_grad():
        session.model.get_parameter("conv1.bias").copy_(
            torch.tensor([1.0, float("nan"), float("inf"), 3.0, -float("inf"), float("nan")])
        )
    panel.show_tensor("conv1.bias")
    told = panel.now.statistics.text()
    assert told == "6 numbers · from 1 to 3 · mean 2 · std 1.414 · norm 3.162 · 2 NaN · 2 Inf"


# --------------------------------------------------------------------------------------------- names and cards


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # of offscreen, about a popup
def test_the_field_has_all_names_of_this_place_and_finds_them_by_any_letters(panel: TensorPanel, looker: Looker):
    looker.do(*STEP, "zero_grad", "forward")
    line = panel.choice.lineEdit()
    assert line is not None
    QTest.keyClicks(line, "p")
    names = [panel.choice.itemText(k) for k in range(panel.choice.count())]
    assert {"conv1.weight", "fc1.bias.grad", "conv2.bias (update)", "conv1.weight: momentum_buffer"} <= {*names}
    assert {"input", "output", "relu_2", "relu_2.grad", "max_pool2d"} <= {*names}
    assert len(names) == len(set(names))
    completer = panel.choice.completer()
    assert completer is not None
    completer.setCompletionPrefix("POOL2d_1")
    found = [completer.completionModel().index(k, 0).data() for k in range(completer.completionCount())]
    assert found == ["max_pool2d_1", "max_pool2d_1.grad"]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # of offscreen, about a popup
def test_a_typed_name_and_enter_show_that_tensor(panel: TensorPanel, looker: Looker):
    looker.do(*STEP[:4])
    line = panel.choice.lineEdit()
    assert line is not None
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "max_pool2d.grad")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert (panel.which, panel.part) == (Which("max_pool2d", "grad"), "grad")
    assert panel.now.heading.text() == "max_pool2d.grad  [4, 6, 15, 15]"
    assert not panel.parts.by_choice["update"].isEnabled()


def type_in(panel: TensorPanel, text: str) -> None:
    line = panel.choice.lineEdit()
    assert line is not None
    line.setText(text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def test_a_typed_index_goes_to_that_number_from_either_end(panel: TensorPanel, looker: Looker, session: Session):
    type_in(panel, "conv1.bias[-1]")
    assert panel.now.current() == (5,)
    last = str(np.float32(session.model.get_parameter("conv1.bias")[-1].item()))
    assert panel.now.heatmap.read_out.text() == f"[5]  {last}"
    type_in(panel, "conv2.weight[-1, 0, -2, 1]")
    assert panel.now.current() == (15, 0, 1, 1)
    press(panel, "tensor_view_table")
    type_in(panel, "conv2.weight[3, -1, 0, 2]")
    assert panel.now.current() == (3, 5, 0, 2)
    looker.do(*STEP[:2])
    press(panel, "tensor_view_picture")
    type_in(panel, "relu[-1]")  # a sample of the batch, of four
    assert panel.now.view.leading == (3, ALL)
    type_in(panel, "relu[1, 2, 3, -1]")
    assert panel.now.view.leading == (1, ALL)
    reply = panel.now.reply
    assert reply is not None
    assert panel.now.current() == (1, 2, 3, reply.shape[3] - 1)


def test_an_index_that_there_is_not_is_said_and_the_tensor_is_shown(panel: TensorPanel, looker: Looker):
    type_in(panel, "conv1.bias[6]")
    assert panel.now.statistics.text() == "conv1.bias is of shape [6]: there is no place 6 among 6."
    assert panel.now.pages.currentWidget() is panel.now.heatmap
    type_in(panel, "conv1.bias[0, 0]")
    assert "conv1.bias has 1 dimension" in panel.now.statistics.text()


@pytest.mark.parametrize("name", ["conv1.weight: momentum_buffer", "input", "output", "target", "loss"])
def test_any_tensor_can_be_looked_at(panel: TensorPanel, looker: Looker, name: str):
    looker.do(*STEP, *STEP[:4])
    panel.show_tensor(name)
    assert panel.now.pages.currentWidget() is panel.now.heatmap
    press(panel, "tensor_view_table")
    assert panel.now.table.numbers.rowCount() > 0


# ------------------------------------------------------------------------------------------ sliders and pictures


def drawn(pane: TensorPane) -> np.ndarray:
    assert pane.heatmap._whole is not None
    return pane.heatmap._whole.tiles


def test_sliders_go_over_the_samples_and_the_channels(panel: TensorPanel, looker: Looker, session: Session):
    looker.do(*STEP[:2])
    panel.show_tensor("relu")
    now = panel.now
    assert [label.text() for label in now.leading.labels[:2]] == ["sample 0", "channel all"]
    relu = session.trace().operations[1].outputs[0]
    assert np.array_equal(drawn(now), relu[0].numpy())
    QTest.keyClick(now.leading.sliders[0], Qt.Key.Key_Right)
    assert np.array_equal(drawn(now), relu[1].numpy())
    now.leading.sliders[1].setValue(5)
    assert np.array_equal(drawn(now), relu[1, 5][None].numpy())
    now.heatmap.mosaic.point_at((0, 7, 3))
    assert now.heatmap.read_out.text() == f"[1, 5, 7, 3]  {relu[1, 5, 7, 3].numpy()!s}"
    looker.do("loss")
    assert now.leading.leading() == (1, 5), "the next place is seen in the same way"
    now.leading.sliders[0].setValue(ALL)
    assert now.heatmap.mosaic.full == (4, 30, 30)


def test_the_number_under_the_mouse_is_exact_where_the_picture_is_not(panel: TensorPanel, slow: Looker):
    panel.show_tensor("fc1.weight")
    slow.answer()
    picture = panel.now.heatmap._whole
    assert picture is not None
    assert picture.down * picture.across == 1, "it has room here"
    panel.resize(300, 260)
    QTest.qWait(0)
    panel.now.ask()
    slow.answer()
    picture = panel.now.heatmap._whole
    assert picture is not None
    assert picture.down * picture.across > 1
    panel.now.heatmap.mosaic.point_at((0, 100, 500))
    assert panel.now.heatmap.read_out.text() == "[100, 500]  …"
    slow.answer()
    value = slow.session.model.get_parameter("fc1.weight")[100, 500].item()
    assert panel.now.heatmap.read_out.text() == f"[100, 500]  {np.float32(value)!s}"


def test_coming_nearer_fetches_the_part_that_is_seen(panel: TensorPanel, looker: Looker, qtbot: QtBot):
    panel.resize(300, 260)
    panel.show_tensor("fc1.weight")
    heatmap = panel.now.heatmap
    asked = len(looker.looks())
    for _ in range(8):
        QTest.keyClick(heatmap.mosaic, Qt.Key.Key_Plus)
    qtbot.waitUntil(lambda: len(looker.looks()) > asked)
    region = looker.looks()[-1].region
    assert region is not None
    assert region.block.rows < 120
    part = heatmap._part
    assert part is not None
    assert part.down * part.across == 1
    row, column = part.region.block.row + 3, part.region.block.column + 5
    heatmap.mosaic.point_at((0, row, column))
    value = looker.session.model.get_parameter("fc1.weight")[row, column].item()
    assert heatmap.read_out.text() == f"[{row}, {column}]  {np.float32(value)!s}"
    QTest.keyClick(heatmap.mosaic, Qt.Key.Key_0)
    assert heatmap.mosaic.region() is None


# --------------------------------------------------------------------------------------------------- the table


def test_a_table_fetches_what_is_seen_and_shows_that_the_rest_is_on_its_way(panel: TensorPanel, slow: Looker):
    press(panel, "tensor_view_table")
    panel.show_tensor("fc1.weight")
    slow.answer()
    table = panel.now.table
    assert (table.numbers.rowCount(), table.numbers.columnCount()) == (120, 576)
    assert table.numbers.cells.values.size < 5_000
    assert len([one for one in slow.asked if isinstance(one, CellsRequest)]) == 0
    table.scrollTo(table.numbers.index(119, 575))
    assert table.numbers.index(119, 575).data() == "…"
    slow.answer()
    value = slow.session.model.get_parameter("fc1.weight")[119, 575].item()
    assert float(str(table.numbers.index(119, 575).data())) == pytest.approx(value, rel=1e-4)
    assert table.numbers.index(119, 575).data(Qt.ItemDataRole.EditRole) == float(str(np.float32(value)))
    assert table.numbers.index(0, 0).data() == "…", "what is no longer near is not kept"


def test_while_one_scrolls_on_only_the_newest_part_is_fetched(panel: TensorPanel, slow: Looker):
    press(panel, "tensor_view_table")
    panel.show_tensor("fc1.weight")
    slow.answer()
    table = panel.now.table
    for value in range(0, table.verticalScrollBar().maximum() + 1, 10):
        table.verticalScrollBar().setValue(value)
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())
    assert len([one for one in slow.asked if isinstance(one, CellsRequest)]) == 1
    slow.answer()
    assert len([one for one in slow.asked if isinstance(one, CellsRequest)]) == 2
    assert table.numbers.has(table.seen())


def test_the_table_copies_what_is_selected_with_all_digits(panel: TensorPanel, looker: Looker, qtbot: QtBot):
    looker.panel.asked.emit(Command.of("edit", tensor="fc3.weight", index=84 + 2, value=1 / 3))
    press(panel, "tensor_view_table")
    panel.show_tensor("fc3.weight")
    table, model = panel.now.table, panel.now.table.numbers
    assert model.headerData(83, Qt.Orientation.Horizontal) == "[83]"
    assert model.headerData(9, Qt.Orientation.Vertical) == "[9]"
    weight = looker.session.model.get_parameter("fc3.weight").detach().numpy()
    block = QItemSelection(model.index(1, 2), model.index(2, 83))  # the last columns are not there yet
    table.selectionModel().select(block, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = [line.split("\t") for line in QGuiApplication.clipboard().text().split("\n")]
    assert copied[0][0] == "0.33333334"
    assert np.array_equal(np.array(copied, np.float32), weight[1:3, 2:84])
    table.copy(whole=True)
    assert np.array_equal(np.array([line.split("\t") for line in QGuiApplication.clipboard().text().split("\n")],
                                   np.float32), weight)  # fmt: skip


def test_new_numbers_leave_the_selection_where_it_is(panel: TensorPanel, looker: Looker):
    press(panel, "tensor_view_table")
    panel.show_tensor("conv1.bias")
    panel.now.table.setCurrentIndex(panel.now.table.numbers.index(4, 0))
    looker.panel.asked.emit(Command.of("edit", tensor="conv1.bias", index=4, value=4.0))
    assert panel.now.table.currentIndex().row() == 4
    assert panel.now.table.currentIndex().data() == " 4.0000"


def test_printed_is_what_pytorch_prints(panel: TensorPanel, looker: Looker, session: Session):
    press(panel, "tensor_view_printed")
    panel.show_tensor("conv1.weight")
    assert panel.now.printed.toPlainText() == repr(session.model.get_parameter("conv1.weight").detach())


# ---------------------------------------------------------------------------------------- histograms, over steps


def test_a_histogram_counts_every_number_and_reads_its_quantiles(panel: TensorPanel, looker: Looker, session: Session):
    press(panel, "tensor_view_histogram")
    panel.show_tensor("fc2.weight")
    view = panel.now.histogram
    found = view.bars.histogram
    assert found is not None
    values = session.model.get_parameter("fc2.weight").detach().numpy()
    assert found.counts.sum() == values.size
    assert np.array_equal(found.counts, np.histogram(values, len(found.counts))[0])
    assert f"50 %: {np.sort(values, axis=None)[round(0.5 * (values.size - 1))]:.3g}" in view.read_out.text()
    QTest.keyClick(view.bars, Qt.Key.Key_Right)
    assert f"{int(found.counts[0]):,}" in view.read_out.text()


def test_over_the_steps_it_asks_once_and_each_stop_adds_a_column(panel: TensorPanel, looker: Looker, session: Session):
    from lenet_gui.engine.tensors.over_steps import histograms

    looker.do(*STEP, *STEP, *STEP)
    panel.show_tensor("conv1.weight")
    press(panel, "tensor_view_time")
    over_time = panel.now.over_time
    assert over_time.plot.steps == [3], "that of here is there already"
    over_time.count.setValue(50)
    over_time.go.click()
    (wanted,) = [one for one in looker.asked if isinstance(one, PlotHistograms)]
    assert (wanted.tensor, wanted.steps) == (Which("conv1.weight"), 50)
    for series in histograms(session, wanted):
        panel.show_reply(series)
    assert over_time.plot.steps == [1, 2, 3]
    looker.do(*STEP)
    assert over_time.plot.steps == [1, 2, 3, 4]
    assert over_time.plot.densities(40).max(axis=0).tolist() == [1.0] * 4
    assert over_time.text().splitlines()[0] == "step\tlow\thigh\tcounts"
    panel.show_tensor("conv2.weight")
    assert over_time.plot.steps == [4], "another tensor begins anew"


# ------------------------------------------------------------------------------------------- the pinned one beside


def pinned(panel: TensorPanel) -> PinnedPane:
    assert panel.pinned is not None
    return panel.pinned


def shows(pane: TensorPane, tensor: torch.Tensor) -> bool:
    """Whether the numbers in the table are those of a tensor, to the bit, as far as they have been fetched."""
    cells = pane.table.numbers.cells
    block = tensor.detach().reshape(cells.rows, cells.columns)[: cells.block.rows, : cells.block.columns]
    return cells.values.size > 0 and np.array_equal(cells.values, block.numpy())


def test_a_pinned_tensor_stays_as_it_was_with_its_place(panel: TensorPanel, looker: Looker, session: Session):
    looker.do(*STEP)
    before = session.model.get_parameter("conv1.weight").detach().clone()
    panel.show_tensor("conv1.weight")
    press(panel, "tensor_pin")
    looker.do(*STEP)
    press(panel, "tensor_view_table")
    beside = pinned(panel)
    assert beside.formula.text() == "as of step 1, after step"
    assert shows(beside, before)
    after = session.model.get_parameter("conv1.weight").detach()
    assert shows(panel.now, after)
    beside.difference.click()
    assert shows(beside, before - after)
    beside.follow.click()
    assert not beside.table.numbers.cells.values.any(), "followed, it is the same tensor"
    panel.show_tensor("conv1.bias")
    assert words(beside) == "The two have unlike shapes: there is no difference to show."
    beside.difference.click()
    assert shows(beside, after)


def test_unpinning_lets_it_go_and_leaves_one(panel: TensorPanel, looker: Looker, session: Session):
    panel.show_tensor("conv1.weight")
    press(panel, "tensor_pin")
    pinned(panel).unpin.click()
    assert panel.pinned is None
    assert session.pinned is None
    assert isinstance(looker.asked[-1], PinRequest)
    press(panel, "tensor_pin")
    assert pinned(panel).heading.text() == "conv1.weight  [6, 1, 3, 3]"


def test_a_pinned_tensor_cannot_be_edited(panel: TensorPanel, looker: Looker):
    press(panel, "tensor_view_table")
    panel.show_tensor("conv1.bias")
    press(panel, "tensor_pin")
    table = pinned(panel).table
    assert table.numbers.rowCount() == 6
    assert not table.numbers.flags(table.numbers.index(0, 0)) & Qt.ItemFlag.ItemIsEditable


def test_nothing_that_is_looked_at_changes_a_bit(panel: TensorPanel, looker: Looker, session: Session):
    looker.do(*STEP, *STEP[:4])
    before = session.digest()
    for name, part in (("conv1.weight", "grad"), ("relu", "grad"), ("fc1.weight", "update"), ("output", "value")):
        panel.show_tensor(name, part)
        for view in ("table", "histogram", "printed", "picture"):
            press(panel, f"tensor_view_{view}")
    press(panel, "tensor_pin")
    assert session.digest() == before


# -------------------------------------------------------------------------------------------- why, copy, export


def test_enter_and_a_double_click_ask_why_a_number_is_what_it_is(panel: TensorPanel, looker: Looker, qtbot: QtBot):
    asked: list[tuple[str, str, tuple[int, ...]]] = []
    panel.cell_asked.connect(lambda *one: asked.append(one))
    looker.do(*STEP[:4])
    panel.show_tensor("relu", "grad")
    mosaic = panel.now.heatmap.mosaic
    centre = mosaic.cell_rect((2, 7, 9)).center().toPoint()
    QTest.mouseDClick(mosaic, Qt.MouseButton.LeftButton, pos=centre)
    assert asked == [("relu", "grad", (0, 2, 7, 9))]
    mosaic.point_at((1, 0, 0))
    qtbot.keyClick(mosaic, Qt.Key.Key_Return)
    assert asked[1:] == [("relu", "grad", (0, 1, 0, 0))]
    press(panel, "tensor_why")
    assert asked[2:] == [("relu", "grad", (0, 1, 0, 0))]
    press(panel, "tensor_view_table")
    panel.show_tensor("conv1.bias", "grad")
    panel.now.table.setFocus()
    panel.now.table.setCurrentIndex(panel.now.table.numbers.index(3, 0))
    qtbot.keyClick(panel.now.table, Qt.Key.Key_Return)
    qtbot.keyClick(panel.now.table, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert asked[3:] == [("conv1.bias", "grad", (3,))] * 2
    menu = menu_of(panel.now, panel._ask_why, panel.failed.emit)
    menu.actions()[0].trigger()
    assert menu.actions()[0].text().startswith("Why this number at [3]?")
    assert asked[5:] == [("conv1.bias", "grad", (3,))]


def test_the_whole_is_copied_as_shown(panel: TensorPanel, looker: Looker):
    panel.show_tensor("conv1.weight")

    def copy() -> None:
        next(one for one in menu_of(panel.now, None, print).actions() if one.text() == "Copy all as shown").trigger()

    copy()
    assert not QGuiApplication.clipboard().image().isNull()
    press(panel, "tensor_view_histogram")
    copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "from\tto\tcount"
    assert sum(int(line.split("\t")[2]) for line in lines[1:]) == 54
    press(panel, "tensor_view_printed")
    copy()
    assert QGuiApplication.clipboard().text() == panel.now.printed.toPlainText()


def test_a_picture_is_saved_as_png_or_a_sentence_says_why_not(panel: TensorPanel, looker: Looker, tmp_path: Path):
    panel.show_tensor("conv1.weight")
    told: list[str] = []
    save_png(panel.now, str(tmp_path / "a.png"), told.append)
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() > 2 * panel.now.heatmap.mosaic.width()
    save_png(panel.now, str(tmp_path / "nowhere" / "a.png"), told.append)
    assert len(told) == 1
    assert "cannot be written" in told[0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("suffix", ["npy", "csv"])
def test_all_numbers_are_exported_through_a_dialog(panel: TensorPanel, looker: Looker, tmp_path: Path, suffix: str):
    panel.show_tensor("conv2.weight")
    panel.now.leading.sliders[0].setValue(3)
    entry = next(one for one in menu_of(panel.now, None, print).actions() if suffix in one.text().lower())
    entry.trigger()
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    path = tmp_path / f"weight.{suffix}"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    (wanted,) = [one for one in looker.asked if isinstance(one, ExportTensor)]
    assert wanted.path == str(path)
    assert panel.now.statistics.text() == f"Written: {path}"
    weight = looker.session.model.get_parameter("conv2.weight").detach().numpy()
    if suffix == "npy":
        assert np.array_equal(np.load(path, allow_pickle=False), weight)
    else:
        with path.open() as file:
            rows = [*csv.reader(file)]
        assert rows[0] == ["index 0", "index 1", "index 2", "[0]", "[1]", "[2]"]
        assert np.array_equal(np.array(rows[1:])[:, 3:].astype(np.float32), weight.reshape(-1, 3))


def test_the_arrow_keys_go_from_part_to_part(panel: TensorPanel, looker: Looker, qtbot: QtBot):
    panel.show_tensor("conv1.bias")
    panel.parts.buttons()[0].setFocus()
    qtbot.keyClick(panel.parts.buttons()[0], Qt.Key.Key_Right)
    assert panel.part == "grad"
    assert looker.looks()[-1].view.tensor == Which("conv1.bias", "grad")


def test_the_output_of_an_operation_stays_and_has_no_update(panel: TensorPanel, looker: Looker):
    panel.parts.by_choice["update"].click()
    panel.show_tensor("relu_1")
    assert (panel.part, panel.parts.by_choice["update"].isEnabled()) == ("value", False)
    assert words(panel.now) == NOT_YET
    looker.do(*STEP[:4])
    assert isinstance(looker.asked[-1], LookRequest)
    panel.show_tensor("relu_1", "grad")
    assert panel.now.pages.currentWidget() is panel.now.heatmap
    panel.show_frame(looking.frame_of(looker.session, run=9))  # perhaps of another network
    assert words(panel.now) == NOTHING_CHOSEN
