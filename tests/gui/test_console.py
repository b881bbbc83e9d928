from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.console import ConsolePanel
from lenet_gui.protocol import BranchRow, Frame, Line, Place, PrintRequest
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
    over = [one for one in panel.text.extraSelections() if _lies_in(cursor, one.cursor)]  # type: ignore[attr-defined]
    return (over[-1].format if over else cursor.charFormat()).foreground().color().name()  # type: ignore[attr-defined]


def _lies_in(inner: QTextCursor, outer: QTextCursor) -> bool:
    return outer.selectionStart() <= inner.selectionStart() and inner.selectionEnd() <= outer.selectionEnd()


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


def done(commands: int, branch: str = "main") -> Line:
    return Line("command", f"{branch} {commands}", f"result {commands}", Place(branch, commands))


def here(commands: int, branch: str = "main", *rows: BranchRow, reason: str = "one phase on") -> Frame:
    rows = rows or (BranchRow("main", "", 0, 2, 10),)
    return replace(frames.fresh(), place=Place(branch, commands), branches=rows, reason=reason)


def greyed(panel: ConsolePanel) -> list[str]:
    """The commands that are greyed, as they can be seen."""
    found = []
    for line in panel.text.toPlainText().splitlines():
        if line.startswith(">>> "):
            muted = colour_of(panel, line) == theme.colour("muted").name()
            assert muted or colour_of(panel, line) == theme.colour("forward").name()
            found += [line.removeprefix(">>> ")] if muted else []
    return found


def test_what_lies_behind_the_present_place_is_greyed_until_one_is_there_again(panel: ConsolePanel):
    panel.add([done(n) for n in range(1, 6)])
    panel.show_frame(here(5))
    assert greyed(panel) == []
    panel.show_frame(here(2))
    assert greyed(panel) == ["main 3", "main 4", "main 5"]
    assert colour_of(panel, "result 3") == theme.colour("muted").name()
    assert colour_of(panel, "result 2") == theme.colour("text").name()
    panel.show_frame(here(4))
    assert greyed(panel) == ["main 5"]
    assert colour_of(panel, "result 3") == theme.colour("text").name()
    panel.show_frame(here(5))
    assert greyed(panel) == []


def test_another_branch_s_lines_are_greyed_and_what_it_shares_is_not(panel: ConsolePanel):
    main = BranchRow("main", "", 0, 1, 5)
    panel.add([done(n) for n in range(1, 6)])
    panel.show_frame(here(5, "main", main))
    panel.show_frame(here(2, "main", main))
    other = BranchRow("branch 2", "main", 0, 1, 4, 2)
    panel.add([done(3, "branch 2"), done(4, "branch 2")])
    panel.show_frame(here(4, "branch 2", main, other))
    assert greyed(panel) == ["main 3", "main 4", "main 5"]
    panel.show_frame(here(5, "main", main, other))
    assert greyed(panel) == ["branch 2 3", "branch 2 4"]
    # Going over the shared part again on the other branch is on main's way too.
    panel.show_frame(here(1, "branch 2", main, other))
    panel.add([done(2, "branch 2")])
    panel.show_frame(here(2, "branch 2", main, other))
    panel.show_frame(here(5, "main", main, other))
    assert greyed(panel) == ["branch 2 3", "branch 2 4"]


def test_a_branch_that_grew_unseen_in_the_middle_of_a_step_greys_no_more_than_its_own(panel: ConsolePanel):
    main, other = BranchRow("main", "", 0, 1, 8), BranchRow("branch 2", "main", 1, 1, 9, 7)
    panel.show_frame(here(8, "main", main, other))
    panel.add([done(6), done(7), done(8)])
    panel.show_frame(here(8, "main", main, other))
    panel.show_frame(here(9, "branch 2", main, other))
    assert greyed(panel) == ["main 8"]
    panel.show_frame(here(6, "branch 2", main, other))
    assert greyed(panel) == ["main 7", "main 8"]


