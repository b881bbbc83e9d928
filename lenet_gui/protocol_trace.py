"""The values that cross between the window and the worker about the inside of a step: its trace, breakpoints, watches.

As in `protocol`, all of them are frozen and plain, and nothing here imports torch, Qt or NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Array = NDArray[float32]

# ---------------------------------------------------------------------------------- into the worker: controls


@dataclass(frozen=True, slots=True)
class Move:
    """Move the cursor: one item (`"into"`), past the call or the phase that begins here (`"over"`), to the end of the
    one that it stands in (`"out"`). With `back` the same the other way.
    """

    how: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class RunTo:
    """Go to before an item of a command of this step, forwards or back; what was not done yet is done on the way."""

    commands: int
    item: int


@dataclass(frozen=True, slots=True)
class RunBack:
    """Go back to the place before where a breakpoint stops, or to the start of the run."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where or when a run stops.

    `kind` is `phase`, `module`, `operation`, `node` or `parameter`, and `at` then its name: a phase, a module's dotted
    path, an operation's or an autograd node's name, a parameter's; or `when`, and `at` is empty. `condition` is an
    expression (empty: always). `hits` is empty, `5` (from the fifth on), `=5` or `%5`. With a `log` it does not stop,
    but writes this message, with its {expressions}, into the console. `id` is 0 for a new one.

    Names beside those of tensors: `loss`, `output`, `input`, `target`, `step`, `epoch`, `lr`; `gradient_norm`, the norm
    of all gradients together; `gradient_max`, the largest of their absolute values, which is not finite where any of
    them is not; `dead_relu`, 1 where any ReLU of this step gave nothing but zeros, else 0.
    """

    id: int
    kind: str
    at: str = ""
    condition: str = ""
    hits: str = ""
    log: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class SetBreakpoint:
    """Set a breakpoint, or change the one that has its `id`."""

    breakpoint: Breakpoint


@dataclass(frozen=True, slots=True)
class DropBreakpoint:
    """Remove a breakpoint; 0 removes all."""

    id: int


@dataclass(frozen=True, slots=True)
class SetWatch:
    """Watch an expression from now on (`id` 0), or change the watch that has this `id`."""

    id: int
    expression: str


@dataclass(frozen=True, slots=True)
class DropWatch:
    id: int


@dataclass(frozen=True, slots=True)
class PlotWatch:
    """Take the value of a watch at every step of this branch, the past included; `WatchSeries` come."""

    id: int


@dataclass(frozen=True, slots=True)
class FindNotFinite:
    """Go to the first operation of the run at which something was not finite."""


# ---------------------------------------------------------------------------------- into the worker: requests


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """The step that the cursor stands in, in detail; the pictures are of this `sample` of the batch."""

    id: int
    sample: int = 0


# ------------------------------------------------------------------------------------------ out of the worker


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a source file: lines from 1, columns from 0 counted in letters, the end exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call of a module: its dotted path (the model's own is empty, the loss function's is `criterion`) and class.

    `nth` counts the calls of this module within its command, from 0; `parent` is the call that made it, -1 for none.
    """

    path: str
    kind: str
    nth: int
    parent: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A tensor in a few numbers. `picture` [height, width] is of one sample, small; empty where there is none.

    `zeros` is the share of numbers that are 0; `low`, `high` and `mean` are of the finite ones (NaN: there are none).
    """

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    mean: float
    zeros: float
    finite: bool
    picture: Array


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation: a call that returned or changed a tensor, as the model's Python made it.

    `name` is what expressions call it (`relu_1`). `call` is the module call that it was made in, by its index, `source`
    the place in the person's own code, where there is one. `inputs` are the operations that its inputs come from, by
    index (-1: the batch), `tensors` the parameters and buffers among them. `node` is the index of its autograd node
    (-1: none). `gradient` is that of its output, and exists from the place `gradient_from` on (commands, items);
    `None` where no backward of this step reaches it.
    """

    name: str
    function: str
    call: int
    source: Span | None
    inputs: tuple[int, ...]
    tensors: tuple[str, ...]
    node: int
    output: Summary
    gradient: Summary | None
    gradient_from: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What an autograd node keeps for its backward: the name, and the tensor's shape or the value, as words."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node of the autograd graph, by PyTorch's name (`ConvolutionBackward0`).

    `operation` is the index of the one that made it (-1: none), `parameter` is whose `.grad` an AccumulateGrad adds to.
    `next` are the nodes that its gradients go to, by index. `received` and `gave` are the gradients that came in and
    went out in the newest backward, empty before one; `None` stands for one that was not needed.
    """

    name: str
    operation: int
    parameter: str
    next: tuple[int, ...]
    saved: tuple[Saved, ...]
    received: tuple[Summary | None, ...]
    gave: tuple[Summary | None, ...]


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """What a step does to one parameter: norms of value and gradient before, of the value after, and of the change."""

    parameter: str
    before: float
    gradient: float | None
    after: float
    change: float


@dataclass(frozen=True, slots=True)
class Part:
    """A command of the step: the place before it, its name and its line of PyTorch, and what it consists of.

    `items` are indices into `TraceReply.operations` (forward and loss), `.nodes` (backward, in the order in which they
    ran) or `.updates` (step); other commands have none. `refused` is what PyTorch says after the last item, where it
    refuses the command, else empty; there are no parts behind.
    """

    commands: int
    name: str
    code: str
    items: tuple[int, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The person's own code that ran: the lines of the functions that have operations in them.

    `functions` are (first line, last line), from 1, ascending; `text` is the whole file, cut at a million letters.
    """

    file: str
    text: str
    functions: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TraceReply:
    """One step in detail: from its first command on to the end of the step, those that have not been done yet too.

    What lies behind the frame's place has not happened yet, and must not be shown as if it had. `trace` is what the
    frames that it belongs to have as theirs. `partial` says in words what was too large to be kept, else it is empty.
    """

    id: int
    trace: int
    sample: int
    parts: tuple[Part, ...]
    calls: tuple[CallRow, ...]
    operations: tuple[OperationRow, ...]
    nodes: tuple[NodeRow, ...]
    updates: tuple[UpdateRow, ...]
    batch: Summary
    sources: tuple[SourceFile, ...]
    partial: str = ""


@dataclass(frozen=True, slots=True)
class BreakpointRow:
    """A breakpoint as it stands: how often it was hit up to this place, what went wrong with it, its cost in a run."""

    breakpoint: Breakpoint
    hits: int
    problem: str
    cost: str


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A watch at this place: its value in words, and the number where it is one (`None` else).

    `state` is `value`, `not yet` (it is computed later in this step) or `problem`; `before` is the number at the stop
    before, `None` where there was none.
    """

    id: int
    expression: str
    words: str
    number: float | None
    state: str
    before: float | None


@dataclass(frozen=True, slots=True)
class WatchSeries:
    """A watch over the steps of a branch: its values for the steps from `first` on, NaN where it has none."""

    watch: int
    expression: str
    run: int
    branch: str
    first: int
    values: Array
