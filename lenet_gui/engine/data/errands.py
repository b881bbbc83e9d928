"""What is done for the data in a thread beside the session, and changes none: downloads, reading own images.

It is imported when it is first asked for: most runs need neither the network nor image files.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lenet_gui.engine.data import files, folders
from lenet_gui.engine.data.choices import choices
from lenet_gui.engine.data.download import Cancelled, get
from lenet_gui.engine.data.own import kept
from lenet_gui.engine.data.own.collected import Collected
from lenet_gui.engine.data.own.reading import read
from lenet_gui.engine.data.source import DataError
from lenet_gui.protocol import Notice
from lenet_gui.protocol.data import (
    DataAnswer,
    Download,
    Errand,
    ErrandEnded,
    ErrandProgress,
    ImagesPreview,
    ReadImages,
    StopErrand,
    TakeFolder,
    TakeImages,
)

SHOWN = 8
"""Pictures of each class in a preview."""
SHOWN_CLASSES = 50
TELL = 0.05
"""Seconds between two words about how far it is."""
PATIENCE = 2.0

DataControl = Download | TakeFolder | ReadImages | TakeImages | StopErrand


class Errands:
    """One at a time; another one ends the one that goes on. What comes of it goes out through `give`."""

    def __init__(self, give: Callable[[DataAnswer | Notice], None]) -> None:
        self._give = give
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._read: Collected | None = None

    def do(self, message: DataControl) -> None:
        """Returns at once."""
        self.end()
        if not isinstance(message, StopErrand):
            self._stop = stop = threading.Event()
            self._thread = threading.Thread(target=self._go, args=(message, stop), name="errand", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Leave off what goes on."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)
        self._thread = None

    def _go(self, errand: Errand, stop: threading.Event) -> None:
        try:
            data = self._done(errand, stop)
            self._give(ErrandEnded(errand, choices(), data))
        except Cancelled:
            self._give(ErrandEnded(errand, choices(), cancelled=True))
        except DataError as error:
            self._give(ErrandEnded(errand, choices(), words=str(error)))
        except OSError as error:
            words = (
                f"{error.filename or 'The disk'} cannot be written ({error.strerror or error}): make room, or allow it."
            )
            self._give(ErrandEnded(errand, choices(), words=words))
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            self._give(Notice("failed", f"{type(errand).__name__} failed", words, "", details=traceback.format_exc()))
            self._give(ErrandEnded(errand, choices(), words=words))

    def _done(self, errand: Errand, stop: threading.Event) -> str:
        match errand:
            case Download(name):
                get(name, self._telling(f"Getting {files.DATASETS[name].label}", stop), stop.is_set)
                files.arrays(name)
                return name
            case TakeFolder(name, path):
                files.read(name, files.find_in(name, Path(path)))
                folders.choose(name, Path(path))
                return name
            case ReadImages(path):
                self._read = found = read(Path(path), self._telling("Reading the images", stop))
                self._give(_preview(path, found))
                return ""
            case TakeImages():
                if self._read is None:
                    raise DataError("No images were read: choose a folder or a file first.")
                return kept.keep(self._read)

    def _telling(self, what: str, stop: threading.Event) -> Callable[[int, int], None]:
        """Tells now and then how far it is, and raises Cancelled where it is to be left off."""
        then = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal then
            if stop.is_set():
                raise Cancelled
            now = time.monotonic()
            if now - then > TELL or done == total:
                then = now
                self._give(ErrandProgress(what, done, total))

        return tell


def _preview(path: str, found: Collected) -> ImagesPreview:
    pictures = []
    for label in range(min(len(found.classes), SHOWN_CLASSES)):
        some = found.images[np.flatnonzero(found.labels == label)[:SHOWN]]
        some.flags.writeable = False
        pictures.append(some)
    counts = np.bincount(found.labels, minlength=len(found.classes)).tolist()
    return ImagesPreview(path, found.title, found.form, found.classes, tuple(counts), tuple(pictures))
