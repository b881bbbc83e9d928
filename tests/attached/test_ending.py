"""How a window and a loop part: the window closes or dies, the loop ends, raises, is interrupted, or lets go."""

from __future__ import annotations

import os
import signal
import sys

import pytest
import torch
from torch import nn

import lenet_gui
from lenet_gui.protocol import Advance, Frame, Move, Notice, Run
from tests.attached.watching import Watching, alone


def test_a_window_that_closes_lets_the_loop_go_on_to_its_end() -> None:
    with Watching("mnist") as loop:
        loop.over_(3)
        loop.close()
        assert loop.ends() == (alone("mnist"), "", 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the children of a process")
def test_a_window_that_dies_while_the_loop_runs_is_told_in_the_terminal_and_nothing_more() -> None:
    with Watching("mnist") as loop:
        loop.does(Run(1))
        os.kill(loop.relay(), signal.SIGKILL)
        out, errors, code = loop.ends()
        assert (out, code) == (alone("mnist"), 0)
        assert errors.startswith("lenet_gui: the window is gone.")
        assert errors.endswith("The loop goes on without it.\n")


def test_detached_nothing_of_it_is_left() -> None:
    plainly = alone("let_go")
    assert "left ['training'] [True, True, True]" in plainly
    with Watching("let_go") as loop:
        loop.over_(2)
        loop.send(Run())
        loop.until_over()
        assert loop.frame.reason == "the loop is no longer attached"
        assert loop.ends() == (plainly, "", 0)


def test_a_phase_that_raises_stops_where_it_raised_and_the_exception_goes_on_unchanged() -> None:
    with Watching("raising") as loop:
        loop.does(Advance("step"))
        loop.over_(1)
        raised = loop.does(Move("over"))
        assert raised.reason == "forward raised"
        notice = loop.notices()[-1]
        assert notice.title == "forward raised in the loop"
        assert "mat1 and mat2 shapes cannot be multiplied" in notice.words
        assert "loops.py" in notice.details
        # It waits there; going on lets it through, and the script ends with it. The last step can still be looked at.
        loop.send(Move("over"))
        ended = loop.until(Frame, lambda frame: "ended" in frame.reason)
        assert ended.reason == "the loop has ended with RuntimeError"
        assert "step" not in ended.allowed
        assert ended.step == 1
        assert loop.process.poll() is None
        loop.close()
        out, errors, code = loop.ends()
        assert (out, code) == ("", 1)
        assert errors.rstrip().endswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x5 and 4x2)")


def test_the_end_of_a_loop_that_is_stepped_can_be_looked_at_until_the_window_closes() -> None:
    with Watching("lbfgs") as loop:
        while "ended" not in loop.over_().reason:
            pass
        assert loop.frame.step == 5
        assert not {"step", "advance", "run"} & set(loop.frame.allowed)
        assert any(one.title == "The loop has ended" for one in loop.notices())
        assert loop.process.poll() is None
        loop.close()
        assert loop.ends() == (alone("lbfgs"), "", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal cannot be sent to one process alone")
def test_ctrl_c_while_it_waits_reaches_the_loop() -> None:
    with Watching("mnist") as loop:
        loop.over_(2)
        loop.process.send_signal(signal.SIGINT)
        assert loop.until(Notice).title == "The loop was interrupted"
        out, errors, code = loop.ends()
        assert out == ""
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert code in (1, 130, -signal.SIGINT)


def test_what_cannot_be_attached_to_is_refused_before_a_window_opens() -> None:
    model, other = nn.Linear(2, 2), nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for given, words in (
        ((optimizer, model, nn.MSELoss()), r"takes a torch.nn.Module as the model, not SGD"),
        ((model, model, nn.MSELoss()), r"takes a torch.optim.Optimizer as the optimizer, not Linear"),
        ((model, optimizer, "MSELoss"), r"takes a module or a function as the criterion, not str"),
    ):
        with pytest.raises(TypeError, match=words):
            lenet_gui.attach(*given)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="this optimizer holds none of the model's parameters"):
        lenet_gui.attach(other, optimizer, nn.MSELoss())
    lenet_gui.detach()
    assert not model._forward_pre_hooks
