"""The optimizers and losses there are to choose from, and how settings become a real one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lenet_gui.protocol import OptimizerChoice, Option
from lenet_gui.settings import Settings, Value

LOSSES = ("CrossEntropyLoss", "MSELoss")
OPTIONS = {
    "SGD": ("momentum", "nesterov", "dampening", "weight_decay"),
    "Adam": ("beta1", "beta2", "eps", "weight_decay", "amsgrad"),
    "RMSprop": ("alpha", "eps", "momentum", "weight_decay", "centered"),
}


def choices() -> tuple[OptimizerChoice, ...]:
    """The entries of the optimizer list, each with its parameters and PyTorch's defaults for them."""
    return (
        _choice("SGD", "SGD", 0.05),
        _choice("SGD with momentum", "SGD", 0.01, momentum=0.9),
        _choice("Nesterov", "SGD", 0.01, momentum=0.9, nesterov=True),
        _choice("Adam", "Adam", 0.001),
        _choice("RMSprop", "RMSprop", 0.001),
    )


def criterion(name: str) -> nn.Module:
    if name not in LOSSES:
        raise ValueError(f"there is no loss called {name!r}; there are {' and '.join(LOSSES)}")
    return getattr(nn, name)()


def optimizer(settings: Settings, parameters: Iterable[Tensor]) -> Optimizer:
    """`torch.optim`'s own, with the settings' learning rate and options. Raises ValueError in PyTorch's words."""
    return _class(settings.optimizer)(parameters, lr=settings.lr, **arguments(settings))


def arguments(settings: Settings) -> dict[str, Any]:
    """The options as the optimizer takes them, with PyTorch's defaults; `beta1` and `beta2` make its pair."""
    known = OPTIONS[_class(settings.optimizer).__name__]
    given: dict[str, Any] = settings.of("optimizer")
    for name in given:
        if name not in known:
            raise ValueError(f"{settings.optimizer} has no parameter {name!r}; it has {', '.join(known)}")
    values: dict[str, Any] = {name: given.get(name, _default(settings.optimizer, name)) for name in known}
    if "beta1" in values:
        values["betas"] = (values.pop("beta1"), values.pop("beta2"))
    return values


def _class(name: str) -> type[Any]:
    if name not in OPTIONS:
        raise ValueError(f"there is no optimizer called {name!r}; there are {', '.join(OPTIONS)}")
    return getattr(torch.optim, name)


def _choice(label: str, name: str, lr: float, **preset: Value) -> OptimizerChoice:
    options = tuple(
        Option(option, "bool" if isinstance(_default(name, option), bool) else "float", _default(name, option))
        for option in OPTIONS[name]
    )
    return OptimizerChoice(label, name, lr, tuple(sorted(preset.items())), options)


@cache
def _default(name: str, option: str) -> Value:
    defaults = inspect.signature(_class(name)).parameters
    if option in ("beta1", "beta2"):
        return defaults["betas"].default[int(option[-1]) - 1]
    return defaults[option].default
