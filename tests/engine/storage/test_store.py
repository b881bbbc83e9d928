"""The big values of a session are on the disk with it, and are the ones that they were."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lenet_gui.engine import Session
from lenet_gui.engine.storage import recovery
from lenet_gui.engine.storage.recorder import Recorder
from lenet_gui.engine.storage.stored import SessionFileError

DRAWN = bytes(range(256)) * 4


def test_a_saved_session_brings_its_values(tmp_path: Path) -> None:
    session = Session()
    name = session.store.put(DRAWN)
    session.run(2)
    session.save(tmp_path / "run.lenet")
    assert Session.open(tmp_path / "run.lenet").store.get(name) == DRAWN


def test_after_a_crash_they_are_there_too(tmp_path: Path) -> None:
    session = Session()
    recorder = Recorder(session, tmp_path / "live")
    names = [session.store.put(DRAWN[:length]) for length in (7, 0, 1000)]
    session.run(2)
    recorder.record()
    recorder.close(keep=True)
    store = recovery.recover(tmp_path / "live", Session).session.store
    assert [store.get(name) for name in names] == [DRAWN[:7], b"", DRAWN[:1000]]


def test_a_value_that_was_changed_is_refused(tmp_path: Path) -> None:
    session = Session()
    name = session.store.put(DRAWN)
    session.save(tmp_path / "run.lenet")
    with zipfile.ZipFile(tmp_path / "run.lenet") as saved, zipfile.ZipFile(tmp_path / "other.lenet", "w") as other:
        for info in saved.infolist():
            data = saved.read(info)
            other.writestr(info, data[::-1] if info.filename.endswith(name) else data)
    with pytest.raises(SessionFileError, match="no longer as it was"):
        Session.open(tmp_path / "other.lenet")


def test_a_twin_shares_them() -> None:
    session = Session()
    name = session.store.put(DRAWN)
    assert session.twin().store.get(name) == DRAWN
