"""A session at rest, as plain values and JSON. How they become a living session again is `revival`'s to know.

Where they lie is told elsewhere: `session_file` is the file that a person saves, `recorder` and `recovery` are about
the folder of a session that runs. resources/FORMAT.md describes both.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from lenet_gui import __version__
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.engine.journal import Block, Entry, Journal, plain
from lenet_gui.engine.stops.hits import END
from lenet_gui.engine.storage.plain_json import given, parse, whole
from lenet_gui.protocol import EVERY_PHASE, Accuracy, Command, cycle_of
from lenet_gui.protocol.stops import Breakpoint
from lenet_gui.settings import SETTING_NAMES, Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

FORMAT = 1
BREAKPOINT = ("kind", "at", "condition", "hits", "log", "enabled")


class SessionFileError(ValueError):
    """A session cannot be saved, opened or recorded: one sentence that says why and what to do. Nothing is lost."""


class OtherNumbers(SessionFileError):
    """A session from elsewhere, whose numbers do not come out here to the bit. It can be opened as not exact."""


@dataclass(slots=True)
class StoredBranch:
    """`parent` is the position of an earlier branch, `entries` are the branch's own, behind the place `leaves`."""

    name: str
    parent: int | None = None
    leaves: int = 0
    differs: bool = False
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """Everything but the numbers: branches by their position, and bookmarks as (branch, place, note).

    Breakpoints are told with the place where they were set: (breakpoint, branch, place, item); watches are texts.
    What was measured is (branch, place, accuracy).
    """

    settings: Settings
    cycle: tuple[Command, ...]
    versions: dict[str, Any]
    branches: list[StoredBranch] = field(default_factory=list)
    branch: int = 0
    place: int = 0
    bookmarks: list[tuple[int, int, str]] = field(default_factory=list)
    breakpoints: list[tuple[Breakpoint, int, int, int]] = field(default_factory=list)
    watches: list[str] = field(default_factory=list)
    accuracies: list[tuple[int, int, Accuracy]] = field(default_factory=list)


# ------------------------------------------------------------------------------------------- from a living session


def describe(session: Session) -> Stored:
    """The session as it is now."""
    positions = {branch: index for index, branch in enumerate(session.branches)}
    branches = [
        StoredBranch(
            branch.name,
            None if branch.parent is None else positions[branch.parent],
            branch.leaves,
            branch.differs,
            entries_from(branch.journal, branch.leaves),
        )
        for branch in session.branches
    ]
    bookmarks = [(positions[bookmark.branch], bookmark.place, bookmark.note) for bookmark in session.bookmarks]
    return Stored(
        session.journal.settings,
        cycle_of(session.journal.settings),
        versions(session),
        branches,
        positions[session.branch],
        len(session.journal),
        bookmarks,
        *stops_of(session),
        [(positions[branch], place, found) for (branch, place), found in session.accuracies.items()],
    )


def stops_of(session: Session) -> tuple[list[tuple[Breakpoint, int, int, int]], list[str]]:
    """Its breakpoints and watches as `Stored` has them."""
    since = session.stops.since
    breakpoints = [(one, session.branches.index(branch), *position) for one, branch, position in since]
    return breakpoints, [*session.watches.all.values()]


def versions(session: Session) -> dict[str, Any]:
    """Who wrote it, and what decides the last bits of its numbers."""
    return {
        "lenet-gui": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": session.settings.threads,
    }


def entries_from(journal: Journal, place: int) -> list[Entry]:
    """The entries from a place on; of a block that the place is inside of, the rest."""
    found: list[Entry] = []
    left = len(journal) - place
    for entry in reversed(journal.entries):
        if left <= 0:
            break
        if isinstance(entry, Command) or len(entry) <= left:
            found.append(entry)
        else:
            cycles, rest = divmod(left, len(entry.cycle))
            found += [Block(entry.cycle, cycles)] if cycles else []
            found += reversed(entry.cycle[len(entry.cycle) - rest :])
        left -= 1 if isinstance(entry, Command) else len(entry)
    return found[::-1]


# ----------------------------------------------------------------------------------------------------------- JSON


def to_json(stored: Stored) -> str:
    branches = [
        {
            "name": one.name,
            "parent": one.parent,
            "leaves": one.leaves,
            "differs": one.differs,
            "entries": [line_of(entry, stored.cycle) for entry in one.entries],
        }
        for one in stored.branches
    ]
    bookmarks = [{"branch": branch, "place": place, "note": note} for branch, place, note in stored.bookmarks]
    here = {"branch": stored.branch, "place": stored.place}
    accuracies = [plain_accuracy(*one) for one in stored.accuracies]
    beside = {"bookmarks": bookmarks, "accuracies": accuracies, **plain_stops(stored.breakpoints, stored.watches)}
    return json.dumps(start_of(stored) | {"branches": branches, **here, **beside}, allow_nan=False)


def from_json(text: str | bytes) -> Stored:
    """What `to_json` wrote. Raises SessionFileError for a newer format, other exceptions for what is damaged."""
    value = parse(text)
    stored = started(value)
    for one in given(value, "branches", list):
        branch = branch_in(one, given(one, "name", str))
        branch.entries += [entry_in(entry, stored.cycle) for entry in given(one, "entries", list)]
        stored.branches.append(branch)
    stored.branch, stored.place = whole(value, "branch"), whole(value, "place")
    stored.bookmarks = [bookmark_in(one) for one in given(value, "bookmarks", list)]
    read_stops(value, stored)
    if "accuracies" in value:
        stored.accuracies = [accuracy_in(one) for one in given(value, "accuracies", list)]
    return stored


