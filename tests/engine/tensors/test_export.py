"""A tensor in a file is that tensor, to the bit, and a file that cannot be written leaves nothing behind."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet_gui.engine import Session, Settings, answers
from lenet_gui.engine.tensors.export import export
from lenet_gui.protocol.tensors import Exported, ExportTensor, View, Which

ODD = torch.tensor([[0.1, -1e-38, float("nan")], [float("inf"), 3.4e38, 1 / 3]])


@pytest.mark.parametrize(
    "tensor", [ODD, ODD.double(), torch.arange(24).reshape(2, 3, 4), torch.tensor(2.5), torch.empty(0, 3)]
)
def test_npy_has_all_digits_the_shape_and_the_type(tensor: torch.Tensor, tmp_path: Path) -> None:
    export(tensor, str(tmp_path / "a.npy"))
    found = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert (found.dtype, found.shape) == (tensor.numpy().dtype, tuple(tensor.shape))
    assert found.tobytes() == tensor.numpy().tobytes()


@pytest.mark.parametrize("tensor", [ODD, ODD.double(), torch.randn(2, 3, 70_000), torch.randn(5), torch.tensor(2.5)])
def test_csv_has_a_line_a_row_and_reads_back_the_same(tensor: torch.Tensor, tmp_path: Path) -> None:
    export(tensor, str(tmp_path / "a.csv"))
    with (tmp_path / "a.csv").open() as file:
        header, *rows = csv.reader(file)
    at = sum(name.startswith("index") for name in header)
    assert at == (tensor.ndim - 1 if tensor.ndim > 1 else tensor.ndim)
    found = np.array([row[at:] for row in rows], tensor.numpy().dtype).reshape(tensor.shape)
    assert np.array_equal(found, tensor.numpy(), equal_nan=True)
    if at:
        assert [int(one) for one in rows[-1][:at]] == [size - 1 for size in tensor.shape[:at]]


def test_what_cannot_be_written_is_one_sentence_and_nothing_half_written(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=1))
    (tmp_path / "there.npy").write_bytes(b"before")
    wanted = str(tmp_path / "no such folder" / "a.npy")
    for path, words in ((wanted, "cannot be written"), (str(tmp_path / "a.txt"), "neither .npy nor .csv")):
        with pytest.raises(ValueError, match=words):
            answers.answer(session, ExportTensor(1, View(Which("conv1.bias")), path))
    with pytest.raises(ValueError, match="no numbers at this place"):
        answers.answer(session, ExportTensor(1, View(Which("relu")), str(tmp_path / "there.npy")))
    assert (tmp_path / "there.npy").read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["there.npy"]
    reply = answers.answer(session, ExportTensor(2, View(Which("conv1.bias")), str(tmp_path / "there.npy")))
    assert reply == Exported(2, str(tmp_path / "there.npy"))


def test_what_fails_at_the_end_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        export(torch.zeros(100_000), str(tmp_path / "a.npy"))
    assert os.listdir(tmp_path) == ["a.npy"]
    assert os.listdir(tmp_path / "a.npy") == []
