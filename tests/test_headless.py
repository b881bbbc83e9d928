"""`lenet-gui run`, as a person runs it: in a process of its own, without a window."""

from __future__ import annotations

import csv
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.results.run_folder import RunFolder
from lenet_gui.protocol import Command, Run, SaveSession
from tests.engine.hosting import Host

PATIENCE = 60.0


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lenet_gui", "run", *map(str, arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=PATIENCE, check=False)


def started(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """A run that has recorded some steps, and goes on."""
    process = subprocess.Popen(
        command("--out", folder, "--steps", 1_000_000, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE
    while sum(log.stat().st_size for log in folder.glob("recording/*/log-0.f32")) < 100:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        os.sched_yield()
    return process


def test_its_numbers_are_those_of_a_window_to_the_bit(tmp_path: Path) -> None:
    options = ("--batch-size", 16, "--seed", 3, "--optimizer", "Adam", "--lr", 0.002, "--set", "beta1=0.8")
    done = run("--out", tmp_path / "run", "--epochs", 2, *options)
    assert done.returncode == 0, done.stderr
    session = Session.open(tmp_path / "run" / "session.lenet")
    settings = Settings(seed=3, batch_size=16, optimizer="Adam", lr=0.002, beta1=0.8)
    assert session.settings == settings
    assert (session.steps, session.epoch_ended) == (180, True)
    with Host(settings) as host:
        host.do(Run(180))
        host.do(SaveSession(str(tmp_path / "window.lenet")))
    window = Session.open(tmp_path / "window.lenet")
    assert session.digest() == window.digest()
    assert np.array_equal(session.log.rows(), window.log.rows())
    assert [*session.accuracies.values()] == [*window.accuracies.values()]
    assert [found.step for found in session.accuracies.values()] == [90, 180]


def test_the_folder_has_the_session_and_its_numbers_and_nothing_else(tmp_path: Path) -> None:
    done = run("--out", tmp_path, "--steps", 7, "--data", "random", "--model", "MLP", "--batch-size", 2)
    assert done.returncode == 0, done.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"session.lenet", "metrics.csv", "goal.json"}
    with (tmp_path / "metrics.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    session = Session.open(tmp_path / "session.lenet")
    assert np.array_equal(np.array([row["loss"] for row in rows], np.float32), session.log.rows()[:, 0])
    assert done.stdout == f"7 steps, saved in {tmp_path / 'session.lenet'}\n"


def test_qt_is_never_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from lenet_gui.__main__ import main; code = main(sys.argv[1:]);"
        "sys.exit(code or any(name.split('.')[0] in ('PySide6', 'shiboken6', 'pyqtgraph') for name in sys.modules))"
    )
    line = [sys.executable, "-c", code, "run", "--out", str(tmp_path / "run"), "--steps", "3"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ctrl_c_saves_and_resume_goes_on_to_the_goal(tmp_path: Path) -> None:
    process = started(tmp_path / "run")
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, error
    assert "of 1,000,000 steps, saved in" in out
    assert "Traceback" not in error
    saved = Session.open(tmp_path / "run" / "session.lenet")
    assert saved.steps > 0
    assert not (tmp_path / "run" / "recording").exists()
    goal = saved.steps + 20
    done = run("--resume", tmp_path / "run", "--steps", goal)
    assert done.returncode == 0, done.stderr
    session, straight = Session.open(tmp_path / "run" / "session.lenet"), Session(Settings())
    straight.run(goal)
    assert session.digest() == straight.digest()


def test_nothing_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    process = started(tmp_path / "run")
    process.kill()
    process.communicate(timeout=PATIENCE)
    (log,) = (tmp_path / "run").glob("recording/*/log-0.f32")
    recorded = np.fromfile(log, "<f4").reshape(-1, 7)
    assert not (tmp_path / "run" / "session.lenet").exists()
    done = run("--resume", tmp_path / "run", "--steps", 1)
    assert done.returncode == 0, done.stderr
    session = Session.open(tmp_path / "run" / "session.lenet")
    assert len(recorded) - 30 <= session.steps <= len(recorded)
    assert np.array_equal(session.log.rows(), recorded[: session.steps])
    assert not (tmp_path / "run" / "recording").exists()


def test_it_goes_on_from_whichever_recording_has_more(tmp_path: Path) -> None:
    """Killed while it was just taking over what it resumed from, it has two."""
    session = Session(Settings(batch_size=4))
    session.run(30)
    first = RunFolder(tmp_path, session)
    beginning = Session(Settings(batch_size=4))
    beginning.run(3)
    from lenet_gui.engine.storage.recorder import Recorder

    Recorder(beginning, tmp_path / "recording" / "half").close(keep=True)
    first._recorder.close(keep=True)
    done = run("--resume", tmp_path, "--steps", 31)
    assert done.returncode == 0, done.stderr
    assert Session.open(tmp_path / "session.lenet").steps == 31


def test_a_loss_that_is_not_finite_ends_it_and_is_saved(tmp_path: Path) -> None:
    done = run("--out", tmp_path / "run", "--steps", 500, "--lr", 1e6)
    assert done.returncode == 3
    assert "The loss is not finite since step" in done.stdout
    session = Session.open(tmp_path / "run" / "session.lenet")
    first = int(re.findall(r"since step (\d+)", done.stdout)[0])
    assert np.flatnonzero(~np.isfinite(session.log.rows()[:, 0]))[0] + 1 == first


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    line = command("--out", tmp_path / "run", "--epochs", 2)
    process = subprocess.Popen(line, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # Linux says so of the end
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    assert process.stderr is not None
    process.stderr.close()
    text = seen.decode()
    assert re.search(r"\r█*░+ +\d+%  epoch 1  loss \d\.\d{4}  [\d,]+ steps/s  \d+:\d\d left\x1b\[K", text)
    assert re.search(r"epoch 2: step 180, mean loss .*, test accuracy \d+\.\d\d % \(\d+ of 360\)", text)


def test_a_pipe_that_closes_does_not_stop_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--out", tmp_path, "--epochs", 2), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, error = process.stdin, process.stderr
    assert error is not None
    words = error.read()
    error.close()
    assert process.wait(PATIENCE) == 0, words
    assert Session.open(tmp_path / "session.lenet").steps == 180


def test_help_says_what_there_is_and_the_exit_codes() -> None:
    done = run("--help")
    assert done.returncode == 0
    for words in ("--epochs", "--resume", "--set NAME=VALUE", "exit codes: 0 trained to the end"):
        assert words in done.stdout
    assert "lenet-gui run --help" in subprocess.run(
        [sys.executable, "-m", "lenet_gui", "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout.replace("\n", " ")


WRONG = (
    (["--epochs", "1"], 2, "--out"),
    (["--out", "x", "--resume", "x"], 2, "--resume"),
    (["--out", "x", "--epochs", "0"], 2, "'0' is no whole number"),
    (["--out", "x", "--epochs", "1", "--steps", "1"], 2, "not both"),
    (["--out", "x", "--set", "momentum"], 2, "NAME=VALUE"),
    (["--resume", "x", "--lr", "0.1"], 2, "keeps its settings"),
    (["--out", "x", "--set", "momentuum=0.9"], 1, "no parameter 'momentuum'"),
    (["--out", "x", "--optimizer", "Sgd"], 1, "no optimizer called 'Sgd'"),
    (["--out", "x", "--data", "letters"], 1, "no data called 'letters'"),
    (["--out", "x", "--data", "random", "--epochs", "2"], 1, "has no end"),
    (["--out", "x", "--batch-size", "5000"], 1, "larger than the data"),
    (["--out", "x", "--device", "cuda:99"], 1, "cuda:99 cannot be used"),
    (["--out", "x", "--lr", "nan"], 1, "learning rate"),
    (["--out", "taken/file"], 1, "cannot be written"),
    (["--out", "old"], 1, "has a run already"),
    (["--resume", "missing"], 1, "There is no run in missing"),
    (["--out", "x", "--model", "none.py:Net"], 1, "none.py cannot be read"),
)


def test_what_is_wrong_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lenet_gui import __main__

    (tmp_path / "taken").write_text("")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "session.lenet").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for arguments, expected, words in WRONG:
        try:
            code = __main__.main(["run", *arguments])
        except SystemExit as end:  # argparse's own way
            code = end.code
        said = capsys.readouterr().err
        assert code == expected, (arguments, said)
        assert words in said
        assert said.splitlines()[-1].startswith("lenet-gui run: ")
        assert "Traceback" not in said


def test_somebodys_own_model_is_trained_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n\n\nclass Mine(nn.Sequential):\n"
        "    def __init__(self):\n        super().__init__(nn.Flatten(), nn.Linear(1024, 10))\n"
    )
    model, folder = tmp_path / "mine.py", tmp_path / "run"
    done = run("--out", folder, "--steps", 3, "--model", f"{model}:Mine")
    assert done.returncode == 0, done.stderr
    refused = run("--resume", folder, "--steps", 5)
    assert refused.returncode == 1
    assert "--model" in refused.stderr
    done = run("--resume", folder, "--steps", 5, "--model", model)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("5 steps")


def test_a_run_that_was_left_in_its_past_is_not_gone_on_with(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=4))
    session.run(5)
    session.apply(Command("zero_grad"))
    session.seek(step=2)
    session.save(tmp_path / "session.lenet")
    done = run("--resume", tmp_path, "--steps", 9)
    assert done.returncode == 1
    assert "left in its past" in done.stderr
