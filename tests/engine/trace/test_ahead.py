"""A trace that is made while nobody waits is the one that would have been made when it was asked for."""

from __future__ import annotations

import pytest

from lenet_gui.engine import Session, Settings, answers
from lenet_gui.protocol import Command
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from tests.alike import alike

WAYS = {
    "on": [Command("zero_grad")],
    "another rate first": [Command.of("set", lr=0.5), Command("zero_grad")],
    "an edit first": [Command.of("edit", tensor="conv1.bias", index=2, value=3.0), Command("zero_grad")],
    "another way to zero": [Command.of("zero_grad", set_to_none=False)],
    "the next batch first": [Command("next_batch"), Command("zero_grad")],
    "a whole step on": [Command(name) for name in ("zero_grad", "forward", "loss", "backward", "step", "zero_grad")],
}


def told(session: Session) -> TraceReply:
    found = answers.answer(session, TraceRequest(1, 2))
    assert isinstance(found, TraceReply)
    return found


def prepare(session: Session) -> None:
    for _ in answers.prepare(session):
        pass


def stood() -> Session:
    """At the end of its second step, whose trace was asked for."""
    session = Session(Settings(batch_size=4))
    session.run(2)
    told(session)
    return session


@pytest.mark.parametrize("way", WAYS)
def test_it_is_told_only_where_it_is_the_one(way: str) -> None:
    prepared, plain = stood(), stood()
    prepare(prepared)
    for command in WAYS[way]:
        for session in (prepared, plain):
            session.apply(command)
        assert alike(told(prepared), told(plain))
    for session in (prepared, plain):
        session.run(1)
    assert prepared.digest() == plain.digest()
    assert alike(told(prepared), told(plain))


def test_making_it_changes_nothing_and_waits_for_somebody_who_looks() -> None:
    session = Session(Settings(batch_size=4))
    session.run(2)
    prepare(session)
    assert session.stepper.told is None
    before = session.digest()
    told(session)
    prepare(session)
    around = [trace for trace, _ in session.stepper.traces_around()]
    assert len(around) == 2
    assert all(trace.told is not None for trace in around)
    assert session.digest() == before


@pytest.mark.parametrize("steps", [3, 2, 1])
def test_going_back_finds_the_step_before_and_forward_again_the_one_left(steps: int) -> None:
    prepared, plain = stood(), stood()
    for session in (prepared, plain):
        session.run(steps)
    for go in ([-1] * (steps + 1)) + [1, 1]:
        for session in (prepared, plain):
            told(session)
        prepare(prepared)
        for session in (prepared, plain):
            session.seek(step=session.steps + go)
        assert alike(told(prepared), told(plain))
        assert prepared.digest() == plain.digest()
