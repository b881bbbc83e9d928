"""Breakpoints and watches are saved, opened and recovered with their session; damaged ones give one sentence."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.storage.recorder import JOURNAL, Recorder
from lenet_gui.engine.storage.recovery import recover
from lenet_gui.engine.storage.stored import SessionFileError
from lenet_gui.protocol.stops import Breakpoint
from tests.engine.damage import NASTY, with_session

Told = tuple[list[Breakpoint], list[int], list[str]]


def prepared() -> Session:
    """Two branches; breakpoints set on both, one of them with three hits."""
    session = Session(Settings(batch_size=2))
    session.run(3)
    session.stops.set(Breakpoint(0, "phase", "loss", hits="%3"))
    session.stops.set(Breakpoint(0, "operation", "relu_1", "step > 99", log="at {step}", enabled=False))
    session.run(6)
    session.stops.run(1)
    session.seek(step=5)
    session.set(lr=0.3)
    session.run(3)
    session.stops.set(Breakpoint(0, "when", "", "not isfinite(gradient_max)"))
    session.watches.set(0, "loss")
    session.watches.set(0, "(relu_1 == 0).mean()")
    return session


def told(session: Session) -> Told:
    return session.stops.all, [place[2][0] for place in session.stops.since], [*session.watches.all.values()]


def where_it_stops(session: Session) -> list[int]:
    found: list[int] = []
    for _ in range(3):
        session.stops.run(10)
        found.append(len(session.journal))
    session.seek(branch="main")
    session.stops.run_back()
    return [*found, len(session.journal)]


def test_saved_and_opened_they_are_there_and_stop_at_the_same_places(tmp_path: Path) -> None:
    session = prepared()
    session.save(tmp_path / "run.lenet")
    opened = Session.open(tmp_path / "run.lenet")
    assert told(opened) == told(session)
    assert where_it_stops(opened) == where_it_stops(session)


def test_after_a_crash_they_are_there_as_they_were_last(tmp_path: Path) -> None:
    session = prepared()
    recorder = Recorder(session, tmp_path / "live")
    session.stops.drop(2)
    session.stops.set(Breakpoint(1, "phase", "loss", hits="%3", enabled=False))
    session.watches.drop(1)
    recorder.record()
    session.run(2)
    recorder.record()
    recorder.close(keep=True)
    found = recover(tmp_path / "live", Session).session
    assert [(one.kind, one.enabled) for one in found.stops.all] == [("phase", False), ("when", True)]
    assert told(found)[1:] == told(session)[1:]


def test_a_session_from_before_there_were_any_opens(tmp_path: Path) -> None:
    prepared().save(tmp_path / "run.lenet")

    def older(value: dict[str, Any]) -> None:
        del value["breakpoints"], value["watches"]

    (tmp_path / "old.lenet").write_bytes(with_session((tmp_path / "run.lenet").read_bytes(), older))
    assert told(Session.open(tmp_path / "old.lenet")) == ([], [], [])


def test_a_journal_from_before_there_were_any_is_recovered(tmp_path: Path) -> None:
    session = Session(Settings(batch_size=2))
    recorder = Recorder(session, tmp_path / "live")
    session.run(2)
    session.add_bookmark("here")
    recorder.record()
    recorder.close(keep=True)
    path = tmp_path / "live" / JOURNAL
    text = path.read_text()
    assert '"breakpoints"' in text
    path.write_text(
        text.replace(', "breakpoints": [], "watches": []', "").replace(',"breakpoints":[],"watches":[]', "")
    )
    assert '"breakpoints"' not in path.read_text()
    found = recover(tmp_path / "live", Session).session
    assert (len(found.bookmarks), found.stops.all) == (1, [])


HOSTILE: list[tuple[str, Any]] = [
    ("kind", "line"),
    ("at", "dance"),
    ("condition", "__import__('os').system('true')"),
    ("condition", "(" * 10_000),
    ("hits", "0"),
    ("hits", "9" * 100),
    ("log", "{().__class__}"),
    ("enabled", 1),
    ("branch", 99),
    ("branch", -1),
    ("place", 10**9),
    ("item", -1),
    ("item", 2**40),
]


def refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(SessionFileError) as error:
        Session.open(path)
    assert len(str(error.value)) < 500
    assert "\n" not in str(error.value)


def test_hostile_ones_are_refused_in_one_sentence(tmp_path: Path) -> None:
    prepared().save(tmp_path / "run.lenet")
    data = (tmp_path / "run.lenet").read_bytes()
    for name, value in HOSTILE:
        refused(tmp_path / "bad.lenet", with_session(data, lambda one: one["breakpoints"][0].update({name: value})))  # noqa: B023
    for watches in (["().__class__"], [3], "loss", [""], ["x" * 10_000], ["loss"] * 1_001, None):
        refused(tmp_path / "bad.lenet", with_session(data, lambda one: one.update(watches=watches)))  # noqa: B023
    for breakpoints in ([3], {}, None, [[]]):
        refused(tmp_path / "bad.lenet", with_session(data, lambda one: one.update(breakpoints=breakpoints)))  # noqa: B023

    def many(value: dict[str, Any]) -> None:
        value["breakpoints"] *= 1_000

    refused(tmp_path / "bad.lenet", with_session(data, many))


def test_nothing_nasty_in_a_breakpoint_does_more_than_be_refused(tmp_path: Path) -> None:
    prepared().save(tmp_path / "run.lenet")
    data = (tmp_path / "run.lenet").read_bytes()
    for name in ("kind", "at", "condition", "hits", "log", "enabled", "branch", "place", "item"):
        for nasty in NASTY:
            (tmp_path / "bad.lenet").write_bytes(
                with_session(data, lambda one: one["breakpoints"][0].update({name: nasty}))  # noqa: B023
            )
            # Some of them are a breakpoint still; nothing else may come of it.
            with suppress(SessionFileError):
                assert len(Session.open(tmp_path / "bad.lenet").stops.all) == 3
