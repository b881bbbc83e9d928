"""The breakpoints as a person notices them: the list, the menu, the forms, and what is asked of the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from lenet_gui.engine.expressions.expression import parse
from lenet_gui.gui import theme
from lenet_gui.gui.watches.breakpoint_form import BreakpointForm, ThresholdForm
from lenet_gui.gui.watches.breakpoint_table import COST, HITS, WHERE
from lenet_gui.gui.watches.watches import WatchesPanel
from lenet_gui.protocol import FindNotFinite, Frame
from lenet_gui.protocol.stops import Breakpoint, BreakpointRow, DropBreakpoint, SetBreakpoint
from tests.gui import frames, traces
from tests.gui.test_watches import opened

PHASE = BreakpointRow(Breakpoint(1, "phase", "backward"), 3, "", "")
LOSS = BreakpointRow(Breakpoint(2, "when", condition="loss > 2 and step > 100"), 0, "", "costs about 2 % of a run")
RELU = BreakpointRow(Breakpoint(3, "operation", "relu_1", "loss > 2", "%5", "at {step}", enabled=False), 1234, "", "")
WRONG = BreakpointRow(Breakpoint(4, "when", condition="los > 2"), 0, "there is no los", "")


def at(*rows: BreakpointRow, allowed: tuple[str, ...] = ("seek",)) -> Frame:
    return replace(frames.in_past(), breakpoints=rows, allowed=allowed)


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication, asked: list[Any]) -> WatchesPanel:
    theme.apply(qapp, "light")
    return opened(qtbot, asked, at(PHASE, LOSS, RELU, WRONG))


def cell(panel: WatchesPanel, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> Any:
    return panel.breakpoints.table.breakpoints.index(row, column).data(role)


def choose(panel: WatchesPanel, row: int) -> None:
    table = panel.breakpoints.table
    place = table.visualRect(table.breakpoints.index(row, HITS)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def press(panel: WatchesPanel, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    panel.breakpoints.table.setFocus()
    QTest.keyClick(panel.breakpoints.table, key, modifier)


def pick(panel: WatchesPanel, words: str) -> None:
    menu = panel.breakpoints.add_button.menu()
    next(action for action in menu.actions() if action.text() == words).trigger()


def form_of(panel: WatchesPanel) -> BreakpointForm:
    form = panel.findChild(BreakpointForm)
    assert form is not None
    return form


# ------------------------------------------------------------------------------------------------------ what is shown


@pytest.mark.parametrize(
    ("breakpoint", "words"),
    [
        (Breakpoint(1, "phase", "forward"), "● forward"),
        (Breakpoint(1, "module", "conv2"), "conv2 (module)"),
        (Breakpoint(1, "operation", "relu_1"), "relu_1 (operation)"),
        (Breakpoint(1, "node", "AddmmBackward0"), "AddmmBackward0 (node)"),
        (Breakpoint(1, "parameter", "fc1.weight"), "fc1.weight (parameter)"),
        (Breakpoint(1, "when", condition="loss > 2 and step > 100"), "when loss > 2 and step > 100"),
        (Breakpoint(1, "module", "conv2", "loss > 2"), "conv2 (module) if loss > 2"),
        (Breakpoint(1, "phase", "loss", hits="5"), "● loss, from hit 5 on"),
        (Breakpoint(1, "phase", "loss", hits="=5"), "● loss, hit 5 only"),
        (Breakpoint(1, "phase", "loss", hits="%5"), "● loss, every 5 hits"),
        (Breakpoint(1, "when", condition="loss > 2", log="at {step}"), "when loss > 2, logs “at {step}”"),
    ],
)
def test_a_breakpoint_says_where_it_stops(panel: WatchesPanel, breakpoint: Breakpoint, words: str) -> None:
    panel.show_frame(at(BreakpointRow(breakpoint, 0, "", "")))
    assert cell(panel, 0, WHERE) == words


def test_a_row_shows_on_and_off_hits_and_problems(panel: WatchesPanel) -> None:
    state, ink = Qt.ItemDataRole.CheckStateRole, Qt.ItemDataRole.ForegroundRole
    assert [cell(panel, row, HITS) for row in range(4)] == ["3", "0", "1,234", "0"]
    boxes = [Qt.CheckState(cell(panel, row, WHERE, state)) for row in range(4)]
    assert boxes == [Qt.CheckState.Checked, Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.Checked]
    assert cell(panel, 3, WHERE, ink) == theme.colour("error")
    assert cell(panel, 2, WHERE, ink) == theme.colour("muted")
    assert cell(panel, 0, WHERE, ink) is None
    assert "there is no los" in cell(panel, 3, WHERE, Qt.ItemDataRole.ToolTipRole)
    assert panel.words.text() == "there is no los"


def test_the_cost_is_said_of_the_chosen_one_and_stands_in_a_wide_panel(panel: WatchesPanel) -> None:
    assert panel.breakpoints.table.isColumnHidden(COST)
    choose(panel, 1)
    assert panel.words.text() == "hit 0× · costs about 2 % of a run"
    choose(panel, 2)
    assert panel.words.text() == "off · hit 1,234×"
    panel.resize(560, 560)
    assert not panel.breakpoints.table.isColumnHidden(COST)
    assert cell(panel, 1, COST) == "costs about 2 % of a run"


# ------------------------------------------------------------------------------------------------------------- adding


@pytest.mark.parametrize(
    ("words", "breakpoint"),
    [
        ("At zero_grad", Breakpoint(0, "phase", "zero_grad")),
        ("At step", Breakpoint(0, "phase", "step")),
        ("When the loss is not finite", Breakpoint(0, "when", condition="not isfinite(loss)")),
        (
            "When any gradient is not finite",
            Breakpoint(0, "when", condition="not isfinite(gradient_max)"),
        ),
        ("When a ReLU is all dead", Breakpoint(0, "when", condition="dead_relu")),
    ],
)
def test_the_menu_sets_the_common_ones_at_once(
    panel: WatchesPanel, asked: list[Any], words: str, breakpoint: Breakpoint
) -> None:
    pick(panel, words)
    assert asked == [SetBreakpoint(breakpoint)]
    known = {"loss": 1.0, "gradient_max": float("nan"), "dead_relu": 0.0}
    if breakpoint.condition:
        assert parse(breakpoint.condition).value(known.__getitem__) == float("gradient" in breakpoint.condition)


@pytest.mark.parametrize(
    ("words", "typed", "condition"),
    [
        ("When the loss is above…", "2.5", "loss > 2.5"),
        ("When the loss is above…", " -3 ", "loss > -3"),
        ("When the gradient norm is above…", "1e3", "gradient_norm > 1000"),
        ("When the gradient norm is above…", "1e-30", "gradient_norm > 1e-30"),
    ],
)
def test_a_threshold_is_one_number(
    panel: WatchesPanel, asked: list[Any], words: str, typed: str, condition: str
) -> None:
    pick(panel, words)
    form = panel.findChild(ThresholdForm)
    assert form is not None
    QTest.keyClicks(form.number, typed)
    QTest.keyClick(form.number, Qt.Key.Key_Return)
    assert asked == [SetBreakpoint(Breakpoint(0, "when", condition=condition))]
    assert parse(condition).value({"loss": -5.0, "gradient_norm": 0.0}.__getitem__) == 0


@pytest.mark.parametrize("typed", ["", "nan", "inf", "-Infinity", "1e999", "two", "0,5", "__import__('os')", "x" * 999])
def test_what_is_no_finite_number_is_refused_with_a_sentence(panel: WatchesPanel, asked: list[Any], typed: str) -> None:
    pick(panel, "When the loss is above…")
    form = panel.findChild(ThresholdForm)
    assert form is not None
    form.number.setText(typed)
    QTest.keyClick(form.number, Qt.Key.Key_Return)
    assert asked == []
    assert form.isVisible()
    assert form.words.text().endswith("Type one such as 2.5 or 1e-3.")
    assert len(form.words.text()) < 100
    form.reject()


def test_a_custom_one_is_filled_in_by_the_keyboard(panel: WatchesPanel, asked: list[Any]) -> None:
    pick(panel, "Custom…")
    form = form_of(panel)
    for field, text in ((form.condition, "loss > 2"), (form.hits, " = 5 "), (form.log, "loss {loss}")):
        QTest.keyClicks(field, text)
    QTest.keyClick(form.log, Qt.Key.Key_Return)
    assert asked == [SetBreakpoint(Breakpoint(0, "when", "", "loss > 2", "=5", "loss {loss}"))]


def test_the_form_offers_the_names_there_are(panel: WatchesPanel, asked: list[Any]) -> None:
    panel.show_reply(traces.lenet())
    pick(panel, "Custom…")
    form = form_of(panel)
    offered: dict[str, list[str]] = {}
    for i in range(form.kind.count()):
        form.kind.setCurrentIndex(i)
        form.kind.activated.emit(i)
        offered[form.kind.currentData()] = [form.at.itemText(row) for row in range(form.at.count())]
    assert offered["phase"] == ["zero_grad", "forward", "loss", "backward", "clip", "step", "schedule"]
    assert offered["module"] == ["conv1", "conv2", "fc1", "fc2", "fc3"]
    assert offered["parameter"] == list(frames.SHAPES)
    assert {"relu", "relu_1"} <= set(offered["operation"])
    assert offered["node"].count("AddmmBackward0") == 1
    assert offered["when"] == []
    form.reject()
    assert asked == []


@pytest.mark.parametrize("hits", ["5", "=5", "%5", "", "=1", "%100000"])
def test_counts_of_hits_are_taken(qtbot: QtBot, hits: str) -> None:
    given = filled(qtbot, Breakpoint(7, "module", "conv1"), lambda form: form.hits.setText(hits))
    assert given == [Breakpoint(7, "module", "conv1", hits=hits)]


@pytest.mark.parametrize("hits", ["0", "=0", "-1", "5.5", "five", ">5", "==5", "5%", "٣", "9" * 99])
def test_other_counts_are_refused_with_a_sentence(qtbot: QtBot, hits: str) -> None:
    words: list[str] = []

    def fill(form: BreakpointForm) -> None:
        form.hits.setText(hits)
        form.accept()
        words.append(form.words.text())

    assert filled(qtbot, Breakpoint(7, "module", "conv1"), fill) == []
    assert words[0].endswith(
        "is no count of hits. Type 5 (from the fifth on), =5 (only the fifth) or %5 (every fifth)."
    )


def filled(qtbot: QtBot, breakpoint: Breakpoint, fill: Callable[[BreakpointForm], object]) -> list[Breakpoint]:
    """What a form gives once it has been filled in and Enter was pressed."""
    form = BreakpointForm(breakpoint, {})
    form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(form)
    given: list[Breakpoint] = []
    form.given.connect(given.append)
    form.show()
    fill(form)
    form.accept()
    form.close()
    return given


@pytest.mark.parametrize(
    ("breakpoint", "words"),
    [
        (Breakpoint(0, "when"), "There is no condition. Type one, such as loss > 2 and step > 100."),
        (Breakpoint(0, "operation"), "Type the name of an operation, such as relu_1."),
        (Breakpoint(0, "node"), "Type the name of an autograd node, such as AddmmBackward0."),
    ],
)
def test_what_is_missing_is_said(qtbot: QtBot, breakpoint: Breakpoint, words: str) -> None:
    said: list[str] = []

    def fill(form: BreakpointForm) -> None:
        form.accept()
        said.append(form.words.text())
        form.condition.setText("") if breakpoint.kind == "when" else form.at.setEditText(" ")

    assert filled(qtbot, breakpoint, fill) == []
    assert said == [words]


def test_a_phase_that_there_is_not_is_refused(qtbot: QtBot) -> None:
    assert filled(qtbot, Breakpoint(0, "phase", "forward"), lambda form: form.at.setEditText("lunch")) == []


def test_a_new_kind_drops_the_name_of_the_old_one(qtbot: QtBot) -> None:
    def fill(form: BreakpointForm) -> None:
        row = form.kind.findData("when")
        form.kind.setCurrentIndex(row)
        form.kind.activated.emit(row)
        form.condition.setText("loss > 1")

    assert filled(qtbot, Breakpoint(3, "module", "conv1"), fill) == [Breakpoint(3, "when", "", "loss > 1")]


# ---------------------------------------------------------------------------------------------------------- changing


@pytest.mark.parametrize("by_key", [True, False])
def test_an_existing_one_is_changed_in_the_form(panel: WatchesPanel, asked: list[Any], by_key: bool) -> None:
    choose(panel, 2)
    if by_key:
        press(panel, Qt.Key.Key_Return)
    else:
        table = panel.breakpoints.table
        place = table.visualRect(table.breakpoints.index(2, HITS)).center()
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    form = form_of(panel)
    texts = [form.at.currentText(), form.condition.text(), form.hits.text(), form.log.text()]
    assert texts == ["relu_1", "loss > 2", "%5", "at {step}"]
    assert not form.enabled.isChecked()
    form.enabled.setChecked(True)
    form.hits.clear()
    QTest.keyClick(form.hits, Qt.Key.Key_Return)
    assert asked == [SetBreakpoint(replace(RELU.breakpoint, hits="", enabled=True))]


def test_space_switches_and_the_frame_says_when_it_holds(panel: WatchesPanel, asked: list[Any]) -> None:
    choose(panel, 0)
    press(panel, Qt.Key.Key_Space)
    off = replace(PHASE.breakpoint, enabled=False)
    assert asked == [SetBreakpoint(off)]
    state = Qt.ItemDataRole.CheckStateRole
    assert Qt.CheckState(cell(panel, 0, WHERE, state)) == Qt.CheckState.Checked
    panel.show_frame(at(replace(PHASE, breakpoint=off)))
    assert Qt.CheckState(cell(panel, 0, WHERE, state)) == Qt.CheckState.Unchecked


def test_a_click_in_the_box_switches(panel: WatchesPanel, asked: list[Any]) -> None:
    table = panel.breakpoints.table
    option: Any = QStyleOptionViewItem()
    option.rect = table.visualRect(table.breakpoints.index(2, WHERE))
    option.features = QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
    box = table.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, table)
    place = QPoint(box.center())
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert asked == [SetBreakpoint(replace(RELU.breakpoint, enabled=True))]


def test_delete_removes_and_undo_brings_back(panel: WatchesPanel, asked: list[Any]) -> None:
    choose(panel, 2)
    press(panel, Qt.Key.Key_Delete)
    assert asked == [DropBreakpoint(3)]
    asked.clear()
    press(panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked == [SetBreakpoint(replace(RELU.breakpoint, id=0))]


def test_copy_gives_the_words(panel: WatchesPanel) -> None:
    choose(panel, 1)
    press(panel, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "when loss > 2 and step > 100"


def test_other_panels_set_one_and_take_it_away(panel: WatchesPanel, asked: list[Any]) -> None:
    panel.add_breakpoint("operation", "relu_1")  # the one there has a condition
    assert asked == [SetBreakpoint(Breakpoint(0, "operation", "relu_1"))]
    panel.show_frame(at(RELU, BreakpointRow(Breakpoint(9, "operation", "relu_1"), 0, "", "")))
    panel.add_breakpoint("operation", "relu_1")
    assert asked[1:] == [DropBreakpoint(9)]


def test_a_run_does_not_keep_one_from_setting_them(panel: WatchesPanel, asked: list[Any]) -> None:
    panel.show_frame(replace(frames.running(), breakpoints=(PHASE,)))
    pick(panel, "At forward")
    choose(panel, 0)
    press(panel, Qt.Key.Key_Delete)
    assert asked == [SetBreakpoint(Breakpoint(0, "phase", "forward")), DropBreakpoint(1)]


def test_where_it_went_wrong_is_asked_when_that_is_allowed(panel: WatchesPanel, asked: list[Any]) -> None:
    button = panel.breakpoints.find_button
    assert not button.isEnabled()
    panel.show_frame(at(PHASE, allowed=("seek", "find")))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == [FindNotFinite()]
    assert "first operation at which something was not finite" in button.toolTip()