def test_another_name_of_a_branch_greys_nothing(panel: ConsolePanel):
    panel.add([done(n) for n in range(1, 4)])
    panel.show_frame(here(3))
    renamed = BranchRow("slow", "", 0, 2, 10)
    panel.show_frame(here(3, "slow", renamed))
    assert greyed(panel) == []
    panel.show_frame(here(1, "slow", renamed))
    assert greyed(panel) == ["main 2", "main 3"]


def test_answers_and_notes_belong_to_the_place_where_they_were_given(panel: ConsolePanel):
    panel.add([done(1), done(2), Line("question", "loss", "tensor(2.3)")])
    panel.show_frame(here(2))
    panel.show_frame(here(1))
    panel.add([Line("question", "output", "None")])
    assert greyed(panel) == ["main 2", "loss"]


def test_a_new_run_greys_the_lines_of_the_one_before_for_good(panel: ConsolePanel):
    panel.add([done(1), done(2)])
    panel.show_frame(here(2))
    panel.show_frame(replace(here(0), run=2))
    assert greyed(panel) == ["main 1", "main 2"]
    panel.add([Line("command", "anew", "", Place("main", 1)), Line("command", "anew too", "", Place("main", 2))])
    panel.show_frame(replace(here(2), run=2))
    assert greyed(panel) == ["main 1", "main 2"]


def test_going_somewhere_is_said_once_however_many_places_one_passes(panel: ConsolePanel):
    panel.add([done(n) for n in range(1, 6)])
    panel.show_frame(here(5))
    for commands in (4, 3, 2):
        panel.show_frame(here(commands, reason=f"at step {commands}"))
    assert panel.text.toPlainText().splitlines()[-1] == "# — at step 2, before zero_grad —"
    assert panel.text.toPlainText().count("—") == 2
    panel.add([done(3)])
    panel.show_frame(here(3))
    panel.show_frame(here(1, reason="at step 1"))
    assert panel.text.toPlainText().count("# — at step") == 2
    assert panel.all_text() == panel.text.toPlainText()


def test_what_came_while_it_was_hidden_has_the_right_colours(panel: ConsolePanel):
    panel.show_frame(here(0))
    panel.hide()
    panel.add([done(1), done(2), done(3)])
    panel.show()
    panel.show_frame(here(1))
    assert greyed(panel) == ["main 2", "main 3"]


def test_a_change_of_scheme_keeps_what_is_greyed(panel: ConsolePanel, qapp: QApplication):
    theme.apply(qapp, "light")
    panel.add([done(1), done(2)])
    panel.show_frame(here(1))
    theme.apply(qapp, "dark")
    assert greyed(panel) == ["main 2"]


def test_a_selection_survives_going_back(panel: ConsolePanel):
    panel.add([done(1), done(2)])
    panel.show_frame(here(2))
    panel.text.setTextCursor(panel.text.document().find("result 2"))
    panel.show_frame(here(1))
    assert panel.text.textCursor().selectedText() == "result 2"


def test_the_grey_is_seen(panel: ConsolePanel):
    panel.add([done(1), done(2)])
    panel.show_frame(here(2))
    coloured = panel.text.grab().toImage()
    panel.show_frame(here(0))
    assert panel.text.grab().toImage() != coloured
    panel.show_frame(here(2))
    assert panel.text.grab().toImage() == coloured


def test_clearing_forgets_what_was_greyed(panel: ConsolePanel):
    panel.add([done(1), done(2)])
    panel.show_frame(here(1, reason="at step 0"))
    panel.clear()
    panel.show_frame(here(0, reason="at step 0"))
    panel.add([done(1)])
    panel.show_frame(here(1))
    assert panel.text.toPlainText() == "# — at step 0, before zero_grad —\n>>> main 1\nresult 1\n"
    assert greyed(panel) == []
