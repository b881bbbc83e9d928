"""Looks for the place where a run stops: between commands on the bare path, or inside of them over their traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.running import Paused
from lenet_gui.engine.stops.armed import INSIDE, Armed, Spot
from lenet_gui.engine.stops.hits import Position
from lenet_gui.engine.trace import names
from lenet_gui.engine.trace.trace import Item, Operation, Trace, Update, Visit
from lenet_gui.protocol import EVERY_PHASE, Command, each_step, phase_after

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Tell = Callable[[str], None]
Look = Callable[[], None]
Found = Callable[[Position, list[Armed]], None]


def pause(_: Position, found: list[Armed]) -> None:
    raise Paused(found)


def is_bare(one: Armed) -> bool:
    """Whether it can be looked at between commands alone."""
    return not one.inside and one.breakpoint.kind != "parameter"


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
    place, command, began = len(session.journal), session.next_command, session.item
    lookup = partial(names.lookup, session)
    for item, here in sorted(_candidates(session, armed, command).items()):
        if item > began:
            session.item = item
            spot = Spot((place, item), branch or session.branch, command, lookup)
            found = _stopping(here, spot, tell)
            _saw(armed, (place, began), spot)
            if found:
                return found
    (do or session.apply)(command)
    coming = session.next_command
    first = _candidates(session, armed, coming).get(0, [])
    here = [one for one in armed if one in first or (one.breakpoint.kind == "when" and one.after == command.name)]
    spot = Spot((place + 1, 0), branch or session.branch, coming, lookup)
    found = _stopping(here, spot, tell)
    _saw(armed, (place, began), spot)
    return found


def _saw(armed: Iterable[Armed], start: Position, spot: Spot) -> None:
    for one in armed:
        one.hits.saw(start, spot.position, spot.branch)


def watch(
    session: Session, armed: Sequence[Armed], tell: Tell, branch: Branch | None = None, found: Found = pause
) -> Callable[[Command, int], None]:
    """Looks behind each command of the way along a branch, and is told that command and the place then."""
    along = branch or session.branch
    journal = along.journal
    lookup = partial(names.live, session)

    def look(command: Command, place: int) -> None:
        coming = journal.at(place) if place < len(journal) else Command(_next(command.name, session))
        here = [one for one in armed if _behind(one, command.name, coming.name)]
        if here and (stopping := _stopping(here, Spot((place, 0), along, coming, lookup), tell)):
            found((place, 0), stopping)

    return look


def looks(session: Session, armed: Sequence[Armed], cycle: Sequence[Command], tell: Tell) -> list[Look | None]:
    """For each command of a cycle what is to be looked at behind it, on the bare path; it raises Paused."""
    each, branch, lookup = len(cycle), session.branch, partial(names.live, session)
    stepped = 1 + next(index for index, command in enumerate(cycle) if command.name == "step")

    def look(here: list[Armed], inside: int, coming: Command) -> None:
        # The journal follows in slices; in between only the steps are counted.
        whole = session.steps - session.journal.steps - (inside >= stepped)
        position = len(session.journal) + each * whole + inside, 0
        if found := _stopping(here, Spot(position, branch, coming, lookup), tell):
            raise Paused(found)

    def look_behind(done: str, inside: int, usual: Command) -> None:
        coming = Command(phase_after(session.settings, done, session.epoch_ended))
        if here := [one for one in armed if _behind(one, done, coming.name)]:
            look(here, inside, coming if coming.name != usual.name else usual)

    found: list[Look | None] = []
    for index, command in enumerate(cycle):
        coming = cycle[(index + 1) % each]
        here = [one for one in armed if _behind(one, command.name, coming.name)]
        found.append(partial(look, here, index + 1, coming) if here else None)
    if session.settings.scheduler and not each_step(session.settings):
        found[-1] = partial(look_behind, cycle[-1].name, each, cycle[0])
        found.append(partial(look_behind, "schedule", 0, cycle[0]))
    return found


def _behind(one: Armed, name: str, coming: str) -> bool:
    kind = one.breakpoint.kind
    return (kind == "when" and one.after == name) or (kind == "phase" and one.breakpoint.at == coming)


def _next(name: str, session: Session) -> str:
    """What the cycle has behind a command that a branch ends with."""
    last = name if name in EVERY_PHASE else session.branch.journal.last_phase()
    return phase_after(session.settings, last, session.epoch_ended)


def _stopping(armed: Iterable[Armed], spot: Spot, tell: Tell) -> list[Armed]:
    """Those that stop here; the others log."""
    found: list[Armed] = []
    for one in armed:
        if one.acts(spot):
            words = one.text(spot)
            if words is None:
                found.append(one)
            else:
                tell(words)
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
            case Operation() if kind == "operation" and at == item.name:
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
