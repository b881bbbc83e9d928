"""Where batches come from: the digits, random tensors, MNIST, Fashion-MNIST, own images.

Which batch comes next is the session's to say. `source` makes what the settings name; the images themselves are in
`digits`, `files` (MNIST) and `own`, what is got from the network in `download`.
"""

from __future__ import annotations

from lenet_gui.engine.data import files
from lenet_gui.engine.data.digits import TEST_DIGITS, Digits
from lenet_gui.engine.data.images import Images
from lenet_gui.engine.data.own import kept
from lenet_gui.engine.data.preparation import preparation
from lenet_gui.engine.data.random_data import RandomData
from lenet_gui.engine.data.source import Cursor, DataError, permutation
from lenet_gui.settings import Settings

__all__ = [
    "TEST_DIGITS",
    "Cursor",
    "DataError",
    "Digits",
    "Images",
    "RandomData",
    "Source",
    "permutation",
    "source",
]

Source = Images | RandomData


def source(settings: Settings, device: str) -> Source:
    """The data by its name in the settings. Raises DataError, and ValueError for options that it does not have."""
    data, given = settings.data, settings.of("data")
    if data == "random":
        if given:
            raise ValueError(f"random data has no options; it was given data_{min(given)}")
        return RandomData(device)
    if "test_share" in given and not data.startswith(kept.PREFIX):
        raise ValueError(f"{data} has a test set of its own: data_test_share is for own images")
    prepare = preparation(given)
    if data == "digits":
        return Digits(settings.seed, device, prepare)
    if data in files.DATASETS:
        return Images(files.arrays(data), settings.seed, device, prepare)
    if data.startswith(kept.PREFIX):
        return Images(kept.arrays(data, prepare.test_share), settings.seed, device, prepare)
    raise DataError(
        f"there is no data called {data!r}; there are digits, random, {', '.join(files.DATASETS)} and images:…"
    )
