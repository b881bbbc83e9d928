"""A training loop that knows nothing of this program, stepped from outside: real processes, the real wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lenet_gui.protocol import Advance, Back, Command, Move, NewRun, Run, Seek, TensorReply, TensorRequest
from lenet_gui.protocol.diagnoses import DiagnosesReply, DiagnosesRequest
from lenet_gui.protocol.moved import CheckReply, CheckRequest, MovedReply, MovedRequest
from lenet_gui.protocol.stops import Breakpoint, DropBreakpoint, SetBreakpoint, SetWatch
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from lenet_gui.protocol.why import WhyReply, WhyRequest
from tests.attached.watching import Watching, alone


@pytest.fixture(scope="module")
def plainly() -> str:
    """What the loop prints by itself."""
    return alone("mnist")


@pytest.fixture
def loop() -> Iterator[Watching]:
    with Watching("mnist") as watching:
        yield watching


def parts(reply: TraceReply) -> list[tuple[str, int]]:
    return [(part.name, len(part.items)) for part in reply.parts]


def test_it_stops_at_its_first_phase_goes_on_phase_by_phase_and_ends_in_the_bits_that_it_has_alone(
    loop: Watching, plainly: str
) -> None:
    first = loop.frame
    assert (first.place.commands, first.next, first.observed, first.running) == (0, "zero_grad", True, False)
    assert "zero_grad" in first.allowed
    assert not {"forward", "loss", "backward", "step", "back", "seek", "new", "set", "evaluate"} & set(first.allowed)
    assert "its test set is not known" in dict(first.barred)["evaluate"]
    assert "goes on with zero_grad" in dict(first.barred)["forward"]
    nexts = [loop.over_().next for _ in range(6)]
    assert nexts == ["forward", "loss", "backward", "step", "zero_grad", "forward"]
    assert loop.frame.step == 1
    assert loop.frame.settings.loss == "NLLLoss"
    assert (loop.frame.settings.optimizer, loop.frame.settings.batch_size) == ("Adam", 16)
    # Everything that looks inside, on the way.
    reply = loop.asks(TraceRequest(1))
    assert isinstance(reply, TraceReply)
    assert parts(reply) == [("zero_grad", 0), ("forward", 9)]
    for _ in range(4):
        loop.does(Move("into"))
    assert loop.frame.reason == "before max_pool2d, operation 5 of 9 of forward"
    assert loop.does(Move("out")).next == "loss"
    assert loop.does(Advance("step")).step == 2
    assert loop.does(Run(3)).step == 5
    assert loop.does(Run(2, 100.0)).step == 7
    loop.send(Run())
    loop.until_over()
    out, errors, code = loop.ends()
    assert (out, errors, code) == (plainly, "", 0)
    assert loop.frame.step == 16
    assert not loop.notices()


def test_inside_why_moved_and_diagnoses_are_those_of_the_live_step(loop: Watching) -> None:
    loop.over_(4)
    reply = loop.asks(TraceRequest(1))
    assert parts(reply) == [("zero_grad", 0), ("forward", 9), ("loss", 1), ("backward", 16), ("step", 6)]
    assert not reply.partial
    assert [one.name for one in reply.operations][-2:] == ["log_softmax", "nll_loss"]
    assert [file.file.rpartition("/")[2] for file in reply.sources] == ["loops.py"]
    live = loop.asks(TensorRequest(2, "fc.bias", "grad"))
    assert isinstance(live, TensorReply)
    assert live.values is not None
    why = loop.asks(WhyRequest(3, "fc.bias.grad", 3))
    assert isinstance(why, WhyReply)
    assert why.value == live.values[3]
    assert sum(one.sum for one in why.parts) == pytest.approx(why.value, abs=1e-6)
    moved = loop.asks(MovedRequest(4, "fc.bias", 3))
    assert isinstance(moved, MovedReply)
    assert moved.shares is not None
    assert moved.shares.added == live.values[3]
    checked = loop.asks(CheckRequest(5, "fc.bias", 3))
    assert isinstance(checked, CheckReply)
    assert checked.difference == pytest.approx(live.values[3], rel=1e-4)
    diagnoses = loop.asks(DiagnosesRequest(6))
    assert isinstance(diagnoses, DiagnosesReply)
    assert "ReLU" in " ".join(diagnoses.looked_at)


def test_one_can_go_back_within_the_newest_steps_and_no_further(loop: Watching, plainly: str) -> None:
    loop.over_(7)
    assert "back" in loop.frame.allowed
    loss = loop.does(Move("over")).loss
    before = loop.asks(TensorRequest(1, "conv1.weight", "value")).values
    back = loop.does(Back("phase", 2))
    assert (back.place.commands, back.next, back.loss) == (6, "forward", None)
    assert not {"edit", "lr"} & set(back.allowed)
    start = loop.does(Back("step"))
    assert (start.place.commands, start.step) == (5, 1)
    first = loop.does(Back("step"))
    assert (first.place.commands, first.step, "back" in first.allowed) == (0, 0, False)
    assert (loop.asks(TensorRequest(2, "conv1.weight", "value")).values != before).any()
    # And on again over what it did, and on with the loop.
    assert loop.does(Seek()).loss == loss
    assert (loop.asks(TensorRequest(3, "conv1.weight", "value")).values == before).all()
    loop.does(Advance("step"))
    loop.does(Advance("step"))
    loop.does(Advance("step"))
    refused = loop.does(Seek(0))
    assert refused.reason == "refused"
    assert "cannot be run backwards" in loop.notices()[-1].words
    loop.send(Run())
    loop.until_over()
    assert loop.ends()[0] == plainly


def test_watches_breakpoints_and_edits_work_on_it(loop: Watching) -> None:
    loop.does(SetWatch(0, "max_pool2d.mean()"))
    loop.does(SetBreakpoint(Breakpoint(0, "operation", "dropout")))
    stopped = loop.does(Run())
    assert (stopped.place.commands, stopped.reason) == (1, "stopped at operation dropout")
    assert stopped.watches[0].state == "value"
    loop.does(DropBreakpoint(0))
    loop.does(SetBreakpoint(Breakpoint(0, "when", condition="loss > 0", hits="3")))
    assert (loop.does(Run()).step, loop.frame.reason) == (2, "stopped when loss > 0")
    loop.does(DropBreakpoint(0))
    loop.does(Command.of("edit", tensor="fc.bias", index=0, value=0.5))
    assert loop.asks(TensorRequest(1, "fc.bias", "value")).values[0] == 0.5
    assert loop.does(Command.of("set", lr=0.125)).settings.lr == 0.125
    loop.over_(2)
    reply = loop.asks(TraceRequest(2))
    assert parts(reply)[-1] == ("step", 6) or parts(reply)[-1] == ("backward", 16)
    assert not reply.partial


def test_what_is_not_the_loops_next_or_cannot_be_known_is_refused_in_a_sentence(loop: Watching) -> None:
    for message, words in (
        (Command("step"), "The loop goes on with zero_grad, not with step"),
        (Command.of("zero_grad", set_to_none=False), "the loop's own to decide"),
        (NewRun(loop.frame.settings), "a loop of your own"),
        (Command.of("set", momentum=0.5), "Only the learning rate"),
    ):
        assert loop.does(message).place.commands == 0
        assert words in loop.notices()[-1].words
    assert loop.over_().next == "forward"


def test_a_step_that_nobody_looked_on_from_its_start_says_so(loop: Watching) -> None:
    loop.does(Run(2))
    # Behind a step that ran free there is no trace of it.
    reply = loop.asks(TraceRequest(1))
    assert "from the next step on" in reply.partial
    assert reply.parts == ()
    loop.over_(2)
    assert parts(loop.asks(TraceRequest(2)))[:2] == [("zero_grad", 0), ("forward", 9)]
