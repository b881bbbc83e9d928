"""Frames and replies say what the session's tensors say, and are copies that nobody can write to."""

from __future__ import annotations

import pickle
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lenet_gui.engine import Session, Settings, answers, view
from lenet_gui.engine.choices import optimizers
from lenet_gui.engine.tensors.update import update_rule
from lenet_gui.protocol import CYCLE, Frame, TensorRequest, UpdateRequest
from lenet_gui.protocol.trace import TraceRequest
from tests.alike import alike


def frame(session: Session) -> Frame:
    return view.Viewer(session).frame(view.Situation(1, "test", False, None, None, 0.0, True))


def after(*phases: str, **options: Any) -> Session:
    session = Session(Settings(**options))
    for phase in phases:
        getattr(session, phase)()
    return session


def assert_is(array: NDArray[np.float32] | None, tensor: torch.Tensor) -> None:
    """Equal to the bit, read-only, and no alias."""
    assert array is not None
    assert np.array_equal(array, tensor.detach().numpy())
    assert not array.flags.writeable
    assert not np.shares_memory(array, tensor.detach().numpy())


def test_every_moment_of_a_step_has_a_frame_that_crosses_the_thread() -> None:
    session = after(data="random", batch_size=3)
    for phase in (*CYCLE, *CYCLE):
        session.apply(phase)
        found = frame(session)
        assert found.place.commands == len(session.journal)
        assert found.next == session.next_phase
        assert alike(pickle.loads(pickle.dumps(found)), found)


def test_the_modules_and_parameters_of_lenet() -> None:
    found = frame(after("zero_grad", "forward", "loss", "backward"))
    assert [(row.path, row.kind) for row in found.modules[:2]] == [("", "Net"), ("conv1", "Conv2d")]
    assert found.modules[0].count == 81_194
    assert sum(row.count for row in found.modules[1:]) == 81_194
    weight = found.parameters[0]
    assert (weight.name, weight.shape, weight.dtype, weight.count) == ("conv1.weight", (6, 1, 3, 3), "float32", 54)


def test_norms_are_those_of_the_tensors_and_none_is_not_zero() -> None:
    session = after("zero_grad", "forward", "loss")
    assert {row.grad_norm for row in frame(session).parameters} == {None}
    session.backward()
    for row, parameter in zip(frame(session).parameters, session.model.parameters(), strict=True):
        assert parameter.grad is not None
        assert row.value_norm == float(parameter.detach().norm())
        assert row.grad_norm == float(parameter.grad.norm())
    session.zero_grad(set_to_none=False)
    assert {row.grad_norm for row in frame(session).parameters} == {0.0}


def test_what_has_not_happened_is_empty() -> None:
    found = frame(Session())
    assert (found.loss, found.graph, found.chain, found.accuracy) == (None, "none", (), None)
    assert found.samples.scores.size == 0
    assert found.samples.predictions == ()
    assert len(found.samples.targets) == 16


def test_the_batch_with_its_targets_and_predictions() -> None:
    session = after("forward", "loss", batch_size=100)
    samples = frame(session).samples
    assert session.output is not None
    assert session.labels is not None
    assert samples.size == 100
    assert_is(samples.images, session.input[:64, 0])
    assert_is(samples.scores, session.output[:64])
    assert list(samples.targets) == session.labels[:64].tolist()
    assert list(samples.predictions) == session.output[:64].argmax(1).tolist()
    assert session.last_loss is not None
    assert frame(session).loss == session.last_loss.item()


def test_scores_never_stand_beside_the_images_of_another_batch() -> None:
    session = after("forward", "next_batch")
    samples = frame(session).samples
    assert_is(samples.images, session.input[:, 0])
    assert samples.scores.size == 0
    assert samples.predictions == ()


def test_one_sample_alone() -> None:
    session = Session()
    session.forward(sample=5, unsqueeze=True)
    samples = frame(session).samples
    assert session.output is not None
    assert session.labels is not None
    assert samples.size == 1
    assert_is(samples.images, session.input[5])
    assert_is(samples.scores, session.output)
    assert samples.targets == (int(session.labels[5]),)


def test_random_data_has_targets_once_they_are_drawn() -> None:
    session = after("forward", data="random", batch_size=3)
    assert frame(session).samples.targets == ()
    session.loss()
    assert session.target is not None
    assert list(frame(session).samples.targets) == session.target.tolist()
    assert (frame(session).epoch, frame(session).batches) == (None, None)


