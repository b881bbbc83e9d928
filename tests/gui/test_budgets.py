"""The room that checkpoints may take: typed, refused, remembered, told to the worker, and what is in use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lenet_gui.gui.travel.budgets import MB, BudgetDialog, remembered
from lenet_gui.gui.window.preferences import Preferences, folder
from lenet_gui.protocol import Budget, BudgetReply, BudgetRequest, SetBudget
from tests.gui import frames
from tests.gui.ready import CHOICES, READY
from tests.gui.test_window import opened


@pytest.fixture
def dialog(qtbot: QtBot, asked: list[object]) -> Iterator[BudgetDialog]:
    dialog = BudgetDialog(Preferences(folder()))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.asked.connect(asked.append)
    dialog.show()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close()


def type_over(dialog: BudgetDialog, name: str, text: str) -> None:
    field = dialog.fields[name]
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def test_it_begins_with_what_is_in_force(dialog: BudgetDialog) -> None:
    assert [field.text() for field in dialog.fields.values()] == ["256", "1024"]
    assert dialog.fields["memory"].selectedText() == "256"


def test_enter_puts_it_in_force_and_remembers_it(dialog: BudgetDialog, asked: list[object]) -> None:
    type_over(dialog, "memory", "64")
    type_over(dialog, "disk", "0")
    QTest.keyClick(dialog.fields["disk"], Qt.Key.Key_Return)
    assert asked == [SetBudget(Budget(64 * MB, 0))]
    assert not dialog.isVisible()
    dialog._preferences.save()
    assert remembered(Preferences(folder())) == Budget(64 * MB, 0)


def test_escape_leaves_all_as_it_was(dialog: BudgetDialog, asked: list[object]) -> None:
    type_over(dialog, "memory", "64")
    QTest.keyClick(dialog.fields["memory"], Qt.Key.Key_Escape)
    assert asked == []
    assert remembered(dialog._preferences) == Budget()


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        *(("memory", bad) for bad in ("", "0", "-1", "a lot", "1.5", "1e400", "nan", "9" * 400, "1048577")),
        *(("disk", bad) for bad in ("", "-1", "none", "0,5", "inf", "99999999999")),
    ],
)
def test_what_is_no_budget_is_told_and_changes_nothing(
    dialog: BudgetDialog, asked: list[object], name: str, bad: str
) -> None:
    type_over(dialog, name, bad)
    assert dialog.words.text().startswith(f"{name.capitalize()}: ")
    assert dialog.words.text().endswith(".")
    assert dialog.fields[name].accessibleDescription() == dialog.words.text()
    assert not dialog.use.isEnabled()
    QTest.keyClick(dialog.fields[name], Qt.Key.Key_Return)
    assert (asked, dialog.isVisible()) == ([], True)
    assert remembered(dialog._preferences) == Budget()
    type_over(dialog, name, "7")
    assert dialog.use.isEnabled()


def test_what_is_in_use_is_said(dialog: BudgetDialog, asked: list[object]) -> None:
    dialog.ask()
    dialog.ask()
    (request,) = asked
    assert isinstance(request, BudgetRequest)
    dialog.show_reply(BudgetReply(request.id - 1, Budget(), 0, 0, disk_failed=False))
    assert dialog.in_use["memory"].text() == ""
    dialog.show_reply(BudgetReply(request.id, Budget(), 41 * MB, 1, disk_failed=False))
    assert dialog.in_use["memory"].text() == "in use: 41 MB of 256 MB"
    assert dialog.in_use["disk"].text() == "in use: 1 MB of 1,024 MB"
    dialog.ask()
    assert isinstance(asked[-1], BudgetRequest)
    dialog.show_reply(BudgetReply(asked[-1].id, Budget(), 41 * MB, 0, disk_failed=True))
    assert "cannot be written" in dialog.in_use["disk"].text()


@pytest.mark.parametrize("text", ["", "nonsense", "-1", "nan", "inf", "1e30"])
def test_what_was_written_by_hand_is_no_harm(text: str) -> None:
    preferences = Preferences(folder())
    preferences.set("budget/memory", text)
    preferences.set("budget/disk", "12")
    assert remembered(preferences) == Budget(256 * MB, 12 * MB)


def test_a_chosen_budget_is_told_to_the_worker_when_it_is_there(qtbot: QtBot) -> None:
    preferences = Preferences(folder())
    preferences.set("budget/memory", 5)
    preferences.save()
    window = opened(qtbot)
    asked: list[object] = []
    window.asked.connect(asked.append)
    window.show_ready(READY)
    window.settings_bar.show_choices(CHOICES)
    assert asked == [SetBudget(Budget(5 * MB, 1024 * MB))]
    window.close()


def test_the_menu_opens_it_and_a_run_keeps_it_up_to_date(qtbot: QtBot) -> None:
    window = opened(qtbot)
    asked: list[object] = []
    window.asked.connect(asked.append)
    window.actions_["budgets"].trigger()
    (dialog,) = window.findChildren(BudgetDialog)
    qtbot.waitExposed(dialog)
    for memory in (1, 2):
        request = asked[-1]
        assert isinstance(request, BudgetRequest)
        window.show_reply(BudgetReply(request.id, Budget(), memory * MB, 0, disk_failed=False))
        assert f"{memory} MB of" in dialog.in_use["memory"].text()
        window.show_numbers(frames.running())
    assert all(widget.accessibleName() and widget.objectName() for widget in dialog.fields.values())
    dialog.reject()
    window.show_numbers(frames.fresh())
    window.close()
