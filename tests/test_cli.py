"""The command line, as a person runs it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from lenet_gui import __version__


def lenet_gui(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "lenet_gui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def test_help_and_version_need_no_window():
    said = lenet_gui("--help").stdout
    assert "--self-test" in said
    assert "my_model.py:Net" in said
    assert lenet_gui("--version").stdout.strip() == f"lenet-gui {__version__}"


def test_the_self_test_passes_and_says_what_it_checked():
    done = lenet_gui("--self-test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conv1.weight.grad [6, 1, 3, 3]" in done.stdout
    assert "FAILED" not in done.stdout
    assert "self-test passed" in done.stdout


def test_a_screenshot_has_the_size_that_was_asked_for(tmp_path: Path):
    target = tmp_path / "window.png"
    done = lenet_gui("--screenshot", str(target), "--steps", "3", "--theme", "light", "--size", "1280x800")
    assert done.returncode == 0, done.stderr
    image = QImage(str(target))
    assert (image.width(), image.height()) == (1280, 800)


def test_a_screenshot_that_cannot_be_written_says_so(tmp_path: Path):
    done = lenet_gui("--screenshot", str(tmp_path / "missing" / "window.png"), "--steps", "0")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("arguments", [["--size", "big"], ["--steps", "-3"], ["--theme", "pink"]])
def test_bad_options_are_explained(arguments: list[str]):
    done = lenet_gui(*arguments, "--screenshot", "x.png")
    assert done.returncode == 2
    assert arguments[1] in done.stderr


@pytest.mark.parametrize("model", ["missing.py", "notes.txt", "missing.py:Net"])
def test_a_model_that_is_no_python_file_is_explained(model: str):
    done = lenet_gui(model)
    assert done.returncode == 2
    assert f"{model.partition(':')[0]!r} is no Python file: write it as my_model.py or my_model.py:Net" in done.stderr
