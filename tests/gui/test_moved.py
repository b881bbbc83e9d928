"""The panel about one number as a person notices it: which number, what is said of it, and a step tried and taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lenet_gui.gui import theme
from lenet_gui.gui.moved.cell import Cell, read
from lenet_gui.gui.moved.moved import CHECK_HINT, NOT_A_PARAMETER, RUNNING, WhyMovedPanel
from lenet_gui.gui.moved.trying import Trying
from lenet_gui.protocol import Command, Place
from lenet_gui.protocol.moved import CheckRequest, LineRequest, MovedRequest
from tests.gui import answers_moved, frames
from tests.gui.test_window import opened


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication, asked: list[object]) -> WhyMovedPanel:
    theme.apply(qapp, "light")
    panel = WhyMovedPanel()
    qtbot.addWidget(panel)
    panel.asked.connect(asked.append)
    panel.resize(320, 300)
    panel.show()
    panel.show_frame(frames.after_backward())
    return panel


def of(asked: list[object], kind: type) -> list:
    return [one for one in asked if isinstance(one, kind)]


def press(panel: WhyMovedPanel, part: str) -> None:
    QTest.mouseClick(panel.parts.by_choice[part], Qt.MouseButton.LeftButton)


def type_in(panel: WhyMovedPanel, text: str) -> None:
    panel.field.selectAll()
    QTest.keyClicks(panel.field, text)
    QTest.keyClick(panel.field, Qt.Key.Key_Return)


# ------------------------------------------------------------------------------------------------------ which number


def test_it_begins_with_the_first_number_of_the_model(panel: WhyMovedPanel, asked: list[object]) -> None:
    assert panel.field.text() == "conv1.weight[0, 0, 0, 0]"
    (question,) = of(asked, MovedRequest)
    assert (question.name, question.index) == ("conv1.weight", 0)


def test_a_number_can_be_typed(panel: WhyMovedPanel, asked: list[object]) -> None:
    type_in(panel, "conv2.weight[1, 0, -1, 2]")
    question = of(asked, MovedRequest)[-1]
    assert (question.name, question.index) == ("conv2.weight", 54 + 8)
    assert panel.field.text() == "conv2.weight[1, 0, 2, 2]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conv1.weight[9]", "conv1.weight has 4 dimensions"),
        ("conv1.bias[6]", "no place 6 among 6"),
        ("relu_1", "relu_1[12]"),
        ("3", "Type one number of a parameter"),
        ("", "Type one number of a parameter"),
    ],
)
def test_what_is_no_number_is_said_and_nothing_is_asked(
    panel: WhyMovedPanel, asked: list[object], text: str, words: str
) -> None:
    before = len(asked)
    panel.field.clear()
    type_in(panel, text)
    assert words in panel.field.accessibleDescription()
    assert len(asked) == before


def test_a_cell_writes_itself_as_it_is_read() -> None:
    shapes = {"a": (2, 3, 4), "s": ()}
    for index in range(24):
        cell = Cell("a", index, (2, 3, 4))
        assert read(str(cell), shapes) == cell
    assert read("a.grad[1, 2, 3]", shapes) == Cell("a", 23, (2, 3, 4))
    assert read("s", shapes) == Cell("s", 0, ())
    assert read("relu_1[7]", shapes) == Cell("relu_1", 7)


def test_another_panel_can_ask_about_a_cell_of_a_tensor(panel: WhyMovedPanel, asked: list[object]) -> None:
    panel.ask("fc3.bias.grad", 4)
    assert of(asked, MovedRequest)[-1].name == "fc3.bias"
    panel.ask_at("conv1.weight.grad", "grad", (2, 0, 1, 1))
    assert of(asked, MovedRequest)[-1].index == 22
    panel.ask("conv1.weight", 5, "check")
    assert panel.parts.choice == "check"


def test_a_number_that_no_step_moves_can_still_be_checked(panel: WhyMovedPanel, asked: list[object]) -> None:
    before = len(of(asked, MovedRequest))
    panel.ask("relu_1", 12)
    assert panel.step.toPlainText() == NOT_A_PARAMETER
    assert len(of(asked, MovedRequest)) == before
    press(panel, "check")
    QTest.mouseClick(panel.check, Qt.MouseButton.LeftButton)
    assert (of(asked, CheckRequest)[-1].name, of(asked, CheckRequest)[-1].index) == ("relu_1", 12)


# ------------------------------------------------------------------------------------------------------- when it asks


def test_it_asks_once_a_place_and_not_while_training_runs(panel: WhyMovedPanel, asked: list[object]) -> None:
    panel.show_reply(answers_moved.moved(of(asked, MovedRequest)[-1].id))
    panel.show_frame(frames.after_backward())
    assert len(of(asked, MovedRequest)) == 1
    panel.show_frame(frames.running())
    assert len(of(asked, MovedRequest)) == 1
    assert panel.step.toPlainText() == RUNNING
    assert not panel.check.isEnabled()
    panel.show_frame(replace(frames.after_backward(), place=Place("main", 900)))
    assert len(of(asked, MovedRequest)) == 2


def test_an_answer_to_an_older_question_is_dropped(panel: WhyMovedPanel, asked: list[object]) -> None:
    older = of(asked, MovedRequest)[-1].id
    panel.ask("fc3.bias", 2)
    panel.show_reply(answers_moved.moved(older))
    assert "Will be moved" not in panel.step.toPlainText()
    panel.show_reply(answers_moved.moved(of(asked, MovedRequest)[-1].id))
    assert "Will be moved by step 21" in panel.step.toPlainText()


def test_a_hidden_one_asks_nothing(panel: WhyMovedPanel, asked: list[object]) -> None:
    panel.hide()
    before = len(asked)
    panel.ask("fc3.bias", 2)
    assert len(asked) == before
    panel.show()
    panel.show_frame(frames.after_backward())
    assert of(asked, MovedRequest)[-1].name == "fc3.bias"


# --------------------------------------------------------------------------------------------------------- what is said


def test_it_tells_the_arithmetic_down_to_the_new_value(panel: WhyMovedPanel, asked: list[object]) -> None:
    panel.show_reply(answers_moved.moved(of(asked, MovedRequest)[-1].id))
    said = panel.step.toPlainText()
    for words in (
        "SGD(lr=0.5)",
        "0.25 → 0.5",
        "weight = weight - lr * gradient",
        "= 0.25 - 0.5 * -0.5",
        "to the last bit",
    ):
        assert words in said


def test_other_bits_would_be_told_and_not_hidden(panel: WhyMovedPanel, asked: list[object]) -> None:
    panel.show_reply(answers_moved.moved(of(asked, MovedRequest)[-1].id, same=False))
    assert "the lines end in other bits" in panel.step.toPlainText()
    assert "to the last bit" not in panel.step.toPlainText()


def test_it_tells_the_shares_the_largest_first_and_both_backwards(panel: WhyMovedPanel, asked: list[object]) -> None:
    press(panel, "samples")
    panel.show_reply(answers_moved.moved(of(asked, MovedRequest)[-1].id, mixed="Batch norm mixes them."))
    said = panel.gradient.toPlainText()
    for words in ("gradient -0.5", "-0.25 (there before)", "-0.25 (this backward)", "Batch norm mixes them."):
        assert words in said
    model = panel.shares.shares
    rows = [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]
    assert rows[0] == ["1", "1", "-0.5", "66.7 %"]
    assert [row[0] for row in rows] == ["1", "0", "3", "2"]
    assert [model.bar(row) for row in range(4)] == pytest.approx([-1.0, 0.2, 0.2, 0.1])


def test_the_shares_can_be_copied_with_all_digits(panel: WhyMovedPanel, asked: list[object]) -> None:
    press(panel, "samples")
    panel.show_reply(answers_moved.moved(of(asked, MovedRequest)[-1].id))
    panel.shares.selectAll()
    QTest.keyClick(panel.shares, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[0] == "1\t1\t-0.5"


def test_a_check_shows_both_numbers_and_what_switched(panel: WhyMovedPanel, asked: list[object]) -> None:
    press(panel, "check")
    assert panel.found.toPlainText() == CHECK_HINT
    QTest.mouseClick(panel.check, Qt.MouseButton.LeftButton)
    panel.show_reply(answers_moved.check(of(asked, CheckRequest)[-1].id, ("relu_1: 2 of 4,704",)))
    said = panel.found.toPlainText().replace("\xa0", " ")
    for words in ("0.125", "0.1250000001", "relative error 8.0e-10", "relu_1: 2 of 4,704"):
        assert words in said
    panel.show_frame(replace(frames.after_backward(), place=Place("main", 5)))
    assert panel.found.toPlainText() == CHECK_HINT


def test_words_stand_in_for_numbers_that_there_are_not(panel: WhyMovedPanel, asked: list[object]) -> None:
    reply = replace(
        answers_moved.moved(of(asked, MovedRequest)[-1].id), shares=None, arithmetic=None, words="Press Forward."
    )
    panel.show_reply(reply)
    assert panel.step.toPlainText() == panel.gradient.toPlainText() == "Press Forward."
    assert panel.shares.shares.rowCount() == 0


# ------------------------------------------------------------------------------------------------------ trying a step


@pytest.fixture
def trying(panel: WhyMovedPanel) -> Trying:
    press(panel, "try")
    assert panel.trying is not None
    return panel.trying


def answer(panel: WhyMovedPanel, asked: list[object], **how) -> None:
    panel.show_reply(answers_moved.line(of(asked, LineRequest)[-1].id, **how))


def click(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_is_tried_until_it_is_pressed_and_then_in_slices(
    panel: WhyMovedPanel, trying: Trying, asked: list[object]
) -> None:
    assert not of(asked, LineRequest)
    assert not trying.take.isEnabled()
    click(trying.try_it)
    assert len(of(asked, LineRequest)) == 1
    assert trying.try_it.text() == "Stop"
    answer(panel, asked, known=10)
    assert len(of(asked, LineRequest)) == 2
    answer(panel, asked)
    assert len(of(asked, LineRequest)) == 2
    assert trying.try_it.text() == "Try"
    assert "loss without a step 2.3" in trying.words.text()
    assert trying.plot.rate == 0.05


@pytest.mark.parametrize("stop", [lambda t: click(t.try_it), lambda t: QTest.keyClick(t.plot, Qt.Key.Key_Escape)])
def test_it_can_be_stopped(
    panel: WhyMovedPanel, trying: Trying, asked: list[object], stop: Callable[[Trying], None]
) -> None:
    click(trying.try_it)
    answer(panel, asked, known=10)
    stop(trying)
    answer(panel, asked, known=12)
    assert len(of(asked, LineRequest)) == 2
    assert trying.try_it.text() == "Try"


def test_hiding_it_stops_it(panel: WhyMovedPanel, trying: Trying, asked: list[object]) -> None:
    click(trying.try_it)
    press(panel, "step")
    answer(panel, asked, known=10)
    assert len(of(asked, LineRequest)) == 1


def test_the_mark_is_dragged_and_the_loss_there_is_first_read_off_and_then_exact(
    panel: WhyMovedPanel, trying: Trying, asked: list[object], qtbot: QtBot
) -> None:
    panel.resize(500, 400)
    click(trying.try_it)
    answer(panel, asked)
    plot = trying.plot

    def at(rate: float):
        return plot.mapFromScene(plot._view.mapViewToScene(QPointF(np.log10(rate), 2.3)))

    QTest.mouseMove(plot.viewport(), at(0.05))
    QTest.mousePress(plot.viewport(), Qt.MouseButton.LeftButton, pos=at(0.05))
    for share in (0.06, 0.07, 0.09, 0.1):
        QTest.mouseMove(plot.viewport(), at(share))
        qtbot.wait(20)
    assert plot.rate == pytest.approx(0.1, rel=0.1)
    assert f"with {plot.rate:g} about 2." in trying.words.text()
    QTest.mouseRelease(plot.viewport(), Qt.MouseButton.LeftButton, pos=at(0.1))
    question = of(asked, LineRequest)[-1]
    assert question.rate == plot.rate
    answer(panel, asked, exact=(question.rate, 2.125))
    assert f"with {plot.rate:g} 2.125" in trying.words.text()
    assert trying.field.value() == plot.rate


def test_the_keyboard_moves_the_mark_and_enter_takes_it(
    panel: WhyMovedPanel, trying: Trying, asked: list[object]
) -> None:
    click(trying.try_it)
    answer(panel, asked)
    assert not trying.take.isEnabled()  # it is the rate in force
    QTest.keyClick(trying.plot, Qt.Key.Key_Right)
    rate = trying.plot.rate
    assert rate is not None
    assert rate > 0.05
    assert not of(asked, Command)
    QTest.keyClick(trying.plot, Qt.Key.Key_Return)
    assert of(asked, Command) == [Command.of("set", lr=rate)]


def test_a_rate_can_be_typed(panel: WhyMovedPanel, trying: Trying, asked: list[object]) -> None:
    click(trying.try_it)
    answer(panel, asked)
    trying.field.selectAll()
    QTest.keyClicks(trying.field, "0.0321")
    QTest.keyClick(trying.field, Qt.Key.Key_Return)
    assert of(asked, LineRequest)[-1].rate == 0.0321
    click(trying.take)
    assert of(asked, Command) == [Command.of("set", lr=0.0321)]


def test_once_a_rate_was_taken_its_own_line_is_asked_for_and_elsewhere_nothing_stale_is_left(
    panel: WhyMovedPanel, trying: Trying, asked: list[object]
) -> None:
    click(trying.try_it)
    answer(panel, asked)
    QTest.keyClick(trying.plot, Qt.Key.Key_Right)
    click(trying.take)
    count = len(of(asked, LineRequest))
    panel.show_frame(replace(frames.after_backward(), place=Place("main", 5)))
    assert len(of(asked, LineRequest)) == count + 1
    answer(panel, asked)
    panel.show_frame(replace(frames.after_backward(), place=Place("main", 6)))
    assert len(of(asked, LineRequest)) == count + 1
    assert trying.plot.rate is None
    assert not trying.take.isEnabled()


def test_where_no_step_comes_next_it_says_what_to_press(
    panel: WhyMovedPanel, trying: Trying, asked: list[object]
) -> None:
    click(trying.try_it)
    reply = replace(answers_moved.line(of(asked, LineRequest)[-1].id), words="Press Forward, Loss and Backward.")
    panel.show_reply(reply)
    assert trying.words.text() == "Press Forward, Loss and Backward."
    assert trying.try_it.text() == "Try"


def test_losses_that_are_not_finite_are_gaps_and_said_so(
    panel: WhyMovedPanel, trying: Trying, asked: list[object]
) -> None:
    click(trying.try_it)
    reply = answers_moved.line(of(asked, LineRequest)[-1].id)
    losses = reply.losses.copy()
    losses[20:] = np.inf
    panel.show_reply(replace(reply, losses=losses))
    trying.plot.put_mark(float(reply.rates[22]))
    trying._moved(float(reply.rates[22]))
    assert "not finite" in trying.words.text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_line_is_drawn_in_the_colours_of_the_scheme(
    panel: WhyMovedPanel, trying: Trying, asked: list[object], qapp: QApplication, scheme: str
) -> None:
    click(trying.try_it)
    answer(panel, asked)
    QTest.keyClick(trying.plot, Qt.Key.Key_Right)
    theme.apply(qapp, scheme)
    qapp.processEvents()
    image = trying.plot.grab().toImage()
    colours = {image.pixelColor(x, y).rgb() for x in range(image.width()) for y in range(image.height())}
    for role in ("base", "place", "accent"):
        assert theme.colour(role).rgb() in colours


# ------------------------------------------------------------------------------------------------------ in the window


def test_the_view_menu_shows_it_and_a_cell_of_the_tensor_panel_leads_to_it(qtbot: QtBot) -> None:
    window = opened(qtbot, frames.after_backward())
    panel = window.panels["why_moved"]
    assert isinstance(panel, WhyMovedPanel)
    assert not panel.isVisible()
    window.panels["tensor"].cell_asked.emit("conv2.bias", "grad", (7,))  # pyright: ignore[reportAttributeAccessIssue]
    window.docks.views["why_moved"].trigger()
    qtbot.waitUntil(lambda: panel.field.text() == "conv2.bias[7]")
    assert panel.isVisible()
    window.close()
