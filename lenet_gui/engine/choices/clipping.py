"""The ways to clip gradients in `torch.nn.utils`, and doing it. They are found by looking at PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from lenet_gui.engine.choices import options
from lenet_gui.protocol import Option, PartChoice
from lenet_gui.settings import Settings, Value

NONE = PartChoice("", (), ())
_GIVEN = {"parameters"}
START = 1.0
"""The bound that the field begins with: PyTorch has no default."""


def choices() -> tuple[PartChoice, ...]:
    """None, and all there are; what needs more than plain values has the reason."""
    return NONE, *(PartChoice(name, preset(name), known(name), refusal(name)) for name in names())


def clip(settings: Settings, parameters: list[nn.Parameter]) -> Tensor | None:
    """Clip the gradients of these parameters. Raises ValueError where nothing says how, and what PyTorch raises."""
    return _function(settings.clip)(parameters, **arguments(settings))


def arguments(settings: Settings) -> dict[str, Any]:
    """The options that were given, as PyTorch takes them. Raises ValueError for what it does not."""
    name, given = settings.clip, settings.of("clip")
    if not name:
        if given:
            raise ValueError(f"there is no clipping to give {min(given)} to: choose one")
        return {}
    if reason := refusal(name):
        raise ValueError(f"{name} cannot be used here: {reason}")
    return options.arguments(name, known(name), options.defaults(_function(name)), given)


@cache
def known(name: str) -> tuple[Option, ...]:
    return options.read(_function(name), _GIVEN)[0]


@cache
def names() -> tuple[str, ...]:
    """The functions that clip the gradients in place, which their last letter says."""
    return tuple(name for name in sorted(dir(nn.utils)) if name.startswith("clip_grad") and name.endswith("_"))


@cache
def refusal(name: str) -> str:
    """Why it cannot be used, or empty."""
    _, needed = options.read(_function(name), _GIVEN)
    if needed:
        return f"it needs {' and '.join(needed)}, which no field can hold"
    parameter = nn.Parameter(torch.zeros(1))
    parameter.grad = torch.ones(1)
    try:
        options.quietly(lambda: _function(name)([parameter], **dict(preset(name))))
    except Exception as error:  # whatever PyTorch says
        return " ".join(str(error).split())
    return ""


def preset(name: str) -> tuple[tuple[str, Value], ...]:
    return tuple((one.name, START) for one in known(name) if one.required)


def _function(name: str) -> Callable[..., Any]:
    if not name:
        raise ValueError("no clipping is chosen, so there is nothing to clip to: choose one")
    if name not in names():
        raise ValueError(f"there is no clipping called {name!r}; there are {', '.join(names())}")
    return getattr(nn.utils, name)
