"""The real window for a benchmark: opened, waited for, and closed, with choices of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

from lenet_gui.app import Look, Program, application
from lenet_gui.events import until
from lenet_gui.protocol import NewRun
from lenet_gui.settings import Settings

SIZE = (1280, 800)


@contextmanager
def opened(app: QApplication | None = None) -> Iterator[Program]:
    """The program, ready for the first step."""
    with TemporaryDirectory() as folder:
        program = Program(app or application([]), Look(size=SIZE), Path(folder))
        program.start()
        until(program.loaded, 60)
        try:
            yield program
        finally:
            program.window.close()


def open_all(program: Program) -> None:
    """Every panel in a window of its own, so that all of them are seen."""
    for dock in program.window.docks.by_name.values():
        dock.show()
        dock.setFloating(True)


def begin(program: Program, batch_size: int) -> None:
    """A new run of the default settings with this batch size."""
    program.bridge.send(NewRun(Settings(batch_size=batch_size)))
    until(program.bridge.frame, 60, lambda frame: frame.step == 0 and frame.settings.batch_size == batch_size)
