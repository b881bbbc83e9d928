"""A person at a window that somebody's own training loop has opened: the loop in a process of its own."""

from __future__ import annotations

import socket
import subprocess

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lenet_gui.app import Look, application
from lenet_gui.attached_app import AttachedProgram
from lenet_gui.gui.window.preferences import folder
from tests.attached.watching import HERE, PATIENCE, alone, command, environment
from tests.e2e.conftest import Person


def test_a_loop_of_ones_own_is_stepped_looked_into_run_and_let_go(qtbot: QtBot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = command(HERE / "launch.py", str(listening.getsockname()[1]), str(HERE / "loops.py"), "mnist", "attach")
        loop = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment())
        listening.settimeout(PATIENCE)
        connection, _ = listening.accept()
    streams = connection.makefile("rb"), connection.makefile("wb")
    program = AttachedProgram(application([]), Look("dark", (1280, 800)), folder(), "loops.py", streams)
    qtbot.addWidget(program.window)
    person = Person(program, qtbot)
    program.start()
    program.window.activateWindow()
    person.until(program.window.isActiveWindow)
    person.until(lambda: person.frame is not None and not program.window.empty_docks())
    assert program.window.windowTitle() == "loops.py, attached – LeNet, step by step"
    assert person.widget("status_exact").text() == "observed"  # type: ignore[attr-defined]
    for name, words_ in (("new_run", "a loop of your own"), ("go_to", "cannot be run backwards"), ("save", "replayed")):
        action = program.window.actions_[name]
        assert not action.isEnabled()
        assert words_ in action.toolTip()
    # Over three phases, and into the fourth.
    for phase in ("forward", "loss", "backward"):
        before = person.frame
        QTest.keyClick(program.window, Qt.Key.Key_F10)
        person.frame_with(before, next=phase)
    before = person.frame
    QTest.keyClick(program.window, Qt.Key.Key_F11)
    inside = person.frame_with(before, next="backward")
    assert inside.place.item == 1
    person.press("back_phase_button", next="backward")
    person.press("advance_step_button", step=1)
    person.reads("optimizer.step()")
    person.click("run_button")
    assert loop.stdout is not None
    out = loop.stdout.read()
    assert (out, loop.wait(PATIENCE)) == (alone("mnist"), 0)
    person.until(lambda: "Nothing is behind this window" in person.notice())
    assert person.frame is not None
    assert person.frame.step == 16
    assert not program.window.actions_["run"].isEnabled()
    assert program.window.status.reason.text() == "the loop has ended"
    assert program.window.status.fields["phase"].text().startswith("next")
    program.window.close()
    connection.close()
    for stream in (*streams, loop.stdout):
        stream.close()
