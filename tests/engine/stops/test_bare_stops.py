"""Stopping between two commands of a run costs nothing of its bits: where it stops all is as when done by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from torch import nn

from lenet_gui.engine import Session, Settings, travel
from lenet_gui.engine.digest import same
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE
from lenet_gui.protocol.stops import Breakpoint
from tests.engine.models import CountsForwards, DrawsElsewhere, NormAndDropout

Model = Callable[[], nn.Module]

BARE = [
    Breakpoint(0, "phase", "zero_grad", "step == 7"),
    Breakpoint(0, "phase", "forward", hits="=6"),
    Breakpoint(0, "phase", "backward", "step == 4"),
    Breakpoint(0, "phase", "step", hits="%5"),
    Breakpoint(0, "when", "", "step == 9"),
    Breakpoint(0, "when", "", "loss > 0", "=8"),
    Breakpoint(0, "when", "", "gradient_norm > 0 and step == 5"),
]


def by_hand(place: int, make_model: Model, **settings: Any) -> Session:
    session = Session(Settings(batch_size=2, **settings), make_model)
    for index in range(place):
        session.apply(CYCLE[index % 5])
    return session


@pytest.mark.parametrize("make_model", [Net, NormAndDropout, DrawsElsewhere, CountsForwards])
@pytest.mark.parametrize("breakpoint", BARE, ids=repr)
def test_where_it_stops_all_is_as_by_hand_and_going_on_is_as_without(breakpoint: Breakpoint, make_model: Model) -> None:
    session = Session(Settings(batch_size=2, momentum=0.9), make_model)
    session.stops.set(breakpoint)
    session.stops.run(20)
    assert session.stops.stopped
    place = len(session.journal)
    other = by_hand(place, make_model, momentum=0.9)
    assert session.digest() == other.digest()
    assert session.journal.to_json() == other.journal.to_json()
    assert (session.last_update is None) == (other.last_update is None)
    if session.last_update is not None and other.last_update is not None:
        assert session.last_update[0] == other.last_update[0]
        for name, numbers in session.last_update[1].items():
            assert all(same(one, two) for one, two in zip(numbers, other.last_update[1][name], strict=True))

    session.stops.drop(0)
    session.stops.run(20 - session.steps)
    plain = Session(Settings(batch_size=2, momentum=0.9), make_model)
    plain.run(20)
    assert session.digest() == plain.digest()
    assert session.journal.to_json() == plain.journal.to_json()
    assert (session.log.rows()[:, 0] == plain.log.rows()[:, 0]).all()
    for step in (3, 11, 0, 20):
        session.seek(step=step)
        plain.seek(step=step)
        assert session.digest() == plain.digest()


def test_a_run_with_a_breakpoint_that_never_holds_is_a_run_without() -> None:
    for breakpoint in (
        Breakpoint(0, "when", "", "loss > 1e9"),
        Breakpoint(0, "operation", "relu_1", "step > 99"),
        Breakpoint(0, "parameter", "fc1.bias", "step > 99"),
    ):
        session, plain = (Session(Settings(batch_size=2), NormAndDropout) for _ in range(2))
        session.stops.set(breakpoint)
        assert session.stops.run(30) == plain.run(30)
        assert session.digest() == plain.digest()
        assert session.journal.to_json() == plain.journal.to_json()


@pytest.mark.parametrize("breakpoint", BARE, ids=repr)
def test_stops_in_what_the_branch_has_ahead_are_those_of_the_first_time(breakpoint: Breakpoint) -> None:
    session = Session(Settings(batch_size=2))
    session.run(6)
    session.set(lr=0.3)
    session.run(6)
    end, length = session.digest(), len(session.journal)
    session.seek(0)
    session.stops.set(breakpoint)
    found: list[int] = []
    while session.steps < 12:
        session.stops.run(12 - session.steps)
        found += [len(session.journal)] if session.stops.stopped else []
        assert session.digest() == Session.replay(session.journal).digest()
    assert (session.digest(), len(session.journal)) == (end, length)
    assert [branch.name for branch in session.branches] == ["main"]

    fresh = Session(Settings(batch_size=2))
    fresh.stops.set(breakpoint)
    again: list[int] = []
    for change in (False, True):
        if change:
            fresh.set(lr=0.3)
        while fresh.steps < 6 + 6 * change:
            fresh.stops.run(6 + 6 * change - fresh.steps)
            again += [len(fresh.journal)] if fresh.stops.stopped else []
    # A place at which nothing was expected yet is one before `set` for the second session, too.
    assert [place for place in found if place != 30] == [place for place in again if place != 30]


def test_over_its_last_step_ahead_a_run_goes_on_and_stops_behind() -> None:
    session = Session(Settings(batch_size=2))
    session.run(5)
    session.seek(step=2)
    session.stops.set(Breakpoint(0, "when", "", "step == 8"))
    assert session.stops.run(100) == 6
    assert session.digest() == by_hand(40, Net).digest()


def test_a_stop_in_a_run_that_comes_out_otherwise_is_on_the_branch_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Settings(batch_size=2))
    session.run(6)
    session.seek(step=1)
    real = travel._differ
    monkeypatch.setattr(travel, "_differ", lambda one, step: real(one, step) or (one is session and step == 2))
    session.stops.set(Breakpoint(0, "when", "", "step == 3"))
    session.stops.run(4)
    assert session.stops.words == "when step == 3"
    assert session.branch.differs
    assert len(session.journal) == 15


def test_a_refusal_in_a_run_with_breakpoints_leaves_what_was_done() -> None:
    from tests.engine.models import RaisesInBackward

    session, plain = (Session(Settings(batch_size=2), RaisesInBackward) for _ in range(2))
    session.stops.set(Breakpoint(0, "when", "", "loss > 1e9"))
    words = []
    for one in (session.stops.run, plain.run):
        with pytest.raises(Exception, match="not welcome") as refused:
            one(50)
        words.append(str(refused.value))
    assert words[0] == words[1]
    assert session.digest() == plain.digest()


def test_a_run_that_is_ended_stays_where_it_is_and_goes_on_from_there() -> None:
    for breakpoint in (Breakpoint(0, "when", "", "loss > 1e9"), Breakpoint(0, "operation", "relu", "loss > 1e9")):
        session = Session(Settings(batch_size=2))
        session.stops.set(breakpoint)
        looks = iter([True, True, False])
        session.stops.run(100_000, partial(next, looks, False))
        assert session.stops.stopped == []
        taken = session.steps
        assert taken < 100_000
        session.stops.run(3)
        plain = Session(Settings(batch_size=2))
        plain.run(session.steps)
        assert session.digest() == plain.digest()
