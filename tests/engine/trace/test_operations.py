"""The operations of a trace as the person's Python did them: their names, where they were called, what they read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace.recording import Recording
from lenet_gui.engine.trace.trace import Operation, Trace
from lenet_gui.protocol import Command
from tests.engine.trace import models
from tests.engine.trace.models import Attends, Breaks, Chooses, Custom, InPlace, Loop, Residual, Rows, Views, bought
from tests.engine.trace.recorded import named, record

FILE = Path(models.__file__).read_text(encoding="utf-8").splitlines()


def traced(make_model: Callable[[], nn.Module], seed: int = 0) -> Trace:
    return record(Session(Settings(batch_size=3, seed=seed), make_model))


def code(operation: Operation) -> str:
    """The piece of the model's file that its span names."""
    assert operation.source is not None
    assert operation.source.file == models.__file__
    assert operation.source.line == operation.source.end_line
    return FILE[operation.source.line - 1][operation.source.column : operation.source.end_column]


def edges(trace: Trace) -> dict[str, tuple[str, ...]]:
    """The names of what each operation reads: other operations, the batch, parameters."""
    names = [one.name for one in trace.operations]
    return {
        one.name: (*("batch" if at < 0 else names[at] for at in one.inputs), *one.tensors) for one in trace.operations
    }


def test_the_example_network_has_twelve_operations_and_the_loss() -> None:
    trace = traced(Net)
    assert [(one.name, one.module) for one in trace.operations] == [
        ("conv2d", "conv1"),
        ("relu", ""),
        ("max_pool2d", ""),
        ("conv2d_1", "conv2"),
        ("relu_1", ""),
        ("max_pool2d_1", ""),
        ("view", ""),
        ("linear", "fc1"),
        ("relu_2", ""),
        ("linear_1", "fc2"),
        ("relu_3", ""),
        ("linear_2", "fc3"),
        ("cross_entropy", "criterion"),
    ]
    assert [one.inputs for one in trace.operations] == [(at - 1,) for at in range(13)]
    assert len(trace.backward) == 27
    assert sum(bool(trace.nodes[visit.node].parameter) for visit in trace.backward) == 10
    lines = [one.line for one in trace.forward]
    assert lines[0] == lines[1] == lines[2]
    assert lines[3] == lines[4] == lines[5] == (lines[0] or 0) + 1


def test_three_operations_on_one_line_have_columns_of_their_own() -> None:
    trace = traced(Views)
    assert {one.name: code(one) for one in trace.forward if one.name not in ("avg_pool2d", "flatten", "chunk")} == {
        "stack": "torch.stack([left, right])",
        "sum": "torch.stack([left, right]).sum(0)",
        "exp": "torch.exp(right)",
        "cat": "torch.cat([torch.stack([left, right]).sum(0), torch.exp(right)], dim=-1)",
        # Letters, not bytes: there is a Σ before them on the line.
        "T": "self.matrix.T",
        "matmul": "x @ self.matrix.T",
        "relu": "torch.relu(x @ self.matrix.T)",
        "T_1": "self.matrix.T",
        "matmul_1": "x @ self.matrix.T",
        "sigmoid": "torch.sigmoid(x @ self.matrix.T)",
        "add": "torch.relu(x @ self.matrix.T) + torch.sigmoid(x @ self.matrix.T)",
    }
    assert edges(trace)["cat"] == ("sum", "exp")
    assert edges(trace)["stack"] == ("chunk",)
    assert edges(trace)["T"] == ("matrix",)
    assert edges(trace)["add"] == ("relu", "sigmoid")


def test_a_skip_connection_is_a_second_edge() -> None:
    trace = traced(Residual)
    found = edges(trace)
    assert found["add"] == ("conv2d", "conv2d_2")
    assert found["conv2d"] == ("batch", "stem.weight", "stem.bias")
    assert named(trace, "add").module == "block"
    assert [trace.calls[named(trace, "batch_norm").call].path, trace.calls[named(trace, "add").call].path] == [
        "block.norm",
        "block",
    ]
    assert code(named(trace, "conv2d_1")) == "self.conv1(x)"
    assert code(named(trace, "relu")) == "F.relu(self.norm(self.conv1(x)))"


def test_a_shared_layer_is_called_anew_each_time() -> None:
    trace = traced(Loop)
    calls = [one for one in trace.calls if one.path == "shared"]
    assert [one.nth for one in calls] == [0, 1, 2]
    assert [trace.calls[one.parent].path for one in calls] == ["", "", ""]
    shared = [one for one in trace.forward if one.module == "shared"]
    assert [one.name for one in shared] == ["linear_1", "linear_2", "linear_3"]
    assert len({one.call for one in shared}) == 3
    assert edges(trace)["linear_2"] == ("tanh", "shared.weight", "shared.bias")
    assert {code(one) for one in shared} == {"self.shared(x)"}


