from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from lenet_gui.gui.numbers.tables import NumberModel, number_format
from lenet_gui.gui.numbers.tensor import NO_GRADIENT, NO_UPDATE, NOT_MOVED, NOT_YET, NOTHING_CHOSEN, TensorPanel
from lenet_gui.protocol import Kept, Place, TensorReply, TensorRequest, UpdateRequest
from tests.gui import frames

Questions = list[TensorRequest | UpdateRequest]


@pytest.fixture
def panel(qtbot: QtBot) -> TensorPanel:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 420)
    panel.show()
    return panel


@pytest.fixture
def questions(panel: TensorPanel) -> Questions:
    """What the panel asked, in order."""
    asked: Questions = []
    panel.asked.connect(asked.append)
    return asked


def press(panel: TensorPanel, name: str) -> None:
    button = panel.findChild(QToolButton, name)
    assert button is not None
    button.click()


def words(panel: TensorPanel) -> str:
    assert panel.pages.currentWidget() is panel.message
    return panel.message.text()


def test_before_anything_is_chosen_it_asks_nothing_and_says_what_to_do(panel: TensorPanel, questions: Questions):
    panel.show_frame(frames.fresh())
    assert questions == []
    assert words(panel) == NOTHING_CHOSEN


def test_a_chosen_tensor_is_asked_for_and_shown(panel: TensorPanel, questions: Questions):
    panel.show_tensor("conv1.weight")
    (question,) = questions
    assert question == TensorRequest(question.id, "conv1.weight", "value")
    panel.show_reply(frames.tensor(question.id))
    assert panel.heading.text() == "conv1.weight  [6, 1, 3, 3]"
    assert panel.pages.currentWidget() is panel.heatmap
    assert panel.heatmap.mosaic.tiles.shape == (6, 3, 3)
    assert panel.statistics.text().startswith("54 numbers · from -0.5656 to 0.6646 · mean ")


def test_it_never_asks_twice_before_the_answer_came(panel: TensorPanel, questions: Questions):
    panel.show_frame(frames.fresh())
    panel.show_tensor("conv1.bias")
    for step in range(5):
        panel.show_frame(frames.running(step))
    assert len(questions) == 1
    panel.show_reply(frames.tensor(questions[0].id, "conv1.bias"))
    assert len(questions) == 2, "the frames that came meanwhile are newer than the answer"
    panel.show_reply(frames.tensor(questions[1].id, "conv1.bias"))
    assert len(questions) == 2
    panel.show_frame(frames.running(6))
    assert [question.id for question in questions] == [1, 2, 3]


def test_an_answer_to_an_older_question_is_dropped(panel: TensorPanel, questions: Questions):
    panel.show_tensor("conv1.weight")
    panel.show_tensor("conv1.bias")
    old, new = questions
    panel.show_reply(frames.tensor(old.id, "conv1.weight"))
    assert panel.heading.text() == "conv1.bias"
    panel.show_reply(frames.tensor(new.id, "conv1.bias"))
    assert panel.heading.text() == "conv1.bias  [6]"


def test_a_missing_gradient_is_said_in_words_and_zeros_are_not(panel: TensorPanel, questions: Questions):
    panel.show_tensor("conv1.weight")
    press(panel, "tensor_part_grad")
    assert questions[-1] == TensorRequest(2, "conv1.weight", "grad")
    panel.show_reply(frames.no_gradient(2))
    assert words(panel) == NO_GRADIENT
    panel.show_frame(frames.after_zeros())
    panel.show_reply(frames.tensor(3, "conv1.weight", "grad", np.zeros((6, 1, 3, 3))))
    assert panel.pages.currentWidget() is panel.heatmap
    assert panel.statistics.text() == "54 numbers · all of them 0"


def test_printed_is_what_pytorch_prints(panel: TensorPanel):
    press(panel, "tensor_view_printed")
    panel.show_tensor("conv1.weight")
    reply = frames.tensor(1)
    panel.show_reply(reply)
    assert panel.pages.currentWidget() is panel.printed
    assert panel.printed.toPlainText() == reply.printed


