"""The frame: what every panel needs, at one place. What changes little, or is long, is asked for with requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import NewestOnly
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from lenet_gui.protocol.commands import Command
    from lenet_gui.protocol.curves import Accuracy
    from lenet_gui.protocol.stops import BreakpointRow, WatchRow
    from lenet_gui.protocol.travel import BookmarkRow, BranchRow, Place

    Array = NDArray[float32]


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A module: dotted path (the root's is empty), class, and the number of parameters at and below it."""

    path: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter. `grad_norm` is `None` where `.grad` is `None`, which is not 0."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    value_norm: float
    grad_norm: float | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """The batch that the network sees: at most 64 of its `size` samples.

    `images` [k, height, width] are from the sample `first` of the batch on. `targets` are class labels, empty where the
    data has none (yet).
    `scores` [k, classes] is the output that belongs to these images and `predictions` its largest;
    empty before the forward, never those of another batch.
    """

    size: int
    images: Array
    targets: tuple[int, ...]
    predictions: tuple[int, ...]
    scores: Array
    first: int = 0


@dataclass(frozen=True, slots=True)
class Frame(NewestOnly):
    """What every panel needs, at one place. Small.

    `run` counts the runs of this program, `reason` says in words why it stopped here, `allowed` names what may
    be pressed now (the phases of its cycle, `next_batch`, `set`, `edit`, `put`, `advance`, `run`, `back`, `seek`,
    `pause`, `evaluate`, `print`, `find`, `new`), `next` is the phase that the cycle has next. `epoch` and `batches`
    are `None` for data without an end.
    `file` is where the session was saved or opened last, `unsaved` whether something was done since.
    `trace` names the trace of this step (0: there is none, as in a run); it changes when the step is another one.
    `lr` is the learning rate that the next step takes (`None`: the one that was set).
    `classes` are the names of the data's classes, empty where it has none; `prepared` says what is done to its images.
    `barred` are words of `allowed`, and names of actions, that can never be pressed with this run, each with the
    reason; `observed` whether it is somebody else's loop that runs.
    `graph` is `none`, `alive` or `freed`. `remaining` steps of a Run N, else `None`. `chain` is read off `grad_fn`.
    """

    run: int
    place: Place
    reason: str
    running: bool
    allowed: tuple[str, ...]
    cycle: tuple[Command, ...]
    next: str
    step: int
    epoch: int | None
    batch: int
    batches: int | None
    remaining: int | None
    settings: Settings
    modules: tuple[ModuleRow, ...]
    parameters: tuple[ParameterRow, ...]
    samples: BatchView
    loss: float | None
    graph: str
    chain: tuple[str, ...]
    accuracy: Accuracy | None
    steps_per_second: float
    exact: bool
    branches: tuple[BranchRow, ...] = ()
    bookmarks: tuple[BookmarkRow, ...] = ()
    file: str = ""
    unsaved: bool = False
    trace: int = 0
    breakpoints: tuple[BreakpointRow, ...] = ()
    watches: tuple[WatchRow, ...] = ()
    classes: tuple[str, ...] = ()
    prepared: str = ""
    lr: float | None = None
    barred: tuple[tuple[str, str], ...] = ()
    observed: bool = False
