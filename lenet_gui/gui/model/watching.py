"""Notices when a file on the disk has become another one: editors write it anew, or put another in its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

SETTLED = 200
"""Milliseconds without another change, after which a file is whole again."""
MOST_BYTES = 2**20


class WatchedFile(QObject):
    """One file at a time."""

    changed = Signal(str)
    """The SHA-256 of what it is now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._touched)
        self._watcher.directoryChanged.connect(self._touched)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLED)
        self._timer.timeout.connect(self._look)

    def watch(self, path: Path | None) -> None:
        """This file from now on, and no other; `None`: none."""
        if path == self.path:
            return
        known = [*self._watcher.files(), *self._watcher.directories()]
        if known:
            self._watcher.removePaths(known)
        self._timer.stop()
        self.path = path
        if path is not None:
            # The folder too: a file that is replaced is no longer the one that is watched.
            self._watcher.addPaths([str(one) for one in (path, path.parent) if one.exists()])
            self._timer.start()

    @Slot()
    def _touched(self) -> None:
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        if self.path is None:
            return
        if str(self.path) not in self._watcher.files() and self.path.exists():
            self._watcher.addPath(str(self.path))
        try:
            found = self.path.read_bytes()[: MOST_BYTES + 1]
        except OSError:
            return
        self.changed.emit(hashlib.sha256(found).hexdigest())
