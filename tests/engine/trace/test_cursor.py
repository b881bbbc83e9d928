"""Inside a step: forward and back by any way, and at each place the numbers of just there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.digest import same
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace.cursor import item_after
from lenet_gui.engine.trace.names import lookup
from lenet_gui.engine.trace.trace import Operation, Trace, Visit
from lenet_gui.protocol import CYCLE, Command, Move
from tests.engine.models import RaisesInBackward
from tests.engine.trace.models import (
    MODELS,
    Attends,
    Breaks,
    Chooses,
    Counts,
    Custom,
    Drops,
    InPlace,
    Loop,
    Residual,
    bought,
)
from tests.engine.trace.recorded import record

do = Command.of
INTO, OVER, OUT = Move("into"), Move("over"), Move("out")
BACK = {move: replace(move, back=True) for move in (INTO, OVER, OUT)}
WALKED = (Residual, Loop, Chooses, Drops, InPlace, Custom, Counts, bought, RaisesInBackward)

STEPS: tuple[Move | Command, ...] = (
    INTO,
    OVER,
    OUT,
    *BACK.values(),
    *CYCLE,
    do("zero_grad", set_to_none=False),
    do("backward", retain_graph=True),
    do("backward", of="output", retain_graph=True),
    do("next_batch"),
    do("forward", sample=0, unsqueeze=True),
    do("set", mode="eval"),
    do("set", lr=0.01, optimizer="Adam"),
)


def go(session: Session, step: Move | Command) -> bool:
    """Whether it could be done."""
    try:
        if isinstance(step, Command):
            session.apply(step)
        else:
            session.stepper.move(step, session.apply)
    except Refused:
        return False
    return True


def seen(session: Session) -> dict[str, Any]:
    """The place, and every number that has a name there."""
    found: dict[str, Any] = {"place": (len(session.journal), session.item), "words": session.stepper.words()}
    names = dict.fromkeys(one.name for one in session.trace().operations)
    for name in (*session.stepper.state(), *names, *(f"{name}.grad" for name in names), "loss", "output"):
        try:
            value = lookup(session, name)
        except NotYet:
            value = "not yet"
        found[name] = value.detach().numpy().tobytes() if isinstance(value, Tensor) else value
    return found


@given(
    st.sampled_from(WALKED),
    st.lists(st.sampled_from(STEPS), max_size=12),
    st.integers(1, 25),
    st.sampled_from([{"momentum": 0.9}, {"optimizer": "Adam"}]),
)
def test_so_many_forward_and_so_many_back_meet(
    make_model: Callable[[], nn.Module], walk: list[Move | Command], count: int, options: dict[str, Any]
) -> None:
    session = Session(Settings(batch_size=3, **options), make_model)
    for step in walk:
        go(session, step)
    passed, digest = [seen(session)], session.digest()
    for _ in range(count):
        if not go(session, INTO):
            return  # here PyTorch refuses the command itself
        passed.append(seen(session))
    for before in reversed(passed[:-1]):
        assert go(session, BACK[INTO])
        assert seen(session) == before
    assert session.digest() == digest


@pytest.mark.parametrize("make_model", [*MODELS, Net])
def test_at_each_place_what_comes_later_is_not_there_yet(make_model: Callable[[], nn.Module]) -> None:
    session = Session(Settings(batch_size=3), make_model)
    for _ in range(2):
        session.apply(CYCLE[0])
        operations = session.trace().operations
        forward = session.trace().forward
        for count, operation in enumerate(operations):
            for later in operations[count:]:
                for name in (later.name, f"{later.name}.grad"):
                    with pytest.raises(NotYet):
                        lookup(session, name)
            for earlier in operations[:count]:
                value = lookup(session, earlier.name)
                assert isinstance(value, Tensor)
                assert same(value, earlier.outputs[0])
                with pytest.raises(NotYet):
                    lookup(session, f"{earlier.name}.grad")
            assert session.item == (count if operation in forward else 0)
            go(session, INTO)
        for command in CYCLE[3:]:
            session.apply(command)


@pytest.mark.parametrize("make_model", [Residual, Loop, Attends, bought, Net])
@pytest.mark.parametrize("zeros", [None, False])
def test_inside_a_backward_and_a_step_the_state_is_that_of_so_much_of_it(
    make_model: Callable[[], nn.Module], zeros: bool | None
) -> None:
    """With gradients from before, and with none."""
    session, plain = (Session(Settings(batch_size=3, optimizer="Adam"), make_model) for _ in range(2))
    cleared = Command("zero_grad") if zeros is None else do("zero_grad", set_to_none=zeros)
    for one in (session, plain):
        for command in (*CYCLE, cleared, *CYCLE[1:3]):
            one.apply(command)
    for command in CYCLE[3:]:
        before = copied(plain)
        plain.apply(command)
        after = copied(plain)
        changed = {name for name in after if not same(before.get(name), after[name]) or name not in before}
        items = next(one for one in session.trace().commands if one.place == len(session.journal)).items
        done: set[str] = set()
        for item in items:
            state = detached(session.stepper.state())
            for name in after:
                expected = after[name] if name in done else before.get(name)
                assert same(state.get(name), expected), name
            done |= set(item.changes)
            go(session, INTO)
        assert changed <= done
        assert session.item == 0
        assert session.digest() == plain.digest()


def detached(state: dict[str, Tensor | None]) -> dict[str, Tensor | None]:
    return {name: None if one is None else one.detach() for name, one in state.items()}


def copied(session: Session) -> dict[str, Tensor | None]:
    return {name: None if one is None else one.clone() for name, one in detached(session.tensors()).items()}


def test_the_gradient_of_an_activation_is_there_before_its_node_runs() -> None:
    session = Session(Settings(batch_size=3), Loop)
    for command in CYCLE[:3]:
        session.apply(command)
    trace = session.trace()
    for count, item in enumerate(trace.commands[3].items):
        assert isinstance(item, Visit)
        for operation in trace.operations:
            if operation.node == item.node and count:
                value = lookup(session, f"{operation.name}.grad")
                assert isinstance(value, Tensor)
                assert same(value, item.received[operation.slot])
        go(session, INTO)


@pytest.mark.parametrize("make_model", [*MODELS, Net, Breaks])
def test_back_is_forward_in_the_mirror(make_model: Callable[[], nn.Module]) -> None:
    trace = record(Session(Settings(batch_size=3), make_model))
    for command in trace.commands:
        count = len(command.items)
        mirrored = replace(command, items=command.items[::-1])
        for item in range(count + 1):
            for how in ("into", "over", "out"):
                if item < count:
                    there = item_after(trace, command, item, how, back=False)
                    assert item < there <= count
                if item > 0:
                    there = item_after(trace, command, item, how, back=True)
                    assert 0 <= there < item
                    assert there == count - item_after(trace, mirrored, count - item, how, back=False)


def test_over_passes_a_module_and_out_leaves_it() -> None:
    trace = record(Session(Settings(batch_size=3), Residual))
    forward = trace.commands[1]
    names = [one.name for one in forward.items if isinstance(one, Operation)]

    def after(name: str, how: str, back: bool = False) -> str:
        there = item_after(trace, forward, names.index(name), how, back)
        return names[there] if there < len(names) else "the end"

    assert after("conv2d_1", "over") == "flatten"  # the block begins here: past all of it
    assert after("conv2d_1", "into") == "add_"
    assert after("add_", "over") == "relu"  # batch norm, with two operations
    assert after("batch_norm", "out") == "relu"
    assert after("relu", "out") == "flatten"
    assert after("conv2d", "out") == "the end"
    assert after("flatten", "over", back=True) == "conv2d_1"
    assert after("relu", "over", back=True) == "add_"
    assert after("batch_norm", "out", back=True) == "add_"
    assert after("add", "out", back=True) == "conv2d_1"
    assert item_after(trace, forward, len(names), "out", back=True) == 0


def test_one_can_stand_before_what_pytorch_refuses() -> None:
    session = Session(Settings(batch_size=3), Breaks)
    session.apply(CYCLE[0])
    for _ in range(4):
        assert go(session, INTO)
    assert session.item == 4
    assert session.stepper.words() == "before what PyTorch refuses in forward"
    assert session.stepper.state()["calls"] == 1
    digest = session.digest()
    assert not go(session, INTO)
    assert session.item == 0
    assert session.digest() == digest
    assert session.stepper.state()["calls"] == 0


def names_of(trace: Trace) -> list[str]:
    return [one.name for one in trace.operations]


def test_between_two_steps_the_finished_one_is_shown() -> None:
    session = Session(Settings(batch_size=3), Loop)
    session.run(3)
    finished = session.trace()
    assert [one.command.name for one in finished.commands] == [one.name for one in CYCLE]
    assert finished.commands[-1].place == len(session.journal) - 1
    assert same(
        finished.operations[-1].outputs[0], session.last_loss.detach() if session.last_loss is not None else None
    )
    for update in finished.updates:
        assert same(update.after, session.model.get_parameter(update.parameter).detach())
    session.apply(CYCLE[0])
    coming = session.trace()
    assert coming.commands[0].place == finished.commands[-1].place + 1
    assert names_of(coming) == names_of(finished)
    assert not same(coming.operations[-1].outputs[0], finished.operations[-1].outputs[0])
