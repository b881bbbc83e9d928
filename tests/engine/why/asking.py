"""Sessions in the middle of a step, and what of them can be asked. No tests here."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.expressions.expression import NotYet
from lenet_gui.engine.net import Net
from lenet_gui.engine.trace.names import lookup
from lenet_gui.engine.why.terms import Part
from lenet_gui.engine.why.why import Why

TOLERANCE = 1e-5


def stood(make_model: Callable[[], nn.Module] = Net, steps: int = 0, **settings: Any) -> Session:
    """Behind the backward of a step."""
    session = Session(Settings(**({"batch_size": 4, "lr": 1e-4} | settings)), make_model)
    if steps:
        session.run(steps)
    session.zero_grad()
    session.forward()
    session.loss()
    session.backward()
    return session


def names(session: Session) -> list[str]:
    """All that the step computes, and has a number of."""
    made = [name for one in session.trace().operations for name in (one.name, f"{one.name}.grad")]
    made += [f"{name}.grad" for name, _ in session.model.named_parameters()]
    return [name for name in [*dict.fromkeys(made), "output", "loss"] if _there(session, name)]


def _there(session: Session, name: str) -> bool:
    try:
        return lookup(session, name) is not None
    except NotYet:
        return False


def size(session: Session, name: str) -> int:
    found = lookup(session, name)
    return found.numel() if isinstance(found, Tensor) else 1


def some_cells(session: Session, count: int, seed: int) -> Iterator[tuple[str, int]]:
    draw = random.Random(seed)
    there = names(session)
    for _ in range(count):
        name = draw.choice(there)
        yield name, draw.randrange(size(session, name))


def check_sum(found: Why) -> None:
    """All contributions sum to PyTorch's number, and none of them is there twice."""
    values = [one.value for one in found.contributions] if len(found.contributions) < 100 else None
    assert values is None or np.isclose(sum(values), found.sum, rtol=1e-9, atol=1e-12 * found.magnitude)
    assert abs(found.sum - found.value) <= TOLERANCE * found.magnitude, (found.name, found.index)
    for part in found.parts:
        check_once(part)


def check_once(part: Part) -> None:
    """No term leads to the same cells as another of its kind."""
    for group in part.groups:
        if len(group) > 1:
            places = [column.flat for column in group.columns if column.flat is not None and column.flat.ndim]
            if places:
                assert len(np.unique(np.stack(places), axis=1).T) == len(group), part.formula


def value(session: Session, name: str, index: tuple[int, ...]) -> float:
    """What the resolver of names has there."""
    found = lookup(session, name)
    return float(found.detach()[index]) if isinstance(found, Tensor) else float(torch.tensor(found))
