"""Loops of many kinds, each stepped for a while and then let run: they end in the bits that they have alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lenet_gui.protocol import Run
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from tests.attached.watching import Watching, alone

SEEN = {
    # Its first step: two batches, the forward first, and what the loop computes around the loss is a factor.
    "accumulated": (7, ["forward", "loss", "backward", "forward", "loss", "backward", "step"]),
    "mixed": (5, ["zero_grad", "forward", "loss", "backward", "step"]),
    "several": (5, ["zero_grad", "forward", "loss", "backward", "step"]),
    # The other model's forward, step and zero_grad are not in it.
    "generative": (8, ["zero_grad", "forward", "loss", "backward", "forward", "loss", "backward", "step"]),
    "workers": (5, ["zero_grad", "forward", "loss", "backward", "step"]),
}


@pytest.mark.parametrize("name", SEEN)
def test_every_phase_of_a_step_is_seen_and_can_be_looked_into(name: str) -> None:
    phases, expected = SEEN[name]
    with ThreadPoolExecutor(1) as beside, Watching(name) as loop:
        plainly = beside.submit(alone, name)
        while loop.over_().step == 0:
            pass
        assert loop.frame.place.commands == phases
        reply = loop.asks(TraceRequest(1))
        assert isinstance(reply, TraceReply)
        assert [part.name for part in reply.parts] == expected
        assert all(part.items for part in reply.parts if part.name != "zero_grad")
        assert not any(part.refused for part in reply.parts)
        # Done again it has the loop's bits, in every output, gradient and weight.
        assert reply.partial == ""
        loop.over_(3)
        loop.send(Run())
        loop.until_over()
        out, errors, code = loop.ends()
        assert (out, errors, code) == (plainly.result(), "", 0)
        assert not loop.notices()


def test_a_step_with_a_closure_is_one_phase_that_cannot_be_looked_into() -> None:
    with Watching("lbfgs") as loop:
        assert loop.frame.next == "step"
        stepped = loop.over_()
        assert (stepped.step, stepped.next) == (1, "step")
        assert stepped.loss is not None
        (part,) = loop.asks(TraceRequest(1)).parts
        assert (part.items, "its closure goes forward and backward in Python of the loop's own" in part.refused) == (
            (),
            True,
        )
        loop.send(Run())
        loop.until_over()
        assert loop.ends()[0] == alone("lbfgs")


def test_without_a_criterion_the_forward_can_be_looked_into_and_the_backward_says_why_not() -> None:
    with Watching("unseen") as loop:
        assert (loop.frame.next, loop.frame.settings.lr) == ("forward", 0.0)
        assert [loop.over_().next for _ in range(4)] == ["backward", "step", "forward", "forward"]
        assert loop.frame.place.commands == 4
        # The step before: its zero_grad came behind it, and so begins the next.
        loop.over_()
        assert loop.frame.next == "backward"
        zero_grad, forward, backward = loop.asks(TraceRequest(1)).parts
        assert (zero_grad.name, len(forward.items) > 4, forward.refused) == ("zero_grad", True, "")
        assert "no criterion was seen" in backward.refused
        assert loop.frame.loss is not None
        loop.send(Run())
        loop.until_over()
        assert loop.ends()[0] == alone("unseen")
