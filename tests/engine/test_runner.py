"""The runner in a thread of its own, driven as a window drives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lenet_gui import resources
from lenet_gui.engine import Session, Settings
from lenet_gui.engine.data import digits as engine_digits
from lenet_gui.protocol import (
    CYCLE,
    PHASES,
    Accuracy,
    Advance,
    Command,
    Evaluate,
    Frame,
    Line,
    NewRun,
    Notice,
    Pause,
    PrintRequest,
    Progress,
    RecoverOnCpu,
    Run,
    Series,
    SetRate,
    TensorReply,
    TensorRequest,
    UpdateReply,
    UpdateRequest,
)
from tests.engine.hosting import Host

TUTORIAL = Settings(data="random", batch_size=1, loss="MSELoss")
EXPLODING = Settings(data="random", batch_size=2, loss="MSELoss", lr=1e30)


def weights_of(host: Host) -> bytes:
    reply = host.ask(TensorRequest(len(host.seen), "conv1.weight", "value"), TensorReply)
    assert reply.values is not None
    return reply.values.tobytes()


def weights_after(settings: Settings, steps: int) -> bytes:
    session = Session(settings)
    session.run(steps)
    return session.model.get_parameter("conv1.weight").detach().numpy().tobytes()


def test_the_phases_by_hand() -> None:
    with Host(TUTORIAL) as host:
        for number, phase in enumerate(CYCLE, 1):
            frame = host.do(phase)
            assert frame.place.commands == number
            assert frame.reason == f"after {phase.name}"
            assert frame.next == PHASES[number % 5]
        assert host.code() == [
            "optimizer.zero_grad()",
            "output = net(input)",
            "loss = criterion(output, target)",
            "loss.backward()",
            "optimizer.step()",
        ]
        assert weights_of(host) == weights_after(TUTORIAL, 1)


def test_one_phase_on_and_one_step_on() -> None:
    with Host(TUTORIAL) as host:
        assert host.do(Advance("phase")).next == "forward"
        assert host.do(Advance("phase")).next == "loss"
        assert (host.do(Advance("step")).next, host.do(Advance("step")).step) == ("zero_grad", 2)
        assert weights_of(host) == weights_after(TUTORIAL, 2)


@pytest.mark.parametrize("steps", [1, 2, 137])
def test_a_counted_run_takes_exactly_its_steps(steps: int) -> None:
    with Host(TUTORIAL) as host:
        frame = host.do(Run(steps))
        assert (frame.step, frame.running, frame.reason) == (steps, False, "run ended")
        assert len(host.losses(run=1)) == steps
        assert f"islice(batches, {steps})" in host.code()[-1]
        assert weights_of(host) == weights_after(TUTORIAL, steps)


def test_a_counted_run_finishes_the_step_under_way_first() -> None:
    with Host(TUTORIAL) as host:
        frame = host.do(CYCLE[0], CYCLE[1], Run(3))
        assert (frame.step, frame.place.commands) == (3, 15)


def test_a_run_is_seen_and_paused_and_goes_on() -> None:
    with Host() as host:
        running = host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 10)
        assert running.allowed == ("set", "lr", "pause", "evaluate", "new", "print")
        host.channel.send(Pause())
        paused = host.wait(Frame, lambda frame: not frame.running)
        assert paused.reason == "paused"
        assert paused.next == "zero_grad"
        assert "run" in paused.allowed
        assert host.do(Run(5)).step == paused.step + 5
        assert weights_of(host) == weights_after(Settings(), paused.step + 5)


def test_the_accuracy_is_measured_at_the_end_of_each_epoch_and_on_demand() -> None:
    settings = Settings(batch_size=500)
    with Host(settings) as host:
        host.do(Run(7))
        assert [found.step for found in host.of(Accuracy)] == [3, 6]
        frame = host.do(Evaluate())
        session = Session(settings)
        session.run(7)
        assert frame.accuracy == host.of(Accuracy)[-1] == session.evaluate()


def test_a_paced_run_shows_every_phase() -> None:
    with Host(TUTORIAL) as host:
        assert host.do(Run(2, rate=200.0)).step == 2
        assert [code.splitlines()[-1] for code in host.code()] == [
            *("optimizer.zero_grad()", "output = net(input)", "loss = criterion(output, target)"),
            *("loss.backward()", "optimizer.step()"),
        ] * 2
        assert weights_of(host) == weights_after(TUTORIAL, 2)


def test_the_speed_changes_during_a_run() -> None:
    """At the first speed the run would take a quarter of an hour."""
    with Host(TUTORIAL) as host:
        host.ask(Run(400, rate=2.0), Frame, lambda frame: frame.running and frame.place.commands > 0)
        host.channel.send(SetRate(None))
        assert host.wait(Frame, lambda frame: not frame.running and frame.step == 400).remaining is None
        assert weights_of(host) == weights_after(TUTORIAL, 400)


def test_a_run_slows_down() -> None:
    with Host(TUTORIAL) as host:
        host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 5)
        # Only a paced run can be seen in the middle of a step.
        host.ask(SetRate(50.0), Frame, lambda frame: frame.running and frame.place.commands % 5 == 2)
        host.channel.send(Pause())
        host.wait(Frame, lambda frame: not frame.running)


@pytest.mark.parametrize("rate", [None, 100.0])
def test_a_setting_changes_during_a_run(rate: float | None) -> None:
    with Host() as host:
        host.ask(Run(rate=rate), Frame, lambda frame: frame.running and frame.place.commands > 5)
        host.ask(Command.of("set", lr=0.5), Frame, lambda frame: frame.settings.lr == 0.5)
        host.wait(Frame, lambda frame: frame.running)
        host.ask(Command.of("set", lr=-0.5), Notice, lambda notice: notice.kind == "refused")
        host.wait(Frame, lambda frame: frame.running)
        host.channel.send(Pause())
        frame = host.wait(Frame, lambda frame: not frame.running)
        assert frame.settings.lr == 0.5
        assert "optimizer.param_groups[0]['lr'] = 0.5" in host.code()


def test_questions_are_answered_during_a_run() -> None:
    with Host() as host:
        host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 5)
        assert host.ask(TensorRequest(1, "conv1.bias", "grad"), TensorReply).shape == (6,)
        assert host.ask(UpdateRequest(2, "conv1.bias"), UpdateReply).id == 2
        assert host.ask(PrintRequest("model"), Line).result.startswith("Net(")
        assert host.ask(Evaluate(), Accuracy).total == 360
        assert host.wait(Frame, lambda frame: frame.running).accuracy is not None
        host.channel.send(Pause())
        host.wait(Frame, lambda frame: not frame.running)


@pytest.mark.parametrize("running", [False, True])
def test_a_new_run_starts_over(running: bool) -> None:
    with Host() as host:
        if running:
            host.ask(Run(), Frame, lambda frame: frame.running and frame.step > 5)
        else:
            host.do(Run(3))
        settings = Settings(seed=4, data="random", optimizer="Adam", lr=0.001)
        frame = host.ask(NewRun(settings), Frame, lambda frame: frame.run == 2)
        assert (frame.step, frame.settings, frame.reason) == (0, settings, "start")
        assert host.do(Run(4)).step == 4
        assert weights_of(host) == weights_after(settings, 4)
        assert len(host.losses(run=2)) == 4


def test_a_new_run_that_cannot_be_leaves_the_one_before() -> None:
    with Host(TUTORIAL) as host:
        host.do(Run(3))
        for bad in (Settings(batch_size=1438), Settings(data="cats"), Settings(optimizer="Adagradient")):
            assert host.do(NewRun(bad)).step == 3
            assert host.of(Notice)[-1].title == "That cannot be used"
            assert host.of(Notice)[-1].words
        host.do(Run(1))
        assert weights_of(host) == weights_after(TUTORIAL, 4)


def test_a_refusal_is_a_notice_an_error_line_and_a_frame() -> None:
    with Host(TUTORIAL) as host:
        frame = host.do(Command("backward"))
        assert (frame.reason, frame.place.commands) == ("refused", 0)
        assert host.notice("refused").words == "NameError: name 'loss' is not defined"
        error = host.of(Line)[-1]
        assert (error.kind, error.code) == ("error", "loss.backward()")


def test_a_question_about_nothing_is_answered_with_a_notice() -> None:
    with Host(TUTORIAL) as host:
        for question in (
            TensorRequest(1, "conv9.weight", "value"),
            TensorRequest(1, "conv9.weight", "grad"),
            UpdateRequest(1, "conv9.weight"),
            PrintRequest("conv9.weight"),
        ):
            notice = host.ask(question, Notice)
            assert notice.kind == "note"
            assert "conv9.weight" in notice.words
        host.ask(Run(2), Frame, lambda frame: frame.step == 2 and not frame.running)


@pytest.mark.parametrize("rate", [None, 1.0])
def test_closing_in_the_middle_of_a_run_ends_the_thread(rate: float | None) -> None:
    with Host() as host:
        host.ask(Run(rate=rate), Frame, lambda frame: frame.running)
    assert not host.thread.is_alive()


def first_step_that_is_not_finite(settings: Settings) -> int:
    session = Session(settings)
    session.run(50)
    return int(np.flatnonzero(~np.isfinite(session.log.rows()[:, 0]))[0]) + 1


@pytest.mark.parametrize("run", [Run(), Run(rate=500.0)], ids=["unlimited", "paced"])
def test_a_loss_that_is_not_finite_pauses_the_run_once(run: Run) -> None:
    step = first_step_that_is_not_finite(EXPLODING)
    with Host(EXPLODING) as host:
        frame = host.do(run)
        assert frame.reason == "paused"
        assert frame.step >= step
        notice = host.notice("anomaly")
        assert f"since step {step}" in notice.title
        assert "smaller learning rate" in notice.advice
        assert host.do(Run(100)).step == frame.step + 100  # it goes on when asked to
        assert len([notice for notice in host.of(Notice) if notice.kind == "anomaly"]) == 1


def test_a_loss_that_is_not_finite_in_the_last_step_of_a_run_is_noticed_too() -> None:
    step = first_step_that_is_not_finite(EXPLODING)
    with Host(EXPLODING) as host:
        host.do(Run(step))
        assert f"since step {step}" in host.notice("anomaly").title


def test_a_loss_that_is_not_finite_is_noticed_by_hand() -> None:
    step = first_step_that_is_not_finite(EXPLODING)
    with Host(EXPLODING) as host:
        for _ in range(step):
            host.do(Advance("step"))
        assert f"since step {step}" in host.notice("anomaly").title


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 half a file"], ids=["missing", "empty", "broken"])
def test_without_its_digits_the_program_starts_with_random_tensors(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_FOLDERS", (tmp_path,))
    if content is not None:
        (tmp_path / "digits.npz").write_bytes(content)
    engine_digits.digits.cache_clear()
    with Host() as host:
        assert host.wait_for_notice().title == "Random tensors instead"
        assert "digits.npz" in host.notice("note").words
        frame = host.do(Run(3))
        assert (frame.step, frame.settings.data) == (3, "random")
        host.do(NewRun(Settings()))
        assert "digits.npz" in host.of(Notice)[-1].words  # and it is said again
    engine_digits.digits.cache_clear()


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_start_on_a_device_that_is_not_there_falls_back(device: str) -> None:
    with Host(Settings(device=device)) as host:
        assert device.partition(":")[0] in host.wait_for_notice().words
        assert host.do(Run(2)).step == 2


# ------------------------------------------------------------------- a device that fails: `meta` loses every number


def lose_the_device(host: Host) -> None:
    notice = host.ask(Command.of("set", device="meta"), Notice, lambda notice: notice.kind == "failed")
    assert [offer.action for offer in notice.offers] == [RecoverOnCpu()]


def recovered(host: Host) -> Frame:
    return host.ask(RecoverOnCpu(), Frame, lambda frame: frame.run == 2)


def nothing(_: Host) -> None:
    pass


def pause(host: Host) -> None:
    host.channel.send(Pause())


def press_what_is_refused(host: Host) -> None:
    assert RecoverOnCpu() in [offer.action for offer in host.ask(Command("loss"), Notice).offers]


def choose_the_cpu(host: Host) -> None:
    notice = host.ask(Command.of("set", device="cpu"), Notice)
    assert RecoverOnCpu() in [offer.action for offer in notice.offers]


def run_on(host: Host) -> None:
    host.ask(Run(3), Notice, lambda notice: notice.kind == "failed")


@pytest.mark.parametrize("meanwhile", [nothing, pause, press_what_is_refused, choose_the_cpu])
def test_a_run_whose_device_failed_goes_on_from_there_on_the_cpu(meanwhile: Callable[[Host], None]) -> None:
    with Host(TUTORIAL) as host:
        host.do(Run(20), Command.of("set", lr=0.01), Run(10))
        lose_the_device(host)
        meanwhile(host)
        frame = recovered(host)
        assert (frame.step, frame.settings.device, frame.settings.lr) == (30, "cpu", 0.01)
        assert not frame.exact
        progress = host.of(Progress)[-1]
        assert progress.done == progress.total
        assert len(host.losses(run=2)) == 30
        session = Session(TUTORIAL)
        session.run(20)
        session.set(lr=0.01)
        session.run(13)
        assert host.do(Run(3)).step == 33
        assert weights_of(host) == session.model.get_parameter("conv1.weight").detach().numpy().tobytes()


def test_a_run_on_a_device_that_failed_says_so_and_the_runner_lives() -> None:
    with Host(TUTORIAL) as host:
        host.do(Run(5))
        lose_the_device(host)
        run_on(host)
        assert recovered(host).step >= 5


def test_every_row_of_the_log_is_told_once() -> None:
    with Host() as host:
        host.do(Run(300), Run(1), Advance("step"))
        blocks = [block for block in host.of(Series) if len(block.rows)]
        told = 0
        for block in blocks:
            assert block.first == told
            told += len(block.rows)
        assert told == 302
