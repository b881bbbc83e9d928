"""How good the network is: by epoch, by class, image by image. Each is of the place at which it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer, Long, NewestOnly

if TYPE_CHECKING:
    from numpy import float32, float64, int64
    from numpy.typing import NDArray

    from lenet_gui.protocol.travel import Place

    Array = NDArray[float32]
    Counts = NDArray[int64]
    Rows = NDArray[float64]

SIDES = ("test", "train")
MOST_TRAINED = 10_000
"""Training images that are looked at where there are more: always the same ones, chosen at random."""
MOST_IMAGES = 100
"""Images of an answer."""
COLUMNS = (
    *("step", "epoch", "place"),
    *("train_loss", "train_correct", "train_total", "test_loss", "test_correct", "test_total"),
)
"""Of `EpochTable.rows`. `epoch` counts the whole epochs that are done, with a fraction inside of one."""

# ------------------------------------------------------------------------------------------------- into the worker


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure one of `SIDES` here: all that the panel of measures shows. It changes nothing; a pause ends it."""

    side: str


@dataclass(frozen=True, slots=True)
class MeasureEpochs(Long):
    """Go over this branch again and measure both sides at the end of each epoch that has not been measured yet."""


@dataclass(frozen=True, slots=True)
class ImagesRequest:
    """Images of what was measured last of a side: of a cell of the confusion matrix, or the largest losses.

    `label` and `predicted` are classes by their number; with -1 for both, the images with the largest losses that the
    network has wrong.
    """

    id: int
    side: str
    label: int = -1
    predicted: int = -1


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image of what was measured last of a side, by its number in the set, with the network's outputs for it."""

    id: int
    side: str
    index: int


# ----------------------------------------------------------------------------------------------- out of the worker


@dataclass(frozen=True, slots=True)
class EpochTable(Answer, NewestOnly):
    """All that was measured on the way along a branch, by place: `rows` [n, len(COLUMNS)], NaN for what was not.

    It is told whole whenever there is something new. `trained` is how many training images are looked at, and
    `training` how many there are.
    """

    run: int
    branch: str
    rows: Rows
    trained: int
    training: int


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class. `support` counts its images, `predicted` those that the network takes for it.

    precision = right / predicted, recall = right / support, f1 their harmonic mean; NaN where one divides by 0.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Measures(Answer):
    """One side at a place: `total` of its `whole` images were looked at, `correct` are right.

    `loss` is the mean over the images, `None` where the loss function has none for this data; `why_no_loss` says why.
    `confusion` [label, predicted] counts; where the network has more outputs than there are classes, those behind have
    their number as a name. `missing` says in a sentence why nothing can be measured, else it is empty.
    """

    side: str
    run: int
    place: Place
    step: int
    epoch: float
    total: int = 0
    whole: int = 0
    correct: int = 0
    loss: float | None = None
    loss_name: str = ""
    why_no_loss: str = ""
    confusion: Counts | None = None
    rows: tuple[ClassRow, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class ImagesReply(Answer):
    """At most `MOST_IMAGES` of `count`: `images` [k, height, width] as the network has them, the largest loss first.

    `indices` are their numbers in the set; `losses` are NaN where there are none.
    """

    id: int
    side: str
    label: int
    predicted: int
    count: int
    images: Array
    indices: tuple[int, ...]
    labels: tuple[int, ...]
    predictions: tuple[int, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ImageReply(Answer):
    """One image [height, width] with the raw outputs [classes] that the network had for it where it was measured."""

    id: int
    side: str
    index: int
    image: Array
    label: int
    scores: Array
    loss: float
    names: tuple[str, ...]


Measuring = ImagesRequest | ImageRequest
"""Questions about what was measured."""
MeasuresAnswer = EpochTable | Measures | ImagesReply | ImageReply
