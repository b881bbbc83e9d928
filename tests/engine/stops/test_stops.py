"""A run stops before what a breakpoint names, when its condition holds, as often as its hits say; and counts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.net import Net
from lenet_gui.protocol import PHASES
from lenet_gui.protocol.stops import Breakpoint
from tests.engine.stops import brute
from tests.engine.stops.brute import Position
from tests.engine.trace.models import Attends, Loop, Residual

STEPS = 4
KINDS: list[tuple[Breakpoint, str]] = [
    *((Breakpoint(0, "phase", phase), "") for phase in PHASES),
    (Breakpoint(0, "module", "conv2"), ""),
    (Breakpoint(0, "operation", "relu_1"), ""),
    (Breakpoint(0, "operation", "max_pool2d"), ""),
    (Breakpoint(0, "operation", "cross_entropy"), ""),
    (Breakpoint(0, "node", "ConvolutionBackward0"), ""),
    (Breakpoint(0, "node", "AccumulateGrad fc1.weight"), ""),
    (Breakpoint(0, "node", "NllLossBackward0"), ""),
    (Breakpoint(0, "parameter", "fc2.bias"), ""),
    (Breakpoint(0, "parameter", "conv1.weight"), ""),
    (Breakpoint(0, "when", "", "loss > 2.2"), "loss"),
    (Breakpoint(0, "when", "", "step >= 2"), "step"),
    (Breakpoint(0, "when", "", "conv1.weight.norm() > 0"), "step"),
    (Breakpoint(0, "when", "", "output.max() > 0.1"), "forward"),
    (Breakpoint(0, "when", "", "conv1.bias.grad.norm() > 0"), "backward"),
    (Breakpoint(0, "when", "", "gradient_norm > 0.1 and step > 1"), "backward"),
    (Breakpoint(0, "when", "", "(relu_1 == 0).mean() > 0.2"), "forward"),
    (Breakpoint(0, "when", "", "relu_1.grad.norm() > 0"), "backward"),
    (Breakpoint(0, "phase", "step", "loss > 2.3"), ""),
    (Breakpoint(0, "module", "fc1", "step > 0"), ""),
    (Breakpoint(0, "operation", "relu", "step == 1 or step == 3"), ""),
    (Breakpoint(0, "parameter", "fc1.bias", "conv1.weight.norm() > 0"), ""),
    (Breakpoint(0, "node", "MmBackward0", "loss > 0"), ""),
]


def forwards(session: Session, steps: int = STEPS) -> list[Position]:
    """Run so many steps, each time on from where it stopped."""
    found: list[Position] = []
    end = session.steps + steps
    while session.steps < end:
        session.stops.run(end - session.steps)
        if session.stops.stopped:
            found.append((len(session.journal), session.item))
    return found


def small() -> Session:
    return Session(Settings(batch_size=2))


def whole(steps: int = STEPS) -> Journal:
    session = small()
    session.run(steps)
    return session.journal


@pytest.mark.parametrize(("breakpoint", "after"), KINDS, ids=lambda value: repr(value)[:70])
def test_a_run_stops_where_a_walk_over_all_places_says(breakpoint: Breakpoint, after: str) -> None:
    session = small()
    session.stops.set(breakpoint)
    expected = [one for one in brute.hits(whole(), breakpoint, after) if one <= (5 * STEPS, 0)]
    assert forwards(session) == expected
    assert session.stops.rows()[0].hits == len(expected)


@pytest.mark.parametrize(
    ("make_model", "kind", "at"),
    [
        (Residual, "module", "block"),
        (Residual, "module", "block.conv1"),
        (Residual, "operation", "add"),
        (Loop, "module", "shared"),
        (Loop, "operation", "tanh_2"),
        (Loop, "node", "AccumulateGrad shared.weight"),
        (Attends, "module", "encoder"),
        (Attends, "module", "encoder.linear1"),
    ],
)
def test_modules_within_modules_and_modules_that_are_called_again(
    make_model: Callable[[], nn.Module], kind: str, at: str
) -> None:
    session = Session(Settings(batch_size=2), make_model)
    session.stops.set(Breakpoint(0, kind, at))
    found = forwards(session, 2)
    assert found
    assert found == brute.hits(session.journal, Breakpoint(0, kind, at), make_model=make_model)[: len(found)]


def test_a_module_called_three_times_stops_three_times() -> None:
    session = Session(Settings(batch_size=2), Loop)
    session.stops.set(Breakpoint(0, "module", "shared"))
    assert len(forwards(session, 1)) == 3


@pytest.mark.parametrize("rule", ["5", "=5", "%5", "1", "%1", "= 2"])
@pytest.mark.parametrize(
    "breakpoint",
    [Breakpoint(0, "operation", "relu"), Breakpoint(0, "phase", "loss"), Breakpoint(0, "when", "", "loss > 0")],
)
def test_hit_counts(breakpoint: Breakpoint, rule: str) -> None:
    one = Breakpoint(0, breakpoint.kind, breakpoint.at, breakpoint.condition, rule)
    session = small()
    session.stops.set(one)
    expected = brute.stops(brute.hits(whole(), one, "loss"), rule.replace(" ", ""))
    assert forwards(session) == [place for place in expected if place <= (5 * STEPS, 0)]


def test_a_log_message_is_told_once_a_hit_and_nothing_stops() -> None:
    for kind, at in (("phase", "backward"), ("operation", "relu_1"), ("when", "")):
        session, told = small(), list[str]()
        session.stops.tell = told.append
        condition = "loss > 0" if kind == "when" else ""
        session.stops.set(Breakpoint(0, kind, at, condition, log="{{step}} {step}: {loss}"))
        assert session.stops.run(4) == 4
        assert not session.stops.stopped
        assert [words.split(":")[0] for words in told] == [f"{{step}} {step}" for step in range(4)]
        assert session.stops.rows()[0].hits == 4


def test_a_log_message_with_a_hit_count_is_told_at_those_hits() -> None:
    session, told = small(), list[str]()
    session.stops.tell = told.append
    session.stops.set(Breakpoint(0, "phase", "forward", hits="%3", log="at {step}, {conv1.bias.grad}"))
    session.stops.run(9)
    assert told == ["at 2, None", "at 5, None", "at 8, None"]


def test_one_that_is_off_does_not_stop_and_counts_on_when_it_is_on_again() -> None:
    session = small()
    number = session.stops.set(Breakpoint(0, "phase", "loss", hits="=5"))
    session.stops.run(2)
    assert session.stops.rows()[0].hits == 2
    session.stops.set(Breakpoint(number, "phase", "loss", hits="=5", enabled=False))
    assert session.stops.run(1) == 1
    assert session.stops.rows()[0].cost == ""
    session.stops.set(Breakpoint(number, "phase", "loss", hits="=5"))
    assert session.stops.run(9) == 1
    assert len(session.journal) == 4 * 5 + 2
    assert session.stops.rows()[0].hits == 5


def test_a_changed_one_keeps_its_id_and_counts_from_here_when_it_means_something_else() -> None:
    session = small()
    first, second = (session.stops.set(Breakpoint(0, "phase", at)) for at in ("loss", "step"))
    session.stops.run(3)
    assert session.stops.set(Breakpoint(first, "phase", "backward", hits="2")) == first
    assert [row.breakpoint.id for row in session.stops.rows()] == [first, second]
    assert session.stops.rows()[0].hits == 0
    session.stops.drop(second)
    session.stops.run(9)
    assert len(session.journal) == 8
    assert session.stops.rows()[0].hits == 2
    session.stops.drop(0)
    assert session.stops.rows() == ()


def test_several_at_one_place_stop_together_and_the_rest_logs() -> None:
    session, told = small(), list[str]()
    session.stops.tell = told.append
    session.stops.set(Breakpoint(0, "phase", "backward"))
    session.stops.set(Breakpoint(0, "when", "", "loss > 0"))
    session.stops.set(Breakpoint(0, "phase", "backward", log="here"))
    session.stops.set(Breakpoint(0, "phase", "backward", enabled=False))
    session.stops.run(1)
    assert session.stops.words == "at phase backward; when loss > 0"
    assert told == ["here"]
    assert [row.hits for row in session.stops.rows()] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("conv3.weight.norm() > 2", "there is no conv3.weight: did you mean conv2.weight?"),
        ("relu_9.mean() > 2", "there is no relu_9: did you mean relu_"),
        ("conv1.weight > 0", "use .any() or .all()"),
        ("fc1.bias[999] > 0", "out of bounds"),
    ],
)
def test_an_expression_that_fails_stops_once_and_says_why(condition: str, words: str) -> None:
    session = small()
    session.stops.set(Breakpoint(0, "when", "", condition))
    session.stops.run(5)
    assert words in session.stops.words
    assert session.steps == 0 or len(session.journal) == 5
    row = session.stops.rows()[0]
    assert words in row.problem
    assert row.hits == 0
    session.stops.run(5)
    assert session.stops.stopped == []
    end = len(session.journal)
    assert session.stops.run_back()
    assert len(session.journal) == 0 < end


def test_a_message_that_fails_stops_once_in_a_run_and_is_no_refusal() -> None:
    session = small()
    session.stops.set(Breakpoint(0, "phase", "loss", log="{fc1.bias[999]}"))
    assert session.stops.run(3) == 0
    assert "out of bounds" in session.stops.words
    assert len(session.journal) == 2
    assert session.stops.run(3) == 3


def test_what_is_not_computed_yet_is_false() -> None:
    session = small()
    session.stops.set(Breakpoint(0, "phase", "loss", "conv1.bias.grad.norm() < 1e9"))  # None behind zero_grad
    session.stops.set(Breakpoint(0, "phase", "forward", "relu_1.mean() >= 0"))
    session.stops.set(Breakpoint(0, "phase", "loss", "gradient_norm < 1e9"))
    session.stops.set(Breakpoint(0, "phase", "forward", "loss < 1e9 and step == 0"))
    assert session.stops.run(2) == 2
    assert not session.stops.stopped
    assert not any(row.problem for row in session.stops.rows())


@pytest.mark.parametrize(
    ("breakpoint", "words"),
    [
        (Breakpoint(0, "line", "3"), "a breakpoint is at a phase"),
        (Breakpoint(0, "phase", "dance"), "'dance' is no phase"),
        (Breakpoint(0, "when"), "a condition such as"),
        (Breakpoint(0, "module"), "say at which module"),
        (Breakpoint(0, "module", "x" * 501), "at most 500"),
        (Breakpoint(0, "phase", "loss", "__import__('os')"), ""),
        (Breakpoint(0, "phase", "loss", hits="0"), "no count of hits"),
        (Breakpoint(0, "phase", "loss", hits="-3"), "no count of hits"),
        (Breakpoint(0, "phase", "loss", hits="five"), "no count of hits"),
        (Breakpoint(0, "phase", "loss", hits="٣"), "no count of hits"),
        (Breakpoint(0, "phase", "loss", log="{"), "stands alone"),
    ],
    ids=repr,
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(breakpoint: Breakpoint, words: str) -> None:
    session = small()
    with pytest.raises(ValueError, match=words or None) as refused:
        session.stops.set(breakpoint)
    assert "\n" not in str(refused.value)
    assert session.stops.rows() == ()


def test_it_goes_on_from_inside_a_command_and_the_item_does_not_stay() -> None:
    session = small()
    number = session.stops.set(Breakpoint(0, "operation", "relu_1"))
    session.stops.run(1)
    assert (len(session.journal), session.item) == (1, 4)
    session.stops.drop(number)
    session.stops.set(Breakpoint(0, "when", "", "loss > 0"))
    session.stops.run(5)
    assert (len(session.journal), session.item) == (3, 0)
    assert isinstance(session.model, Net)
