"""What a trace has of each command: also of those that come twice, out of turn, or are refused in the middle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.digest import same
from lenet_gui.engine.trace.recording import Recording
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.protocol import CYCLE, Command
from tests.engine.models import RaisesInBackward, WritesIntoItsInput
from tests.engine.trace.models import Breaks, Counts, Drops, Loop, Residual, Rows
from tests.engine.trace.recorded import named, received, record
from tests.engine.trace.test_recording import bare

do = Command.of
ZERO_GRAD, FORWARD, LOSS, BACKWARD, STEP = CYCLE
Model = Callable[[], nn.Module]


def test_what_pytorch_refuses_ends_the_command_behind_its_last_operation() -> None:
    session = Session(Settings(batch_size=3), Breaks)
    with session.undisturbed():
        refused = Recording(session).do(FORWARD, 0)
    assert [one.name for one in refused.items if isinstance(one, Operation)] == [
        "avg_pool2d",
        "flatten",
        "relu",
        "add_",
    ]
    assert refused.refused == "RuntimeError: shape '[-1, 17]' is invalid for input of size 48"
    last = refused.items[-1]
    assert last.changes["calls"] == 1  # what was changed before is seen


def test_a_refused_backward_has_the_nodes_that_ran() -> None:
    session = Session(Settings(batch_size=3, seed=1), RaisesInBackward)
    trace = next(one for one in (record(session) for _ in range(20)) if one.commands[3].refused)
    backward = trace.commands[3]
    assert backward.refused == "RuntimeError: this batch is not welcome in backward"
    assert [trace.nodes[visit.node].parameter for visit in trace.backward if trace.nodes[visit.node].parameter] == [
        "linear.bias",
        "linear.weight",
    ]


def test_two_backwards_are_two_rounds_over_the_same_nodes() -> None:
    session = Session(Settings(batch_size=3), Loop)
    trace = record(session, (ZERO_GRAD, FORWARD, LOSS, do("backward", retain_graph=True), BACKWARD))
    first, second = trace.backward[: len(trace.backward) // 2], trace.backward[len(trace.backward) // 2 :]
    assert first == trace.commands[3].items
    assert [one.node for one in first] == [one.node for one in second]
    once = first[-1].changes["first.weight.grad"]
    twice = second[-1].changes["first.weight.grad"]
    assert once is not None
    assert same(twice, once + once)
    assert same(twice, session.model.get_parameter("first.weight").grad)
    assert not same(twice, once)


def test_a_backward_from_the_output_starts_there() -> None:
    trace = record(Session(Settings(batch_size=3), Loop), (FORWARD, do("backward", of="output")))
    assert trace.backward[0].node == named(trace, "linear_4").node
    assert trace.operations[-1].name == "linear_4"
    assert not trace.updates


def test_a_forward_pressed_twice_has_its_names_twice_and_its_edges_apart() -> None:
    trace = record(Session(Settings(batch_size=3), Loop), (FORWARD, FORWARD, LOSS, BACKWARD))
    first, second = ([one for one in command.items if isinstance(one, Operation)] for command in trace.commands[:2])
    assert [one.name for one in first] == [one.name for one in second]
    assert [at for one in second for at in one.inputs] == [
        at if at < 0 else at + len(first) for one in first for at in one.inputs
    ]
    assert received(trace, second[-1]) is not None
    assert received(trace, first[-1]) is None
    assert trace.operations[-1].inputs == (len(first) + len(second) - 1,)


def test_one_sample_without_the_batch_dimension() -> None:
    session = Session(Settings(batch_size=3), Rows)
    refused = record(session, (do("forward", sample=1),)).commands[0]
    assert refused.refused.startswith("RuntimeError: ")
    assert next(one.name for one in refused.items if isinstance(one, Operation)) == "squeeze"
    trace = record(session, (do("forward", sample=1, unsqueeze=True), LOSS, BACKWARD, STEP))
    assert trace.forward[0].inputs == (-1,)
    assert trace.forward[-1].outputs[0].shape == (1, 10)
    assert trace.batch is not None
    assert trace.batch.shape == (3, 1, 32, 32)


def test_the_batch_is_as_the_model_got_it() -> None:
    session = Session(Settings(batch_size=3), WritesIntoItsInput)
    drawn = session.input.clone()
    trace = record(session, (FORWARD,))
    assert same(trace.batch, drawn)
    assert not same(session.input, drawn)
    assert [(one.name, one.inputs) for one in trace.forward] == [
        ("mul_", (-1,)),
        ("sub_", (0,)),
        ("flatten", (1,)),
        ("linear", (2,)),
    ]


def test_operations_tell_which_buffers_they_changed() -> None:
    """Written into, replaced by another tensor, or written behind PyTorch's back."""
    session = Session(Settings(batch_size=3), Counts)
    for call in (1, 2):
        trace = record(session)
        changed = {one.name: set(one.changes) for one in trace.forward if one.changes}
        assert changed == {"add_": {"calls"}, "add": {"average", "hidden"}}
        state = trace.changes(1, len(trace.forward))
        assert state["calls"] == call
        assert state["hidden"] == call
        assert same(state["average"], session.model.get_buffer("average"))
        assert trace.changes(1, 1) == {"calls": torch.tensor(call)}


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_batch_norm_changes_its_statistics_in_train_mode_alone(mode: str) -> None:
    session = Session(Settings(batch_size=3, mode=mode), Residual)
    before = session.model.get_buffer("block.norm.running_mean").clone()
    trace = record(session)
    changes = named(trace, "batch_norm").changes
    if mode == "eval":
        assert changes == {}
        return
    assert set(changes) == {"block.norm.running_mean", "block.norm.running_var"}
    assert same(changes["block.norm.running_mean"], session.model.get_buffer("block.norm.running_mean"))
    assert not same(changes["block.norm.running_mean"], before)


