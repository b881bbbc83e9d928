"""What needs more than a look: on copies of the run, in slices, ended when somebody no longer wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lenet_gui.engine.diagnoses import finite, overfitting, overshoot
from lenet_gui.engine.diagnoses.moment import Moment
from lenet_gui.engine.stops.origin import first_not_finite
from lenet_gui.protocol.diagnoses import CloserReply, LookCloser

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

LOOKED_AT = ("the next 20 steps, for overshooting", "train and held-out loss over the run, for overfitting")
ORIGIN = "where NaN or Inf began"


def look_closer(session: Session, request: LookCloser, between: Callable[[], bool]) -> CloserReply:
    """`between` is called every some milliseconds; where it returns false what was found so far comes back.

    Raises what tracing the step raises. Changes nothing of the session.
    """
    place = session.branch.name, len(session.journal), session.item, session.steps
    moment, cancelled = Moment(session), False

    def going() -> bool:
        nonlocal cancelled
        cancelled = cancelled or not between()
        return not cancelled

    found = CloserReply(request.id, *place, (), ())
    if finite.bad_tensors(moment):
        origin = first_not_finite(session, going)
        if origin is not None:
            found = replace(found, diagnoses=(finite.began(moment, origin),), looked_at=(ORIGIN,))
        return replace(found, cancelled=cancelled)
    for look, words in ((overshoot.look, LOOKED_AT[0]), (overfitting.look, LOOKED_AT[1])):
        cards = tuple(look(moment, going))
        if cancelled:
            return replace(found, cancelled=True)
        found = replace(found, diagnoses=found.diagnoses + cards, looked_at=(*found.looked_at, words))
    return found