def test_a_branch_that_was_not_taken_is_not_there() -> None:
    traces = [traced(Chooses, seed=seed) for seed in range(20)]
    taken = {tuple((one.name, one.module) for one in trace.forward if one.module) for trace in traces}
    assert taken == {(("linear", "left"),), (("linear", "right"),)}


def test_operations_inside_modules_of_pytorch_lie_on_the_line_that_called_them() -> None:
    trace = traced(Rows)
    assert {one.name for one in trace.forward if one.module == "lstm"} == {"zeros", "zeros_1", "lstm"}
    assert code(named(trace, "lstm")) == "self.lstm(x.squeeze(-3))"
    assert [tuple(one.shape) for one in named(trace, "lstm").outputs] == [(3, 32, 8), (1, 3, 8), (1, 3, 8)]
    trace = traced(Attends)
    inside = [one for one in trace.forward if one.module.startswith("encoder")]
    assert {code(one) for one in inside} == {"self.encoder(patches)"}
    assert {"encoder.self_attn", "encoder.norm1", "encoder.linear2", "encoder"} <= {one.module for one in inside}
    assert edges(trace)["add"] == ("mT", "dropout")


def test_a_model_without_a_line_of_ones_own_has_no_source() -> None:
    session = Session(Settings(batch_size=3), bought)
    recording = Recording(session)
    with session.undisturbed():
        recording.do(Command("forward"), 0)
    assert [(one.name, one.module, one.source) for one in recording.trace.forward] == [
        ("avg_pool2d", "0", None),
        ("flatten", "1", None),
        ("linear", "2", None),
        ("relu", "3", None),
        ("linear_1", "4", None),
    ]
    assert recording.sources.files() == ()


def test_a_custom_function_is_one_operation() -> None:
    trace = traced(Custom)
    names = [one.name for one in trace.forward]
    assert names == ["avg_pool2d", "flatten", "linear", "new_tensor", "Doubled", "relu", "linear_1"]
    assert edges(trace)["Doubled"] == ("linear", "new_tensor")
    node = trace.nodes[named(trace, "Doubled").node]
    assert node.name == "DoubledBackward"
    assert [name for name, _ in node.saved] == ["saved_tensors"]
    assert code(named(trace, "Doubled")) == "Doubled.apply(hidden, hidden.new_tensor(2.0))"


def test_what_is_written_in_place_is_read_from_there() -> None:
    found = edges(traced(InPlace))
    assert found["relu"] == ("linear",)
    assert found["linear_1"] == ("relu", "second.weight", "second.bias")
    assert found["add_"] == ("linear_1",)
    assert found["mul_"] == ("getitem",)
    assert found["cross_entropy"] == ("setitem",)


class WritesIntoAPart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1024, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x.flatten(1))
        y[:, 1].mul_(3)
        return y + 1


def test_who_writes_into_a_part_has_written_into_the_whole() -> None:
    found = edges(traced(WritesIntoAPart))
    assert found["mul_"] == ("getitem",)
    assert found["add"] == ("mul_",)


def test_each_node_belongs_to_the_operation_that_made_it() -> None:
    trace = traced(Attends)
    for node in trace.nodes:
        assert (node.operation >= 0) != (node.name == "AccumulateGrad")
    owners = {one.operation for one in trace.nodes if one.name == "SafeSoftmaxBackward0"}
    assert owners == {trace.operations.index(named(trace, "multi_head_attention_forward"))}


def test_what_a_node_has_saved_is_told_by_shape() -> None:
    trace = traced(Net)
    saved = dict(trace.nodes[named(trace, "conv2d").node].saved)
    assert saved["input"] == (3, 1, 32, 32)
    assert saved["weight"] == (6, 1, 3, 3)
    assert saved["stride"] == (1, 1)


@pytest.mark.parametrize("make_model", [Breaks, Residual])
def test_the_file_is_there_with_the_functions_that_ran(make_model: Callable[[], nn.Module]) -> None:
    session = Session(Settings(batch_size=3), make_model)
    recording = Recording(session)
    with session.undisturbed():
        recording.do(Command("forward"), 0)
    (file,) = recording.sources.files()
    assert file.file == models.__file__
    assert file.text.splitlines() == FILE
    inside = [FILE[first - 1].strip() for first, _ in file.functions]
    assert all(line.startswith("def ") for line in inside)
    assert len(inside) == 2
