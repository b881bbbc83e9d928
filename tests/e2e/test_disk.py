"""The real window beside a disk that is full, a folder that cannot be written, and a second window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from lenet_gui.app import Look, Program, application
from lenet_gui.engine import Session, Settings
from lenet_gui.gui.window.preferences import folder
from tests.e2e.conftest import Person
from tests.e2e.test_going_back import bias, run_steps
from tests.e2e.test_long_way import come_back, in_use

CONTROL = Qt.KeyboardModifier.ControlModifier


def save_as(person: Person, path: Path) -> None:
    """Ctrl+Shift+S, a name, Enter."""
    QTest.keyClick(person.window, Qt.Key.Key_S, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    person.until(lambda: any(one.isVisible() for one in person.window.findChildren(QFileDialog)))
    (asks,) = [one for one in person.window.findChildren(QFileDialog) if one.isVisible()]
    name = asks.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setText(str(path))
    QTest.keyClick(name, Qt.Key.Key_Return)
    person.until(lambda: not any(one.isVisible() for one in person.window.findChildren(QFileDialog)))
    come_back(person)


def as_if_nothing_had_happened(person: Person, steps: int) -> None:
    session = Session(Settings())
    session.run(steps)
    assert bias(person) == repr(dict(session.model.named_parameters())["conv1.bias"])
    come_back(person)


@contextmanager
def full_disk(person: Person, room: int = 5_000) -> Iterator[None]:
    """The system lets the engine's files grow to so many bytes and no further."""
    import resource

    engine = person.program.engine.pid
    assert engine is not None
    limits = resource.prlimit(engine, resource.RLIMIT_FSIZE)
    resource.prlimit(engine, resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(engine, resource.RLIMIT_FSIZE, limits)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can limit the files of another process")
def test_on_a_full_disk_the_run_goes_on_and_nothing_is_lost(person: Person, tmp_path: Path) -> None:
    path = tmp_path / "run.lenet"
    run_steps(person, 20)
    save_as(person, path)
    person.until(lambda: person.window.windowTitle().startswith("run.lenet –"))
    with full_disk(person):
        run_steps(person, 280)
        person.until(lambda: "not recorded" in person.notice())
        assert "Training goes on" in person.notice()
        QTest.keyClick(person.window, Qt.Key.Key_S, CONTROL)
        person.until(lambda: "run.lenet cannot be written" in person.notice())
        assert "nothing is lost" in person.notice()
        assert person.window.windowTitle().startswith("run.lenet*")
        assert "cannot be written" in in_use(person, "disk")
        # In the middle of a run too.
        QTest.keyClick(person.window, Qt.Key.Key_Escape)
        person.click("run_button")
        person.until(lambda: person.frame is not None and person.frame.step > 310)
        QTest.keyClick(person.window, Qt.Key.Key_S, CONTROL)
        person.until(lambda: "run.lenet cannot be written" in person.notice())
        assert person.notice().startswith("Nothing was written")
        seen = person.frame.step if person.frame is not None else 0
        person.until(lambda: person.frame is not None and person.frame.step > seen)
        person.click("pause_button")
        person.until(lambda: person.frame is not None and not person.frame.running)
    assert person.frame is not None
    steps = person.frame.step
    as_if_nothing_had_happened(person, steps)
    assert Session.open(path).steps == 20
    QTest.keyClick(person.window, Qt.Key.Key_S, CONTROL)
    person.until(lambda: person.window.windowTitle().startswith("run.lenet –"))
    assert Session.open(path).steps == steps
    person.window.close()
    assert list((folder() / "sessions").iterdir()) == []


@pytest.fixture
def no_folder_for_sessions() -> None:
    """A file lies where the recordings are to go; root could write into a folder that is read-only."""
    folder().mkdir(parents=True)
    (folder() / "sessions").write_text("no folder")


@pytest.mark.usefixtures("no_folder_for_sessions")
def test_without_a_folder_for_recordings_it_is_said_once_and_saving_still_works(person: Person, tmp_path: Path) -> None:
    person.until(lambda: "This session is not recorded" in person.notice())
    QTest.keyClick(person.window, Qt.Key.Key_Escape)
    run_steps(person, 30)
    assert person.notice() == ""
    save_as(person, folder() / "sessions" / "run.lenet")
    person.until(lambda: "run.lenet cannot be written" in person.notice())
    assert "choose another folder" in person.notice()
    save_as(person, tmp_path / "run.lenet")
    person.until(lambda: person.window.windowTitle().startswith("run.lenet –"))
    assert Session.open(tmp_path / "run.lenet").steps == 30
    as_if_nothing_had_happened(person, 30)


SECOND_WINDOW = """
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from lenet_gui.app import Look, Program, application

app = application([])
program = Program(app, Look(), Path(sys.argv[1]))
program.bridge.notice.connect(lambda notice: print("notice:", notice.title, notice.words, flush=True))

def look(frame):
    if frame.place.commands:
        print("did", frame.place.commands, flush=True)
        program.window.close()
    else:
        # What was left is offered right behind the first frame: when this is done it has been.
        program.window.actions_["forward"].trigger()

program.bridge.frame.connect(look)
program.start()
app.exec()
program.end()
"""


def second_window() -> list[str]:
    """What a second program says until it has done one command."""
    done = subprocess.run(
        [sys.executable, "-c", SECOND_WINDOW, str(folder())],
        capture_output=True, encoding="utf-8", timeout=120, env={**os.environ, "PYTHONUTF8": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_second_program_is_not_offered_the_session_that_is_being_recorded(person: Person) -> None:
    run_steps(person, 20)
    assert second_window() == ["did 1"]
    run_steps(person, 5)
    as_if_nothing_had_happened(person, 25)
    # Both were left unsaved: now they are nobody's, and the newest is offered.
    person.window.close()
    assert second_window()[0].startswith("notice: There is a session from before")


def test_what_one_window_has_taken_over_the_other_does_not_get(person: Person, qtbot: QtBot) -> None:
    run_steps(person, 20)
    person.window.close()
    windows = [Program(application([]), Look("light", (1280, 800)), folder()) for _ in range(2)]
    people = [Person(program, qtbot) for program in windows]
    for program, somebody in zip(windows, people, strict=True):
        qtbot.addWidget(program.window)
        program.start()
        somebody.until(lambda somebody=somebody: "There is a session from before" in somebody.notice())
    first, second = people
    first.click("notice_offer_0")
    first.until(lambda: first.frame is not None and first.frame.step == 20)
    second.click("notice_offer_0")
    second.until(lambda: "another window has taken it over" in second.notice())
    assert second.frame is not None
    assert second.frame.step == 0
    run_steps(first, 5)
    as_if_nothing_had_happened(first, 25)
    for program in windows:
        program.window.close()
