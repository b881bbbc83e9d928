"""What the network makes of a drawing, operation by operation. The training goes on as if nobody had looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from lenet_gui.engine.drawing.fitting import fitted, is_empty
from lenet_gui.engine.measures.figures import names_for
from lenet_gui.engine.measures.untouched import untouched
from lenet_gui.engine.trace.changes import StateWatch
from lenet_gui.engine.trace.operations import OperationRecorder
from lenet_gui.engine.trace.recording import BUDGET
from lenet_gui.engine.trace.reply import reply
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources
from lenet_gui.engine.trace.trace import Trace, TracedCommand
from lenet_gui.engine.view import bounded, place_of
from lenet_gui.protocol import Command
from lenet_gui.protocol.drawing import DrawingReply, DrawingRequest
from lenet_gui.protocol.trace import TraceReply

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

NOTHING = np.empty(0, np.float32)
NOTHING.flags.writeable = False
MOST_OUTPUTS = 1000


def see(session: Session, request: DrawingRequest) -> DrawingReply:
    """The answer to a drawing. Raises ValueError for what is no drawing."""
    image, how = fitted(session, request.ink)
    told = DrawingReply(request.id, place_of(session), session.steps, NOTHING, NOTHING, (), how)
    if is_empty(request.ink):
        return told
    with untouched(session):
        try:
            output, cards = (
                _forward(session, image[None], request) if request.cards else (session.model(image[None]), None)
            )
        except Exception as error:  # a model may refuse one sample alone
            return _told(told, image, NOTHING, (), f"The network refuses it. {type(error).__name__}: {error}", None)
    if not isinstance(output, Tensor) or output.ndim != 2 or len(output) != 1:
        return _told(told, image, NOTHING, (), "The network gives no output for each class.", cards)
    scores = bounded(output[0], MOST_OUTPUTS)
    names = names_for(session.source.classes, len(scores))[: len(scores)]
    return _told(told, image, scores, names, "", cards)


def _told(
    told: DrawingReply,
    image: Tensor,
    scores: np.ndarray,
    names: tuple[str, ...],
    missing: str,
    cards: TraceReply | None,
) -> DrawingReply:
    drawn = bounded(image[0], image.numel())
    return DrawingReply(told.id, told.place, told.step, drawn, scores, names, told.how, missing, cards)


def _forward(session: Session, batch: Tensor, request: DrawingRequest) -> tuple[object, TraceReply]:
    """The output, and the operations as a trace of this one forward has them."""
    room, trace = Room(BUDGET), Trace()
    recorder = OperationRecorder(session.criterion, StateWatch(session.model), Sources(), room)
    trace.calls, trace.given = recorder.calls, recorder.arguments.names
    trace.figures, trace.numbers = room.figures, room.numbers
    trace.batch = batch.clone()
    recorder.arguments.know(batch, trace.batch, "input")
    recorder.new_command()
    forward = TracedCommand(len(session.journal), Command("forward"))
    trace.commands.append(forward)
    with recorder.recording() as forward.items:  # pyright: ignore[reportAttributeAccessIssue]
        output = session.model(batch)
    return output, reply(request.id, 0, trace, Sources(), 0, session.settings)
