import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QTreeWidgetItem, QTreeWidgetItemIterator
from pytestqt.qtbot import QtBot

from lenet_gui.gui.numbers.inspector import COUNT, GRADIENT, KIND, NAME, SHAPE, VALUE, InspectorPanel, norm_text
from lenet_gui.protocol import PrintRequest
from tests.gui import frames


@pytest.fixture
def panel(qtbot: QtBot) -> InspectorPanel:
    panel = InspectorPanel()
    qtbot.addWidget(panel)
    panel.resize(280, 400)
    panel.show()
    panel.show_frame(frames.fresh())
    return panel


def rows(panel: InspectorPanel) -> list[QTreeWidgetItem]:
    iterator, found = QTreeWidgetItemIterator(panel.tree, QTreeWidgetItemIterator.IteratorFlag.NotHidden), []
    while iterator.value() is not None:
        found.append(iterator.value())
        iterator += 1
    return found


def column(panel: InspectorPanel, number: int) -> list[str]:
    return [row.text(number) for row in rows(panel)]


def test_the_tree_has_modules_and_parameters_in_order(panel: InspectorPanel):
    layers = ["conv1", "conv2", "fc1", "fc2", "fc3"]
    assert column(panel, NAME) == ["Net", *(name for layer in layers for name in (layer, "weight", "bias"))]
    assert column(panel, SHAPE)[2] == "[6, 1, 3, 3]"
    assert column(panel, COUNT)[:4] == ["81,194", "60", "54", "6"]
    assert column(panel, KIND)[:3] == ["Net", "Conv2d", "float32"]
    assert panel.total.text() == "81,194 parameters in 10 tensors"


def test_no_gradient_and_a_gradient_of_zeros_look_different(panel: InspectorPanel):
    weight = rows(panel)[2]
    assert weight.text(GRADIENT) == "None"
    assert weight.font(GRADIENT).italic()
    muted = weight.foreground(GRADIENT).color()
    panel.show_frame(frames.after_zeros())
    assert weight.text(GRADIENT) == "0"
    assert not weight.font(GRADIENT).italic()
    assert weight.foreground(GRADIENT).color() != muted


def test_a_frame_changes_numbers_and_keeps_the_rows(panel: InspectorPanel):
    before = rows(panel)
    conv2 = before[4]
    conv2.setExpanded(False)
    panel.show_frame(frames.after_backward())
    assert rows(panel) == before
    assert not conv2.isExpanded()
    assert rows(panel)[2].text(GRADIENT) == "0.013"
    assert rows(panel)[2].text(VALUE) == "1.231"


def test_another_model_builds_another_tree(panel: InspectorPanel):
    panel.show_frame(frames.huge(layers=3))
    assert column(panel, NAME) == [
        "VisionTransformer",
        *(n for i in range(3) for n in (f"encoder.blocks.{i}.attention.output_projection", "weight")),
    ]
    panel.show_frame(frames.fresh())
    assert len(rows(panel)) == 16


def test_the_search_keeps_what_matches_and_what_is_above(panel: InspectorPanel, qtbot: QtBot):
    panel.focus_search()
    qtbot.keyClicks(panel.search, "fc2 bias")
    assert column(panel, NAME) == ["Net", "fc2", "bias"]
    panel.show_frame(frames.running())
    assert column(panel, NAME) == ["Net", "fc2", "bias"]
    panel.search.setText("conv2d")
    assert column(panel, NAME) == ["Net", "conv1", "weight", "bias", "conv2", "weight", "bias"]
    panel.search.clear()
    assert len(rows(panel)) == 16


def test_a_parameter_is_chosen_with_the_keyboard(panel: InspectorPanel, qtbot: QtBot):
    panel.tree.setCurrentItem(rows(panel)[1])
    with qtbot.waitSignal(panel.chosen) as chosen:
        qtbot.keyClick(panel.tree, Qt.Key.Key_Down)
    assert chosen.args == ["conv1.weight"]
    with qtbot.waitSignal(panel.asked) as asked:
        qtbot.keyClick(panel.tree, Qt.Key.Key_Return)
    assert asked.args == [PrintRequest("conv1.weight")]


def test_the_menu_prints_and_copies(panel: InspectorPanel, qtbot: QtBot):
    menu = panel.menu("conv1.bias")
    words = {action.text(): action for action in menu.actions()}
    with qtbot.waitSignal(panel.asked) as asked:
        words["Print conv1.bias.grad"].trigger()
    assert asked.args == [PrintRequest("conv1.bias.grad")]
    words["Copy name"].trigger()
    assert QGuiApplication.clipboard().text() == "conv1.bias"


@pytest.mark.parametrize(
    ("norm", "text"),
    [(None, "None"), (0.0, "0"), (2.03211, "2.032"), (1.5e-7, "1.5e-07"), (8.1e12, "8.1e+12"), (float("nan"), "nan")],
)
def test_norms_are_short(norm: float | None, text: str):
    assert norm_text(norm) == text


def test_a_parameter_can_be_chosen_by_its_name(panel: InspectorPanel, qtbot: QtBot):
    with qtbot.waitSignal(panel.chosen) as chosen:
        panel.choose("fc1.bias")
    assert chosen.args == ["fc1.bias"]
    item = panel.tree.currentItem()
    assert item is not None
    assert item.text(NAME) == "bias"
    panel.choose("no such parameter")
    assert panel.tree.currentItem() is item
