"""What is compared of a saved session is what it was, and no model is made and no code run to know it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.results import compared
from lenet_gui.engine.storage import recovery, session_file
from lenet_gui.engine.storage.recorder import Recorder
from lenet_gui.protocol import Accuracy
from lenet_gui.protocol.compare import CompareReply, CompareRequest
from tests.engine.hosting import Host


@pytest.fixture
def session() -> Session:
    """Two branches, of which the second was trained at another learning rate; both were measured."""
    session = Session(Settings(batch_size=8, momentum=0.9))
    session.run(12)
    session.accuracies[session.branch, len(session.journal)] = Accuracy(12, 0, 90, 360)
    session.seek(step=8)
    session.set(lr=0.25)
    session.run(6)
    session.accuracies[session.branch, len(session.journal)] = Accuracy(14, 0, 180, 360)
    return session


def same(one: CompareReply, other: CompareReply) -> bool:
    pairs = zip(one.branches, other.branches, strict=True)
    told = [(a.name, a.settings, a.accuracy, a.measured_at) == (b.name, b.settings, b.accuracy, b.measured_at) and
            np.array_equal(a.losses, b.losses, equal_nan=True) for a, b in pairs]  # fmt: skip
    return all(told)


def test_a_file_tells_the_same_as_the_living_session(session: Session, tmp_path: Path) -> None:
    session.save(tmp_path / "run.lenet")
    living = compared.answer(session, CompareRequest(1))
    saved = compared.answer(Session(Settings(data="random")), CompareRequest(2, str(tmp_path / "run.lenet")))
    assert same(living, saved)
    main, second = saved.branches
    assert (main.name, len(main.losses), main.accuracy, main.measured_at) == ("main", 12, 0.25, 12)
    assert (second.name, len(second.losses), second.accuracy, second.measured_at) == ("branch 2", 14, 0.5, 14)
    assert np.array_equal(second.losses, session.log.rows()[:, 0])
    assert np.array_equal(main.losses[:8], second.losses[:8])
    assert dict(second.settings)["lr"] == "0.05 → 0.25"
    assert dict(main.settings)["lr"] == "0.05"
    assert dict(main.settings)["momentum"] == "0.9"


def test_what_was_measured_is_recorded_and_recovered(session: Session, tmp_path: Path) -> None:
    recorder = Recorder(session, tmp_path / "live")
    session.run(2)
    session.accuracies[session.branch, len(session.journal)] = Accuracy(16, 0, 200, 360)
    recorder.record()
    recorder.record()
    recorder.close(keep=True)
    again = recovery.recover(tmp_path / "live", Session).session
    assert [(branch.name, place, found) for (branch, place), found in again.accuracies.items()] == [
        (branch.name, place, found) for (branch, place), found in session.accuracies.items()
    ]


def test_no_model_is_made_and_no_data_are_read(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.save(tmp_path / "run.lenet")
    change(
        tmp_path / "run.lenet", lambda value: value["settings"].update(model=f"file:{'0' * 64}:Net", data="images:gone")
    )

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a module was made")

    monkeypatch.setattr(nn.Module, "__init__", refuse)
    found = compared.answer(session, CompareRequest(1, str(tmp_path / "run.lenet")))
    assert not found.problem
    assert dict(found.branches[0].settings)["data"] == "images:gone"


def test_accuracies_are_saved_recorded_and_come_back(session: Session, tmp_path: Path) -> None:
    session.save(tmp_path / "run.lenet")
    again = Session.open(tmp_path / "run.lenet")
    assert [(branch.name, place, found) for (branch, place), found in again.accuracies.items()] == [
        (branch.name, place, found) for (branch, place), found in session.accuracies.items()
    ]
    change(tmp_path / "run.lenet", lambda value: value.pop("accuracies"))  # as it was written before
    assert not Session.open(tmp_path / "run.lenet").accuracies


NOWHERE = {"branch": 7, "place": 0, "step": 0, "epoch": 0, "correct": 0, "total": 1}
TOO_FAR = {**NOWHERE, "branch": 0, "place": 10**9}
TOO_MANY = {**NOWHERE, "branch": 0, "correct": 2}


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value["branches"][0]["entries"].append({"n": 3}),
        lambda value: value["accuracies"].append(NOWHERE),
        lambda value: value["accuracies"].append(TOO_FAR),
        lambda value: value["accuracies"].append(TOO_MANY),
        lambda value: value["branches"][1].update(leaves=10**6),
        lambda value: value.update(format=99),
    ],
)
def test_damaged_files_give_one_sentence(session: Session, tmp_path: Path, damage: object) -> None:
    session.save(tmp_path / "run.lenet")
    change(tmp_path / "run.lenet", damage)
    found = compared.answer(session, CompareRequest(1, str(tmp_path / "run.lenet")))
    assert not found.branches
    assert found.problem.startswith("run.lenet ")
    assert "\n" not in found.problem


def test_other_files_give_one_sentence(session: Session, tmp_path: Path) -> None:
    session.save(tmp_path / "run.lenet")
    (tmp_path / "cut.lenet").write_bytes((tmp_path / "run.lenet").read_bytes()[:-100])
    (tmp_path / "text.lenet").write_text("hello")
    with Host(Settings(data="random", batch_size=1)) as host:
        for at, name in enumerate(("cut.lenet", "text.lenet", "missing.lenet", ".")):
            path = str(tmp_path / name)
            found = host.ask(CompareRequest(at, path), CompareReply, lambda reply, at=at: reply.id == at)
            assert not found.branches
            assert found.problem
        good = host.ask(CompareRequest(9, str(tmp_path / "run.lenet")), CompareReply, lambda reply: reply.id == 9)
        assert len(good.branches) == 2


def change(path: Path, how: object) -> None:
    """Write another session.json into a saved session."""
    assert callable(how)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    value = json.loads(members[session_file.SESSION])
    how(value)
    members[session_file.SESSION] = json.dumps(value).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
