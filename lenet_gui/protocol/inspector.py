"""One parameter's or buffer's numbers, and what the last step did to a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer, NewestOnly

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from lenet_gui.protocol.travel import Place

    Array = NDArray[float32]


@dataclass(frozen=True, slots=True)
class TensorRequest:
    """A parameter's or buffer's `"value"` or `"grad"`; at most `limit` numbers come back."""

    id: int
    name: str
    part: str
    limit: int = 1_000_000


@dataclass(frozen=True, slots=True)
class TensorReply(Answer, NewestOnly):
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
class UpdateRequest:
    """What the last step did to a parameter: before, gradient, after; at most `limit` numbers of each."""

    id: int
    name: str
    limit: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that an optimizer keeps for a parameter, such as its `momentum_buffer`; `values` of its shape."""

    name: str
    values: Array


@dataclass(frozen=True, slots=True)
class UpdateReply(Answer, NewestOnly):
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
