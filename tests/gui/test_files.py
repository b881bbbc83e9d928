"""Sessions as files, from the window: what is asked of the worker, the title, recent files, nothing dropped unasked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMainWindow, QPushButton
from pytestqt.qtbot import QtBot

from lenet_gui.gui.window.files import Files
from lenet_gui.gui.window.notices import NoticeArea
from lenet_gui.gui.window.preferences import Preferences
from lenet_gui.protocol import ExportReport, ExportScript, OpenSession, SaveSession
from tests.gui.frames import fresh


class Held:
    """A window with its files, and what they asked for."""

    def __init__(self, qtbot: QtBot, tmp_path: Path) -> None:
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.setWindowTitle("LeNet")
        self.window.resize(800, 600)
        self.window.show()
        self.notices = NoticeArea(self.window)
        self.preferences = Preferences(tmp_path)
        self.files = Files(self.window, self.notices, self.preferences)
        self.asked: list[object] = []
        self.files.asked.connect(self.asked.append)
        self.folder = tmp_path

    def choose(self, name: str) -> str:
        """Choose a file in the dialog that is open, as a person who types its name and presses Enter."""
        (dialog,) = [one for one in self.window.findChildren(QFileDialog) if one.isVisible()]
        path = str(self.folder / name)
        dialog.selectFile(path)
        dialog.accept()
        return path


@pytest.fixture
def held(qtbot: QtBot, tmp_path: Path) -> Held:
    return Held(qtbot, tmp_path)


def test_a_session_without_a_file_is_asked_for_one_and_then_saved_into_it(held: Held) -> None:
    held.files.show_frame(replace(fresh(), unsaved=True))
    held.files.save()
    path = held.choose("mine")
    assert held.asked == [SaveSession(f"{path}.lenet")]
    held.files.show_frame(replace(fresh(), file=f"{path}.lenet"))
    held.files.save()
    assert held.asked[1:] == [SaveSession(f"{path}.lenet")]


def test_the_title_says_the_file_and_whether_it_is_saved(held: Held) -> None:
    seen = []
    for change in ({}, {"unsaved": True}, {"file": "/x/run.lenet"}, {"file": "/x/run.lenet", "unsaved": True}):
        held.files.show_frame(replace(fresh(), **change))
        seen.append(held.window.windowTitle())
    assert seen == ["LeNet", "not saved – LeNet", "run.lenet – LeNet", "run.lenet* – LeNet"]


def test_scripts_and_reports_go_where_one_says(held: Held) -> None:
    held.files.show_frame(fresh())
    held.files.export_script()
    script = held.choose("run")
    held.files.export_report()
    report = held.choose("fault")
    assert held.asked == [ExportScript(f"{script}.py"), ExportReport(f"{report}.zip")]


def test_unsaved_work_is_not_dropped_without_a_word(held: Held) -> None:
    held.files.show_frame(replace(fresh(), unsaved=True))
    held.files.open("/x/other.lenet")
    assert held.asked == []
    notice = held.notices.current()
    assert notice is not None
    assert "not been saved" in notice.advice
    (yes,) = [button for button in held.notices.findChildren(QPushButton) if button.text() == "Open it"]
    yes.click()
    assert held.asked == [OpenSession("/x/other.lenet")]


def test_recent_files_are_listed_newest_first_and_remembered(held: Held, qtbot: QtBot) -> None:
    assert not held.files.recent.isEnabled()
    for name in ("a.lenet", "b.lenet", "a.lenet", *(f"{i}.lenet" for i in range(7))):
        held.files.show_frame(replace(fresh(), file=f"/x/{name}"))
    names = [action.text() for action in held.files.recent.actions()]
    assert names == [*(f"{i}.lenet" for i in reversed(range(7))), "a.lenet"]
    held.preferences.save()
    window = QMainWindow()
    qtbot.addWidget(window)
    again = Files(window, NoticeArea(window), Preferences(held.folder))
    assert [action.text() for action in again.recent.actions()] == names
    asked: list[object] = []
    again.asked.connect(asked.append)
    again.recent.actions()[-1].trigger()
    assert asked == [OpenSession("/x/a.lenet")]


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[1, null]", '["a.lenet", 2]'])
def test_a_list_of_recent_files_that_was_edited_by_hand_is_no_harm(text: str, held: Held) -> None:
    held.preferences.set("recent", text)
    files = Files(held.window, held.notices, held.preferences)
    assert len(files.recent.actions()) == text.count(".lenet")
    files.show_frame(replace(fresh(), file="/x/run.lenet"))
    assert files.recent.actions()[0].text() == "run.lenet"
