"""Breakpoints, watches and their long questions through a real runner, as a window asks for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lenet_gui.protocol import (
    FindNotFinite,
    Frame,
    Incoming,
    Line,
    Move,
    NewRun,
    Notice,
    Pause,
    Progress,
    Run,
    RunBack,
    Seek,
    WatchSeries,
)
from lenet_gui.protocol.stops import Breakpoint, DropBreakpoint, DropWatch, PlotWatch, SetBreakpoint, SetWatch
from lenet_gui.protocol.trace import TraceReply, TraceRequest
from lenet_gui.settings import Settings
from tests.engine.hosting import Host

SMALL = Settings(batch_size=2)


def still(frame: Frame) -> bool:
    return not frame.running and not frame.reason.startswith(("going back", "plotting", "looking"))


def do(host: Host, *messages: Incoming) -> Frame:
    found = None
    for message in messages:
        found = host.ask(message, Frame, still)
    assert found is not None
    return found


def notes(host: Host) -> list[str]:
    return [line.result for line in host.of(Line) if line.kind == "note"]


def test_a_run_stops_and_says_why_and_goes_back() -> None:
    with Host(SMALL) as host:
        frame = do(host, SetBreakpoint(Breakpoint(0, "operation", "relu_1")), Run(3))
        assert (frame.place.commands, frame.place.item, frame.reason) == (1, 4, "stopped at operation relu_1")
        assert [(row.hits, row.problem) for row in frame.breakpoints] == [(1, "")]
        frame = do(host, Run(3))
        assert (frame.place.commands, frame.place.item) == (6, 4)
        frame = do(host, RunBack())
        assert (frame.place.commands, frame.place.item, frame.reason) == (1, 4, "stopped at operation relu_1")
        frame = do(host, RunBack())
        assert (frame.place.commands, frame.place.item) == (0, 0)
        assert "no breakpoint before" in frame.reason
        frame = do(host, DropBreakpoint(frame.breakpoints[0].breakpoint.id), Run(3))
        assert (frame.step, frame.breakpoints, frame.reason) == (3, (), "run ended")


def test_a_paced_run_stops_too_and_logs() -> None:
    with Host(SMALL) as host:
        frame = do(
            host,
            SetBreakpoint(Breakpoint(0, "when", "", "step == 2")),
            SetBreakpoint(Breakpoint(0, "phase", "backward", log="loss {loss} of {step}")),
            SetBreakpoint(Breakpoint(0, "parameter", "fc1.bias", hits="=1")),
            Run(9, rate=500.0),
        )
        assert (frame.place.commands, frame.place.item) == (4, 5)
        frame = do(host, Run(9, rate=500.0))
        assert (frame.place.commands, frame.reason) == (10, "stopped when step == 2")
        assert [text.split(" of ")[1] for text in notes(host)] == ["0", "1"]


def test_a_message_is_written_once_a_hit_also_in_a_run() -> None:
    with Host(SMALL) as host:
        do(host, SetBreakpoint(Breakpoint(0, "when", "", "step % 50 == 0", log="step {step}")), Run(200))
        assert notes(host) == ["step 50", "step 100", "step 150", "step 200"]


def test_by_hand_the_cursor_moves_and_a_place_inside_can_be_gone_to() -> None:
    with Host(SMALL) as host:
        frame = do(host, Move("over"), Move("into"), Move("into"))
        assert (frame.place.commands, frame.place.item) == (1, 2)
        assert frame.reason.startswith("before ")
        frame = do(host, Move("into", back=True))
        assert (frame.place.commands, frame.place.item) == (1, 1)
        frame = do(host, Run(2), Seek(commands=6, item=4))
        assert (frame.place.commands, frame.place.item) == (6, 4)
        assert "relu_1" in frame.reason


@pytest.mark.parametrize(
    "message",
    [
        SetBreakpoint(Breakpoint(0, "phase", "dance")),
        SetBreakpoint(Breakpoint(0, "when", "", "().__class__")),
        SetBreakpoint(Breakpoint(0, "phase", "loss", hits="often")),
        SetBreakpoint(Breakpoint(0, "phase", "loss", log="{")),
        SetWatch(0, "__import__('os')"),
        SetWatch(0, ""),
        PlotWatch(99),
        Seek(commands=1, item=77),
    ],
    ids=repr,
)
def test_what_cannot_be_meant_gives_one_notice_and_nothing_is_lost(message: Incoming) -> None:
    with Host(SMALL) as host:
        do(host, SetBreakpoint(Breakpoint(0, "phase", "loss")), SetWatch(0, "loss"), Run(1))
        frame = do(host, message)
        assert len(host.of(Notice)) == 1
        assert host.of(Notice)[0].kind == "note"
        assert "\n" not in host.of(Notice)[0].words
        assert [row.breakpoint.at for row in frame.breakpoints] == ["loss"]
        assert [row.expression for row in frame.watches] == ["loss"]


def test_a_watch_is_plotted_over_the_steps_and_one_that_is_no_number_is_not() -> None:
    with Host(SMALL) as host:
        frame = do(host, SetWatch(0, "gradient_norm"), SetWatch(0, "conv1.weight"), Run(30))
        first, second = (row.id for row in frame.watches)
        do(host, PlotWatch(first))
        (series,) = host.of(WatchSeries)
        assert (series.watch, series.first, len(series.values)) == (first, 0, 30)
        assert series.values[-1] == pytest.approx(frame.watches[0].number)
        frame = do(host, PlotWatch(second))
        assert "is one number" in host.wait_for_notice().words
        assert frame.step == 30
        frame = do(host, DropWatch(first))
        assert [row.expression for row in frame.watches] == ["conv1.weight"]


def test_a_new_run_keeps_breakpoints_and_watches() -> None:
    with Host(SMALL) as host:
        frame = do(
            host,
            SetBreakpoint(Breakpoint(0, "phase", "loss", hits="=3")),
            SetBreakpoint(Breakpoint(0, "phase", "step", enabled=False)),
            SetWatch(0, "loss"),
            Run(5),
        )
        assert frame.place.commands == 12
        before = frame.breakpoints
        frame = do(host, NewRun(Settings(batch_size=3)))
        assert [row.breakpoint.at for row in frame.breakpoints] == [row.breakpoint.at for row in before]
        assert [row.hits for row in frame.breakpoints] == [0, 0]
        assert [row.expression for row in frame.watches] == ["loss"]
        assert do(host, Run(5)).place.commands == 12


def test_a_trace_that_is_asked_for_in_a_run_is_answered_where_it_stops() -> None:
    with Host(SMALL) as host:
        host.channel.send(Run())
        host.wait(Frame, lambda frame: frame.running and frame.step > 0)
        host.channel.send(TraceRequest(5))
        host.wait(Frame, lambda frame: frame.running)
        assert not host.of(TraceReply)
        host.channel.send(Pause())
        assert host.wait(TraceReply).id == 5


def test_where_it_went_wrong_first_is_gone_to() -> None:
    with Host(Settings(batch_size=2, data="random", lr=1e30)) as host:
        do(host, Run(20))
        frame = do(host, FindNotFinite())
        words = next(one.words for one in host.of(Notice) if one.title == "Here it went wrong first")
        assert "first at [" in words
        assert frame.place.commands < 15
        assert frame.reason.startswith("before ")
        frame = do(host, Seek(0), FindNotFinite())
        assert frame.reason == "all is finite"


def prepared(host: Host, question: str) -> Callable[[], Incoming]:
    """A long run with something in it that takes long to answer."""
    frame = do(host, SetWatch(0, "(relu_1 == 0).mean()"), Run(600))
    number = frame.watches[0].id
    if question == "plot":
        return lambda: PlotWatch(number)
    do(host, SetBreakpoint(Breakpoint(0, "operation", "relu_1", "lr > 5", hits="" if question == "back" else "3")))
    return RunBack


@pytest.mark.parametrize("question", ["plot", "back", "count"])
def test_a_pause_ends_what_takes_long_and_leaves_all_as_it_was(question: str) -> None:
    with Host(SMALL) as host:
        message = prepared(host, question)
        if question == "count":
            frame = do(host, Seek(step=10))
            number = frame.breakpoints[0].breakpoint.id
            # Set in the past and gone over without a look: its hits are not known any more.
            frame = do(host, DropBreakpoint(number), SetBreakpoint(Breakpoint(0, "operation", "relu_1", hits="9999")))
            frame = do(host, Seek(step=600))
        host.channel.send(message())
        host.wait(Progress, lambda progress: progress.total == 0)
        host.channel.send(Pause())
        frame = host.wait(Frame, still)
        assert frame.reason.startswith("cancelled")
        assert (frame.step, frame.place.item) == (600, 0)
        # And the next one is not ended by the pause of this.
        frame = do(host, DropBreakpoint(0), SetBreakpoint(Breakpoint(0, "phase", "loss")), RunBack())
        assert frame.reason == "stopped at phase loss"


def test_one_that_fails_is_told_of_and_stops_once() -> None:
    with Host(SMALL) as host:
        frame = do(host, SetBreakpoint(Breakpoint(0, "when", "", "relu_9.mean() > 1")), Run(3))
        assert frame.reason.startswith("stopped when relu_9.mean() > 1: there is no relu_9")
        assert "did you mean relu_" in frame.breakpoints[0].problem
        assert do(host, Run(3)).reason == "run ended"
        assert host.of(Notice) == []


def test_what_is_set_during_a_run_holds_at_once() -> None:
    with Host(Settings(batch_size=1)) as host:
        host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 5)
        frame = host.ask(SetBreakpoint(Breakpoint(0, "phase", "loss")), Frame, lambda frame: not frame.running)
        assert frame.reason == "stopped at phase loss"
        assert frame.next == "loss"
        host.ask(DropBreakpoint(0), Frame, lambda frame: not frame.breakpoints)
        running = host.ask(Run(), Frame, lambda one: one.running and one.step > frame.step + 5)
        assert not running.breakpoints


def test_what_is_taken_away_during_a_run_stops_it_no_more() -> None:
    with Host(Settings(batch_size=1)) as host:
        host.ask(SetBreakpoint(Breakpoint(0, "when", "", "step == 400")), Frame, lambda frame: bool(frame.breakpoints))
        host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 5)
        host.ask(DropBreakpoint(0), Frame, lambda frame: not frame.breakpoints)
        host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 450)