def test_the_table_copies_what_is_selected_with_all_digits(panel: TensorPanel, qtbot: QtBot):
    press(panel, "tensor_view_table")
    panel.show_tensor("fc3.weight")
    values = np.full((10, 84), np.float32(1) / 3, np.float32)
    panel.show_reply(frames.tensor(1, "fc3.weight", values=values))
    model = panel.table.numbers
    assert model.data(model.index(0, 0)) == " 0.3333"
    assert model.headerData(83, Qt.Orientation.Horizontal) == "[83]"
    assert model.headerData(9, Qt.Orientation.Vertical) == "[9]"
    block = QItemSelection(model.index(1, 2), model.index(2, 3))
    panel.table.selectionModel().select(block, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "0.33333334\t0.33333334\n0.33333334\t0.33333334"


def test_new_numbers_leave_the_selection_where_it_is(panel: TensorPanel):
    press(panel, "tensor_view_table")
    panel.show_tensor("conv1.bias")
    panel.show_reply(frames.tensor(1, "conv1.bias"))
    panel.table.setCurrentIndex(panel.table.numbers.index(4, 0))
    panel.show_frame(frames.running())
    panel.show_reply(frames.tensor(2, "conv1.bias", values=np.arange(6)))
    assert panel.table.currentIndex().row() == 4
    assert panel.table.currentIndex().data() == " 4.0000"


def test_the_update_is_shown_in_numbers(panel: TensorPanel, questions: Questions):
    panel.show_tensor("conv1.bias")
    press(panel, "tensor_part_update")
    assert questions[-1] == UpdateRequest(2, "conv1.bias")
    panel.show_reply(frames.no_update(2))
    assert words(panel) == NO_UPDATE
    panel.show_frame(frames.running())
    panel.show_reply(frames.update(3))
    assert panel.formula.text() == "weight = weight - 0.05 * gradient"
    model = panel.table.numbers
    headers = [model.headerData(k, Qt.Orientation.Horizontal) for k in range(model.columnCount())]
    assert headers == ["before", "gradient", "after", "change"]
    for row in range(6):
        before, gradient, after, change = (float(model.index(row, k).data()) for k in range(4))
        assert after == pytest.approx(before - 0.05 * gradient, abs=2e-6)
        assert change == pytest.approx(after - before, abs=2e-6)


def test_inside_of_a_step_it_shows_what_is_kept_and_that_nothing_has_moved(panel: TensorPanel):
    panel.show_tensor("conv1.bias")
    press(panel, "tensor_part_update")
    whole = frames.update(2)
    assert whole.gradient is not None
    kept = (Kept("momentum_buffer", whole.gradient),)
    panel.show_reply(replace(whole, after=None, state=kept))
    header = [panel.table.numbers.headerData(i, Qt.Orientation.Horizontal) for i in range(3)]
    assert header == ["before", "gradient", "momentum_buffer"]
    assert panel.table.numbers.columnCount() == 3
    assert panel.statistics.text() == NOT_MOVED
    panel.show_reply(replace(whole, state=kept))
    assert panel.table.numbers.columnCount() == 5
    assert panel.statistics.text().startswith("change: ")


def test_a_cut_tensor_says_how_much_is_there(panel: TensorPanel):
    panel.show_tensor("conv1.weight")
    reply = frames.tensor(1, values=np.arange(10))
    object.__setattr__(reply, "shape", (4096, 4096))
    panel.show_reply(reply)
    assert panel.statistics.text().startswith("first 10 of 16,777,216 numbers · ")


def test_nan_and_inf_are_counted(panel: TensorPanel):
    panel.show_tensor("conv1.bias")
    panel.show_reply(frames.tensor(1, "conv1.bias", values=np.array([1, np.nan, np.inf, 3, -np.inf, np.nan])))
    assert panel.statistics.text() == "6 numbers · from 1 to 3 · mean 2 · norm 3.162 · 2 NaN · 2 Inf"


def test_a_tensor_that_the_new_model_does_not_have_is_let_go(panel: TensorPanel, questions: Questions):
    panel.show_tensor("conv1.bias")
    panel.show_frame(frames.huge(layers=2))
    assert words(panel) == NOTHING_CHOSEN
    assert len(questions) == 1


@pytest.mark.parametrize(
    ("values", "written"),
    [([1, -0.25], " .4f"), ([1e-5, 0], " .4e"), ([1e-2, 99], " .4e"), ([0, np.nan], " .4f"), ([2e8], " .4e")],
)
def test_numbers_are_written_as_pytorch_does(values: list[float], written: str):
    assert number_format(np.array(values, np.float32)) == written


def test_a_million_cells_are_a_table_like_any_other():
    model = NumberModel()
    model.show_tensor(np.arange(1_000_000, dtype=np.float32).reshape(100, 10, 1000))
    assert (model.rowCount(), model.columnCount()) == (1000, 1000)
    assert model.headerData(999, Qt.Orientation.Vertical) == "[99, 9]"
    assert float(str(model.data(model.index(999, 999)))) == pytest.approx(999_999, rel=1e-4)


def test_the_arrow_keys_go_from_part_to_part(panel: TensorPanel, questions: Questions, qtbot: QtBot):
    panel.show_tensor("conv1.bias")
    qtbot.keyClick(panel.parts.buttons()[0], Qt.Key.Key_Right)
    assert panel.part == "grad"
    assert questions[-1] == TensorRequest(2, "conv1.bias", "grad")


def test_the_output_of_an_operation_stays_and_has_no_update(panel: TensorPanel, questions: Questions):
    panel.show_frame(frames.after_forward())
    panel.parts.by_choice["update"].click()
    panel.show_tensor("relu_1")
    assert (panel.part, panel.parts.by_choice["update"].isEnabled()) == ("value", False)
    panel.show_reply(TensorReply(questions[-1].id, Place("main", 1), "relu_1", "value", (), "not yet computed", None))
    assert words(panel) == NOT_YET
    panel.show_frame(frames.after_backward())  # which does not list it among the parameters
    assert questions[-1] == TensorRequest(questions[-1].id, "relu_1", "value")
    panel.show_tensor("relu_1", "grad")
    assert questions[-1] == TensorRequest(questions[-1].id, "relu_1", "grad")
    panel.show_frame(replace(frames.after_backward(), run=9))  # perhaps of another network
    assert words(panel) == NOTHING_CHOSEN
