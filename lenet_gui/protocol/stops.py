"""Where a run stops, and what is watched: breakpoints and watches. A watch's curve is in `curves`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Long

if TYPE_CHECKING:
    from lenet_gui.protocol.tensors import Block, Region

# --------------------------------------------------------------------------------------- into the worker: controls


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
class PlotWatch(Long):
    """Take the value of a watch at every step of this branch, the past included; `WatchSeries` come."""

    id: int


@dataclass(frozen=True, slots=True)
class LookAtWatch:
    """A request: the tensor that a watch is here, as `LookRequest` has it; a `LookReply` is the answer."""

    id: int
    watch: int
    room: tuple[int, int]
    region: Region | None = None
    block: Block | None = None


# ----------------------------------------------------------------------------------------------- out of the worker


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
    before, `None` where there was none. Of a tensor of more than one number the words are a summary, and it has a
    `shape`; its numbers are asked for.
    """

    id: int
    expression: str
    words: str
    number: float | None
    state: str
    before: float | None
    shape: tuple[int, ...] = ()
