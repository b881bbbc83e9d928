"""Devices: what cannot be used says why, and moving takes everything along that can be moved.

`meta` is a real device of PyTorch that loses every number, so it stands for one that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from lenet_gui.engine import Refused, Session, Settings
from lenet_gui.engine.devices import devices, unavailable
from lenet_gui.engine.net import Net
from lenet_gui.protocol import Command, RecoverOnCpu
from tests.engine.models import NormAndDropout

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
Model = Callable[[], nn.Module]


def test_the_cpu_is_there_and_each_device_that_is_not_says_why() -> None:
    listed = {device.name: device for device in devices()}
    assert listed["cpu"].reason == ""
    assert "mps" in listed
    assert any(name.startswith("cuda") for name in listed)
    for device in listed.values():
        assert device.label
        assert unavailable(device.name) == device.reason
        if device.reason:
            with pytest.raises(ValueError, match=f"{device.name} cannot be used: {device.reason}"):
                Session(Settings(device=device.name))
        else:
            torch.empty(1, device=device.name)


def test_a_device_that_is_not_there_is_refused_in_the_middle_of_a_run_too() -> None:
    session = Session()
    session.run(1)
    before = session.digest()
    for name in [device.name for device in devices() if device.reason] + ["cuda:99", "nonsense"]:
        with pytest.raises(Refused) as refused:
            session.set(device=name)
        assert name.partition(":")[0] in refused.value.notice.words
        assert session.digest() == before


def test_moving_to_the_same_device_drops_nothing() -> None:
    session, stayed = Session(Settings(optimizer="Adam")), Session(Settings(optimizer="Adam"))
    for each in (session, stayed):
        each.run(2)
        each.zero_grad()
        each.forward()
        each.loss()
    session.set(device="cpu")
    assert session.graph == "alive"
    for each in (session, stayed):
        each.backward()
        each.step()
    for one, other in zip(session.model.parameters(), stayed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_moving_drops_the_live_graph() -> None:
    session = Session()
    session.forward()
    session.loss()
    session.set(device="meta")
    assert session.graph == "none"
    assert session.output is None
    with pytest.raises(Refused, match="'loss' is not defined"):
        session.backward()


def test_a_device_that_lost_the_numbers_offers_the_cpu_and_a_failed_way_back_changes_nothing() -> None:
    session = Session(Settings(optimizer="Adam"))
    session.run(3)
    session.set(device="meta")
    session.forward()
    journal = list(session.journal.commands())
    with pytest.raises(Refused) as refused:
        session.set(device="cpu")
    assert [offer.action for offer in refused.value.notice.offers] == [RecoverOnCpu()]
    assert "approximate" in refused.value.notice.advice
    assert list(session.journal.commands()) == journal
    assert session.settings.device == "meta"
    assert {parameter.device.type for parameter in session.model.parameters()} == {"meta"}


@pytest.mark.parametrize("make_model", [Net, NormAndDropout])
@pytest.mark.parametrize("data", ["digits", "random"])
def test_replayed_on_the_cpu_a_run_is_one_that_never_moved(data: str, make_model: Model) -> None:
    moved, stayed = (Session(Settings(data=data, batch_size=4, optimizer="Adam"), make_model) for _ in range(2))
    for session in (moved, stayed):
        session.run(3)
        session.zero_grad()
        session.forward()
        session.loss()
        if session is moved:
            session.set(device="meta", lr=0.5)
        else:
            session.set(lr=0.5)
        session.forward()
        session.loss()
        session.backward()
        session.step()
        session.run(4)
    recovered = Session.replay(moved.journal.on("cpu"), make_model)
    assert recovered.digest() == stayed.digest()
    assert recovered.log.rows().tobytes() == stayed.log.rows().tobytes()


@needs_cuda
@pytest.mark.parametrize(
    "options",
    [{"optimizer": "SGD", "momentum": 0.9, "lr": 0.01}, {"optimizer": "Adam"}, {"optimizer": "RMSprop", "lr": 0.001}],
    ids=str,
)
def test_moving_to_a_gpu_and_back_takes_optimizer_state_and_gradients_along(options: dict[str, Any]) -> None:
    session = Session(Settings(**options), NormAndDropout)
    session.run(3)
    names = {name: None if value is None else value.clone() for name, value in session.tensors().items()}
    session.set(device="cuda:0")
    assert {parameter.device.type for parameter in session.model.parameters()} == {"cuda"}
    session.set(device="cpu")
    for name, value in session.tensors().items():
        before = names.pop(name)
        assert (value is None) == (before is None), name
        if value is not None and before is not None:
            assert torch.equal(value, before), name
    assert not names


@needs_cuda
def test_a_run_moved_to_a_gpu_and_back_comes_close_to_one_that_stayed() -> None:
    moved, stayed = Session(), Session()
    stayed.run(40)
    moved.run(10)
    moved.set(device="cuda:0")
    moved.run(20)
    with pytest.raises(Refused):
        moved.apply(Command.of("forward", sample=99))
    moved.set(device="cpu")
    moved.run(10)
    for one, other in zip(moved.model.parameters(), stayed.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
