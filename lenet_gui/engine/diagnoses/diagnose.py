"""All diagnoses of one place, and the answer to who asks for them. They compute no step again and change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lenet_gui.engine.diagnoses import criterion, cycle, finite, layers, parameters, progress, relus, updates
from lenet_gui.engine.diagnoses.moment import Moment
from lenet_gui.protocol.diagnoses import DiagnosesReply, DiagnosesRequest, Diagnosis

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

LOOKED_AT = (
    "finite numbers",
    "order of the phases",
    "train or eval mode",
    "what the optimizer holds",
    "parameters without a gradient",
    "what the loss expects",
    "dead ReLUs",
    "size of the gradients by layer",
    "size of the updates",
    "progress over the last steps",
)


def diagnose(session: Session) -> tuple[Diagnosis, ...]:
    """What is wrong as of the session's cursor, the most urgent first. Raises what tracing the step raises."""
    moment = Moment(session)
    with torch.no_grad():
        bad = tuple(finite.look(moment))
        found = (*bad, *cycle.look(moment), *parameters.look(moment), *criterion.look(moment))
        if not bad:  # what is NaN has no size
            found += (*relus.look(moment), *layers.look(moment), *updates.look(moment))
        found += tuple(progress.look(session))
    return tuple(sorted(found, key=lambda one: one.severity == "note"))


def answer(session: Session, request: DiagnosesRequest) -> DiagnosesReply:
    """What cannot be looked at, a step that cannot be gone over again on a device that failed, is told as such."""
    place = session.branch.name, len(session.journal), session.item, session.steps
    if request.log_only:
        return DiagnosesReply(request.id, *place, tuple(progress.look(session)), LOOKED_AT[-1:], log_only=True)
    try:
        return DiagnosesReply(request.id, *place, diagnose(session), LOOKED_AT)
    except Exception as error:  # each new stop would ask again, and show it again
        words = f"This step cannot be looked at: {error}"
        return DiagnosesReply(request.id, *place, (), (), words)
