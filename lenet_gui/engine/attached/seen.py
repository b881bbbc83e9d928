"""What is noted, in the loop's thread, of each phase that it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from lenet_gui.engine.attached.records import Record, copied, first_tensor, record
from lenet_gui.engine.tensors.update import update_rule

if TYPE_CHECKING:
    from lenet_gui.engine.attached.session import AttachedSession


def see(session: AttachedSession, phase: str, given: Any) -> bool:
    found = record(session, phase, given)
    if found is None:
        return False
    session.records[session.steps, session.nth] = found
    if phase == "forward":
        session.given = first_tensor(given)
    if phase == "step":
        session.before_step = {
            name: (one.detach().clone(), None if one.grad is None else one.grad.clone())
            for name, one in session.model.named_parameters()
        }
    return True


def saw(session: AttachedSession, phase: str, result: Any) -> None:
    found = session.records.get((session.steps, session.nth))
    if phase == "forward":
        session.input = session.input if session.given is None else session.given
        session.output, session.given = first_tensor(result), None
        session.graph, session.target, session.taken = "alive", None, None
        fits = session.output is not None and session.output.ndim > 0 and session.input.ndim > 0
        session.forwarded = (None, False) if fits and len(session.output) == len(session.input) else None  # type: ignore[arg-type]
        _keep(found, [copied(session.output)])
    elif phase == "loss":
        session.last_loss = session.taken = first_tensor(result)
        rest = getattr(found, "rest", ()) + tuple(getattr(found, "keywords", {}).values())
        session.target = next((one for one in rest if isinstance(one, Tensor)), None)
        _keep(found, [copied(session.last_loss)])
    elif phase == "backward":
        session.graph = "alive" if getattr(found, "retain_graph", False) else "freed"
        _keep(found, [None if one.grad is None else one.grad.detach().clone() for one in session.parameters])
    elif phase == "step":
        _keep(found, [one.detach().clone() for one in session.parameters])
        _stepped(session)
        return
    session.nth += 1


def passed(session: AttachedSession, phase: str, result: Any) -> None:
    if phase == "loss":
        found = result if isinstance(result, Tensor) else first_tensor(result)
        session.last_loss = None if found is None else found.detach()
    elif phase == "forward":
        found = first_tensor(result)
        session.output, session.forwarded = None if found is None else found.detach(), None
    elif phase == "step":
        session.log.append(session.last_loss)
        session.steps += 1
        session.nth = 0


def _keep(found: Record | None, result: list[Tensor | None]) -> None:
    if found is not None:
        found.result = result


def _stepped(session: AttachedSession) -> None:
    session.log.append(session.last_loss)
    if session.before_step is not None:
        after = {name: one.detach().clone() for name, one in session.model.named_parameters()}
        update = {name: (*pair, after[name]) for name, pair in session.before_step.items()}
        session.last_update = (update_rule(session.settings, session.lr), update)
        session.before_step = None
    session.steps += 1
    session.nth = 0
