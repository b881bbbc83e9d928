"""Running back goes to the last place at which a run from the start would have stopped; hits are the same both ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.expressions.expression import parse, truth
from lenet_gui.engine.stops import log_scan
from lenet_gui.protocol import CYCLE, Command
from lenet_gui.protocol.stops import Breakpoint
from tests.engine.models import NormAndDropout
from tests.engine.stops import brute
from tests.engine.stops.test_stops import KINDS, forwards, small


def here(session: Session) -> brute.Position:
    return len(session.journal), session.item


def backwards(session: Session) -> list[brute.Position]:
    """Run back to the start; where it stopped on the way, and how often each breakpoint was hit there."""
    found: list[brute.Position] = []
    while here(session) != (0, 0):
        before = here(session)
        assert session.stops.run_back()
        assert here(session) < before
        found.append(here(session))
        if here(session) == (0, 0):
            assert session.stops.stopped == []
        else:
            assert session.stops.stopped
    return found


def eventful() -> Session:
    """A run with edits, other settings, a batch taken twice and a loss taken twice, a step without a loss."""
    session = small()
    session.run(2)
    session.set(lr=0.3)
    session.edit("conv1.weight", 0, 0.5)
    session.run(1)
    session.next_batch()
    for name in ("forward", "loss", "forward", "loss", "backward", "step", "step", "forward", "loss", "loss"):
        session.apply(Command(name))
    session.zero_grad()
    session.run(2)
    return session


@pytest.mark.parametrize(("breakpoint", "after"), KINDS, ids=lambda value: repr(value)[:70])
@pytest.mark.parametrize("rule", ["", "%3"])
def test_back_over_an_eventful_run_finds_each_stop(breakpoint: Breakpoint, after: str, rule: str) -> None:
    session = eventful()
    end = here(session)
    session.seek(0)
    one = Breakpoint(0, breakpoint.kind, breakpoint.at, breakpoint.condition, rule)
    session.stops.set(one)
    session.seek(end[0])
    expected = [place for place in brute.stops(brute.hits(session.journal, one, after), rule) if place < end]
    assert backwards(session) == [*reversed(expected), (0, 0)]
    assert session.digest() == small().digest()


@pytest.mark.parametrize("breakpoint", [KINDS[3][0], KINDS[6][0], KINDS[16][0], KINDS[20][0]], ids=repr)
def test_hits_are_the_same_forwards_and_backwards_and_forwards_again(breakpoint: Breakpoint) -> None:
    session = small()
    session.run(2)
    session.stops.set(breakpoint)
    there: dict[brute.Position, int] = {}
    for step in range(3, 6):
        while session.steps < step:
            session.stops.run(step - session.steps)
            if session.stops.stopped:
                there[here(session)] = session.stops.rows()[0].hits
    assert [*there.values()] == [*range(1, len(there) + 1)]
    while here(session) > min(there):
        session.stops.run_back()
        assert session.stops.rows()[0].hits == there[here(session)]
    session.stops.run_back()
    assert session.stops.rows()[0].hits == 0
    session.seek(10)
    for place, hits in there.items():
        session.stops.run(9)
        assert (here(session), session.stops.rows()[0].hits) == (place, hits)


def test_a_count_goes_over_what_it_has_missed() -> None:
    session = small()
    session.run(10)
    session.seek(step=2)
    session.stops.set(Breakpoint(0, "operation", "relu_1", hits="=5"))
    session.stops.set(Breakpoint(0, "phase", "loss", hits="=7"))
    session.seek(step=5)
    session.stops.run(9)
    assert here(session) == (5 * 6 + 1, 4)
    assert session.stops.words == "at operation relu_1"
    assert session.stops.rows()[0].hits == 5
    for _ in CYCLE:
        session.apply(session.next_command)
    session.stops.run(9)
    assert here(session) == (5 * 8 + 2, 0)
    assert session.stops.rows()[1].hits == 7


def test_by_hand_one_that_counts_stops_at_the_same_hit() -> None:
    session = small()
    session.stops.set(Breakpoint(0, "phase", "backward", hits="=3"))
    for command in [*CYCLE, *CYCLE]:
        session.apply(command)
    stopped = False
    while not stopped:
        stopped = session.stops.on(session.apply)
    assert here(session) == (13, 0)


def test_a_branch_keeps_the_hits_that_it_shares_and_the_old_one_has_its_own() -> None:
    session = small()
    session.stops.set(Breakpoint(0, "phase", "loss"))
    forwards(session, 6)
    assert session.stops.rows()[0].hits == 6
    session.seek(13)  # before a backward
    session.set(lr=0.5)
    assert session.branch.name == "branch 2"
    assert session.stops.rows()[0].hits == 3
    forwards(session, 2)
    assert session.stops.rows()[0].hits == 4
    session.seek(branch="main")
    assert session.stops.rows()[0].hits == 6
    assert backwards(session) == [(5 * step + 2, 0) for step in range(5, -1, -1)] + [(0, 0)]
    session.seek(branch="branch 2")
    assert session.stops.rows()[0].hits == 4
    session.stops.run_back()
    assert here(session) == (3 * 5 + 2 + 1, 0)


def test_before_a_command_that_was_not_done_there_after_all_there_was_no_hit() -> None:
    session = small()
    session.stops.set(Breakpoint(0, "phase", "backward"))
    session.stops.set(Breakpoint(0, "phase", "backward", hits="=2"))
    session.stops.run(1)
    assert here(session) == (3, 0)
    assert session.stops.rows()[0].hits == 1
    session.set(lr=0.2)
    assert session.stops.rows()[0].hits == 0
    session.stops.run(1)  # on from the backward, and no run came to it
    assert here(session) == (6, 0)
    assert [row.hits for row in session.stops.rows()] == [0, 1]
    session.stops.run(1)
    assert here(session) == (9, 0)
    assert [row.hits for row in session.stops.rows()] == [1, 2]
    assert len(session.stops.stopped) == 2
    # In the past, where the other command was another branch's.
    session.seek(4)
    session.set(lr=0.1)
    assert session.branch.name == "branch 2"
    assert session.stops.rows()[0].hits == 0
    session.stops.run(2)
    assert here(session) == (10, 0)
    assert session.stops.rows()[1].hits == 2


def test_where_it_was_set_is_where_counting_begins_also_on_other_branches() -> None:
    session = small()
    session.run(10)
    session.stops.set(Breakpoint(0, "phase", "loss", hits="%2"))
    session.run(4)
    session.seek(step=5)
    session.set(lr=0.5)
    found = forwards(session, 5)
    assert found == [(26 + 5 * step + 2, 0) for step in (1, 3)]
    session.seek(branch="main")
    session.stops.run_back()
    assert here(session) == (5 * 13 + 2, 0)
    session.stops.run_back()
    assert here(session) == (5 * 11 + 2, 0)
    session.stops.run_back()
    assert here(session) == (0, 0)


@pytest.mark.parametrize(
    "breakpoint", [Breakpoint(0, "operation", "relu_1", "step == 999"), Breakpoint(0, "phase", "loss", "lr > 2", "7")]
)
def test_a_way_back_that_is_ended_leaves_all_as_it_was(breakpoint: Breakpoint) -> None:
    session = small()
    session.stops.set(breakpoint)
    session.run(300)
    session.seek(1498)
    session.stepper.go(1498, 2)
    before = session.digest()
    looks = iter([True, False])
    assert not session.stops.run_back(lambda: next(looks, False))
    assert here(session) == (1498, 2)
    assert session.digest() == before
    assert session.branch.name == "main"


def test_one_that_logs_is_no_place_to_go_back_to() -> None:
    session = small()
    session.stops.set(Breakpoint(0, "phase", "loss", log="{loss}"))
    session.run(3)
    assert backwards(session) == [(0, 0)]


def test_the_places_are_those_of_a_model_with_dropout_and_of_the_branch() -> None:
    session = Session(Settings(batch_size=2), NormAndDropout)
    session.run(6)
    session.seek(step=3)
    session.set(lr=0.4)
    session.run(3)
    one = Breakpoint(0, "when", "", "output.max() > 1.0")
    expected = [place for place in brute.hits(session.journal, one, "forward", NormAndDropout) if place < here(session)]
    assert expected
    session.stops.set(one)
    assert backwards(session) == [*reversed(expected), (0, 0)]


def test_the_loss_of_the_step_under_way_is_looked_at_too() -> None:
    session = small()
    session.run(4)
    session.stops.set(Breakpoint(0, "when", "", "loss > 0"))
    for command in CYCLE[:4]:
        session.apply(command)
    session.stops.run_back()
    assert here(session) == (23, 0)
    session.stops.run_back()
    assert here(session) == (18, 0)


CONDITIONS = st.recursive(
    st.sampled_from(["loss", "step", "2", "0", "1.5", "1e30"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", ">"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"(not ({one}))"),
        inner.map(lambda one: f"-({one})"),
        st.tuples(st.sampled_from(["abs", "isnan", "isinf", "isfinite", "sqrt"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
    ),
    max_leaves=6,
)


@hypothesis_settings(deadline=None, max_examples=300)
@given(CONDITIONS)
def test_what_the_log_tells_of_a_condition_is_what_it_is_at_each_step(text: str) -> None:
    losses = np.array([2.3, 0.0, -1.0, np.nan, np.inf, -np.inf, 1e30, 3e-39, 2.0, 1.5], np.float32)
    expression = parse(text)
    told = log_scan.holds(expression, losses, np.arange(len(losses)))
    if told is None:
        return
    for step, loss in enumerate(losses.tolist()):
        values = {"loss": loss, "step": float(step)}
        assert bool(told[step]) == truth(expression.value(values.__getitem__)), (step, loss)
