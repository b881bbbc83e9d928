"""Weights to take along and to bring: what is written is read again to the bit, and loading them is a command."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.results import loading, weights
from lenet_gui.protocol import Command, Frame, Notice, Run
from lenet_gui.protocol.results import ExportRun, LoadWeights
from tests.engine.hosting import Host

PATHS = ("weights.safetensors", "weights.pt")


@pytest.fixture
def trained() -> Session:
    session = Session(Settings(batch_size=8))
    session.run(5)
    return session


@pytest.mark.parametrize("name", PATHS)
def test_what_is_written_is_read_again_to_the_bit(trained: Session, tmp_path: Path, name: str) -> None:
    weights.save(trained, tmp_path / name)
    found = weights.read(tmp_path / name)
    assert found.keys() == trained.model.state_dict().keys()
    assert all(torch.equal(found[key], value) for key, value in trained.model.state_dict().items())
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_plain_pytorch_reads_what_is_written(trained: Session, tmp_path: Path) -> None:
    for name in PATHS:
        weights.save(trained, tmp_path / name)
    trained.model.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    trained.model.load_state_dict(safetensors.torch.load_file(tmp_path / "weights.safetensors"))


def test_inside_of_a_step_they_are_those_of_the_cursor(trained: Session, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in trained.model.state_dict().items()}
    for phase in ("zero_grad", "forward", "loss", "backward", "step"):
        trained.apply(Command(phase))
    after = {name: value.clone() for name, value in trained.model.state_dict().items()}
    trained.step_back()
    trained.item = 1  # the first parameter of the update has moved, the others have not
    weights.save(trained, tmp_path / "weights.pt")
    found = weights.read(tmp_path / "weights.pt")
    first, *others = before
    assert not torch.equal(found[first], before[first])
    assert torch.equal(found[first], after[first])
    assert all(torch.equal(found[name], before[name]) for name in others)


def test_loaded_weights_replay_to_the_bit_and_are_undone(trained: Session, tmp_path: Path) -> None:
    other = Session(Settings(seed=3, batch_size=8, optimizer="Adam", lr=0.001))
    other.run(2)
    before = other.digest()
    other.apply(loading.command(other, trained.model.state_dict()))
    assert torch.equal(other.model.get_parameter("fc3.bias"), trained.model.get_parameter("fc3.bias"))
    other.run(3)
    after = other.digest()
    other.seek(step=2, branch="main")
    assert other.digest() == before
    other.seek()
    assert other.digest() == after
    other.save(tmp_path / "run.lenet")
    assert Session.open(tmp_path / "run.lenet").digest() == after


def test_the_script_loads_them_too(trained: Session, tmp_path: Path) -> None:
    session = Session(Settings(seed=3, batch_size=8))
    session.run(2)
    session.apply(loading.command(session, trained.model.state_dict()))
    session.run(2)
    from lenet_gui.engine.export.script import write_script

    write_script(session, tmp_path / "run.py")
    subprocess.run([sys.executable, tmp_path / "run.py", tmp_path / "end.pt"], check=True, capture_output=True)
    found = torch.load(tmp_path / "end.pt", weights_only=True)
    assert all(torch.equal(found[name], value) for name, value in session.model.state_dict().items())


def test_a_graph_that_is_alive_notices_as_in_plain_pytorch(trained: Session) -> None:
    trained.forward()
    trained.loss()
    trained.apply(loading.command(trained, {name: one + 1 for name, one in trained.model.state_dict().items()}))
    with pytest.raises(Refused) as refused:
        trained.backward()
    assert "modified by an inplace operation" in refused.value.notice.words


# --------------------------------------------------------------------------------------------------- what people have


def test_prefixes_and_checkpoints_of_other_programs_are_understood(trained: Session, tmp_path: Path) -> None:
    state = {f"module.{name}": value for name, value in trained.model.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state, "optimizer": trained.optimizer.state_dict()}, tmp_path / "last.pt")
    found = loading.fit(trained.model, weights.read(tmp_path / "last.pt"))
    assert not found.problems
    assert found.fitting.keys() == trained.model.state_dict().keys()


def test_what_does_not_fit_is_named_and_the_rest_is_offered(trained: Session, tmp_path: Path) -> None:
    state = dict(trained.model.state_dict())
    state["fc3.weight"] = torch.zeros(5, 84)
    del state["conv1.bias"]
    state["head.weight"] = torch.zeros(2)
    torch.save(state, tmp_path / "other.pt")
    with Host() as host:
        parameters = host.do(LoadWeights(str(tmp_path / "other.pt"))).parameters
        notice = host.of(Notice)[-1]
        assert "fc3.weight is 5×84 float32 and the model's 10×84 float32" in notice.words
        assert "conv1.bias is missing" in notice.words
        assert "the model has no head.weight" in notice.words
        (offer,) = notice.offers
        assert offer.label == "Load the 8 that fit"
        loaded = host.do(offer.action)
        changed = [a.name for a, b in zip(parameters, loaded.parameters, strict=True) if a != b]
        assert changed == [name for name in trained.model.state_dict() if name not in ("fc3.weight", "conv1.bias")]
        assert loaded.reason == "weights loaded from other.pt"
        assert loaded.unsaved


# -------------------------------------------------------------------------------------------------------- wrong files


class Code:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (os.environ["MADE_BY_A_PICKLE"],)


def test_a_pickle_with_code_in_it_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Session
) -> None:
    made = tmp_path / "made"
    monkeypatch.setenv("MADE_BY_A_PICKLE", str(made))
    torch.save({"conv1.bias": torch.zeros(6), "more": Code()}, tmp_path / "evil.pt")
    torch.save(trained.model, tmp_path / "whole.pt")
    for name, what in (("evil.pt", "mkdir"), ("whole.pt", "lenet_gui.engine.net.Net")):
        with pytest.raises(ValueError, match=f"{name} has code in it .*{what}"):
            weights.read(tmp_path / name)
    assert not made.exists()


def test_a_file_that_promises_more_than_it_has_gives_nothing(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(4.0)}, tmp_path / "good.pt")
    with zipfile.ZipFile(tmp_path / "good.pt") as good, zipfile.ZipFile(tmp_path / "long.pt", "w") as long:
        for info in good.infolist():
            # 4 numbers become 2**28, in the tensor and in what lies below it.
            data = good.read(info)
            long.writestr(info, data.replace(b"K\x04", b"J\0\0\0\x10") if info.filename.endswith("pkl") else data)
    with pytest.raises(ValueError, match=r"long.pt is no whole file of weights"):
        weights.read(tmp_path / "long.pt")


def test_a_compressed_file_is_not_unpacked(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(4)}, tmp_path / "good.pt")
    with (
        zipfile.ZipFile(tmp_path / "good.pt") as good,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for info in good.infolist():
            bomb.writestr(info.filename, good.read(info) if info.filename.endswith("pkl") else bytes(2**24))
    with pytest.raises(ValueError, match=r"bomb.pt is no file that torch.save writes"):
        weights.read(tmp_path / "bomb.pt")


def test_other_wrong_files_give_one_sentence(tmp_path: Path, trained: Session) -> None:
    weights.save(trained, tmp_path / "a.safetensors")
    weights.save(trained, tmp_path / "a.pt")
    for name in ("a.safetensors", "a.pt"):
        (tmp_path / f"cut-{name}").write_bytes((tmp_path / name).read_bytes()[:5000])
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"a": torch.zeros(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    for name in (
        *("cut-a.safetensors", "cut-a.pt", "list.pt", "old.pt", "text.pt"),
        *("empty.safetensors", "missing.pt", "a.npz", "."),
    ):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            weights.read(tmp_path / name)


def test_a_command_for_weights_that_are_not_there_is_refused(trained: Session) -> None:
    digest = trained.digest()
    wrong = trained.store.put(safetensors.torch.save({"fc3.bias": torch.zeros(3)}))
    for values in ("0" * 64, wrong, trained.store.put(b"nothing")):
        with pytest.raises(Refused):
            trained.apply(Command.of("load_weights", values=values))
    assert trained.digest() == digest


def test_buffers_come_along(tmp_path: Path) -> None:
    def make() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(1024), nn.Linear(1024, 10))

    session = Session(Settings(batch_size=8), make)
    session.run(3)
    weights.save(session, tmp_path / "a.pt")
    other = Session(Settings(batch_size=8), make)
    other.apply(loading.command(other, weights.read(tmp_path / "a.pt")))
    assert torch.equal(other.model.get_buffer("1.running_mean"), session.model.get_buffer("1.running_mean"))
    assert int(other.model.get_buffer("1.num_batches_tracked")) == 3


def test_a_window_writes_and_loads_them(tmp_path: Path) -> None:
    with Host(Settings(batch_size=4)) as host:
        trained = host.do(Run(3))
        host.do(ExportRun("weights", str(tmp_path / "a.pt")))
        host.do(Run(2))
        frame: Frame = host.do(LoadWeights(str(tmp_path / "a.pt")))
        norms = [[row.value_norm for row in one.parameters] for one in (trained, frame)]
        assert norms[0] == norms[1]
        assert host.code()[-1].startswith('net.load_state_dict(torch.load("weights-')