def start_of(stored: Stored) -> dict[str, Any]:
    """What a session starts from."""
    settings = {name: getattr(stored.settings, name) for name in SETTING_NAMES}
    return {
        "format": FORMAT,
        "versions": stored.versions,
        "settings": settings | {"options": dict(stored.settings.options)},
        "cycle": [plain(command) for command in stored.cycle],
    }


def started(value: Any) -> Stored:
    """What `start_of` gave, as a session without branches."""
    form = whole(value, "format")
    if form > FORMAT:
        raise SessionFileError(
            f"was written by a newer lenet-gui (format {form}; this one reads {FORMAT}): install the newest version"
        )
    settings = given(value, "settings", dict)
    options = given(settings, "options", dict)
    if unknown := settings.keys() - {*SETTING_NAMES, "options"}:
        raise ValueError(f"there is no setting {min(unknown)[:80]!r}")
    usual = {name: getattr(Settings(), name) for name in SETTING_NAMES}
    plain_settings: dict[str, Any] = {name: given(usual | settings, name, type(usual[name])) for name in SETTING_NAMES}
    return Stored(Settings(**plain_settings, **options), _cycle_in(value), given(value, "versions", dict))


def line_of(entry: Entry, cycle: tuple[Command, ...]) -> dict[str, Any]:
    """A command, or how often the session's cycle was done."""
    return {"n": entry.n} if isinstance(entry, Block) and entry.cycle == cycle else plain(entry)


def entry_in(value: dict[str, Any], cycle: tuple[Command, ...]) -> Entry:
    """What `line_of` gave."""
    if "do" in value:
        return _command_in(value)
    n = whole(value, "n")
    if n == 0:
        raise ValueError("a run of it has no steps")
    return Block(_cycle_in(value) if "cycle" in value else cycle, n)


def steps_in(entry: Entry) -> int:
    """The whole steps of an entry."""
    if isinstance(entry, Command):
        return int(entry.name == "step")
    return entry.n * sum(command.name == "step" for command in entry.cycle)


def branch_in(value: Any, name: str) -> StoredBranch:
    """A branch without its entries."""
    parent = None if value["parent"] is None else whole(value, "parent")
    return StoredBranch(name, parent, whole(value, "leaves"), given(value, "differs", bool))


def bookmark_in(value: Any) -> tuple[int, int, str]:
    return whole(value, "branch"), whole(value, "place"), given(value, "note", str)


def plain_accuracy(branch: int, place: int, found: Accuracy) -> dict[str, int]:
    """What was measured at a place, as JSON has it."""
    measured = {"step": found.step, "epoch": found.epoch, "correct": found.correct, "total": found.total}
    return {"branch": branch, "place": place, **measured}


def accuracy_in(value: Any) -> tuple[int, int, Accuracy]:
    """What `plain_accuracy` gave."""
    found = Accuracy(*(whole(value, name) for name in ("step", "epoch", "correct", "total")))
    if found.correct > found.total:
        raise ValueError(f"{found.correct:,} of {found.total:,} is no accuracy")
    return whole(value, "branch"), whole(value, "place"), found


def plain_stops(breakpoints: Sequence[tuple[Breakpoint, int, int, int]], watches: list[str]) -> dict[str, list[Any]]:
    """Breakpoints and watches as JSON has them."""
    found = [
        {name: getattr(one, name) for name in BREAKPOINT} | {"branch": branch, "place": place, "item": item}
        for one, branch, place, item in breakpoints
    ]
    return {"breakpoints": found, "watches": watches}


def read_stops(value: Any, stored: Stored) -> None:
    """What `plain_stops` gave. Where a session was stored without, it has none."""
    if "breakpoints" in value:
        stored.breakpoints = [_breakpoint_in(one) for one in given(value, "breakpoints", list)]
    if "watches" in value:
        stored.watches = given(value, "watches", list)
        if not all(isinstance(one, str) for one in stored.watches):
            raise ValueError("a watch is no text")


def _breakpoint_in(value: Any) -> tuple[Breakpoint, int, int, int]:
    texts = [given(value, name, str) for name in BREAKPOINT[:-1]]
    one = Breakpoint(0, *texts, enabled=given(value, "enabled", bool))
    return one, whole(value, "branch"), whole(value, "place"), whole(value, "item", END)


def _cycle_in(value: Any) -> tuple[Command, ...]:
    cycle = tuple(_command_in(one) for one in given(value, "cycle", list))
    names = [command.name for command in cycle]
    if names.count("step") != 1 or not {*names} <= {*EVERY_PHASE}:
        raise ValueError("its cycle is no training step")
    return cycle


def _command_in(value: Any) -> Command:
    name, arguments = given(value, "do", str), value.get("with", {})
    if name not in COMMANDS:
        raise ValueError(f"there is no command {name[:40]!r}")
    if not all(isinstance(one, bool | int | float | str | None) for one in arguments.values()):
        raise ValueError(f"the arguments of a {name} are not plain")
    return Command.of(name, **arguments)
