"""Histograms over the last steps are those of the run itself, and going over it leaves the run as it was."""

from __future__ import annotations

import numpy as np
import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.tensors.figures import histogram
from lenet_gui.engine.tensors.over_steps import histograms
from lenet_gui.engine.trace.names import lookup
from lenet_gui.protocol import Command, Frame, Notice, Run
from lenet_gui.protocol.tensors import HistogramSeries, PlotHistograms, Which
from tests.engine.hosting import Host
from tests.engine.models import NormAndDropout

STEP = ("zero_grad", "forward", "loss", "backward", "step")


def by_step(series: list[HistogramSeries]) -> dict[int, tuple[float, float, tuple[int, ...]]]:
    assert [one.first for one in series] == [True, *(False for _ in series[1:])]
    return {
        int(step): (float(one.low[k]), float(one.high[k]), tuple(one.counts[k].tolist()))
        for one in series
        for k, step in enumerate(one.steps)
    }


@pytest.mark.parametrize(
    ("name", "part", "behind"),
    [
        ("conv.weight", "value", "step"),
        ("conv.weight", "grad", "backward"),
        ("conv.weight", "update", "step"),
        ("conv.weight: momentum_buffer", "value", "step"),
        ("relu", "value", "forward"),
        ("relu", "grad", "backward"),
    ],
)
def test_they_are_those_of_the_run(name: str, part: str, behind: str) -> None:
    session = Session(Settings(batch_size=3, momentum=0.9), NormAndDropout)
    expected = {}
    for step in range(1, 6):
        for phase in STEP:
            before = session.model.get_parameter("conv.weight").detach().clone()
            session.apply(Command(phase))
            if phase != behind:
                continue
            if part == "update":
                tensor = session.model.get_parameter("conv.weight").detach() - before
            else:
                tensor = lookup(session, f"{name}.grad" if part == "grad" else name)
            one = histogram(tensor.detach().numpy(), 12)  # type: ignore[union-attr]
            expected[step] = (np.float32(one.low), np.float32(one.high), tuple(one.counts.tolist()))
    session.apply(Command("zero_grad"))
    digest = session.digest()
    found = by_step([*histograms(session, PlotHistograms(1, Which(name, part), 3, 100, 12))])
    assert found == {step: expected[step] for step in (3, 4, 5)}
    assert session.digest() == digest


def test_of_many_steps_only_as_many_are_taken_as_there_is_room_for() -> None:
    session = Session(Settings(batch_size=1))
    session.run(100)
    found = by_step([*histograms(session, PlotHistograms(1, Which("conv1.bias"), 1_000, 40, 8))])
    steps = sorted(found)
    assert len(steps) == 40
    assert (steps[0], steps[-1]) == (1, 100)
    last = histogram(session.model.get_parameter("conv1.bias").detach().numpy(), 8)
    assert found[100][2] == tuple(last.counts.tolist())


def test_it_can_be_cancelled_and_an_early_one_is_told_that_there_is_nothing() -> None:
    session = Session(Settings(batch_size=1))
    with pytest.raises(ValueError, match="no step has been taken yet"):
        next(iter(histograms(session, PlotHistograms(1, Which("conv1.bias"), 9, 9, 8))))
    session.run(30)
    looks = iter(range(100))
    found = by_step([*histograms(session, PlotHistograms(1, Which("conv1.bias"), 30, 30, 8), lambda: next(looks) < 4)])
    assert 0 < len(found) < 30


def test_the_worker_tells_them_and_goes_on() -> None:
    with Host(Settings(batch_size=1)) as host:
        host.do(Run(5))
        told = host.ask(PlotHistograms(7, Which("conv1.weight"), 5, 10, 16), HistogramSeries)
        assert (told.id, told.steps.tolist()) == (7, [1, 2, 3, 4, 5])
        notice = host.ask(PlotHistograms(8, Which("nothing_like_it"), 5, 10, 16), Notice)
        assert "there is no nothing_like_it" in notice.words
        # The frames of before may come together with what was waited for, or behind it.
        host.ask(Run(1), Frame, lambda frame: frame.step == 6 and not frame.running)