def test_epoch_and_batch_are_counted() -> None:
    session = Session(Settings(batch_size=64))
    session.run(23)
    assert (frame(session).epoch, frame(session).batch, frame(session).batches) == (0, 22, 23)
    session.forward()
    assert (frame(session).epoch, frame(session).batch, frame(session).step) == (1, 0, 23)


@given(limit=st.integers(1, 60))
def test_a_reply_is_the_tensor_bounded(limit: int) -> None:
    session = after("forward", "loss", "backward")
    weight = session.model.get_parameter("conv1.weight")
    assert weight.grad is not None
    for part, tensor in (("value", weight), ("grad", weight.grad)):
        reply = answers.tensor_reply(session, TensorRequest(7, "conv1.weight", part, limit))
        assert (reply.id, reply.name, reply.part, reply.shape) == (7, "conv1.weight", part, (6, 1, 3, 3))
        assert reply.printed == repr(tensor)
        assert_is(reply.values, tensor if limit >= 54 else tensor.flatten()[:limit])


def test_a_gradient_that_is_not_there() -> None:
    reply = answers.tensor_reply(Session(), TensorRequest(1, "conv1.weight", "grad"))
    assert (reply.printed, reply.values, reply.shape) == ("None", None, (6, 1, 3, 3))


@pytest.mark.parametrize("part", ["value", "grad"])
def test_an_unknown_name_is_said_so(part: str) -> None:
    with pytest.raises(ValueError, match="conv9"):
        answers.tensor_reply(Session(), TensorRequest(1, "conv9.weight", part))
    with pytest.raises(ValueError, match="conv9"):
        answers.update_reply(Session(), UpdateRequest(1, "conv9.weight"))


def test_the_update_before_any_step_and_after_one() -> None:
    session = Session()
    reply = answers.update_reply(session, UpdateRequest(1, "fc3.bias"))
    assert (reply.before, reply.gradient, reply.after) == (None, None, None)
    session.run(1)
    bias = session.model.get_parameter("fc3.bias")
    before = bias.detach().clone()
    session.run(1)
    assert bias.grad is not None
    reply = answers.update_reply(session, UpdateRequest(1, "fc3.bias"))
    assert_is(reply.before, before)
    assert_is(reply.gradient, bias.grad)
    assert_is(reply.after, bias)
    used = bias.grad.clone()
    session.zero_grad()
    session.set(lr=0.9)
    reply = answers.update_reply(session, UpdateRequest(1, "fc3.bias"))
    assert_is(reply.gradient, used)  # what the step used, not what is there now
    assert "0.05" in reply.formula


def test_a_frame_does_not_change_with_what_comes_after() -> None:
    session = after("forward", "loss", "backward", data="random", batch_size=3)
    found = frame(session)
    asked = answers.tensor_reply(session, TensorRequest(1, "conv1.weight", "value"))
    before = deepcopy((found, asked))
    session.run(3)
    assert alike((found, asked), before)


def test_looking_changes_nothing() -> None:
    session = after("forward", "loss", "backward", "step")
    before = session.digest()
    frame(session)
    answers.tensor_reply(session, TensorRequest(1, "conv1.weight", "grad"))
    answers.update_reply(session, UpdateRequest(1, "conv1.weight"))
    session.evaluate()
    assert session.digest() == before


@pytest.mark.parametrize("choice", optimizers.presets(), ids=lambda choice: choice.label)
def test_every_optimizers_rule_has_its_numbers(choice: Any) -> None:
    settings = Settings(optimizer=choice.name, lr=0.125, **dict(choice.preset))
    assert optimizers.optimizer(settings, [torch.nn.Parameter(torch.zeros(1))]).defaults["lr"] == 0.125
    rule = update_rule(settings, settings.lr)
    assert "0.125" in rule
    for name, value in choice.preset:
        assert value is True or f"{value:g}" in rule, name
    assert "weight_decay=0.5" in update_rule(settings.change(weight_decay=0.5), 0.125)


def test_a_step_that_cannot_be_gone_over_again_is_told_as_an_empty_trace() -> None:
    session = Session()
    session.set(device="meta")
    session.zero_grad()
    session.forward()
    found = answers.trace_reply(session, TraceRequest(3))
    assert (found.id, found.parts, found.trace) == (3, (), session.stepper.number)
    assert found.partial.startswith("This step cannot be gone over again")
