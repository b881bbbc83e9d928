"""The answers to a panel's questions, each as of the session's cursor. They change nothing, and copy all they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor

from lenet_gui.engine.diagnoses import diagnose
from lenet_gui.engine.drawing.seeing import see
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.measures import told as measures
from lenet_gui.engine.moved.why import moved
from lenet_gui.engine.results import compared
from lenet_gui.engine.session import Session
from lenet_gui.engine.tensors import look
from lenet_gui.engine.tensors.update import newest_update
from lenet_gui.engine.trace.names import lookup
from lenet_gui.engine.trace.reply import reply
from lenet_gui.engine.trace.trace import Trace
from lenet_gui.engine.travel import target
from lenet_gui.engine.trial.finite_difference import check
from lenet_gui.engine.trial.line import line
from lenet_gui.engine.view import bounded, place_of
from lenet_gui.engine.why import told
from lenet_gui.protocol import (
    Kept,
    Reply,
    Seek,
    SeekReply,
    SeekRequest,
    TensorReply,
    TensorRequest,
    UpdateReply,
    UpdateRequest,
)
from lenet_gui.protocol.compare import CompareRequest
from lenet_gui.protocol.diagnoses import DiagnosesRequest
from lenet_gui.protocol.drawing import DrawingRequest
from lenet_gui.protocol.measures import ImageRequest, ImagesRequest, Measuring
from lenet_gui.protocol.moved import CheckRequest, LineRequest, MovedQuestion, MovedRequest
from lenet_gui.protocol.tensors import Look
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from lenet_gui.protocol.why import WhyRequest

NOT_YET = "not yet computed"

Question = (
    TensorRequest
    | UpdateRequest
    | SeekRequest
    | TraceRequest
    | Look
    | DiagnosesRequest
    | CompareRequest
    | MovedQuestion
    | WhyRequest
    | Measuring
    | DrawingRequest
)


def answer(session: Session, question: Question) -> Reply:
    """Raises ValueError, in one sentence, where there is nothing of the kind."""
    match question:
        case TensorRequest():
            return tensor_reply(session, question)
        case UpdateRequest():
            return update_reply(session, question)
        case SeekRequest():
            return seek_reply(session, question)
        case TraceRequest():
            return trace_reply(session, question)
        case DiagnosesRequest():
            return diagnose.answer(session, question)
        case MovedRequest():
            return moved(session, question)
        case CheckRequest():
            return check(session, question)
        case LineRequest():
            return line(session, question)
        case ImagesRequest() | ImageRequest():
            return measures.answer(session, question)
        case DrawingRequest():
            return see(session, question)
        case CompareRequest():
            return compared.answer(session, question)
        case WhyRequest():
            return told.reply(session, question)
        case _:
            return look.answer(session, question)


def tensor_reply(session: Session, request: TensorRequest) -> TensorReply:
    """The value or gradient of a tensor by its name, as of the cursor; of an operation of this step too.

    Raises ValueError where there is none of this name.
    """
    name = request.name if request.part == "value" else f"{request.name}.grad"
    try:
        tensor = lookup(session, name)
    except NotYet:
        return TensorReply(request.id, place_of(session), request.name, request.part, (), NOT_YET, None)
    assert tensor is None or isinstance(tensor, Tensor)
    shaped = lookup(session, request.name) if tensor is None else tensor
    shape = tuple(shaped.shape) if isinstance(shaped, Tensor) else ()
    values = None if tensor is None else bounded(tensor, request.limit)
    return TensorReply(request.id, place_of(session), request.name, request.part, shape, repr(tensor), values)


def trace_reply(session: Session, request: TraceRequest) -> TraceReply:
    """The step that the cursor stands in; an empty one that says why, where it cannot be gone over again."""
    number, stepper = session.stepper.number, session.stepper
    try:
        trace = session.trace()
        if trace.told is None or trace.told.sample != request.sample:
            trace.told = reply(request.id, number, trace, stepper.sources, request.sample, session.settings)
        return replace(trace.told, id=request.id, trace=number)  # each panel asks for itself
    except Exception as error:  # a device that has failed: each panel would ask again, and show it again
        words = f"This step cannot be gone over again: {error}"
        return reply(request.id, number, Trace(partial=words), stepper.sources, request.sample, session.settings)


def prepare(session: Session) -> Iterator[None]:
    """Have the answers ready that follow the next press: where somebody looks at traces, those of the steps around.

    A piece of work at a time, so that one who asks meanwhile does not wait for the others.
    """
    told = session.stepper.told
    if told is None:
        return
    for trace, sources in session.stepper.traces_around():
        yield
        if trace.told is None:
            trace.told = reply(0, 0, trace, sources, told.sample, session.settings)
            yield


def seek_reply(session: Session, request: SeekRequest) -> SeekReply:
    """How long it would take to go there. Raises ValueError where there is no such place."""
    branch, place = target(session, Seek(request.step, request.branch))
    return SeekReply(request.id, request.step, session.history.seconds_to(branch, place))


def update_reply(session: Session, request: UpdateRequest) -> UpdateReply:
    """What the last step did to a parameter. Raises ValueError where there is none."""
    if request.name not in dict(session.model.named_parameters()):
        raise ValueError(f"the model has no parameter {request.name}")
    rule, tensors = newest_update(session, request.name)
    before, gradient, after = (None if one is None else bounded(one, request.limit) for one in tensors)
    kept = session.stepper.state()
    own = {key: value for key, value in kept.items() if value is not None and key.startswith(f"{request.name}: ")}
    shape = session.model.get_parameter(request.name).shape
    state = tuple(
        Kept(key.rpartition(": ")[2], bounded(value, request.limit))
        for key, value in own.items()
        if value.shape == shape
    )
    return UpdateReply(request.id, place_of(session), request.name, rule, before, gradient, after, state)
