"""Where breakpoints stop, told the long way: from the start, place by place, each looked at. No tests here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from torch import nn

from lenet_gui.engine import Session
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.expressions.calculation import NoGradient
from lenet_gui.engine.expressions.expression import Expression, NotYet, parse, truth
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace import names
from lenet_gui.engine.trace.trace import Operation, Trace, Update, Visit
from lenet_gui.protocol import Command
from lenet_gui.protocol.stops import Breakpoint

Position = tuple[int, int]


def hits(
    journal: Journal, breakpoint: Breakpoint, after: str = "", make_model: Callable[[], nn.Module] = Net
) -> list[Position]:
    """All places of a run at which a breakpoint holds; `after` is the phase behind which a `when` is looked at."""
    session = Session(journal.settings, make_model)
    session.branch = Branch("all", journal.until(len(journal)), session.log)
    condition = parse(breakpoint.condition) if breakpoint.condition else None
    return [
        (len(session.journal), session.item)
        for before in _places(session, len(journal))
        if _lies(session, breakpoint, before, after) and _holds(session, condition)
    ]


def stops(found: list[Position], rule: str, set_at: Position = (0, 0)) -> list[Position]:
    """Those of all hits at which it stops."""
    if not rule:
        return found
    counted = [one for one in found if one > set_at]
    kind, number = (rule[0], int(rule[1:])) if rule[0] in "=%" else ("", int(rule))
    chosen = {"": lambda n: n >= number, "=": lambda n: n == number, "%": lambda n: n % number == 0}[kind]
    return [one for n, one in enumerate(counted, 1) if chosen(n)]


def _places(session: Session, end: int) -> Iterator[Command | None]:
    """Every place behind the start; given is the command that ended there, `None` inside of one."""
    while True:
        place = len(session.journal)
        command = session.next_command
        traced = session.trace().at(place) if command.name in ("forward", "loss", "backward", "step") else None
        for item in range(1, len(traced.items) if traced else 0):
            session.item = item
            yield None
        if place == end:
            return
        session.apply(command)
        yield command


def _lies(session: Session, breakpoint: Breakpoint, before: Command | None, after: str) -> bool:
    at, command, item = breakpoint.at, session.next_command, session.item
    if breakpoint.kind == "when":
        return before is not None and before.name == after
    if breakpoint.kind == "phase":
        return before is not None and command.name == at
    if command.name not in ("forward", "loss", "backward", "step"):
        return False
    trace = session.trace()
    traced = trace.at(len(session.journal))
    here = traced.items[item] if traced and traced.items else None
    match here:
        case Operation() if breakpoint.kind == "operation":
            return at == here.name
        case Operation() if breakpoint.kind == "module":
            earlier = traced.items[item - 1] if traced and item else None
            return bool(_calls(trace, here, at) - _calls(trace, earlier, at))
        case Visit() if breakpoint.kind == "node":
            node = trace.nodes[here.node]
            return at == node.name or at == f"{node.name} {node.parameter}"
        case Update() if breakpoint.kind == "parameter":
            return here.parameter == at
    return False


def _calls(trace: Trace, operation: object, path: str) -> set[int]:
    """The calls of a module that an operation is made in."""
    found: set[int] = set()
    call = operation.call if isinstance(operation, Operation) else -1
    while call >= 0:
        found |= {call} if trace.calls[call].path == path else set()
        call = trace.calls[call].parent
    return found


def _holds(session: Session, condition: Expression | None) -> bool:
    try:
        return condition is None or truth(condition.value(partial(names.lookup, session)))
    except (NotYet, NoGradient):
        return False
