"""The whole program with its real worker: starting, working, failing and ending."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import Qt

from lenet_gui.app import Look, Program, application
from lenet_gui.faults import LOG_NAME, Faults
from lenet_gui.gui.window.preferences import folder
from lenet_gui.protocol import PHASES, Run

LOADING = 60_000


@pytest.fixture
def program(qtbot):
    made = Program(application([]), Look("dark", (1280, 800)), folder())
    qtbot.addWidget(made.window)
    made.start()
    yield made
    made.window.close()


def is_ready(program):
    return program.window.phase_bar.phases["forward"].isEnabled()


FIRST_PAINT = """
import sys
from pathlib import Path
from lenet_gui.app import Look, Program, application

app = application([])
program = Program(app, Look(), Path(sys.argv[1]))

def look():
    loaded = [name for name in ("numpy", "pyqtgraph", "torch") if name in sys.modules]
    print(program.window.isVisible(), program.window.status.fields["phase"].text(), loaded, flush=True)

program.window.painted.connect(look)
program.loaded.connect(program.window.close)
program.start()
app.exec()
"""


def test_the_window_is_painted_before_torch_and_numpy_and_says_so(tmp_path):
    environment = {**os.environ, "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", FIRST_PAINT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, env=environment, check=False)
    assert done.stdout.strip() == "True Loading PyTorch… []", done.stderr
    assert done.returncode == 0


A_STEP = """
import sys
from pathlib import Path
from lenet_gui.app import Look, Program, application
from lenet_gui.events import until
from lenet_gui.protocol import CYCLE
from lenet_gui.protocol.why import WhyReply

program = Program(application([]), Look(size=(1280, 800)), Path(sys.argv[1]))
program.start()
until(program.loaded, 60)
for dock in program.window.docks.by_name.values():
    dock.show()
    dock.setFloating(True)
for command in CYCLE[:-1]:
    program.bridge.send(command)
    until(program.bridge.frame, 60, lambda frame: frame.reason == f"after {command.name}")
