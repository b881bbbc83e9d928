"""The code as a user notices it: its lines, what is marked, the values beside them, clicks, breakpoints, copying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.code.code import CodePanel
from lenet_gui.gui.code.grounds import line_ground, piece_ground
from lenet_gui.gui.code.listing import MOST_LINES, STEP
from lenet_gui.gui.code.python_colours import ink
from lenet_gui.protocol import Frame, Place
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow
from lenet_gui.protocol.trace import OperationRow, Part, SourceFile, Span, TraceReply, TraceRequest
from tests.gui import frames, traces
from tests.gui.test_theme import contrast

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
FORWARD, LOSS, BACKWARD, UPDATE = 1, 2, 3, 4
FIRST = 1  # the row of the first line in the body of forward
SHOWN = """\
def forward(self, x):
    x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
    x = F.max_pool2d(F.relu(self.conv2(x)), 2)
    x = x.view(-1, self.num_flat_features(x))
    x = F.relu(self.fc1(x))
    x = F.relu(self.fc2(x))
    return self.fc3(x)

# one training step
optimizer.zero_grad()
output = net(input)
loss = criterion(output, target)
loss.backward()
optimizer.step()"""


def at(commands: int, item: int = 0, trace: int = 1) -> Frame:
    return replace(frames.after_backward(), place=Place("main", commands, item), trace=trace)


def breakpoint(id: int, kind: str, at: str, enabled: bool = True) -> BreakpointRow:
    return BreakpointRow(Breakpoint(id, kind, at, enabled=enabled), 3, "", "")


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> CodePanel:
    """Has been given nothing yet."""
    theme.apply(qapp, "light")
    panel = CodePanel()
    qtbot.addWidget(panel)
    panel.resize(900, 620)
    panel.show()
    return panel


@pytest.fixture
def asked(panel: CodePanel) -> list[TraceRequest]:
    found: list[TraceRequest] = []
    panel.asked.connect(found.append)
    return found


@pytest.fixture
def told(panel: CodePanel) -> list[tuple[str, Any]]:
    """What the panel says that the person wants."""
    found: list[tuple[str, Any]] = []
    for name in ("chosen", "break_at", "drop_break", "run_to", "go_to"):
        getattr(panel, name).connect(lambda value, name=name: found.append((name, value)))
    return found


@pytest.fixture
def show(panel: CodePanel, asked: list[TraceRequest]) -> Callable[..., None]:
    """Go to a place, and answer what is asked with this trace."""

    def show(frame: Frame, reply: TraceReply | None = None) -> None:
        before = len(asked)
        panel.show_frame(frame)
        if len(asked) > before:
            panel.show_reply(replace(reply or traces.lenet(), id=asked[-1].id, trace=frame.trace))

    return show


def line(panel: CodePanel, row: int) -> str:
    return panel.view.document().findBlockByNumber(row).text()


def marked(panel: CodePanel) -> list[str]:
    """What is marked stronger than its line."""
    return [line(panel, piece.row)[piece.begin : piece.end] for piece in panel.view.marks.pieces]


def marked_lines(panel: CodePanel) -> dict[str, str]:
    return {line(panel, row).strip(): role for row, role in panel.view.marks.rows.items()}


def notes(panel: CodePanel) -> dict[str, str]:
    return {line(panel, row).strip(): note.words for row, note in panel.view.marks.notes.items()}


def click(panel: CodePanel, row: int) -> None:
    QTest.mouseClick(panel.view.viewport(), LEFT, PLAIN, QPoint(60, middle(panel, row)))


def click_margin(panel: CodePanel, row: int) -> None:
    QTest.mouseClick(panel.view.margin, LEFT, PLAIN, QPoint(6, middle(panel, row)))


def middle(panel: CodePanel, row: int) -> int:
    rect = next(rect for block, rect in panel.view.visible_blocks() if block.blockNumber() == row)
    return int(rect.center().y())


def picture(panel: CodePanel) -> QImage:
    return panel.view.viewport().grab().toImage()


def has_colour(image: QImage, wanted: QColor, y: int) -> bool:
    width = int(image.width() / image.devicePixelRatio())
    return any(pixel(image, x, y).name() == wanted.name() for x in range(width))


def pixel(image: QImage, x: int, y: int) -> QColor:
    """At a point of the widget, whatever the scale of the screen."""
    ratio = image.devicePixelRatio()
    return image.pixelColor(int(x * ratio), int(y * ratio))


# ------------------------------------------------------------------------------------------------ the lines


def test_the_functions_stand_above_the_training_step_with_their_real_numbers(panel: CodePanel, show: Any):
    show(at(FORWARD))
    assert panel.view.toPlainText() == SHOWN
    numbers = [one.number for one in panel.view._lines]
    assert numbers == [6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0, 0]


def test_several_files_stand_below_each_other_under_their_names(panel: CodePanel, show: Any):
    other = SourceFile("/home/me/blocks.py", "a = 1\n\ndef double(x):\n    return x * 2\n", ((3, 4),))
    reply = traces.lenet()
    show(at(FORWARD), replace(reply, sources=(*reply.sources, other)))
    text = panel.view.toPlainText()
    assert text.startswith("# net.py\ndef forward")
    assert "\n\n# blocks.py\ndef double(x):\n    return x * 2\n\n# one training step" in text


def test_a_function_within_a_function_is_shown_once(panel: CodePanel, show: Any):
    source = SourceFile("net.py", traces.FORWARD, ((6, 12), (8, 9)))
    show(at(FORWARD), replace(traces.lenet(), sources=(source,)))
    assert panel.view.toPlainText() == SHOWN


def test_a_model_without_code_of_its_own_says_so_above_the_training_step(panel: CodePanel, show: Any):
    show(at(1, 3), traces.residual())
    first, *_, step, last = panel.view.toPlainText().split("\n")
    assert "PyTorch's own" in first
    assert (step, last) == ("optimizer.zero_grad()", "output = net(input)")
    assert marked_lines(panel) == {"output = net(input)": "place"}


def test_copying_gives_the_code_alone(panel: CodePanel, show: Any):
    show(at(BACKWARD, 4))
    assert notes(panel)
    panel.view.selectAll()
    panel.view.copy()
    assert QGuiApplication.clipboard().text() == SHOWN


def test_unreadable_code_is_shown_as_it_is(panel: CodePanel, show: Any):
    text = "def (:\n\x00  '''\u2029 never \x0c ends\n\tλ = '😀' + ((\n"
    show(at(FORWARD), replace(traces.lenet(), sources=(SourceFile("net.py", text, ((1, 3), (2, 900))),)))
    assert panel.view.blockCount() == 3 + 1 + 1 + 5
    assert "λ = '😀' + ((" in panel.view.toPlainText()
    assert not panel.grab().isNull()


def test_huge_code_is_cut_off(panel: CodePanel, show: Any):
    text = "x" * 500_000 + "\n" + "y = 1\n" * 250_000
    show(at(FORWARD), replace(traces.lenet(), sources=(SourceFile("net.py", text, ((1, 400_000),)),)))
    assert MOST_LINES < panel.view.blockCount() < MOST_LINES + 10
    assert len(line(panel, 0)) < 3_000
    assert panel.view.toPlainText().endswith("optimizer.step()")


# ------------------------------------------------------------------------------------------- what runs next


def test_only_the_operation_that_runs_next_is_marked_where_three_share_a_line(panel: CodePanel, show: Any):
    found = []
    for item in range(3):
        show(at(FORWARD, item))
        found += marked(panel)
        assert set(marked_lines(panel).values()) == {"place"}
        assert "output = net(input)" in marked_lines(panel)
    assert found == ["self.conv1(x)", "F.relu(self.conv1(x))", "F.max_pool2d(F.relu(self.conv1(x)), (2, 2))"]


def test_columns_count_letters_and_qt_counts_some_twice(panel: CodePanel, show: Any):
    code = "def forward(self, x):\n    x = f('λ😀', x) + x\n"
    reply = traces.lenet()
    first = replace(reply.operations[0], source=Span("net.py", 2, 8, 2, 18))
    reply = replace(reply, operations=(first, *reply.operations[1:]), sources=(SourceFile("net.py", code, ((1, 2),)),))
    show(at(FORWARD), reply)
    (piece,) = panel.view.marks.pieces
    cursor = panel.view.textCursor()
    block = panel.view.document().findBlockByNumber(piece.row)
    cursor.setPosition(block.position() + piece.begin)
    cursor.setPosition(block.position() + piece.end, cursor.MoveMode.KeepAnchor)
    assert cursor.selectedText() == "f('λ😀', x)"


def test_an_operation_over_several_lines_is_marked_on_each(panel: CodePanel, show: Any, told: list):
    code = "def forward(self, x):\n    return F.relu(\n        self.conv1(x)\n    )\n"
    reply = traces.lenet()
    conv = replace(reply.operations[0], source=Span("net.py", 3, 8, 3, 21))
    relu = replace(reply.operations[1], source=Span("net.py", 2, 11, 4, 5))
    rest = tuple(replace(one, source=None) for one in reply.operations[2:])
    reply = replace(reply, operations=(conv, relu, *rest), sources=(SourceFile("net.py", code, ((1, 4),)),))
    show(at(FORWARD, 1), reply)
    assert marked(panel) == ["F.relu(", "self.conv1(x)", ")"]
    click(panel, 3)
    assert told == [("chosen", ("operation", 1))]


def test_in_a_backward_it_is_the_operation_of_the_node_and_the_node_is_named(panel: CodePanel, show: Any):
    reply = traces.lenet()
    item = next(i for i, node in enumerate(reply.parts[BACKWARD].items) if reply.nodes[node].operation == 4)
    show(at(BACKWARD, item))
    assert marked(panel) == ["F.relu(self.conv2(x))"]
    assert set(marked_lines(panel).values()) == {"backward"}
    assert notes(panel)["loss.backward()"] == "# ◂ ReluBackward0"


def test_at_an_accumulated_gradient_the_operation_stays_and_the_parameter_is_named(panel: CodePanel, show: Any):
    reply = traces.lenet()
    item = next(i for i, node in enumerate(reply.parts[BACKWARD].items) if reply.nodes[node].parameter == "fc2.weight")
    show(at(BACKWARD, item))
    assert marked(panel) == ["self.fc2(x)"]
    assert notes(panel)["loss.backward()"] == "# ◂ AccumulateGrad  fc2.weight"


def test_in_the_update_the_parameter_is_named(panel: CodePanel, show: Any):
    show(at(UPDATE, 3))
    assert marked(panel) == []
    assert marked_lines(panel) == {"optimizer.step()": "place"}
    assert notes(panel)["optimizer.step()"] == "# ◂ conv2.bias"


def test_a_refused_command_is_marked_with_what_pytorch_says(panel: CodePanel, show: Any):
    show(at(LOSS), traces.lenet(backward=False))
    assert marked_lines(panel) == {"loss = criterion(output, target)": "place"}
    assert notes(panel)["loss = criterion(output, target)"] == "# RuntimeError: 0D or 1D target expected"
    show(at(FORWARD, 12))
    assert "loss = criterion(output, target)" not in notes(panel)


def test_behind_the_last_command_nothing_is_marked_and_all_values_stay(panel: CodePanel, show: Any):
    show(at(UPDATE + 1))
    assert marked(panel) == []
    assert marked_lines(panel) == {}
    assert len(notes(panel)) == 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marked_line_has_its_ground_also_after_a_change_of_colours(
    panel: CodePanel, show: Any, qapp: QApplication, scheme: str
):
    show(at(FORWARD, 1))
    theme.apply(qapp, scheme)
    image, y = picture(panel), middle(panel, FIRST) - 6
    assert has_colour(image, piece_ground("place"), y)
    assert has_colour(image, line_ground("place"), y)
    assert not has_colour(image, line_ground("place"), middle(panel, FIRST + 1) - 6)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_readable_on_every_ground(qapp: QApplication, scheme: str):
    theme.apply(qapp, scheme)
    words = [ink(kind) for kind in ("keyword", "string", "number", "comment")] + [theme.colour("text")]
    for ground in (theme.colour("base"), *(piece_ground(role) for role in ("place", "backward"))):
        assert min(contrast(colour, ground) for colour in words) >= 4.5
    for role in ("place", "backward"):
        noted = [theme.colour(one) for one in ("muted", "error", *(["backward"] if role == "backward" else []))]
        assert min(contrast(colour, line_ground(role)) for colour in noted) >= 4.5


def test_words_of_python_have_colours(panel: CodePanel, show: Any):
    show(at(FORWARD))

    def colour_of(row: int, column: int) -> str:
        formats = panel.view.document().findBlockByNumber(row).layout().formats()
        inks = [
            one.format.foreground().color().name() for one in formats if one.start <= column < one.start + one.length
        ]
        return inks[0] if inks else ""

    assert colour_of(0, 0) == ink("keyword").name()
    assert colour_of(FIRST, line(panel, FIRST).index("2, 2")) == ink("number").name()
    step = panel.view.toPlainText().split("\n").index(STEP)
    assert colour_of(step, 3) == ink("comment").name()
    assert colour_of(FIRST, 4) == ""


# --------------------------------------------------------------------------------------------------- values


def test_values_stand_beside_what_has_run_and_nothing_beside_the_rest(panel: CodePanel, show: Any):
    reply = traces.lenet()
    show(at(FORWARD), reply)
    assert notes(panel) == {}
    show(at(FORWARD, 1))
    assert list(notes(panel)) == ["x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))"]
    output = reply.operations[0].output
    (words,) = notes(panel).values()
    assert words.split() == [
        "#", "[16,", "6,", "30,", "30]", f"{output.low:.3g}", "…", f"{output.high:.3g}", "mean", f"{output.mean:.3g}",
    ]  # fmt: skip
    show(at(FORWARD, 3))
    assert "[16, 6, 15, 15]" in next(iter(notes(panel).values()))
    show(at(FORWARD, 2))
    assert "[16, 6, 30, 30]" in next(iter(notes(panel).values()))


def test_the_step_tells_its_output_and_its_loss_once_the_commands_are_done(panel: CodePanel, show: Any):
    reply = traces.lenet()
    show(at(FORWARD, 12), reply)
    assert "output = net(input)" not in notes(panel)
    show(at(LOSS))
    assert notes(panel)["output = net(input)"].startswith("# [16, 10]  ")
    show(at(BACKWARD))
    assert notes(panel)["loss = criterion(output, target)"] == f"# {reply.operations[12].output.mean:.4f}"


def test_what_is_not_finite_is_told_in_the_colour_of_errors(panel: CodePanel, show: Any):
    reply = traces.lenet()
    bad = replace(reply.operations[0].output, finite=False)
    worse = replace(bad, low=float("nan"), high=float("nan"), mean=float("nan"))
    rows = (replace(reply.operations[0], output=bad), *reply.operations[1:6])
    rows += (replace(reply.operations[6], output=worse), *reply.operations[7:])
    show(at(FORWARD, 1), replace(reply, operations=rows))
    (note,) = panel.view.marks.notes.values()
    assert note.role == "error"
    assert note.words.endswith("NaN or Inf")
    show(at(FORWARD, 7))
    assert "no finite number" in notes(panel)["x = x.view(-1, self.num_flat_features(x))"]


def test_the_last_pass_of_a_loop_is_told(panel: CodePanel, show: Any):
    reply = traces.lenet()
    looped = tuple(replace(one, source=reply.operations[6].source) for one in reply.operations)
    show(at(FORWARD, 4), replace(reply, operations=looped))
    assert "[16, 16, 13, 13]" in notes(panel)["x = x.view(-1, self.num_flat_features(x))"]


def test_values_can_be_scrolled_to_in_a_narrow_panel(panel: CodePanel, show: Any):
    panel.resize(300, 420)
    show(at(BACKWARD))
    bar = panel.view.horizontalScrollBar()
    most, visible = bar.maximum(), bar.isVisible()
    assert visible
    longest = len(line(panel, FIRST)) + max(map(len, notes(panel).values()))
    assert most + panel.view.viewport().width() >= longest * panel.view.letter()
    show(at(FORWARD))
    assert bar.maximum() == most  # nothing jumps where they are not there yet
    bar.setValue(most)
    panel.resize(310, 420)
    assert bar.value() > most - 40


def test_a_tip_tells_all_operations_of_a_line(panel: CodePanel, show: Any):
    show(replace(at(FORWARD, 1), breakpoints=(breakpoint(1, "operation", "conv2d"),)))
    tip = panel.tip(FIRST)
    assert "conv2d: [16, 6, 30, 30]" in tip
    assert "relu: has not run yet" in tip
    assert "net.py:7" in tip
    assert "hit 3×" in tip


# ------------------------------------------------------------------------------------- asking, and what is old


def test_it_asks_once_for_each_step_and_nothing_while_the_cursor_moves(
    panel: CodePanel, show: Any, asked: list[TraceRequest]
):
    for item in range(12):
        show(at(FORWARD, item))
    assert len(asked) == 1
    show(at(FORWARD + 5, trace=2), traces.lenet(commands=5))
    assert len(asked) == 2
    assert len({request.id for request in asked}) == 2


def test_a_stale_answer_is_dropped(panel: CodePanel, asked: list[TraceRequest]):
    panel.show_frame(at(FORWARD))
    panel.show_frame(at(FORWARD + 5, trace=2))
    panel.show_reply(traces.lenet(id=asked[0].id))
    assert panel.view.toPlainText() == ""
    panel.show_reply(traces.lenet(id=asked[1].id, trace=2, commands=5))
    assert marked(panel) == ["self.conv1(x)"]


def test_an_answer_that_comes_before_its_frame_is_kept(panel: CodePanel, asked: list[TraceRequest]):
    panel.show_frame(at(FORWARD))
    panel.show_frame(replace(at(FORWARD), running=True, trace=0))
    panel.show_frame(at(FORWARD))
    panel.show_reply(traces.lenet(id=asked[-1].id, trace=7, commands=5))
    before = len(asked)
    assert marked(panel) == []
    panel.show_frame(at(FORWARD + 5, trace=7))
    assert marked(panel) == ["self.conv1(x)"]
    assert len(asked) <= before + 1


def test_hidden_it_asks_nothing_and_shown_it_asks(panel: CodePanel, asked: list[TraceRequest]):
    panel.hide()
    panel.show_frame(at(FORWARD))
    assert asked == []
    panel.show()
    assert len(asked) == 1


def test_in_a_run_the_code_stays_without_marks_and_values(panel: CodePanel, show: Any, asked: list[TraceRequest]):
    show(at(BACKWARD, 3))
    panel.choose(("operation", 2))
    show(frames.running())
    assert panel.view.toPlainText() == SHOWN
    marks = panel.view.marks
    assert (marks.rows, marks.pieces, marks.notes, marks.chosen) == ({}, (), {}, ())
    assert len(asked) == 1
    show(at(BACKWARD, 3))
    assert marked(panel)


def test_another_run_is_asked_for_again(panel: CodePanel, show: Any, asked: list[TraceRequest]):
    show(at(FORWARD))
    show(replace(at(FORWARD), run=2))
    assert len(asked) == 2


def test_the_next_step_leaves_what_is_selected_and_where_it_is_scrolled(panel: CodePanel, show: Any):
    panel.resize(300, 260)
    show(at(FORWARD))
    cursor = panel.view.textCursor()
    cursor.select(cursor.SelectionType.WordUnderCursor)
    panel.view.setTextCursor(cursor)
    selected = cursor.selectedText()
    assert selected
    panel.view.verticalScrollBar().setValue(1)
    show(at(FORWARD + 5, trace=2), traces.lenet(commands=5))
    assert panel.view.textCursor().selectedText() == selected
    assert panel.view.verticalScrollBar().value() == 1


# ------------------------------------------------------------------------------------------- lines are chosen


def test_clicking_a_line_chooses_its_operations_one_after_the_other(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD))
    for _ in range(4):
        click(panel, FIRST + 1)
    assert told == [("chosen", ("operation", i)) for i in (3, 4, 5, 3)]
    click(panel, FIRST)
    assert told[-1] == ("chosen", ("operation", 0))


def test_enter_chooses_too_and_dragging_over_text_does_not(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD))
    view = panel.view
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(view, key)
    assert told == [("chosen", ("operation", 6))]
    y = middle(panel, FIRST)
    QTest.mousePress(view.viewport(), LEFT, PLAIN, QPoint(40, y))
    QTest.mouseMove(view.viewport(), QPoint(90, y))
    QTest.mouseRelease(view.viewport(), LEFT, PLAIN, QPoint(90, y))
    assert view.textCursor().hasSelection()
    assert len(told) == 1


def test_what_is_chosen_elsewhere_is_outlined_and_not_told_again(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD))
    for selection in (("operation", 4), ("node", 4)):
        panel.choose(selection)
        (piece,) = panel.view.marks.chosen
        assert line(panel, piece.row)[piece.begin : piece.end] == "F.relu(self.conv2(x))"
        assert has_colour(picture(panel), theme.colour("accent"), middle(panel, piece.row))
    assert told == []
    click(panel, FIRST + 1)
    assert told == [("chosen", ("operation", 5))]
    for nothing in (("operation", 12), ("node", 999), ("operation", 999), ("parameter", 1)):
        panel.choose(nothing)
        assert panel.view.marks.chosen == ()


def test_it_scrolls_to_what_runs_next_only_where_that_is_not_seen(panel: CodePanel, show: Any):
    code = "def forward(self, x):\n" + "".join(f"    x = f{i}(x)\n" for i in range(100))
    reply = traces.lenet()
    rows = tuple(_on_line(one, 2 + 8 * i) for i, one in enumerate(reply.operations))
    reply = replace(reply, operations=rows, sources=(SourceFile("net.py", code, ((1, 101),)),))
    show(at(FORWARD), reply)
    bar = panel.view.verticalScrollBar()
    assert bar.value() == 0
    show(at(FORWARD, 1))
    assert bar.value() == 0
    show(at(FORWARD, 10))
    assert 0 < bar.value() < 81
    assert middle(panel, 81) > 0
    value = bar.value()
    panel.view.verticalScrollBar().setValue(0)
    show(replace(at(FORWARD, 10), reason="looked at again"))
    assert bar.value() == 0  # a person has scrolled away, and it is the same line
    show(at(FORWARD, 9))
    assert bar.value() != 0
    assert bar.value() != value or middle(panel, 73) > 0


def _on_line(one: OperationRow, number: int) -> OperationRow:
    return replace(one, source=Span("net.py", number, 8, number, 13))


# ------------------------------------------------------------------------------------------------- breakpoints


def test_a_click_in_the_margin_breaks_at_the_operation_or_the_phase(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD))
    click_margin(panel, FIRST + 1)
    click_margin(panel, 12)
    click_margin(panel, 0)
    click_margin(panel, 7)
    assert told == [("break_at", ("operation", "conv2d_1")), ("break_at", ("phase", "backward"))]


def test_where_a_breakpoint_is_there_is_a_dot_and_a_click_removes_it(panel: CodePanel, show: Any, told: list):
    points = (
        breakpoint(7, "operation", "relu_1"),
        breakpoint(8, "phase", "step", enabled=False),
        breakpoint(9, "module", "fc3"),
        breakpoint(10, "when", ""),
        breakpoint(11, "operation", "gone"),
    )
    show(replace(at(FORWARD), breakpoints=points))
    assert panel.view.marks.dots == {2: True, 13: False, 6: True}
    image = panel.view.margin.grab().toImage()
    assert pixel(image, 8, middle(panel, 2)) == theme.colour("error")
    hollow = [pixel(image, x, middle(panel, 13)) for x in range(16)]
    assert hollow[8] == theme.colour("alternate")
    assert max(ink.red() - ink.green() for ink in hollow) > 60
    for row in (2, 13, 6):
        click_margin(panel, row)
    assert told == [("drop_break", 7), ("drop_break", 8), ("drop_break", 9)]


def test_f9_breaks_on_the_line_that_runs_next_or_the_one_that_was_clicked(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD, 3))
    panel.toggle_break()
    assert told == [("break_at", ("operation", "conv2d_1"))]
    click(panel, FIRST + 2)
    told.clear()
    QTest.keyClick(panel.view, Qt.Key.Key_F9)
    assert told == [("break_at", ("operation", "view"))]


def test_the_menu_runs_to_a_line_breaks_there_and_copies(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD, 4))
    menu = panel.menu(FIRST + 1)
    run, stop, _, copy = menu.actions()
    assert not copy.isEnabled()
    run.trigger()
    stop.trigger()
    assert told == [("run_to", (1, 5)), ("break_at", ("operation", "conv2d_1"))]
    panel.menu(FIRST).actions()[0].trigger()  # what has run altogether is gone back to
    panel.menu(12).actions()[0].trigger()
    assert told[2:] == [("run_to", (1, 0)), ("run_to", (3, 0))]
    nothing = panel.menu(0)
    assert [action.isEnabled() for action in nothing.actions() if not action.isSeparator()] == [False] * 3
    show(replace(at(FORWARD, 4), breakpoints=(breakpoint(7, "operation", "relu"),)))
    removes = panel.menu(FIRST).actions()[1]
    assert removes.text().startswith("Remove")
    removes.trigger()
    assert told[-1] == ("drop_break", 7)


def test_run_to_line_goes_to_the_line_of_the_insertion_mark(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD))
    click(panel, FIRST + 4)
    told.clear()
    panel.run_to_line()
    assert told == [("run_to", (1, 9))]


def test_a_level_of_the_call_stack_is_gone_to(panel: CodePanel, show: Any, told: list):
    show(at(FORWARD, 4))
    phase = panel.stack.topLevelItem(2)
    panel.stack.itemActivated.emit(phase, 0)
    assert told == [("go_to", (1, 0))]


def test_a_command_of_several_lines_is_one_part(panel: CodePanel, show: Any, told: list):
    reply = traces.lenet()
    several = Part(0, "set", 'for group in optimizer.param_groups:\n    group["lr"] = 0.1', ())
    show(at(0), replace(reply, parts=(several, *reply.parts[1:])))
    assert marked_lines(panel) == {"for group in optimizer.param_groups:": "place"}
    assert panel.view.toPlainText().count("\n") == SHOWN.count("\n") + 1
    click_margin(panel, 10)
    assert told == [("break_at", ("phase", "set"))]
