"""What a run without a window has to have first: its data from the network, and the consent to run a model's code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lenet_gui.engine.data import DataError, files, folders
from lenet_gui.engine.models import own
from lenet_gui.engine.storage.store import Store
from lenet_gui.terminal import Terminal


def fetch(data: str, terminal: Terminal, stop: Callable[[], bool]) -> None:
    """Get the data where it is one that is got from the network and is not here yet. Raises DataError."""
    if data not in files.DATASETS or files.find(data) is not None:
        return
    # Imported when it is wanted: most runs need no network.
    from lenet_gui.engine.data.download import Cancelled, download
    from lenet_gui.engine.data.published import FILES, MIRRORS

    label = files.DATASETS[data].label

    def tell(done: int, total: int) -> None:
        if stop():
            raise Cancelled
        terminal.show(done, total, f"{label}, {done / 1e6:.1f} of {total / 1e6:.1f} MB")

    try:
        download(FILES[data], MIRRORS[data], folders.cache() / data, tell, stop)
    except Cancelled as error:
        raise DataError(f"{label} was not got: it was left off.") from error
    terminal.say(f"{label} is in {folders.cache() / data}")


def own_model(name: str, store: Store) -> str | None:
    """What settings call the model of `FILE.py:CLASS`, its source kept in the store; `None` for a model of the zoo.

    Who names a file on the command line wants its code to run. Raises ValueError where there is no such model.
    """
    path, _, kind = name.rpartition(":") if ".py:" in name else (name, "", "")
    if not path.endswith(".py"):
        return None
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}): choose another file") from error
    if len(source) > own.MOST_BYTES:
        raise ValueError(f"{path} has {len(source):,} bytes, which is no file that a person has written")
    own.allow(store.put(source), Path(path).resolve())
    if not kind:
        kinds = own.classes(own.load(source))
        if len(kinds) != 1:
            raise ValueError(f"{path} has {len(kinds)} models ({', '.join(kinds)}): say which, as {path}:CLASS")
        kind = kinds[0]
    return f"{own.PREFIX}{own.name_of(source)}:{kind}"
