"""What is no session file, or a damaged or harmful one, is refused in a sentence. Nothing of it is done or written."""

from __future__ import annotations

import json
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as safetensors

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.storage.session_file import load
from lenet_gui.engine.storage.stored import OtherNumbers, SessionFileError
from tests.engine import damage
from tests.engine.damage import CHECKPOINT, LOG, SESSION, with_header, with_session, with_state
from tests.engine.models import NormAndDropout
from tests.engine.storage.test_stored import branched

DAMAGED = "is damaged"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("saved") / "run.lenet"
    branched(Settings(batch_size=2, data="random", optimizer="Adam"), NormAndDropout).save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def digest(saved: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("digest") / "run.lenet"
    path.write_bytes(saved)
    return Session.open(path, NormAndDropout).digest()


def refused(data: bytes, folder: Path) -> str:
    """The sentence that such a file is refused with. Nothing is written anywhere, and hardly more read than it has."""
    file = folder / "deep" / "bad.lenet"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    before = sorted(folder.rglob("*"))
    tracemalloc.start()
    try:
        with pytest.raises(SessionFileError) as caught:
            Session.open(file, NormAndDropout)
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
    assert sorted(folder.rglob("*")) == before
    words = str(caught.value)
    assert words.startswith("bad.lenet ")
    assert words.endswith(".")
    assert len(words) < 400
    return words


def with_tensors(data: bytes, changes: dict[str, Any], name: str = CHECKPOINT) -> bytes:
    """One of the files of tensors with some changed, added, or (None) left out; its metadata stays as it is."""
    parts = damage.members(data)
    header = json.loads(parts[name][8 : 8 + int.from_bytes(parts[name][:8], "little")])
    tensors = {one: value for one, value in (tensors_of(parts[name]) | changes).items() if value is not None}
    return damage.packed(parts | {name: safetensors(tensors, header["__metadata__"])})


class Explodes:
    def __reduce__(self) -> Any:
        return os.mkdir, ("exploded",)


def test_a_file_of_another_kind(saved: bytes, tmp_path: Path) -> None:
    for data in (b"", b"hello", b"\0" + saved, pickle.dumps(Explodes()), b"\0" * 10**6):
        assert "is no session: choose a file that lenet-gui saved" in refused(data, tmp_path)
    with pytest.raises(SessionFileError, match="deep is no file: choose one"):
        Session.open(tmp_path / "deep")
    with pytest.raises(SessionFileError, match=r"none\.lenet cannot be read \(No such file"):
        Session.open(tmp_path / "none.lenet")


def test_a_file_cut_short_or_with_something_behind_it(saved: bytes, tmp_path: Path) -> None:
    for data in (saved[:-1], saved[: len(saved) // 2], saved[:50], saved[:10], saved + b"\0", saved + saved):
        assert DAMAGED in refused(data, tmp_path)


def test_a_flipped_bit(saved: bytes, tmp_path: Path) -> None:
    for part in (SESSION, LOG, CHECKPOINT):
        data = bytearray(saved)
        data[saved.index(part.encode()) + 500] ^= 4
        assert f"Bad CRC-32 for file '{part}'" in refused(bytes(data), tmp_path)


def test_a_file_of_the_future(saved: bytes, tmp_path: Path) -> None:
    data = with_session(saved, lambda value: value.update(format=2, settings="of another kind"))
    data = damage.packed(damage.members(data) | {"values/1.bin": b"new"})
    assert "written by a newer lenet-gui (format 2; this one reads 1): install the newest" in refused(data, tmp_path)


def test_parts_that_do_not_belong_into_it(saved: bytes, tmp_path: Path) -> None:
    parts = damage.members(saved)
    for name in ("../up", "/tmp/up", "data.pkl", "session.json/", "C:\\up"):
        words = refused(damage.packed(parts | {name: pickle.dumps(Explodes())}), tmp_path)
        assert "does not belong into it" in words
    for part in (SESSION, LOG, CHECKPOINT):
        assert DAMAGED in refused(damage.packed(parts | {part: pickle.dumps(Explodes())}), tmp_path)
    assert "session.json is missing" in refused(damage.packed({LOG: parts[LOG]}), tmp_path)
    assert "log.safetensors is missing" in refused(damage.packed({SESSION: parts[SESSION]}), tmp_path)
    assert not Path("exploded").exists()


def test_sizes_that_would_fill_the_memory(saved: bytes, tmp_path: Path) -> None:
    parts = damage.members(saved)
    bomb = damage.packed(parts | {SESSION: b" " * 2**27}, zipfile.ZIP_DEFLATED)
    assert "is compressed" in refused(bomb, tmp_path)
    for part in (LOG, CHECKPOINT):
        assert "there is no need for more than" in refused(damage.packed(parts | {part: b"\0" * 2**23}), tmp_path)
    # The directory says more than there is.
    for part in (SESSION, LOG, CHECKPOINT):
        data = bytearray(saved)
        at = saved.rindex(part.encode()) - 46
        data[at + 20 : at + 28] = struct.pack("<2L", 2**31, 2**31)
        assert DAMAGED in refused(bytes(data), tmp_path)
    huge = with_header(saved, CHECKPOINT, lambda header: header["target"].update(shape=[2**40]))
    assert DAMAGED in refused(huge, tmp_path)
    longest = parts | {CHECKPOINT: (2**62).to_bytes(8, "little") + parts[CHECKPOINT][8:]}
    assert DAMAGED in refused(damage.packed(longest), tmp_path)


def test_settings_that_would_fill_the_memory(saved: bytes, tmp_path: Path) -> None:
    words = refused(with_session(saved, lambda value: value["settings"].update(batch_size=2**30)), tmp_path)
    assert "is too large (its batches have more than 65,536 samples)" in words
    first = {"do": "set", "with": {"batch_size": 2**30}}
    words = refused(with_session(saved, lambda value: value["branches"][0]["entries"].insert(0, first)), tmp_path)
    assert "its batches have more than 65,536 samples" in words


def test_more_steps_than_it_has_a_log_for(saved: bytes, tmp_path: Path) -> None:
    def steps(n: Any) -> bytes:
        return with_session(saved, lambda value: value["branches"][0].update(entries=[{"n": n}]))

    assert "more than 50,000,000 steps" in refused(steps(2**50), tmp_path)
    for n in (10**7, 21, 2**70, -3, 0, 1.5, "7", True, None):
        assert DAMAGED in refused(steps(n), tmp_path)


def test_branches_that_cannot_be(saved: bytes, tmp_path: Path) -> None:
    def branches(change: Any) -> str:
        return refused(with_session(saved, lambda value: change(value["branches"])), tmp_path)

    def grown(count: int) -> Any:
        return lambda found: found.extend(found[1] | {"name": f"b{i}", "parent": i + 1} for i in range(count))

    assert "it has more than 1,000 branches" in branches(grown(5_000))
    assert DAMAGED in branches(lambda found: found[0].update(parent=1))
    assert DAMAGED in branches(lambda found: found[1].update(parent=1))
    assert DAMAGED in branches(lambda found: found[1].update(parent=None))
    assert DAMAGED in branches(lambda found: found[1].update(parent=-1))
    assert DAMAGED in branches(lambda found: found[1].update(leaves=10**6))
    assert DAMAGED in branches(lambda found: found[1].update(name="main"))
    assert DAMAGED in branches(lambda found: found[1].update(name=""))
    assert DAMAGED in branches(lambda found: found[1].update(differs=1))
    assert DAMAGED in branches(list.clear)
    many = [{"do": "zero_grad"}] * 100_000
    words = branches(lambda found: (found[0]["entries"].extend(many), found[1].update(leaves=10**5), grown(90)(found)))
    assert "its branches have more than 5,000,000 commands" in words


def test_places_and_commands_that_cannot_be(saved: bytes, tmp_path: Path) -> None:
    for change in (
        {"place": 10**9}, {"place": -1}, {"place": 2.0}, {"branch": 2}, {"branch": -1}, {"branches": {}},
        {"bookmarks": [{"branch": 0, "place": 10**9, "note": ""}]}, {"bookmarks": [{"branch": 9, "place": 0}]},
        {"cycle": []}, {"cycle": [{"do": "zero_grad"}]}, {"cycle": [{"do": "set"}, {"do": "step"}]},
    ):  # fmt: skip
        assert DAMAGED in refused(with_session(saved, lambda value, change=change: value.update(change)), tmp_path)
    for entry in (
        {"do": "dance"},
        {"do": "forward", "with": {"x": [1]}},
        {"do": "forward", "with": 3},
        {"do": 1},
        7,
        {},
    ):
        data = with_session(saved, lambda value, entry=entry: value["branches"][1]["entries"].append(entry))
        assert DAMAGED in refused(data, tmp_path)
    deep = damage.packed(damage.members(saved) | {SESSION: b"[" * 10**6})
    assert DAMAGED in refused(deep, tmp_path)


def test_a_device_that_is_not_here(saved: bytes, tmp_path: Path) -> None:
    words = refused(with_session(saved, lambda value: value["settings"].update(device="cuda:77")), tmp_path)
    assert "cannot be opened here (cuda:77 cannot be used" in words


def test_tensors_that_do_not_fit(saved: bytes, tmp_path: Path) -> None:
    weight = tensors_of(damage.members(saved)[CHECKPOINT])["parameter/conv.weight"]
    for changes in (
        {"parameter/conv.weight": weight[:1]}, {"parameter/conv.weight": weight.reshape(-1)},
        {"parameter/conv.weight": weight.astype(np.float64)}, {"parameter/conv.weight": None},
        {"buffer/norm.running_mean": None}, {"NaN": weight}, {"gradient/no": weight},
        {"optimizer/conv.weight/exp_avg": None}, {"optimizer/conv.weight/momentum_buffer": weight},
        {"optimizer/conv.weight/step": weight}, {"batch/input": weight}, {"batch/input": None},
        {"batch/labels": weight}, {"generator/device": weight},
        {"target": np.full(2, 10)}, {"target": np.full(2, -1)}, {"target": np.zeros(2)},
        {"generator/torch": np.zeros(5056, np.uint8)}, {"generator/torch": np.zeros(3, np.uint8)},
        {"generator/torch": None}, {"generator/numpy": np.zeros(3, np.int64)},
        {"generator/python": np.zeros(3, np.int64)}, {"generator/python": np.full(625, -1)},
    ):  # fmt: skip
        assert DAMAGED in refused(with_tensors(saved, changes), tmp_path)
        names = sorted(tensors_of(damage.members(with_tensors(saved, changes))[CHECKPOINT]))
        listed = with_state(with_tensors(saved, changes), lambda state, names=names: state.update(tensors=names))
        assert DAMAGED in refused(listed, tmp_path)
    rows = tensors_of(damage.members(saved)[LOG])
    for changes in (
        {"0": rows["0"][:5]},
        {"0": rows["0"].astype(np.float64)},
        {"1": None},
        {"2": rows["0"]},
        {"0": weight},
    ):
        assert DAMAGED in refused(with_tensors(saved, changes, LOG), tmp_path)


def test_a_gradient_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it was there is written beside it: one that is None and one that is gone are not the same."""
    monkeypatch.setattr("lenet_gui.engine.history.SPACING", 0.0)
    session = Session(Settings(batch_size=2), NormAndDropout)
    for _ in range(2):
        for phase in (session.forward, session.loss, session.backward, session.step):
            phase()
    session.save(tmp_path / "run.lenet")
    assert Session.open(tmp_path / "run.lenet", NormAndDropout).digest() == session.digest()
    data = (tmp_path / "run.lenet").read_bytes()
    assert DAMAGED in refused(with_tensors(data, {"gradient/conv.weight": None}), tmp_path)


def test_a_checkpoint_that_cannot_be(saved: bytes, tmp_path: Path) -> None:
    for change in (
        {"place": 0}, {"place": 10**6}, {"usable_from": 10**6}, {"usable_from": 0}, {"branch": 5}, {"seconds": -1.0},
        {"seconds": "x"}, {"due": "now"}, {"graph": None}, {"cursor": {"epoch": -1, "offset": 0}}, {"cursor": None},
        {"batch_size": 3}, {"target_kind": ["Loss", [2, 10]]}, {"target_kind": ["MSELoss", []]}, {"target_kind": None},
        {"forwarded": [1.5, True]}, {"forwarded": [0]}, {"plain": {"conv.weight": {"exp_avg": None}}}, {"tensors": []},
        {"numpy": {"pos": 625, "has_gauss": 0, "gauss": 0.0}}, {"numpy": {"pos": 1, "has_gauss": 2, "gauss": 0.0}},
        {"python": {"gauss": "x"}}, {"python": None}, {"groups": []}, {"groups": [{"lr": "x"}]},
        {"groups": [{"lr": [1.0]}]}, {"groups": [{"betas": [0.5]}]}, {"groups": [{"run": [1.0]}]}, {"groups": None},
        {"plain": {"conv.weight": {"other": 1}}}, {"plain": {"conv.weight": {"step": {"tensor": "exp_avg"}}}},
        {"plain": {"no": {}}}, {"plain": [1]},
    ):  # fmt: skip
        assert DAMAGED in refused(with_state(saved, lambda state, change=change: state.update(change)), tmp_path)


def test_a_file_that_comes_out_otherwise_says_from_where_and_can_be_opened_as_approximate(
    saved: bytes, digest: str, tmp_path: Path
) -> None:
    """As one does that was made with another PyTorch, on another processor, or on a GPU."""
    rows = tensors_of(damage.members(saved)[LOG])
    path = tmp_path / "other.lenet"
    path.write_bytes(with_tensors(saved, {one: value + np.float32(1e-3) for one, value in rows.items()}, LOG))
    data = with_session(path.read_bytes(), lambda value: value["versions"].update(torch="2.9.0"))
    path.write_bytes(data)
    with pytest.raises(OtherNumbers, match=r"from step \d+ on \(it was made with torch 2\.9\.0 .* as approximate"):
        Session.open(path, NormAndDropout)
    opened = load(path, partial(Session, make_model=NormAndDropout), exact=False)
    assert "This session was made with torch 2.9.0" in opened.note
    assert opened.session.digest() == digest


@pytest.mark.parametrize("seed", range(10))
def test_any_damage_at_all(seed: int, saved: bytes, digest: str, tmp_path: Path) -> None:
    """Damaged bytes are noticed by their check sums. What was changed on purpose may open as another session."""
    chance = random.Random(seed)
    path = tmp_path / "bad.lenet"
    for number in range(110):
        by_accident = number % 2 == 0
        path.write_bytes((damage.any_bytes if by_accident else damage.any_part)(saved, chance))
        try:
            session = Session.open(path, NormAndDropout)
        except SessionFileError as error:
            words = str(error)
            assert words.startswith("bad.lenet ")
            assert words.endswith(".")
            assert len(words) < 400
            continue
        assert not by_accident or session.digest() == digest
        with suppress(Refused):
            session.run(1)
    assert [one.name for one in tmp_path.iterdir()] == ["bad.lenet"]
