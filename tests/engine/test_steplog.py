"""The log beside the journal: a row a step, whatever was not there yet is NaN, and going back drops rows."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.engine.steplog import BLOCK, StepLog

LENGTHS = st.integers(0, 2 * BLOCK + 3) | st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])

OF = (nn.Linear(1, 1), "cpu")


def filled(length: int) -> StepLog:
    log = StepLog(nn.Linear(1, 1), "cpu")
    for step in range(length):
        log.append(torch.tensor(float(step)))
    return log


def test_the_columns_of_lenet_are_the_loss_and_six_gradients() -> None:
    assert StepLog(Net(), "cpu").names == ("loss", *(f"conv1.bias.grad[{i}]" for i in range(6)))


def test_a_row_is_what_the_step_used() -> None:
    session = Session(Settings(data="random", batch_size=2))
    expected: list[list[float]] = []
    for _ in range(3):
        session.zero_grad()
        session.forward()
        loss = session.loss()
        session.backward()
        grad = session.model.get_parameter("conv1.bias").grad
        assert grad is not None
        expected.append([loss.item(), *grad.tolist()])
        session.step()
    assert session.log.rows().tolist() == expected


def test_what_is_not_there_yet_is_nan_and_not_zero() -> None:
    session = Session(Settings(data="random", batch_size=2))
    session.step()
    session.forward()
    session.loss()
    session.step()
    first, second = session.log.rows()
    assert np.isnan(first).all()
    assert not np.isnan(second[0])
    assert np.isnan(second[1:]).all()


@given(LENGTHS, st.integers(0, 2 * BLOCK + 10))
def test_the_rows_from_a_step_on(length: int, start: int) -> None:
    rows = filled(length).rows(start)
    assert rows[:, 0].tolist() == list(range(start, length))
    assert not rows.flags.writeable


@given(LENGTHS, st.data())
def test_going_back_drops_what_was_written_since(length: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, length))
    log = filled(kept)
    before = log.until(kept, *OF)
    for value in range(kept, length):
        log.append(torch.tensor(float(value)))
    assert log.rows()[:, 0].tolist() == list(range(length))
    log = log.until(kept, *OF)
    assert np.array_equal(log.rows(), before.rows(), equal_nan=True)
    log.append(torch.tensor(-1.0))
    assert log.rows()[:, 0].tolist() == [*range(kept), -1]


def test_rows_given_out_do_not_change_afterwards() -> None:
    log = filled(3)
    rows = log.rows()
    before = rows.copy()
    log = log.until(1, *OF)
    for _ in range(3):
        log.append(torch.tensor(9.0))
    assert np.array_equal(rows, before, equal_nan=True)


class NoBias(nn.Module):
    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)


def test_a_model_without_a_bias_is_logged_by_its_first_parameter() -> None:
    for weight in (torch.tensor(1.0), torch.ones(2, 2), torch.ones(3, 4), torch.ones(4, 3).t()):
        model = NoBias(weight)
        log = StepLog(model, "cpu")
        (model.weight * torch.arange(12.0)[: weight.numel()].reshape(weight.shape)).sum().backward()
        log.append(None)
        assert log.rows()[0, 1:].tolist() == list(range(min(6, weight.numel())))
