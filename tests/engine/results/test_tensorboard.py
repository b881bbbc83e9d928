"""TensorBoard's own reader finds in the event file what the run was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.results import over_checkpoints
from lenet_gui.engine.results.tensorboard import write_events
from lenet_gui.protocol import Command


@pytest.fixture
def session() -> Session:
    """Thirty steps, measured behind the twentieth, at another learning rate from then on; a forward is under way."""
    session = Session(Settings(batch_size=8))
    session.run(20)
    found = session.evaluate()
    assert found is not None
    session.accuracies[session.branch, len(session.journal)] = found
    session.set(lr=0.01)
    session.run(10)
    for phase in ("zero_grad", "forward", "loss", "backward"):
        session.apply(Command(phase))
    return session


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0})
    found.Reload()
    return found


def test_scalars_are_those_of_the_log(session: Session, tmp_path: Path) -> None:
    assert write_events(session, tmp_path / "tb")
    events = read(tmp_path / "tb")
    rows = session.log.rows()
    assert [one.step for one in events.Scalars("loss")] == [*range(1, 31)]
    assert [np.float32(one.value) for one in events.Scalars("loss")] == rows[:, 0].tolist()
    assert [np.float32(one.value) for one in events.Scalars("gradients/conv1.bias.2")] == rows[:, 3].tolist()
    assert [round(one.value, 6) for one in events.Scalars("lr")] == [0.05] * 20 + [0.01] * 10
    (accuracy,) = events.Scalars("test/accuracy")
    assert accuracy.step == 20
    assert accuracy.value == pytest.approx(next(iter(session.accuracies.values())).correct / 360)


def test_histograms_are_of_this_place_and_of_the_checkpoints(session: Session, tmp_path: Path) -> None:
    write_events(session, tmp_path / "tb")
    events = read(tmp_path / "tb")
    weight = session.model.get_parameter("fc1.weight")
    assert weight.grad is not None
    for kind, tensor in (("parameters", weight), ("gradients", weight.grad)):
        found = events.Histograms(f"{kind}/fc1.weight")
        steps = [one.step for one in found]
        assert steps[0] == 0
        assert steps[-1] == 30
        assert len(steps) > 2
        newest = found[-1].histogram_value
        assert newest.num == tensor.numel()
        assert (newest.min, newest.max) == (tensor.min().item(), tensor.max().item())
        assert newest.sum == pytest.approx(tensor.double().sum().item())


def test_what_lies_at_checkpoints_is_what_was_there(session: Session) -> None:
    found = {step: tensors for step, tensors in over_checkpoints.over_checkpoints(session, lambda: True) if tensors}
    again = Session(Settings(batch_size=8))
    for step, tensors in sorted(found.items())[:4]:
        again.run(step - again.steps)
        for phase in ("zero_grad", "forward", "loss", "backward"):
            again.apply(Command(phase))
        for name, parameter in again.model.named_parameters():
            assert torch.equal(tensors[name], parameter)
            assert parameter.grad is not None
            assert torch.equal(tensors[f"{name}.grad"], parameter.grad)
        again.apply(Command("step"))


def test_images_and_graph_are_there(session: Session, tmp_path: Path) -> None:
    write_events(session, tmp_path / "tb")
    events = read(tmp_path / "tb")
    (batch,), (filters,) = events.Images("batch"), events.Images("filters/conv1.weight")
    assert (batch.width, batch.height) == (3 * 33 - 1, 3 * 33 - 1)
    assert (filters.width, filters.height) == (3 * 25 - 1, 2 * 25 - 1)
    nodes = {node.name: node for node in events.Graph().node}
    assert list(nodes["Net/conv1/conv2d"].input) == ["input", "Net/conv1/weight", "Net/conv1/bias"]
    assert nodes["Net/fc1/linear"].op == "linear"
    shape = nodes["Net/fc1/linear"].attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [8, 120]


def test_it_changes_nothing_and_leaves_one_file(session: Session, tmp_path: Path) -> None:
    digest = session.digest()
    write_events(session, tmp_path / "tb")
    write_events(session, tmp_path / "tb")
    assert session.digest() == digest
    assert len([one for one in (tmp_path / "tb").iterdir() if "tfevents" in one.name]) == 2
    assert len([*(tmp_path / "tb").iterdir()]) == 2


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_left_off_there_is_no_file(session: Session, tmp_path: Path, calls: int) -> None:
    left = [True] * calls
    assert not write_events(session, tmp_path / "tb", lambda *_: bool(left and left.pop()))
    assert not [*(tmp_path / "tb").iterdir()]


def test_a_run_that_has_not_begun_and_one_that_broke_can_be_written(tmp_path: Path) -> None:
    write_events(Session(Settings(data="random", batch_size=1)), tmp_path / "new")
    assert read(tmp_path / "new").Tags()["scalars"] == []
    broken = Session(Settings(batch_size=4, lr=1e38), lambda: nn.Sequential(nn.Flatten(), nn.Linear(1024, 10)))
    broken.run(5)
    write_events(broken, tmp_path / "broken")
    losses = [one.value for one in read(tmp_path / "broken").Scalars("loss")]
    assert len(losses) == 5
    assert not np.isfinite(losses[-1])
