"""Cells drawn at random: what they are made of sums to PyTorch's number, over models, losses, batches and steps.

In the thorough profile of Hypothesis some ten thousand of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from torch import nn

from lenet_gui.engine.net import Net
from tests.engine.why.asking import check_sum, names, some_cells, stood
from tests.engine.why.models import MODELS

CELLS = hypothesis_settings.default.max_examples if hypothesis_settings.default else 20
SETTINGS = ({}, {"loss": "MSELoss", "batch_size": 16}, {"mode": "eval", "batch_size": 2}, {"batch_size": 1, "seed": 3})
NOT_SUMS = {
    *("tanh", "sigmoid", "matmul", "rdiv", "amax", "conv_transpose1d", "adaptive_max_pool2d"),
    *("arange", "remainder", "eq", "where", "tensor", "ones_like"),
}
"""Operations of these models without a formula: their rows do not add up, but what goes back through them does."""


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("make_model", [Net, *MODELS])
def test_contributions_sum_to_what_pytorch_has(make_model: Callable[[], nn.Module], settings: dict[str, Any]) -> None:
    if settings.get("batch_size") == 1 and settings.get("mode") != "eval" and make_model.__name__ == "Mlp":
        settings = settings | {"batch_size": 3}  # batch norm of one sample is refused
    steps = len(settings) * 2
    session = stood(make_model, steps=steps, **settings)
    before = session.digest()
    taken = 0
    for name, cell in some_cells(session, CELLS, seed=steps):
        found = session.why(name, cell)
        base = name.rpartition("_")[0] if name.rpartition("_")[2].isdigit() else name
        assert found.adds == (base not in NOT_SUMS), (name, found.note)
        if found.adds:
            check_sum(found)
            taken += 1
    assert taken > CELLS // 2
    assert session.digest() == before


@pytest.mark.parametrize("make_model", [Net, *MODELS])
def test_what_is_not_finite_can_be_asked_too(make_model: Callable[[], nn.Module]) -> None:
    session = stood(make_model, steps=4, lr=1e20, loss="MSELoss")
    unbounded = 0
    for name, cell in some_cells(session, CELLS, seed=1):
        found = session.why(name, cell)
        unbounded += not math.isfinite(found.value)
        assert len([one.factors for one in found.contributions[:3]]) == min(3, len(found.contributions))
        assert math.isfinite(found.value) or not math.isfinite(found.sum) or not found.adds
    assert unbounded


@pytest.mark.parametrize("make_model", [Net, *MODELS])
def test_each_thing_that_a_step_computes_can_be_asked(make_model: Callable[[], nn.Module]) -> None:
    session = stood(make_model)
    for name in names(session):
        found = session.why(name, 0)
        assert found.value == pytest.approx(found.sum, rel=1e-4, abs=1e-4 * found.magnitude + 1e-30) or not found.adds
        assert found.note or found.adds
        assert found.parts or found.note
