"""The journal: the settings a run starts from and the commands given since. Plain values, JSON; no torch."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lenet_gui.protocol import EVERY_PHASE, Command, cycle_of
from lenet_gui.settings import SETTING_NAMES, Settings


@dataclass(frozen=True, slots=True)
class Block:
    """The same cycle of commands, `n` times: a run of 137 steps is one entry, not 685."""

    cycle: tuple[Command, ...]
    n: int

    def __len__(self) -> int:
        return len(self.cycle) * self.n


Entry = Command | Block


class Journal:
    """Append-only. Its length is the number of commands, and a place is how many of them are done."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # Behind how many entries another cycle holds, and the settings that it follows from.
        self._cycles: list[tuple[int, Settings]] = [(0, settings)]
        self._entries: list[Entry] = []
        # By entry: the commands and the steps before it.
        self._places: list[int] = []
        self._steps: list[int] = []
        self._length = 0
        self.steps = 0
        """Whole steps, which is `step` commands."""

    def __len__(self) -> int:
        return self._length

    @property
    def cycle(self) -> tuple[Command, ...]:
        """What a step repeats at the end, as was set last."""
        return cycle_of(self._cycles[-1][1])

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def append(self, command: Command) -> None:
        """Add one command. Those that make a whole cycle fold into a block, so stepping slowly costs no memory."""
        self._push(command)
        if command.name not in ("step", "schedule"):
            return
        cycle = self.cycle
        if command == cycle[-1] and tuple(self._entries[-len(cycle) :]) == cycle:
            for _ in cycle:
                self._pop()
            self.extend(1)

    def extend(self, steps: int, cycle: tuple[Command, ...] = ()) -> None:
        """Add a whole cycle, by default the one of now, `steps` times."""
        if steps == 0:
            return
        cycle, last = cycle or self.cycle, self._entries[-1] if self._entries else None
        if isinstance(last, Block) and last.cycle == cycle:
            steps += last.n
            self._pop()
        self._push(Block(cycle, steps))

    # ------------------------------------------------------------------------------------------------ reading it

    def at(self, place: int) -> Command:
        """The command that is done next at a place."""
        index = bisect_right(self._places, place) - 1
        entry = self._entries[index]
        return entry if isinstance(entry, Command) else entry.cycle[(place - self._places[index]) % len(entry.cycle)]

    def commands(self, start: int = 0) -> Iterator[Command]:
        """The commands from a place on, blocks unrolled."""
        first = max(0, bisect_right(self._places, start) - 1)
        skip = start - self._places[first] if self._places else 0
        for entry in self._entries[first:]:
            if isinstance(entry, Block):
                for index in range(skip, len(entry)):
                    yield entry.cycle[index % len(entry.cycle)]
            elif not skip:
                yield entry
            skip = 0

    def since(self, start: int) -> list[Entry]:
        """What was done from a place on: whole cycles as blocks, the commands around them one by one."""
        first = max(0, bisect_right(self._places, start) - 1)
        skip = start - self._places[first] if self._places else 0
        found: list[Entry] = []
        for entry in self._entries[first:]:
            if isinstance(entry, Block):
                inside = -skip % len(entry.cycle)
                found += entry.cycle[len(entry.cycle) - inside :] if inside else ()
                if n := (len(entry) - skip) // len(entry.cycle):
                    found.append(Block(entry.cycle, n))
            elif not skip:
                found.append(entry)
            skip = 0
        return found

    def backwards(self, place: int) -> Iterator[tuple[int, Command]]:
        """Each command before a place with the place where it begins, the newest first."""
        for index in range(bisect_right(self._places, place - 1) - 1, -1, -1):
            entry, first = self._entries[index], self._places[index]
            if isinstance(entry, Command):
                yield first, entry
                continue
            for inside in range(min(place - first, len(entry)) - 1, -1, -1):
                yield first + inside, entry.cycle[inside % len(entry.cycle)]

    def until(self, place: int) -> Journal:
        """The part before a place, as a journal of its own."""
        journal, whole = Journal(self.settings), bisect_right(self._places, place - 1)
        last = self._entries[whole - 1] if whole else None
        if isinstance(last, Block) and self._places[whole - 1] + len(last) > place:
            whole -= 1
        else:
            last = None
        ends = whole < len(self._entries)
        journal._entries, journal._places = self._entries[:whole], self._places[:whole]
        journal._steps = self._steps[:whole]
        journal._cycles = [one for one in self._cycles if one[0] <= whole]
        journal._length, journal.steps = (
            (self._places[whole], self._steps[whole]) if ends else (self._length, self.steps)
        )
        if isinstance(last, Block):
            cycles, rest = divmod(place - journal._length, len(last.cycle))
            if cycles:
                journal._push(Block(last.cycle, cycles))
            for command in last.cycle[:rest]:
                journal._push(command)
        return journal

    def place_of_step(self, step: int) -> int:
        """The place where so many whole steps are done. Raises ValueError for more than there are."""
        if not 0 <= step <= self.steps:
            raise ValueError(f"there is no step {step:,}; choose one from 0 to {self.steps:,}")
        if step == 0:
            return 0
        index = bisect_right(self._steps, step - 1) - 1
        entry, first = self._entries[index], self._places[index]
        if isinstance(entry, Command):
            return first + 1
        each = _steps(entry) // entry.n
        whole, rest = divmod(step - self._steps[index] - 1, each)
        ends = [place for place, command in enumerate(entry.cycle, 1) if command.name == "step"]
        return first + whole * len(entry.cycle) + ends[rest]

    def steps_at(self, place: int) -> int:
        """The whole steps done at a place."""
        index = bisect_right(self._places, place) - 1
        if index < 0:
            return 0
        entry, inside = self._entries[index], place - self._places[index]
        if isinstance(entry, Command):
            return self._steps[index] + (_steps(entry) if inside else 0)
        whole, rest = divmod(inside, len(entry.cycle))
        begun = sum(command.name == "step" for command in entry.cycle[:rest])
        return self._steps[index] + whole * (_steps(entry) // entry.n) + begun

    def last_phase(self) -> str | None:
        """The name of the newest command that is a phase. Another model begins the cycle anew."""
        for _, command in self.backwards(self._length):
            if command.name in EVERY_PHASE:
                return command.name
            if command.name == "reload":
                return None
        return None

    def on(self, device: str) -> Journal:
        """The same run on one device from the start, for when another has failed."""
        journal = Journal(self.settings.change(device=device))
        for entry in self._entries:
            if isinstance(entry, Block):
                journal._push(entry)
                continue
            arguments = tuple(pair for pair in entry.arguments if entry.name != "set" or pair[0] != "device")
            if arguments or entry.name != "set":
                journal.append(Command(entry.name, arguments))
        return journal

    # -------------------------------------------------------------------------------------------------- as JSON

    def to_json(self) -> str:
        settings = {name: getattr(self.settings, name) for name in SETTING_NAMES}
        return json.dumps(
            {
                "settings": settings | {"options": dict(self.settings.options)},
                "entries": [plain(entry) for entry in self._entries],
            }
        )

    @staticmethod
    def from_json(text: str) -> Journal:
        """The journal that `to_json` wrote. Raises ValueError for anything else."""
        try:
            read = json.loads(text)
            options = read["settings"].pop("options")
            journal = Journal(Settings(**read["settings"], **options))
            for value in read["entries"]:
                journal._push(entry_of(value))
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"this is no journal: {error!r}") from error
        return journal

    # --------------------------------------------------------------------------------------------------- inside

    def _push(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._places.append(self._length)
        self._steps.append(self.steps)
        self._length += 1 if isinstance(entry, Command) else len(entry)
        self.steps += _steps(entry)
        if isinstance(entry, Command) and entry.name == "set":
            changes = {name: value for name, value in entry.arguments if name.startswith(("clip", "scheduler"))}
            if changes:
                self._cycles.append((len(self._entries), self._cycles[-1][1].change(**changes)))

    def _pop(self) -> None:
        self._entries.pop()
        self._length, self.steps = self._places.pop(), self._steps.pop()


def plain(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it."""
    if isinstance(entry, Command):
        return {"do": entry.name, **({"with": dict(entry.arguments)} if entry.arguments else {})}
    return {"cycle": [plain(command) for command in entry.cycle], "n": entry.n}


def entry_of(value: dict[str, Any]) -> Entry:
    """The entry that `plain` wrote. Raises ValueError, KeyError, TypeError or OverflowError for anything else."""
    if "do" in value:
        return _command(value)
    n = value["n"]
    if type(n) is not int or not 0 < n < 2**53 or not value["cycle"]:
        raise ValueError(f"{n!r} is no number of cycles")
    return Block(tuple(map(_command, value["cycle"])), n)


def _steps(entry: Entry) -> int:
    if isinstance(entry, Command):
        return int(entry.name == "step")
    return entry.n * sum(command.name == "step" for command in entry.cycle)


def _command(value: dict[str, Any]) -> Command:
    name = value["do"]
    if not isinstance(name, str):
        raise TypeError(f"{name!r} is no command")
    return Command.of(name, **value.get("with", {}))
