"""Looks for the place where a run stops: between commands on the bare path, or inside of them over their traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.running import Paused
from lenet_gui.engine.stops.armed import INSIDE, Armed, Position
from lenet_gui.engine.trace import names
from lenet_gui.engine.trace.trace import Item, Operation, Trace, Update, Visit
from lenet_gui.protocol import PHASES, Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Tell = Callable[[str], None]


def command_on(
    session: Session,
    armed: Sequence[Armed],
    tell: Tell,
    branch: Branch | None = None,
    do: Callable[[Command], object] | None = None,
) -> list[Armed]:
    """Do the next command, or stop before one of its items; those that stop there, or behind it.

    Where it stands now was looked at when it came here. Counted is along `branch`, by default the session's own;
    the command is done by `do`, by default `Session.apply`.
    """
    place, command = len(session.journal), session.next_command
    lookup = partial(names.lookup, session)
    before = session.item
    for item, here in sorted(_candidates(session, armed, command).items()):
        if item > before:
            session.item = item
            if found := _stopping(here, (place, item), branch or session.branch, lookup, tell):
                return found
    (do or session.apply)(command)
    here = [one for one in armed if one.breakpoint.kind == "when" and one.after == command.name]
    here += _candidates(session, armed, session.next_command).get(0, [])
    found = _stopping(here, (place + 1, 0), branch or session.branch, lookup, tell)
    for one in armed:
        one.seen((place + 1, 0), branch or session.branch)
    return found


def watch(session: Session, armed: Sequence[Armed], tell: Tell) -> Callable[[Command, int], None]:
    """Looks behind each command of the way along a branch, told with the place then; it raises Paused."""
    journal, branch = session.branch.journal, session.branch
    lookup = partial(names.live, session)

    def look(command: Command, place: int) -> None:
        following = journal.at(place).name if place < len(journal) else _next(command.name)
        here = [one for one in armed if _behind(one, command.name, following)]
        if here and (found := _stopping(here, (place, 0), branch, lookup, tell)):
            raise Paused(found)

    return look


def looks(session: Session, armed: Sequence[Armed], cycle: Sequence[Command], tell: Tell) -> list[Callable[[], None]]:
    """For each command of a cycle what is to be looked at behind it, on the bare path; it raises Paused."""
    start, steps = len(session.journal), session.steps
    lookup = partial(names.live, session)
    found = []
    for index, command in enumerate(cycle):
        following = cycle[(index + 1) % len(cycle)].name
        here = [one for one in armed if _behind(one, command.name, following)]
        found.append(_look(session, here, (start, steps, index, len(cycle)), lookup, tell))
    return found


def _behind(one: Armed, name: str, following: str) -> bool:
    kind = one.breakpoint.kind
    return (kind == "when" and one.after == name) or (kind == "phase" and one.breakpoint.at == following)


def _look(
    session: Session, here: list[Armed], at: tuple[int, int, int, int], lookup: names.Lookup, tell: Tell
) -> Callable[[], None]:
    start, steps, index, each = at

    def look() -> None:
        whole, inside = session.steps - steps, index + 1
        place = start + each * (whole - 1 if inside == each else whole) + inside
        if found := _stopping(here, (place, 0), session.branch, lookup, tell):
            raise Paused(found)

    return look if here else _nothing


def _next(phase: str) -> str:
    """What the cycle has behind a phase."""
    return PHASES[(PHASES.index(phase) + 1) % len(PHASES)] if phase in PHASES else ""


def _nothing() -> None:
    pass


def _stopping(
    armed: Iterable[Armed], position: Position, branch: Branch, lookup: names.Lookup, tell: Tell
) -> list[Armed]:
    found = []
    for one in armed:
        if one.holds(lookup) and one.hit(position, branch):
            if one.message is None or one.problem:
                found.append(one)
            else:
                tell(one.message.text(lookup))
    return found


def _candidates(session: Session, armed: Sequence[Armed], command: Command) -> dict[int, list[Armed]]:
    """By item of this command the breakpoints that lie before it."""
    found: dict[int, list[Armed]] = {}
    for one in armed:
        kind, at = one.breakpoint.kind, one.breakpoint.at
        if kind == "phase" and at == command.name:
            found.setdefault(0, []).append(one)
        elif kind == "parameter" and command.name == "step":
            names_ = [name for name, _ in session.model.named_parameters()]
            if at in names_:
                found.setdefault(names_.index(at), []).append(one)
        elif command.name in INSIDE.get(kind, ()):
            trace = session.trace()
            traced = trace.at(len(session.journal))
            for item in _begins(trace, traced.items if traced else (), kind, at):
                found.setdefault(item, []).append(one)
    return found


def _begins(trace: Trace, items: Sequence[Item], kind: str, at: str) -> list[int]:
    """The items at which a breakpoint of this kind lies: of a module the first of each of its calls."""
    found, last = [], -1
    for index, item in enumerate(items):
        match item:
            case Operation() if kind == "operation" and at in (item.name, item.function):
                found.append(index)
            case Operation() if kind == "module":
                call = _call_of(trace, item.call, at)
                if call >= 0 and call != last:
                    found.append(index)
                last = call
            case Visit() if kind == "node":
                node = trace.nodes[item.node]
                if at in (node.name, f"{node.name} {node.parameter}".strip()):
                    found.append(index)
            case Update() if kind == "parameter" and item.parameter == at:
                found.append(index)
            case _:
                pass
    return found


def _call_of(trace: Trace, call: int, path: str) -> int:
    while call >= 0 and trace.calls[call].path != path:
        call = trace.calls[call].parent
    return call
