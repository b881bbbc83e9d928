"""`--screenshot`: the real window trains a little, is painted to a PNG, and closes."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QTimer

from lenet_gui.app import Look, Program, application
from lenet_gui.events import TookTooLong, until
from lenet_gui.protocol import Advance, Run

_LOADING, _TRAINING, _SETTLING = 60.0, 300.0, 0.6


def take(path: Path, steps: int, look: Look) -> int:
    """Write the window after `steps` whole steps and most of the next one. Returns the exit code."""
    # In a folder of its own: the picture shows the first layout, and changes nothing that the person has chosen.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        program = Program(application([]), look, Path(folder))
        try:
            return _take(program, path, steps)
        except TookTooLong as error:
            return _fail(str(error))
        finally:
            program.window.close()


def _take(program: Program, path: Path, steps: int) -> int:
    program.start()
    until(program.loaded, _LOADING)
    if steps:
        program.bridge.send(Run(steps=steps))
        until(program.bridge.frame, _TRAINING, lambda frame: frame.step >= steps and not frame.running)
    for _ in range(4):
        program.bridge.send(Advance("phase"))
    until(program.bridge.frame, _TRAINING, lambda frame: frame.next == "step")
    # The panels ask for what they show, and are answered, after the frame.
    settled = QTimer()
    settled.setSingleShot(True)
    settled.start(int(1000 * _SETTLING))
    until(settled.timeout, _TRAINING)
    return 0 if program.window.grab().save(str(path), "PNG") else _fail(f"{path} cannot be written")


def _fail(words: str) -> int:
    print(f"lenet-gui: no picture: {words}", file=sys.stderr)
    return 1
