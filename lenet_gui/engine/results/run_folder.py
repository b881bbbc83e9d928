"""The folder of a run without a window: its session file, the log as CSV, and the recording while it trains.

What is recorded there survives the end of the process, however it comes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from lenet_gui.engine.results.log_csv import write_log
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage import recovery, session_file
from lenet_gui.engine.storage.recorder import JOURNAL, Recorder
from lenet_gui.engine.storage.revival import Opened
from lenet_gui.engine.storage.stored import SessionFileError

SESSION, METRICS, RECORDING = "session.lenet", "metrics.csv", "recording"


def is_run(folder: Path) -> bool:
    """Whether there is a run in a folder, a whole one or one that was cut short."""
    return (folder / SESSION).is_file() or bool(_recordings(folder))


class RunFolder:
    """Records a session into a folder from now on. Raises SessionFileError where that cannot be done."""

    def __init__(self, folder: Path, session: Session) -> None:
        self.folder, self.session = folder, session
        before = _recordings(folder)
        self._recorder = Recorder(session, folder / RECORDING / secrets.token_hex(4))
        # Only now: until here they were all that there was.
        for one in before:
            recovery.discard(one)

    def record(self) -> None:
        """Bring the disk up to date. Raises SessionFileError once where it cannot."""
        self._recorder.record()

    def save(self) -> None:
        """Write the session and its log, and end recording. Raises SessionFileError; the recording then stays."""
        kept = True
        try:
            self._recorder.record()
            self.session.save(self.folder / SESSION)
            kept = False
            write_log(self.session, self.folder / METRICS)
        except OSError as error:
            raise SessionFileError(
                f"{METRICS} cannot be written ({error.strerror or error}): make room; the session itself is saved."
            ) from error
        finally:
            self._recorder.close(keep=kept)
            if not kept and not _recordings(self.folder):
                _remove_empty(self.folder / RECORDING)


def resume(folder: Path, between: Callable[[Session], bool]) -> Opened:
    """The run in a folder, as far as it came; at an earlier place where `between` ended the way there.

    Raises SessionFileError where there is none, or where it comes out otherwise here.
    """
    recorded = _recordings(folder)
    if recorded:
        return recovery.recover(max(recorded, key=_steps_in), Session, between)
    if not (folder / SESSION).is_file():
        raise SessionFileError(f"There is no run in {folder}: choose the folder that was given as --out.")
    return session_file.load(folder / SESSION, Session, between)


def _recordings(folder: Path) -> list[Path]:
    root = folder / RECORDING
    return [one for one in root.iterdir() if (one / JOURNAL).is_file()] if root.is_dir() else []


def _steps_in(recording: Path) -> tuple[int, float]:
    """One that was just being begun from the other is the shorter one."""
    return sum(log.stat().st_size for log in recording.glob("log-*.f32")), (recording / JOURNAL).stat().st_mtime


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        os.rmdir(folder)
