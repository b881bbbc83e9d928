"""The journal: folded or written as JSON, it is the same list of commands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lenet_gui.engine import Journal, Session, Settings
from lenet_gui.engine.journal import Block, Entry
from lenet_gui.protocol import CYCLE, PHASES, Command

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
COMMANDS = st.sampled_from(CYCLE) | st.builds(
    lambda name, arguments: Command.of(name, **arguments),
    st.sampled_from(["set", "forward", "next_batch"]),
    st.dictionaries(st.sampled_from(["lr", "optimizer", "sample", "device", "größe"]), VALUES, max_size=3),
)
# A list of commands appended one by one, or a run of so many cycles.
PARTS = st.lists(st.lists(COMMANDS, max_size=8) | st.just(list(CYCLE)) | st.integers(0, 5), max_size=8)


def journal_of(parts: list[list[Command] | int]) -> tuple[Journal, list[Command]]:
    journal, commands = Journal(Settings(momentum=0.9)), []
    for part in parts:
        if isinstance(part, int):
            journal.extend(part)
            commands += list(CYCLE) * part
            continue
        for command in part:
            journal.append(command)
            commands.append(command)
    return journal, commands


@given(PARTS)
@example([1, list(CYCLE), 2])
@example([[CYCLE[0]], 2, [*CYCLE, *CYCLE]])
def test_folding_into_blocks_loses_nothing(parts: list[list[Command] | int]) -> None:
    journal, commands = journal_of(parts)
    assert list(journal.commands()) == commands
    assert len(journal) == len(commands)
    phases = [command.name for command in commands if command.name in PHASES]
    assert journal.last_phase() == (phases[-1] if phases else None)


@given(PARTS, st.integers(0, 60))
def test_the_commands_from_a_place_on(parts: list[list[Command] | int], start: int) -> None:
    journal, commands = journal_of(parts)
    assert list(journal.commands(start)) == commands[start:]


@given(PARTS)
def test_json_and_back(parts: list[list[Command] | int]) -> None:
    journal, _ = journal_of(parts)
    again = Journal.from_json(journal.to_json())
    assert again.settings == journal.settings
    assert again.cycle == journal.cycle
    assert again.entries == journal.entries
    assert len(again) == len(journal)


@given(PARTS)
def test_on_another_device_only_the_device_differs(parts: list[list[Command] | int]) -> None:
    journal, commands = journal_of(parts)
    moved = journal.on("mps")
    assert moved.settings == journal.settings.change(device="mps")
    left = []
    for command in commands:
        arguments = {name: value for name, value in command.arguments if name != "device"}
        if command.name != "set":
            left.append(command)
        elif arguments:
            left.append(Command.of("set", **arguments))
    assert list(moved.commands()) == left


def test_a_run_is_one_entry_however_it_was_taken() -> None:
    session = Session(Settings(data="random", batch_size=1))
    for _ in range(3):
        for phase in CYCLE:
            session.apply(phase)
    session.run(134)
    assert session.journal.entries == (Block(CYCLE, 137),)
    assert len(session.journal) == 685


GOOD: dict[str, Any] = json.loads(journal_of([3, [Command.of("set", lr=0.1)]])[0].to_json())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        "{}",
        *(json.dumps({name: value for name, value in GOOD.items() if name != left_out}) for left_out in GOOD),
        *(json.dumps(GOOD | {name: wrong}) for name in GOOD for wrong in (7, "text", [7], {"a": 1})),
        json.dumps(GOOD | {"settings": GOOD["settings"] | {"lr": -1}}),
        json.dumps(GOOD | {"entries": [{"cycle": [{"do": "step"}], "n": 1e400}]}),
        json.dumps(GOOD | {"entries": [{"cycle": [{"do": "step"}], "n": -3}]}),
    ],
)
def test_what_is_no_journal_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Journal.from_json(text)


def test_since_tells_whole_cycles_as_blocks_and_the_rest_one_by_one() -> None:
    journal = Journal(Settings())
    journal.extend(3)
    rate = Command.of("set", lr=0.5)
    journal.append(rate)
    journal.extend(2)
    journal.append(CYCLE[0])
    assert journal.since(0) == [Block(CYCLE, 3), rate, Block(CYCLE, 2), CYCLE[0]]
    assert journal.since(7) == [*CYCLE[2:], Block(CYCLE, 1), rate, Block(CYCLE, 2), CYCLE[0]]
    assert journal.since(16) == [Block(CYCLE, 2), CYCLE[0]]
    assert journal.since(len(journal)) == []
    for place in range(len(journal) + 1):
        told = [one for entry in journal.since(place) for one in (_unrolled(entry))]
        assert told == list(journal.commands(place))


def _unrolled(entry: Entry) -> tuple[Command, ...]:
    return entry.cycle * entry.n if isinstance(entry, Block) else (entry,)
