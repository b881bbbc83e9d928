"""Every value that crosses between the window and the worker, and nothing else.

All of them are frozen and plain: numbers, strings, tuples, and read-only NumPy arrays that are copies.
Nothing here imports torch, Qt or NumPy. `codec` writes each of them as bytes.

Into the worker go a `Command` (changes the training state, is journaled), a `Control` (steers the runner)
or a `Request` (asks a question). Out of it come series and console lines (lossless) and frames, replies
and notices (the newest counts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol_diagnoses import CloserReply, DiagnosesReply, DiagnosesRequest, LookCloser
from lenet_gui.protocol_moved import MovedAnswer, MovedQuestion
from lenet_gui.protocol_tensors import Look, LookAnswer, PlotHistograms
from lenet_gui.protocol_trace import (
    BreakpointRow,
    DropBreakpoint,
    DropWatch,
    FindNotFinite,
    Move,
    PlotWatch,
    RunBack,
    RunTo,
    SetBreakpoint,
    SetWatch,
    TraceReply,
    TraceRequest,
    WatchRow,
    WatchSeries,
)
from lenet_gui.protocol_why import WhyReply, WhyRequest
from lenet_gui.settings import Options, Settings, Value

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Array = NDArray[float32]

PHASES = ("zero_grad", "forward", "loss", "backward", "step")
SETTABLE = ("lr", "optimizer", "loss", "batch_size", "mode", "threads", "device")

# ---------------------------------------------------------------------------------- into the worker: commands


@dataclass(frozen=True, slots=True)
class Command:
    """One change of the training state, and the only thing that makes one.

    `zero_grad(set_to_none)`, `forward(sample, unsqueeze)`, `loss()`, `backward(of, retain_graph)`, `step()`,
    `next_batch()`, `set(key=value, …)` for what may change during a run, and `edit(tensor, index, value)`, which
    writes one number by hand: `tensor` is a parameter, a buffer or `NAME.grad`, `index` counts its numbers from 0.
    Only arguments that differ from their defaults are kept, so that two commands that mean the same are equal.
    """

    name: str
    arguments: Options = ()

    @staticmethod
    def of(name: str, **arguments: Value) -> Command:
        return Command(name, tuple(sorted(arguments.items())))


CYCLE = tuple(Command(phase) for phase in PHASES)

# ---------------------------------------------------------------------------------- into the worker: controls


@dataclass(frozen=True, slots=True)
class Advance:
    """Go one `"phase"` of the cycle on, or one whole `"step"` (to the end of the cycle's next step phase)."""

    unit: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run `steps` whole steps (`None`: until paused), at `rate` phases a second (`None`: unlimited)."""

    steps: int | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class SetRate:
    """Change the speed of the run that is going on, in phases a second (`None`: unlimited)."""

    rate: float | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """Start over from these settings; the run before is dropped."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Measure the test accuracy now. Changes nothing of the training state."""


@dataclass(frozen=True, slots=True)
class RecoverOnCpu:
    """Replay the journal on the CPU, after a device failed. The run is marked approximate."""


@dataclass(frozen=True, slots=True)
class Back:
    """Go `n` phases (`"phase"`) or whole steps (`"step"`) back; within a step, a step back is to its beginning."""

    unit: str
    n: int = 1


@dataclass(frozen=True, slots=True)
class Seek:
    """Go to where so many whole steps of a branch were done (`None`: to its end). An empty branch is the one there is.

    With `commands` it is the place behind so many commands instead, and so many items of the one that follows.
    """

    step: int | None = None
    branch: str = ""
    commands: int | None = None
    item: int = 0


@dataclass(frozen=True, slots=True)
class RenameBranch:
    branch: str
    name: str


@dataclass(frozen=True, slots=True)
class AddBookmark:
    """Remember this place, with a note."""

    note: str


@dataclass(frozen=True, slots=True)
class DropBookmark:
    """Forget a bookmark, counted from 0 as the frame lists them."""

    index: int


@dataclass(frozen=True, slots=True)
class StartRace:
    """Run two branches in lock-step, from where they part to the end of the shorter one. Changes nothing."""

    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What checkpoints may take, in bytes: of memory, and of the disk."""

    memory: int = 256 * 2**20
    disk: int = 2**30


@dataclass(frozen=True, slots=True)
class SetBudget:
    """Keep the checkpoints of this session and of every later one within a budget. Changes no number of any run."""

    budget: Budget


@dataclass(frozen=True, slots=True)
class SaveSession:
    """Write the session, with its journal and all of its branches, into a file."""

    path: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Go on with the session in a file. Unless it must be `exact`, other bits than those recorded are accepted."""

    path: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class RecoverSession:
    """Go on with a session that was not closed; `folder` is where its journal lies."""

    folder: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class ForgetSession:
    """Remove a session that was not closed."""

    folder: str


@dataclass(frozen=True, slots=True)
class ExportScript:
    """Write what was done up to here as a plain PyTorch script."""

    path: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Write what somebody needs who is to find a fault: the session, its script and the versions, as a zip."""

    path: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop what is running or replaying, within 100 ms: it takes effect while the worker is busy."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What was delivered has been painted: a run may show itself again."""


Control = (
    Advance
    | Run
    | SetRate
    | NewRun
    | Evaluate
    | RecoverOnCpu
    | Back
    | Seek
    | RenameBranch
    | AddBookmark
    | DropBookmark
    | StartRace
    | SetBudget
    | SaveSession
    | OpenSession
    | RecoverSession
    | ForgetSession
    | ExportScript
    | ExportReport
    | Move
    | RunBack
    | RunTo
    | SetBreakpoint
    | DropBreakpoint
    | SetWatch
    | DropWatch
    | PlotWatch
    | FindNotFinite
    | PlotHistograms
    | LookCloser
    | Pause
    | Painted
)

# ---------------------------------------------------------------------------------- into the worker: requests


@dataclass(frozen=True, slots=True)
class TensorRequest:
    """A parameter's or buffer's `"value"` or `"grad"`; at most `limit` numbers come back."""

    id: int
    name: str
    part: str
    limit: int = 1_000_000


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """What the last step did to a parameter: before, gradient, after; at most `limit` numbers of each."""

    id: int
    name: str
    limit: int = 1_000_000


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """Print something into the console, as PyTorch prints it.

    `what` is one of: `model`, `parameters`, `input`, `output`, `target`, `grad_fn`, `loss`, `chain`,
    or a tensor's name such as `conv1.bias` or `conv1.bias.grad`.
    """

    what: str


@dataclass(frozen=True, slots=True)
class SeekRequest:
    """How long would it take to go to this step of this branch?"""

    id: int
    step: int
    branch: str = ""


@dataclass(frozen=True, slots=True)
class BudgetRequest:
    """What do the checkpoints take, and what may they?"""

    id: int


Request = (
    TensorRequest
    | UpdateRequest
    | PrintRequest
    | SeekRequest
    | BudgetRequest
    | TraceRequest
    | Look
    | DiagnosesRequest
    | MovedQuestion
    | WhyRequest
)

# ------------------------------------------------------------------------------------------ out of the worker


@dataclass(frozen=True, slots=True)
class Device:
    """A device by PyTorch's name (`cpu`, `cuda:0`, `mps`); `reason` says why it cannot be used, else empty."""

    name: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Option:
    """One of an optimizer's own parameters. `kind` is `float` or `bool`."""

    name: str
    kind: str
    default: Value


@dataclass(frozen=True, slots=True)
class OptimizerChoice:
    """An entry of the optimizer list: `name` is the class in `torch.optim`, `preset` the options it starts with."""

    label: str
    name: str
    lr: float
    preset: Options
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list: the value that settings hold, and the words that a person reads."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker's first word: torch is imported and warm; what there is to choose from."""

    versions: tuple[tuple[str, str], ...]
    devices: tuple[Device, ...]
    data: tuple[Choice, ...]
    losses: tuple[str, ...]
    optimizers: tuple[OptimizerChoice, ...]
    cores: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the run: branch, commands done, items done inside the next one."""

    branch: str
    commands: int
    item: int = 0


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

    `images` [k, height, width]. `targets` are class labels, empty where the data has none (yet).
    `scores` [k, classes] is the output that belongs to these images and `predictions` its largest;
    empty before the forward, never those of another batch.
    """

    size: int
    images: Array
    targets: tuple[int, ...]
    predictions: tuple[int, ...]
    scores: Array


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Test accuracy, measured after `step` steps in epoch `epoch`."""

    step: int
    epoch: int
    correct: int
    total: int


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch: it leaves `parent` (empty: none) where `leaves` steps were done, and ends where `steps` are.

    `commands` is its length, the part shared with those it grew from included; the first `shared` of them are the
    parent's too.
    """

    name: str
    parent: str
    leaves: int
    steps: int
    commands: int
    shared: int = 0


@dataclass(frozen=True, slots=True)
class BookmarkRow:
    """A place that somebody wanted to remember; `step` is how many whole steps were done there."""

    place: Place
    step: int
    note: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every panel needs, at one place. Small.

    `run` counts the runs of this program, `reason` says in words why it stopped here, `allowed` names what may
    be pressed now (the five phases, `next_batch`, `set`, `edit`, `advance`, `run`, `back`, `seek`, `pause`, `evaluate`,
    `print`, `find`, `new`), `next` is the phase that the cycle has next. `epoch` and `batches` are `None` for data
    without an end.
    `file` is where the session was saved or opened last, `unsaved` whether something was done since.
    `trace` names the trace of this step (0: there is none, as in a run); it changes when the step is another one.
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


@dataclass(frozen=True, slots=True)
class TensorReply:
    """A tensor's numbers, bounded. `values` keeps the shape when nothing was cut, else it is flat.

    `printed` is how PyTorch prints it (`None` for a gradient that is not there; then `values` is `None` too).
    """

    id: int
    place: Place
    name: str
    part: str
    shape: tuple[int, ...]
    printed: str
    values: Array | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that an optimizer keeps for a parameter, such as its `momentum_buffer`; `values` of its shape."""

    name: str
    values: Array


@dataclass(frozen=True, slots=True)
class UpdateReply:
    """`weight = weight - learning_rate * gradient` in numbers; `None` arrays where no step was taken yet.

    `formula` is the optimizer's rule with its numbers. The arrays have the parameter's shape unless cut. Inside of a
    step that has not come to this parameter yet only `after` is `None`. `state` is what the optimizer keeps for it.
    """

    id: int
    place: Place
    name: str
    formula: str
    before: Array | None
    gradient: Array | None
    after: Array | None
    state: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class SeekReply:
    """About how many seconds going there takes."""

    id: int
    step: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BudgetReply:
    """The checkpoints take about `memory` and `disk` bytes of their budget.

    `disk_failed`: the disk could not be written; until a budget is set again nothing more is kept there.
    """

    id: int
    budget: Budget
    memory: int
    disk: int
    disk_failed: bool


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a parameter of one branch is from the other's: the norm of the difference, beside the first one's."""

    name: str
    difference: float
    norm: float


@dataclass(frozen=True, slots=True)
class RaceReport:
    """How a race stands: `losses` [n, 2] for the steps behind `start`; it ends at step `end`.

    `differs_at` is the first step, counted from 1, behind which any parameter differs in a bit; `None`: none so far.
    """

    one: str
    other: str
    start: int
    end: int
    losses: Array
    differs_at: int | None
    distances: tuple[Distance, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A console line. `kind` is `command`, `question`, `note` or `error`; `code` is PyTorch, `result` as printed.

    `place` is where a command led to; where one has gone back before it, it is of another time.
    """

    kind: str
    code: str
    result: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Rows of the step log: `rows` [n, len(names)] for the steps from `first` on (step 0 is the first taken).

    `first` below what was sent before means that the run went back: what lies behind it is dropped.
    """

    run: int
    names: tuple[str, ...]
    first: int
    rows: Array


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something long is; `total` 0 means unknown, `done == total` that it has ended."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a notice lets the person do about it, as a button."""

    label: str
    action: Command | Control


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person has to know: what happened, PyTorch's own words, what it means, what to do.

    `kind` is `refused` (a command PyTorch refused; the state was rolled back), `failed` (an exception of ours,
    with its traceback in `details`), `anomaly` (a loss that is not finite) or `note`. `left_behind` names what
    plain PyTorch would have left changed.
    """

    kind: str
    title: str
    words: str
    advice: str
    left_behind: tuple[str, ...] = ()
    details: str = ""
    offers: tuple[Offer, ...] = ()


Incoming = Command | Control | Request
Reply = (
    TensorReply
    | UpdateReply
    | SeekReply
    | BudgetReply
    | TraceReply
    | LookAnswer
    | DiagnosesReply
    | CloserReply
    | MovedAnswer
    | WhyReply
)
Outgoing = Ready | Frame | Reply | Line | Series | Accuracy | Progress | Notice | RaceReport | WatchSeries
