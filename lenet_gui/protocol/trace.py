"""One step in detail: its operations, its autograd graph, its updates and the code that ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Array = NDArray[float32]

MOST_MAPS = 16
"""Of a sample in a `Summary.picture`."""

# ------------------------------------------------------------------------------------------------- into the worker


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """The step that the cursor stands in, in detail; the pictures are of this `sample` of the batch."""

    id: int
    sample: int = 0


# ----------------------------------------------------------------------------------------------- out of the worker


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

    Its numbers are numbers of the tensor, not means: of the sample's maps the first `MOST_MAPS` side by side, in as
    many columns as make it most nearly square, and of each every `thin`-th row and column; or of a vector, folded into
    rows, every `thin`-th number. `sample` is the one that it is of. `zeros` is the share of numbers that are 0; `low`,
    `high` and `mean` are of the finite ones (NaN: there are none).
    """

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    mean: float
    zeros: float
    finite: bool
    picture: Array
    thin: int = 1
    sample: int = 0


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation: a call that returned or changed a tensor, as the model's Python made it.

    `name` is what expressions call it (`relu_1`). `call` is the module call that it was made in, by its index, `source`
    the place in the person's own code, where there is one. `inputs` are the operations that its inputs come from, by
    index (-1: the batch), `tensors` the parameters and buffers among them. `node` is the index of its autograd node
    (-1: none). `gradient` is that of its output, and exists from the place `gradient_from` on (commands, items);
    `None` where no backward of this step reaches it. `more` are the outputs behind the first, where it has several.
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
    more: tuple[OutputRow, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputRow:
    """An output behind the first (`chunk.out1`), as an `OperationRow` has the first one; without pictures."""

    name: str
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
class TraceReply(Answer):
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
