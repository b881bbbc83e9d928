"""The journal: the settings a run starts from and the commands given since. Plain values, JSON; no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lenet_gui.protocol import CYCLE, Command
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

    def __init__(self, settings: Settings, cycle: Sequence[Command] = CYCLE) -> None:
        self.settings = settings
        self.cycle = tuple(cycle)
        self._entries: list[Entry] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def append(self, command: Command) -> None:
        """Add one command. Five that make a whole cycle fold into a block, so stepping slowly costs no memory."""
        self._entries.append(command)
        self._length += 1
        tail = self._entries[-len(self.cycle) :]
        if tuple(tail) == self.cycle:
            del self._entries[-len(self.cycle) :]
            self._length -= len(self.cycle)
            self.extend(1)

    def extend(self, steps: int) -> None:
        """Add the whole cycle, `steps` times."""
        if steps == 0:
            return
        last = self._entries[-1] if self._entries else None
        if isinstance(last, Block) and last.cycle == self.cycle:
            self._entries[-1] = Block(self.cycle, last.n + steps)
        else:
            self._entries.append(Block(self.cycle, steps))
        self._length += len(self.cycle) * steps

    def commands(self, start: int = 0) -> Iterator[Command]:
        """The commands from a place on, blocks unrolled."""
        behind = self._length
        entries: list[Entry] = []
        for entry in reversed(self._entries):  # a place near the end is found without walking the whole run
            if behind <= start:
                break
            behind -= _length(entry)
            entries.append(entry)
        skip = max(0, start - behind)
        for entry in reversed(entries):
            if isinstance(entry, Command):
                yield entry
                continue
            for index in range(skip, len(entry)):
                yield entry.cycle[index % len(entry.cycle)]
            skip = 0

    def last_phase(self) -> str | None:
        """The name of the newest command that is one of the cycle's phases."""
        names = {command.name for command in self.cycle}
        for entry in reversed(self._entries):
            if isinstance(entry, Block):
                return entry.cycle[-1].name
            if entry.name in names:
                return entry.name
        return None

    def on(self, device: str) -> Journal:
        """The same run on one device from the start, for when another has failed."""
        journal = Journal(self.settings.change(device=device), self.cycle)
        for entry in self._entries:
            if isinstance(entry, Block):
                journal.extend(entry.n)
                continue
            arguments = tuple(pair for pair in entry.arguments if entry.name != "set" or pair[0] != "device")
            if arguments or entry.name != "set":
                journal.append(Command(entry.name, arguments))
        return journal

    def to_json(self) -> str:
        settings = {name: getattr(self.settings, name) for name in SETTING_NAMES}
        return json.dumps(
            {
                "settings": settings | {"options": dict(self.settings.options)},
                "cycle": [_plain(command) for command in self.cycle],
                "entries": [_plain(entry) for entry in self._entries],
            }
        )

    @staticmethod
    def from_json(text: str) -> Journal:
        """The journal that `to_json` wrote. Raises ValueError for anything else."""
        try:
            read = json.loads(text)
            options = read["settings"].pop("options")
            journal = Journal(Settings(**read["settings"], **options), [_command(plain) for plain in read["cycle"]])
            entries = [_command(plain) if "do" in plain else _block(plain) for plain in read["entries"]]
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"this is no journal: {error!r}") from error
        journal._entries = entries
        journal._length = sum(map(_length, entries))
        return journal


def _length(entry: Entry) -> int:
    return 1 if isinstance(entry, Command) else len(entry)


def _plain(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Command):
        return {"do": entry.name, **({"with": dict(entry.arguments)} if entry.arguments else {})}
    return {"cycle": [_plain(command) for command in entry.cycle], "n": entry.n}


def _block(plain: dict[str, Any]) -> Block:
    return Block(tuple(map(_command, plain["cycle"])), int(plain["n"]))


def _command(plain: dict[str, Any]) -> Command:
    return Command.of(plain["do"], **plain.get("with", {}))