def test_dropout_in_eval_mode_is_an_operation_that_returns_what_it_was_given() -> None:
    trace = record(Session(Settings(batch_size=3, mode="eval"), Drops))
    relu, first, second = (named(trace, name) for name in ("relu", "dropout", "dropout_1"))
    assert same(first.outputs[0], relu.outputs[0])
    assert second.inputs == (trace.operations.index(first),)
    assert relu.node == first.node == second.node >= 0


class NoGraph(nn.Module):
    """Computes without a graph; PyTorch refuses its backward."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1024, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self.linear(x.flatten(1))


def test_a_model_without_a_graph() -> None:
    trace = record(Session(Settings(batch_size=3), NoGraph))
    assert [(one.name, one.node) for one in trace.forward] == [("flatten", -1), ("linear", -1)]
    assert trace.nodes == []
    assert "does not require grad" in trace.commands[3].refused
    assert [update.gradient for update in trace.updates] == [None, None]


def test_gradients_that_become_zeros_do_not_take_the_recorded_ones_along() -> None:
    session = Session(Settings(batch_size=3), Loop)
    trace = record(session, (FORWARD, LOSS, BACKWARD))
    kept = [one.clone() for visit in trace.backward for one in (*visit.received, *visit.gave) if one is not None]
    bare(session, (do("zero_grad", set_to_none=False), FORWARD, LOSS, BACKWARD))
    now = [one for visit in trace.backward for one in (*visit.received, *visit.gave) if one is not None]
    assert all(same(one, other) for one, other in zip(kept, now, strict=True))
    assert any(one.any() for one in kept)


class Hooked(nn.Module):
    """A hook of the person's own that writes into a gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1024, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x.flatten(1))
        z = y * 2
        z.register_hook(lambda gradient: gradient.mul_(3))
        return z + 0


def test_gradients_that_a_hook_writes_into_are_recorded_as_they_were() -> None:
    plain, watched = (Session(Settings(batch_size=3), Hooked) for _ in range(2))
    bare(plain, CYCLE)
    trace = record(watched)
    assert watched.digest() == plain.digest()
    add, mul = named(trace, "add"), named(trace, "mul")
    before, behind = received(trace, add), received(trace, mul)
    assert before is not None
    assert same(behind, before * 3)
