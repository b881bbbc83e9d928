"""The model as ONNX: what the ONNX checker takes, and another runtime computes alike."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.results.onnx_file import write_onnx


class Dropping(nn.Module):
    """With what behaves otherwise in training."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Flatten())
        self.last = nn.Linear(4 * 30 * 30, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.layers(x))


class Branching(nn.Linear):
    """Which way it goes depends on the numbers: no exporter can tell that."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        found = super().forward(input.flatten(1))
        return found if found.sum().item() > 0 else -found


@pytest.mark.parametrize("batch_size", [1, 8])
def test_another_runtime_computes_the_same(tmp_path: Path, batch_size: int) -> None:
    session = Session(Settings(batch_size=batch_size), Dropping)
    session.run(3)
    digest = session.digest()
    write_onnx(session, tmp_path / "model.onnx")
    assert session.digest() == digest
    assert session.model.training
    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)
    other = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    images = torch.randn(5, 1, 32, 32)
    with torch.no_grad():
        expected = session.model.eval()(images)
    (found,) = other.run(["output"], {"input": images.numpy()})
    assert torch.allclose(torch.from_numpy(found), expected, rtol=1e-5, atol=1e-5)
    assert [one.name for one in tmp_path.iterdir()] == ["model.onnx"]


def test_what_cannot_be_told_as_onnx_is_said_in_a_sentence(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=4), lambda: Branching(1024, 10))
    with pytest.raises(ValueError, match=r"^Branching cannot be told as ONNX \([^\n]+\)$"):
        write_onnx(session, tmp_path / "model.onnx")
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_onnx(Session(Settings(batch_size=4)), tmp_path / "missing" / "model.onnx")
