"""A digit that somebody draws: what the network makes of it, and how it comes into the next batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer

if TYPE_CHECKING:
    from numpy import float32, uint8
    from numpy.typing import NDArray

    from lenet_gui.protocol.trace import TraceReply
    from lenet_gui.protocol.travel import Place

    Array = NDArray[float32]
    Ink = NDArray[uint8]

MOST_SIDE = 1024
"""Pixels of a drawing's longer side."""


@dataclass(frozen=True, slots=True)
class DrawingRequest:
    """What does the network make of this `ink` [height, width], 0 for none and 255 for full? It changes nothing.

    `cards`: with the activations of every operation.
    """

    id: int
    ink: Ink
    cards: bool = False


@dataclass(frozen=True, slots=True)
class PutDrawing:
    """Put the drawing into the next batch as its sample `at`, with this label (-1 for data that has none)."""

    ink: Ink
    label: int
    at: int = 0


@dataclass(frozen=True, slots=True)
class DrawingReply(Answer):
    """`image` [height, width] is what the network is given, `scores` [classes] its raw outputs at `place`.

    Both are empty where nothing is drawn. `names` are those of the classes, `how` says how the drawing was centred and
    scaled, `missing` in a sentence why the network has no outputs for it, else it is empty. `cards` has the operations
    of this one forward, if they were asked for; its batch is the drawing.
    """

    id: int
    place: Place
    step: int
    image: Array
    scores: Array
    names: tuple[str, ...]
    how: str
    missing: str = ""
    cards: TraceReply | None = None
