"""Getting data: what there is, downloads, folders, and own images with their preview."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from lenet_gui.protocol.choices import Choice
from lenet_gui.protocol.kinds import Answer, NewestOnly

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

    Pictures = NDArray[uint8]


@dataclass(frozen=True, slots=True)
class Download:
    """Get `mnist` or `fashion-mnist` from the network, beside whatever else goes on."""

    name: str


@dataclass(frozen=True, slots=True)
class TakeFolder:
    """`mnist` or `fashion-mnist` lies in a folder already; it is remembered."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class ReadImages:
    """Read own images from a folder, a CSV file or an `.npz`. They are shown and not yet taken."""

    path: str


@dataclass(frozen=True, slots=True)
class TakeImages:
    """Keep the own images that were read last, so that runs can be trained on them."""


@dataclass(frozen=True, slots=True)
class StopErrand:
    """Leave off the download or the reading that goes on."""


@dataclass(frozen=True, slots=True)
class ErrandProgress(Answer, NewestOnly):
    """How far a download (in bytes) or a reading (in images) is; `total` 0 means unknown."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ErrandEnded(Answer):
    """A download, a folder, a reading or a taking has ended.

    `words` say why it failed, and are empty where it went well; then `data` is what settings call the data now
    at hand. `cancelled` was asked for and needs no words. `choices` is the list of data from now on.
    """

    errand: Errand
    choices: tuple[Choice, ...]
    data: str = ""
    words: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ImagesPreview(Answer):
    """Own images as they were read: for each class its name, how many there are, and some pictures [k, 32, 32].

    `form` says of what sizes they were and what was done to them.
    """

    path: str
    title: str
    form: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    pictures: tuple[Pictures, ...] = field(repr=False)


Errand: TypeAlias = "Download | TakeFolder | ReadImages | TakeImages"
DataControl: TypeAlias = "Errand | StopErrand"
DataAnswer: TypeAlias = "ErrandProgress | ErrandEnded | ImagesPreview"
