import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.console import ConsolePanel
from lenet_gui.protocol import Line, PrintRequest
from tests.gui import frames

READS = """\
>>> optimizer.zero_grad()
>>> output = net(input)
tensor([[ 0.0212, -0.0671]], grad_fn=<AddmmBackward0>)
>>> print(net.conv1.bias.grad)
None
# epoch 1 ended: 280 of 360 test digits are right (77.8 %)
>>> loss.backward()
✗ RuntimeError: Trying to backward through the graph a second time
"""


@pytest.fixture
def panel(qtbot: QtBot) -> ConsolePanel:
    panel = ConsolePanel()
    qtbot.addWidget(panel)
    panel.resize(400, 240)
    panel.show()
    return panel


def test_commands_results_notes_and_errors_are_told_apart(panel: ConsolePanel):
    panel.add(frames.lines())
    assert panel.text.toPlainText() == READS
    colours = {colour_of(panel, words) for words in (">>> optimizer", "tensor([[", "# epoch", "✗ Runtime")}
    assert len(colours) == 4


def colour_of(panel: ConsolePanel, words: str) -> str:
    cursor = panel.text.document().find(words)
    assert not cursor.isNull()
    return cursor.charFormat().foreground().color().name()


def test_code_of_several_lines_can_be_pasted_as_a_session(panel: ConsolePanel):
    panel.add([Line("command", "for p in net.parameters():\n    print(p.size())", "")])
    assert panel.text.toPlainText() == ">>> for p in net.parameters():\n...     print(p.size())\n"


def test_no_line_is_lost_when_thousands_come(panel: ConsolePanel):
    panel.add([Line("command", f"step {i}", "") for i in range(3000)])
    panel.add([Line("command", f"step {i}", "") for i in range(3000, 5000)])
    assert panel.text.toPlainText().splitlines() == [f">>> step {i}" for i in range(5000)]


def test_lines_that_come_while_it_is_hidden_are_there_when_it_is_shown(panel: ConsolePanel):
    panel.hide()
    panel.add(frames.lines())
    assert panel.text.toPlainText() == ""
    panel.show()
    assert panel.text.toPlainText() == READS


def test_it_follows_the_newest_unless_scrolled_up(panel: ConsolePanel):
    bar = panel.text.verticalScrollBar()
    panel.add(frames.lines() * 20)
    assert bar.value() == bar.maximum() > 0
    bar.setValue(10)
    panel.add(frames.lines() * 20)
    assert bar.value() == 10
    bar.setValue(bar.maximum())
    panel.add(frames.lines())
    assert bar.value() == bar.maximum()


def test_a_selection_survives_new_lines(panel: ConsolePanel):
    panel.add(frames.lines())
    panel.text.setTextCursor(panel.text.document().find("AddmmBackward0"))
    panel.add(frames.lines())
    assert panel.text.textCursor().selectedText() == "AddmmBackward0"


def test_copy_all_and_clear(panel: ConsolePanel, qtbot: QtBot):
    panel.add(frames.lines())
    qtbot.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == READS
    qtbot.mouseClick(panel.clear_button, Qt.MouseButton.LeftButton)
    assert panel.text.toPlainText() == ""
    panel.add(frames.lines()[:1])
    assert panel.text.toPlainText() == ">>> optimizer.zero_grad()\n"


def test_find_goes_on_from_place_to_place_and_around(panel: ConsolePanel, qtbot: QtBot):
    panel.add(frames.lines())
    panel.text.moveCursor(QTextCursor.MoveOperation.Start)
    panel.search.setText("backward")
    found = []
    for _ in range(4):
        qtbot.keyClick(panel.search, Qt.Key.Key_Return)
        found.append(panel.text.textCursor().selectionStart())
    assert found[0] < found[1] < found[2]
    assert found[3] == found[0]


def test_the_print_menu_asks_for_each_thing(panel: ConsolePanel):
    asked: list[PrintRequest] = []
    panel.asked.connect(asked.append)
    panel.show_frame(frames.fresh())
    for action in panel.print_menu.actions():
        action.trigger()
    names = ["model", "parameters", "input", "output", "grad_fn", "target", "loss", "chain", "conv1.bias.grad"]
    assert asked == [PrintRequest(name) for name in names]
    panel.show_frame(frames.empty())
    assert not panel.print_menu.actions()[-1].isVisible()


def test_a_change_of_scheme_recolours_what_is_written(panel: ConsolePanel, qapp: QApplication):
    theme.apply(qapp, "light")
    panel.add(frames.lines())
    theme.apply(qapp, "dark")
    assert colour_of(panel, "✗ Runtime") == theme.colour("error").name()
    assert panel.text.toPlainText() == READS
