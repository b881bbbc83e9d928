"""A lock on a folder, held as long as its process lives, however that ends. What lies there is not its business."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "lock"


class FolderLock:
    """Raises BlockingIOError where another holds it, other OSErrors where the folder cannot be written.

    Those that only look `shared` do not get in each other's way.
    """

    def __init__(self, folder: Path, shared: bool = False) -> None:
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._file, shared)
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, shared: bool) -> None:  # noqa: ARG001 (Windows knows no shared locks here)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
else:
    import fcntl

    def _lock(file: int, shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
