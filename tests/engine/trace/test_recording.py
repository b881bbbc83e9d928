"""A recorded step is the bare one: it ends in the same bits, and leaves nothing behind."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules import module as global_hooks

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.engine.trace.tracer import PREPARED
from lenet_gui.protocol import CYCLE, Command
from tests.engine.models import DrawsElsewhere, RaisesInBackward, RaisesInForward, WritesIntoItsInput
from tests.engine.test_checkpoint import OPTIMIZERS
from tests.engine.trace.models import MODELS, Breaks, Custom, Loop, Residual, bought
from tests.engine.trace.recorded import record

do = Command.of
ZERO_GRAD, FORWARD, LOSS, BACKWARD, STEP = CYCLE
Model = Callable[[], nn.Module]

ORDERS: tuple[tuple[Command, ...], ...] = (
    CYCLE,
    (ZERO_GRAD, FORWARD, LOSS, do("backward", retain_graph=True), BACKWARD, STEP),
    (FORWARD, FORWARD, LOSS, LOSS, BACKWARD, do("zero_grad", set_to_none=False), FORWARD, LOSS, BACKWARD, STEP),
    (FORWARD, do("backward", of="output"), STEP, do("next_batch"), do("set", mode="eval"), FORWARD, LOSS, STEP),
    (do("set", batch_size=2, optimizer="Adam"), FORWARD, do("set", loss="MSELoss"), LOSS, BACKWARD, STEP),
    (do("forward", sample=1, unsqueeze=True), LOSS, BACKWARD, STEP),
)


def bare(session: Session, commands: tuple[Command, ...]) -> None:
    with session.undisturbed():
        for command in commands:
            COMMANDS[command.name](session, **dict(command.arguments))


@pytest.mark.parametrize("make_model", [*MODELS, Net, DrawsElsewhere, WritesIntoItsInput])
@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
def test_a_recorded_step_ends_in_the_bits_of_a_bare_one(make_model: Model, options: dict[str, Any]) -> None:
    plain, watched = (Session(Settings(batch_size=3, **options), make_model) for _ in range(2))
    for _ in range(2):
        bare(plain, CYCLE)
        trace = record(watched)
        assert [one.refused for one in trace.commands] == [""] * 5
        assert watched.digest() == plain.digest()


@pytest.mark.parametrize("commands", ORDERS, ids=range(len(ORDERS)))
@pytest.mark.parametrize("make_model", [*MODELS, Net])
def test_so_does_any_other_order_of_commands(make_model: Model, commands: tuple[Command, ...]) -> None:
    if make_model is Residual and do("forward", sample=1, unsqueeze=True) in commands:
        commands = (do("set", mode="eval"), *commands)  # batch norm takes no single sample else
    plain, watched = (Session(Settings(batch_size=3, momentum=0.9), make_model) for _ in range(2))
    for _ in range(2):
        bare(plain, commands)
        record(watched, commands)
        assert watched.digest() == plain.digest()


@pytest.mark.parametrize("make_model", [*MODELS, DrawsElsewhere])
def test_asking_for_the_trace_changes_nothing(make_model: Model) -> None:
    session = Session(Settings(batch_size=3, momentum=0.9), make_model)
    session.run(2)
    for phase in CYCLE:
        before = session.digest()
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)
        drawn = (*torch.rand(3).tolist(), random.random(), np.random.rand())
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)
        trace = session.trace()
        assert (*torch.rand(3).tolist(), random.random(), np.random.rand()) == drawn
        assert session.digest() == before
        assert trace.operations
        session.apply(phase)


def hooks() -> tuple[Any, ...]:
    """What a recording puts in places that all modules share."""
    return (
        [dict(found) for name, found in vars(global_hooks).items() if name.startswith("_global_") and "hooks" in name],
        torch.autograd.Function.__dict__["apply"],
        torch.overrides._get_current_function_mode_stack(),
    )


@pytest.mark.parametrize("make_model", [Net, Custom, Breaks, RaisesInForward, RaisesInBackward])
def test_no_hook_outlives_it(make_model: Model) -> None:
    """Also where the forward or the backward raises."""
    before = hooks()
    session = Session(Settings(batch_size=3), make_model)
    for _ in range(12):
        record(session)
        assert hooks() == before
    assert not any(m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in session.model.modules())


@pytest.mark.parametrize("make_model", [Net, Custom, Loop])
def test_a_graph_that_lives_on_is_not_listened_to_any_more(make_model: Model) -> None:
    session = Session(Settings(batch_size=3), make_model)
    trace = record(session, (FORWARD, LOSS, do("backward", retain_graph=True)))
    visits, operations = len(trace.backward), len(trace.operations)
    bare(session, (do("backward", retain_graph=True), FORWARD, LOSS, BACKWARD))
    assert (len(trace.backward), len(trace.operations)) == (visits, operations)


class Mark:
    """What a node is given to hold, to see when it goes: nodes themselves cannot be watched."""


def test_nothing_is_left_over_after_a_thousand_recorded_steps() -> None:
    """Neither a node of a graph nor a tensor, without any help of the garbage collector."""
    session = Session(Settings(batch_size=1), bought)
    tensors = []
    record(session)
    gc.collect()
    gc.disable()
    try:
        for step in range(1000):
            trace = record(session)
            recorded = weakref.ref(trace.operations[-1].outputs[0])
            mark = Mark()
            assert session.last_loss is not None
            assert session.last_loss.grad_fn is not None
            session.last_loss.grad_fn.metadata["mark"] = mark  # pyright: ignore[reportIndexIssue]
            node = weakref.ref(mark)
            del trace, mark
            assert recorded() is None
            assert node() is not None
            bare(session, (ZERO_GRAD,))
            session.output = session.last_loss = None
            assert node() is None
            if step in (31, 991):  # the log of the steps writes every sixteen at once
                tensors.append(sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects()))
    finally:
        gc.enable()
    assert tensors[0] == tensors[1]


def test_a_session_that_is_traced_at_every_place_keeps_the_newest_few() -> None:
    session = Session(Settings(batch_size=1), bought)
    gc.collect()
    others = sum(issubclass(type(one), Operation) for one in gc.get_objects())
    counts = []
    for step in range(40):
        for phase in CYCLE:
            session.apply(phase)
            session.trace()
        if step in (20, 39):
            gc.collect()
            counts.append(sum(issubclass(type(one), Operation) for one in gc.get_objects()) - others)
    assert counts[0] == counts[1] == (1 + PREPARED) * len(session.trace().operations)
