"""Diagnoses through a real runner, as a window asks for them: at a stop, in a run, and looking closer."""

from __future__ import annotations

from lenet_gui.protocol import Command, Frame, Pause, Run
from lenet_gui.protocol.diagnoses import CloserReply, DiagnosesReply, DiagnosesRequest, LookCloser
from lenet_gui.settings import Settings
from tests.engine.hosting import Host


def press(host: Host, *phases: str) -> Frame:
    return host.do(*(Command(phase) for phase in phases))


def test_at_each_stop_there_is_an_answer_of_that_place() -> None:
    with Host(Settings(batch_size=4)) as host:
        reply = host.ask(DiagnosesRequest(1), DiagnosesReply)
        assert (reply.id, reply.commands, reply.diagnoses) == (1, 0, ())
        press(host, "zero_grad", "forward", "loss", "backward", "step", "forward", "loss", "backward")
        reply = host.ask(DiagnosesRequest(2), DiagnosesReply, lambda one: one.id == 2)
        assert (reply.commands, reply.step) == (8, 1)
        assert [one.kind for one in reply.diagnoses] == ["not_zeroed"]


def test_in_a_run_the_log_answers_at_once_and_a_stop_s_question_where_it_stops() -> None:
    with Host(Settings(batch_size=4)) as host:
        host.channel.send(Run())
        host.wait(Frame, lambda frame: frame.running)
        host.channel.send(DiagnosesRequest(1))
        reply = host.ask(DiagnosesRequest(2, log_only=True), DiagnosesReply)
        assert (reply.id, reply.log_only) == (2, True)
        host.channel.send(Pause())
        reply = host.wait(DiagnosesReply, lambda one: one.id == 1)
        frame = next(one for one in reversed(host.of(Frame)) if not one.running)
        assert (reply.commands, reply.step) == (frame.place.commands, frame.step)


def test_looking_closer_is_told_and_leaves_the_run_as_it_is() -> None:
    with Host(Settings(batch_size=4)) as host:
        place = host.do(Run(10)).place
        frame = host.ask(LookCloser(5), Frame, lambda frame: frame.reason == "looking closer")
        assert (frame.running, frame.allowed) == (True, ("pause",))
        frame = host.wait(Frame, lambda frame: not frame.running)
        (reply,) = host.of(CloserReply)
        assert (frame.reason, frame.place) == ("looked closer", place)
        assert (reply.id, reply.cancelled, reply.step) == (5, False, 10)


def test_looking_closer_is_cancelled_by_a_pause() -> None:
    with Host(Settings(batch_size=1437)) as host:
        place = host.do(Run(1)).place
        host.ask(LookCloser(1), Frame, lambda frame: frame.reason == "looking closer")
        host.channel.send(Pause())
        frame = host.wait(Frame, lambda frame: not frame.running)
        assert (frame.reason, frame.place) == ("cancelled while looking closer", place)
        (reply,) = host.of(CloserReply)
        assert (reply.cancelled, reply.diagnoses) == (True, ())