program.window.panels["why"].ask("conv1.bias.grad", (2,))
until(program.bridge.reply, 60, lambda reply: isinstance(reply, WhyReply) and bool(reply.parts))
print("torch" in sys.modules, flush=True)
program.window.close()
"""


def test_the_window_s_process_never_loads_torch(tmp_path):
    command = [sys.executable, "-c", A_STEP, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.stdout.strip() == "False", done.stderr


def test_the_notice_goes_when_the_first_step_can_be_taken(qtbot, program):
    qtbot.waitUntil(lambda: is_ready(program), timeout=LOADING)
    assert program.window.status.fields["phase"].text() == "next: zero_grad"


def test_five_clicks_make_a_step(qtbot, program):
    qtbot.waitUntil(lambda: is_ready(program), timeout=LOADING)
    for phase in PHASES:
        button = program.window.phase_bar.phases[phase]
        qtbot.waitUntil(lambda button=button: button.property("next") and button.isEnabled())
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.window.status.fields["step"].text() == "step 1")


def test_a_counted_run_ends_where_it_should(qtbot, program):
    qtbot.waitUntil(lambda: is_ready(program), timeout=LOADING)
    program.window.phase_bar.steps.set_value(40)
    program.window.actions_["run_n"].trigger()
    qtbot.waitUntil(lambda: program.window.status.fields["step"].text() == "step 40", timeout=20_000)
    qtbot.waitUntil(lambda: program.window.actions_["run"].isEnabled())


def test_a_refusal_is_explained_and_its_offer_helps(qtbot, program):
    qtbot.waitUntil(lambda: is_ready(program), timeout=LOADING)
    program.window.actions_["forward_sample"].trigger()
    qtbot.waitUntil(lambda: program.window.notices.isVisible())
    notice = program.window.notices.current()
    assert notice is not None
    assert notice.kind == "refused"
    assert notice.words
    program.window.notices.findChild(object, "notice_offer_0").click()
    qtbot.waitUntil(lambda: program.window.status.fields["phase"].text() == "next: loss")


def test_closing_in_the_middle_of_a_run_ends_everything(qtbot, program):
    qtbot.waitUntil(lambda: is_ready(program), timeout=LOADING)
    program.bridge.send(Run())
    qtbot.waitUntil(lambda: program.window.actions_["pause"].isEnabled())
    program.window.close()
    assert program.engine.pid is None
    assert not program.window.isVisible()


def test_closing_while_torch_loads_ends_everything(qtbot, program):
    qtbot.waitUntil(lambda: program.engine.pid is not None)
    program.window.close()
    assert program.engine.pid is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_an_engine_that_is_killed_is_started_again_and_offers_what_was_recorded(qtbot, program):
    qtbot.waitUntil(lambda: is_ready(program), timeout=LOADING)
    program.window.phase_bar.steps.set_value(40)
    program.window.actions_["run_n"].trigger()
    qtbot.waitUntil(lambda: program.window.status.fields["step"].text() == "step 40", timeout=20_000)
    notices = []
    program.bridge.notice.connect(notices.append)
    with qtbot.waitSignal(program.failed) as got:
        os.kill(program.engine.pid, signal.SIGKILL)
    assert got.args[0].title == "The engine has ended"
    assert "SIGKILL" in got.args[0].words
    qtbot.waitUntil(lambda: any(notice.kind == "recovery" for notice in notices), timeout=LOADING)
    program.window.notices.findChild(object, "notice_offer_0").click()
    qtbot.waitUntil(lambda: program.window.status.fields["step"].text() == "step 40", timeout=20_000)
    program.window.phase_bar.steps.set_value(2)
    program.window.actions_["run_n"].trigger()
    qtbot.waitUntil(lambda: program.window.status.fields["step"].text() == "step 42", timeout=20_000)


@pytest.fixture
def faults():
    made = Faults(folder())
    yield made
    made.remove()


def raised():
    try:
        raise ZeroDivisionError("in a test")
    except ZeroDivisionError as error:
        return error


def test_an_error_in_the_window_reaches_listeners_and_the_log(qtbot, faults):
    error = raised()
    with qtbot.waitSignal(faults.happened) as got:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "in a test" in got.args[0].words
    assert "Traceback" in got.args[0].details
    assert "in a test" in (folder() / LOG_NAME).read_text(encoding="utf-8")


def test_an_error_in_another_thread_reaches_them_too(qtbot, faults):
    def fail():
        raise ZeroDivisionError("in a thread")

    with qtbot.waitSignal(faults.happened) as got:
        thread = threading.Thread(target=fail, name="a busy thread")
        thread.start()
        thread.join()
    assert "a busy thread" in got.args[0].title
    assert "in a thread" in (folder() / LOG_NAME).read_text(encoding="utf-8")


@pytest.mark.usefixtures("qapp")
def test_the_hooks_are_given_back():
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    Faults(folder()).remove()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


@pytest.mark.usefixtures("qapp")
def test_a_log_that_cannot_be_written_is_told_and_does_not_stop_anything(tmp_path):
    (tmp_path / "file").write_text("")
    faults = Faults(tmp_path / "file" / "logs")
    assert "cannot be written" in faults.problem
    faults.write("nobody reads this")
    faults.remove()


def test_a_settings_folder_that_cannot_be_written_is_one_quiet_notice(qtbot, tmp_path):
    (tmp_path / "file").write_text("")
    made = Program(application([]), Look(), tmp_path / "file" / "config")
    qtbot.addWidget(made.window)
    made.start()
    qtbot.waitUntil(lambda: made.window.notices.isVisible())
    notice = made.window.notices.current()
    assert notice is not None
    assert notice.kind == "note"
    assert "LENET_GUI_CONFIG" in notice.advice
    made.window.notices.dismiss()
    assert made.window.notices.current() is None
    qtbot.waitUntil(lambda: is_ready(made), timeout=LOADING)
    made.window.close()
