"""What an optimizer keeps for its parameters once it has stepped, found by letting one step. For state from a file."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from lenet_gui.engine.choices import optimizers, options
from lenet_gui.engine.choices.state import taken_apart
from lenet_gui.settings import Settings, Value


@cache
def always(name: str) -> frozenset[str]:
    """What it keeps for whatever parameter, with PyTorch's own options."""
    return frozenset.intersection(*_names(name, {}))


@cache
def ever(name: str) -> frozenset[str]:
    """What it keeps with some options or others: switches turned, and numbers that are 0 greater."""
    found = frozenset.union(*_names(name, {}))
    for option in optimizers.known(name):
        changed: Value = not option.default if option.kind == "bool" else 0.5 if option.default == 0 else None
        if changed is None:
            continue
        try:
            found = found.union(*_names(name, {option.name: changed}))
        except Exception:  # PyTorch takes no such value, or not alone
            continue
    return found


def shapes(settings: Settings, parameters: list[nn.Parameter]) -> list[set[tuple[int, ...]]]:
    """By parameter the shapes of all that is kept for it behind a step."""
    copies = [nn.Parameter(torch.ones_like(one, device="cpu")) for one in parameters]
    made = optimizers.optimizer(settings, copies)
    options.quietly(lambda: _step(made, copies))
    return [{tuple(tensor.shape) for tensor in taken_apart(made.state.get(one, {}))[0].values()} for one in copies]


def _names(name: str, given: dict[str, Value]) -> list[frozenset[str]]:
    """For matrices, for vectors, and where there is nothing left to do."""
    found: list[frozenset[str]] = []
    settings = Settings().change(optimizer=name, lr=0.001, **given)
    for start in (torch.ones(2, 2), torch.ones(2), torch.zeros(2)):
        parameter = nn.Parameter(start)
        try:
            made = optimizers.optimizer(settings, [parameter])
            for _ in range(2):
                options.quietly(lambda made=made, parameter=parameter: _step(made, [parameter]))
        except Exception:  # it takes no parameters of this shape
            continue
        found.append(frozenset(made.state.get(parameter, {})))
    return found


def _step(made: Any, parameters: list[nn.Parameter]) -> None:
    def closure() -> Tensor:
        made.zero_grad()
        # Not quadratic: one that knows curvature would be done at once.
        loss = torch.stack([one.pow(4).sum() for one in parameters]).sum()
        loss.backward()
        return loss

    closure()
    made.step(closure)
