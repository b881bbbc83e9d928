"""One tensor: what to look at, and what is seen.

Every answer is bounded by what its question has room for, whatever the size of the tensor is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lenet_gui.protocol.kinds import Answer, Long
from lenet_gui.protocol.stops import LookAtWatch

if TYPE_CHECKING:
    from numpy import float32, int64
    from numpy.typing import NDArray

    from lenet_gui.protocol.travel import Place

    Array = NDArray[float32]
    Counts = NDArray[int64]
    Exact = NDArray[Any]
    """Numbers in the tensor's own precision: float32 stands for what is narrower, int64 for whole numbers."""

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
ALL = -1
"""In `leading`: not one index of this dimension, but all of them side by side."""


# ------------------------------------------------------------------------------------------------------- both ways


@dataclass(frozen=True, slots=True)
class Which:
    """A tensor: by its name its `"value"`, its `"grad"`, or its `"update"`, what the last step added to a parameter.

    `pinned`: the one that was pinned, as it was at its place, instead of the one of now.
    """

    name: str
    part: str = "value"
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What of a tensor is seen: of all but its last two dimensions one index each, or `ALL`.

    `None` leaves that to the worker: of a batch of maps the first sample, of anything else all of it. `minus` is taken
    off it, number by number.
    """

    tensor: Which
    minus: Which | None = None
    leading: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Cells of a table, or of one map: `rows` from `row` on, `columns` from `column` on."""

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Region:
    """Maps of a picture: `tiles` from `tile` on, and of each the same block of cells."""

    tile: int
    tiles: int
    block: Block


# ------------------------------------------------------------------------------------------------- into the worker


@dataclass(frozen=True, slots=True)
class LookRequest:
    """Look at a tensor. What nobody sees is not asked for.

    `room` is that of its picture in pixels, height and width (0: no picture), `region` the part of it (`None`: all).
    `block` are cells of its table, `bins` those of its histogram (0: none), `printed` whether as PyTorch prints it. In
    a run the step may not be gone over again for it: `inside` is then false.
    """

    id: int
    view: View
    room: tuple[int, int] = (0, 0)
    region: Region | None = None
    block: Block | None = None
    bins: int = 0
    printed: bool = False
    inside: bool = True


@dataclass(frozen=True, slots=True)
class CellsRequest:
    """The exact numbers of some cells of the table; at most `MOST_CELLS`."""

    id: int
    view: View
    block: Block


MOST_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class NamesRequest:
    """What can be looked at here? `inside` as in `LookRequest`."""

    id: int
    inside: bool = True


@dataclass(frozen=True, slots=True)
class PinRequest:
    """Keep a tensor as it is at this place, in place of what was pinned before; `None` lets that go."""

    id: int
    tensor: Which | None


@dataclass(frozen=True, slots=True)
class ExportTensor:
    """Write all of a tensor into a file, by its suffix: `.npy` in full precision, `.csv` a line a row."""

    id: int
    view: View
    path: str


@dataclass(frozen=True, slots=True)
class PlotHistograms(Long):
    """Go over the last `steps` steps again, for a histogram of a tensor at `most` of them; `HistogramSeries` come."""

    id: int
    tensor: Which
    steps: int
    most: int
    bins: int


# ----------------------------------------------------------------------------------------------- out of the worker


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """`low` to `norm` are of the finite numbers in double precision, NaN where there are none; `std` as PyTorch's.

    `zeros`, `nans` and `infs` count. `least` is the smallest size of a number that is not 0.
    """

    count: int
    low: float
    high: float
    mean: float
    std: float
    norm: float
    zeros: int
    nans: int
    infs: int
    least: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Maps `[tiles, height, width]` of a `region` of `full` (tiles, height, width).

    Where there is less room than cells, a number stands for `down` × `across` of them: their mean, or the one farthest
    from it where that is so far from it that it must not be lost; NaN where any is not finite.
    """

    full: tuple[int, int, int]
    region: Region
    down: int
    across: int
    tiles: Array


@dataclass(frozen=True, slots=True)
class Cells:
    """A block of a table of `rows` × `columns` cells."""

    rows: int
    columns: int
    block: Block
    values: Exact


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many of the finite numbers lie in each of the equal bins from `low` to `high`; their `QUANTILES`."""

    low: float
    high: float
    counts: Counts
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LookReply(Answer):
    """A tensor as it is seen at a place; `where` names the place in words.

    `missing` says why there are no numbers, else it is empty: `none` (a gradient that is `None`), `not yet` (this step
    computes it later), `no update` and `not moved` (of an update), `running` (it comes at the next stop), `pin`
    (nothing is pinned), `shapes` (a difference of unlike shapes), or a sentence for what there is not at all.
    `kind` is `parameter`, `gradient`, `activation`, `state`, `update`, `input`, `difference` or `expression` (of a
    watch), and `limit` the range of its colours where several share one: of all gradients at this place (0: it has its
    own). `columns` are the tensors that stand side by side in the table of an update, with the largest and the least
    size in each; `formula` is the optimizer's rule.
    """

    id: int
    place: Place
    where: str
    view: View
    missing: str
    shape: tuple[int, ...] = ()
    dtype: str = ""
    kind: str = ""
    limit: float = 0.0
    summary: TensorSummary | None = None
    picture: Picture | None = None
    cells: Cells | None = None
    histogram: Histogram | None = None
    printed: str = ""
    columns: tuple[tuple[str, float, float], ...] = ()
    formula: str = ""


@dataclass(frozen=True, slots=True)
class CellsReply(Answer):
    id: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class NameRow:
    """Something that can be looked at, its kind as in `LookReply`, and its shape where it is known here."""

    name: str
    part: str
    kind: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NamesReply(Answer):
    id: int
    names: tuple[NameRow, ...]


@dataclass(frozen=True, slots=True)
class PinReply(Answer):
    """What is pinned now, and the place it is of, in words."""

    id: int
    tensor: Which | None
    where: str


@dataclass(frozen=True, slots=True)
class Exported(Answer):
    """The file is written."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class HistogramSeries(Answer):
    """Histograms of a tensor at `steps`, ascending, each from its own `low` to its own `high`: `counts` [steps, bins].

    They come in pieces; the `first` one begins anew. Steps at which the tensor had no finite number are left out.
    """

    id: int
    tensor: Which
    branch: str
    first: bool
    steps: Counts
    low: Array
    high: Array
    counts: Counts


Look = LookRequest | CellsRequest | NamesRequest | PinRequest | ExportTensor | LookAtWatch
"""Questions about one tensor."""
LookAnswer = LookReply | CellsReply | NamesReply | PinReply | Exported | HistogramSeries
