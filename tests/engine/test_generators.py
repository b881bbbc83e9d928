"""A session's generators are its own: it disturbs nothing around it, and several do not disturb each other."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE, Command
from tests.engine.models import DrawsElsewhere, NormAndDropout

MODELS = pytest.mark.parametrize("make_model", [Net, NormAndDropout, DrawsElsewhere])
Model = Callable[[], nn.Module]


def seed_all(seed: int) -> None:
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


def draw() -> list[float]:
    """An odd number of normal draws, so that Python's and NumPy's second ones are left waiting."""
    return [float(torch.randn(1)), random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn()]


@MODELS
def test_a_session_leaves_the_programs_generators_alone(make_model: Model) -> None:
    seed_all(7)
    expected = [draw() for _ in range(5)]
    seed_all(7)
    found = [draw()]
    session = Session(Settings(seed=1), make_model)
    found.append(draw())
    session.forward()
    found.append(draw())
    session.evaluate()
    session.run(3)
    found.append(draw())
    with pytest.raises(Refused):
        session.apply(Command.of("forward", sample=99))
    found.append(draw())
    assert found == expected


@MODELS
def test_the_program_does_not_disturb_a_session(make_model: Model) -> None:
    def digest(meanwhile: Callable[[], object]) -> str:
        session = Session(Settings(data="random", batch_size=2), make_model)
        for _ in range(3):
            for phase in CYCLE:
                meanwhile()
                session.apply(phase)
        return session.digest()

    assert digest(lambda: None) == digest(lambda: seed_all(3)) == digest(draw)


@MODELS
def test_two_interleaved_sessions_each_go_as_if_alone(make_model: Model) -> None:
    one, other = Settings(seed=1, data="random", batch_size=2), Settings(seed=2, optimizer="Adam")
    alone = []
    for settings in (one, other):
        session = Session(settings, make_model)
        for _ in range(4):
            for phase in CYCLE:
                session.apply(phase)
        alone.append(session.digest())
    pair = [Session(settings, make_model) for settings in (one, other)]
    for _ in range(4):
        for phase in CYCLE:
            for session in pair:
                session.apply(phase)
    assert [session.digest() for session in pair] == alone


@pytest.mark.parametrize("seed", [0, 2**32, 2**63 - 1])
def test_a_session_starts_where_seeding_by_hand_starts(seed: int) -> None:
    drawn: list[list[float]] = []

    class Draws(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            drawn.append(draw())
            return super().forward(x)

    session = Session(Settings(seed=seed, data="random", batch_size=1), Draws)
    session.forward()
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    Net()
    torch.randn(1, 1, 32, 32)
    assert drawn == [draw()]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_session_on_the_cpu_leaves_a_gpus_generator_alone() -> None:
    torch.cuda.manual_seed_all(7)
    before = torch.cuda.get_rng_state()
    Session(Settings(seed=1)).run(1)
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_the_thread_count_is_the_sessions_own_too() -> None:
    outside = torch.get_num_threads()
    counted: list[int] = []

    class Counts(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            counted.append(torch.get_num_threads())
            return super().forward(x)

    session = Session(Settings(data="random", batch_size=1, threads=outside + 1), Counts)
    session.forward()
    session.set(threads=outside + 2)
    session.forward()
    assert counted == [outside + 1, outside + 2]
    assert torch.get_num_threads() == outside
