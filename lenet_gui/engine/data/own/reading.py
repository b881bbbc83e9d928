"""Own images from whatever somebody chose: a folder, a CSV file or an `.npz`."""

from __future__ import annotations

from pathlib import Path

from lenet_gui.engine.data.own import archive, folder, table
from lenet_gui.engine.data.own.collected import Collected, Tell
from lenet_gui.engine.data.source import DataError

READERS = {".csv": table.read, ".npz": archive.read}


def read(path: Path, tell: Tell = lambda _done, _all: None) -> Collected:
    """Raises DataError, in a sentence that says what to do."""
    try:
        if path.is_dir():
            return folder.read(path, tell)
        reader = READERS.get(path.suffix.lower())
        if reader is None:
            raise DataError(f"{path.name} is none of those: choose a folder with a folder a class, a .csv or an .npz.")
        if not path.is_file():
            raise DataError(f"{path} is not there: choose another.")
        return reader(path, tell)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): allow it, or choose another.") from error
    except MemoryError as error:
        raise DataError(f"{path.name} does not fit into the memory: choose fewer images.") from error
