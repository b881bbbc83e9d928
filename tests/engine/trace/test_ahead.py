"""The trace of the next step, made while nobody waits, is the one that would have been made when it was asked for."""

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


def stood() -> Session:
    """At the end of its second step, whose trace was asked for."""
    session = Session(Settings(batch_size=4))
    session.run(2)
    told(session)
    return session


@pytest.mark.parametrize("way", WAYS)
def test_it_is_told_only_where_it_is_the_one(way: str) -> None:
    prepared, plain = stood(), stood()
    answers.prepare(prepared)
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
    answers.prepare(session)
    assert session.stepper.told is None
    before = session.digest()
    told(session)
    answers.prepare(session)
    ahead = session.stepper.trace_ahead()
    assert ahead is not None
    assert ahead[0].told is not None
    assert session.digest() == before


def test_in_the_past_what_comes_next_is_known_and_not_guessed() -> None:
    session = stood()
    session.seek(step=1)
    told(session)
    assert session.stepper.trace_ahead() is None
