"""Training that is recorded and saved on the way, the same each time; and processes of it, to be killed. No tests here.

`python -m tests.engine.dying` reads folders, one a line, and forks a process that trains in each. It prints the
process's number, then a line for each thing that is about to be done or was done, and last that it has died.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.storage.recorder import Recorder
from lenet_gui.protocol import CYCLE, Command

LIVE, SAVED = "live", "run.lenet"
PARTS = 12
TOLD = PARTS * 20
"""At least so many lines come on the way, however fast or slow the machine is."""


def fresh() -> Session:
    return Session(Settings(batch_size=4, optimizer="Adam", lr=0.001))


def train(session: Session, between: Callable[[], bool], save: Callable[[], object]) -> None:
    """About a second: runs, commands by hand, going back, branches, bookmarks, and a file saved again and again."""
    for part in range(PARTS):
        session.run(40, between)
        for command in (*CYCLE, Command.of("set", lr=0.001 / (part + 1)), *CYCLE[:3]):
            session.apply(command)
            between()
        session.add_bookmark(f"part {part}")
        save()
        if part % 4 == 2:
            session.seek(step=session.steps - 30)
            between()
            session.set(batch_size=3 + part)
            between()
            session.run(10, between)
        if part == 8:
            session.rename_branch("branch 2", "the second")
            session.seek(branch="main")
            between()
            save()


def _live(folder: Path) -> None:
    folder.mkdir()
    session = fresh()
    recorder = Recorder(session, folder / LIVE)

    def record() -> bool:
        _tell()
        recorder.record()
        _tell()
        return True

    def save() -> None:
        _tell()
        session.save(folder / SAVED)
        _tell()

    train(session, record, save)
    signal.pause()


def _tell() -> None:
    print(".", flush=True)


def main() -> None:
    Session(Settings(data="random", batch_size=1)).run(1)  # what takes long the first time is done before the fork
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _live(Path(line.strip()))
        print(process, flush=True)
        os.waitpid(process, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main()
