"""The dialog that asks where to go: what is typed, what is chosen, what is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from lenet_gui.gui.travel.go_to import GoToDialog
from lenet_gui.protocol import DropBookmark, Seek, SeekReply, SeekRequest
from tests.gui import frames


@pytest.fixture
def dialog(qtbot: QtBot, asked: list[Any]) -> Iterator[GoToDialog]:
    dialog = GoToDialog(frames.branched(300))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.asked.connect(asked.append)
    dialog.show()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close()


def type_over(dialog: GoToDialog, text: str) -> None:
    dialog.field.selectAll()
    QTest.keyClick(dialog.field, Qt.Key.Key_Delete)
    QTest.keyClicks(dialog.field, text)


def going(asked: list[Any]) -> list[Any]:
    return [message for message in asked if not isinstance(message, SeekRequest)]


def test_it_begins_where_one_is_with_the_number_ready_to_be_typed_over(dialog: GoToDialog) -> None:
    assert dialog.field.selectedText() == "300"


def test_enter_goes(dialog: GoToDialog, asked: list[Any]) -> None:
    type_over(dialog, "57")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert going(asked) == [Seek(57)]
    assert not dialog.isVisible()


def test_escape_leaves(dialog: GoToDialog, asked: list[Any]) -> None:
    type_over(dialog, "57")
    QTest.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert going(asked) == []
    assert not dialog.isVisible()


def test_how_long_it_takes_is_said_for_what_is_typed_now(dialog: GoToDialog, asked: list[Any]) -> None:
    type_over(dialog, "5")
    older = asked[-1]
    type_over(dialog, "57")
    newest = asked[-1]
    assert (newest.step, newest.branch) == (57, "warmer")
    dialog.show_reply(SeekReply(newest.id, 57, 12.3))
    assert "about 12 s" in dialog.words.text()
    dialog.show_reply(SeekReply(older.id, 5, 0.4))
    assert "about 12 s" in dialog.words.text()
    QTest.keyClicks(dialog.field, "0")
    assert dialog.words.text() != "about 12 s"


@pytest.mark.parametrize("bad", ["", "-1", "401", "fast", "1.5", "1e400", "nan", "9" * 400])
def test_a_bad_number_is_told_and_goes_nowhere(dialog: GoToDialog, asked: list[Any], bad: str) -> None:
    type_over(dialog, bad)
    questions = len(asked)
    words = dialog.words.text()
    assert words
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert len(asked) == questions
    assert not dialog.go.isEnabled()
    # What was asked before is not taken for an answer.
    dialog.show_reply(SeekReply(asked[0].id, 300, 5.0))
    assert dialog.words.text() == words
    type_over(dialog, "400")
    assert dialog.go.isEnabled()


def test_numbers_are_understood_as_they_are_written_in_the_window(dialog: GoToDialog, asked: list[Any]) -> None:
    type_over(dialog, " 0,3 0"[:4])
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert going(asked) == [Seek(3)]


def test_a_bookmark_is_gone_to_exactly(dialog: GoToDialog, asked: list[Any]) -> None:
    assert "before it falls" in dialog.list.item(0).text()
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_Home)
    assert dialog.field.text() == "100"
    assert (asked[-1].step, asked[-1].branch) == (100, "main")
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert going(asked) == [Seek(branch="main", commands=500)]


def test_typing_after_choosing_a_bookmark_means_the_number(dialog: GoToDialog, asked: list[Any]) -> None:
    dialog.list.setCurrentRow(0)
    type_over(dialog, "100")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert going(asked) == [Seek(100)]


def test_delete_removes_a_bookmark(dialog: GoToDialog, asked: list[Any]) -> None:
    dialog.list.setFocus()
    dialog.list.setCurrentRow(1)
    QTest.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert going(asked) == [DropBookmark(1)]
    frame = frames.branched(300)
    dialog.show_frame(frames.replace(frame, bookmarks=frame.bookmarks[:1]))
    assert dialog.list.count() == 1
    dialog.show_frame(frames.replace(frame, bookmarks=()))
    assert "Ctrl+D" in dialog.list.item(0).text()


def test_the_dialog_does_not_move_while_somebody_types(dialog: GoToDialog) -> None:
    size = dialog.size()
    for text in ("", "5", "99999999999999999999", "not a number at all"):
        type_over(dialog, text)
        assert dialog.size() == size


def test_every_control_has_a_name_and_a_tooltip(dialog: GoToDialog) -> None:
    for control in (dialog.field, dialog.list, dialog.go):
        assert control.objectName()
        assert control.toolTip()
        assert control.accessibleName() or isinstance(control, QPushButton)
