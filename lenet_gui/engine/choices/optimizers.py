"""The optimizers of `torch.optim` with their options, and how settings become a real one.

They are found by looking at PyTorch. Which of them can train here is found by trying: on small dense gradients, and on
the shapes of the model's own parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lenet_gui.engine.choices import options
from lenet_gui.protocol import OptimizerChoice, Option
from lenet_gui.settings import Settings, Value

_GIVEN = {"params", "lr"}
FASTEST = 0.05
"""The learning rate that plain SGD starts with on the digits; PyTorch's own is for others."""


def presets() -> tuple[OptimizerChoice, ...]:
    """The entries that stand first in the list of optimizers."""
    return (
        _choice("SGD", "SGD", FASTEST),
        _choice("SGD with momentum", "SGD", 0.01, momentum=0.9),
        _choice("Nesterov", "SGD", 0.01, momentum=0.9, nesterov=True),
        _choice("Adam", "Adam", 0.001),
        _choice("RMSprop", "RMSprop", 0.001),
    )


def choices(parameters: Iterable[Tensor] = ()) -> tuple[OptimizerChoice, ...]:
    """All there are, the presets first; what cannot train these parameters has PyTorch's own reason."""
    first = presets()
    others = [_choice(name, name, _lr(name)) for name in names() if name not in {one.name for one in first}]
    shapes = tuple(dict.fromkeys(tuple(one.shape) for one in parameters))
    return (*first, *(replace(one, reason=refusal(one.name, shapes)) for one in others))


def optimizer(settings: Settings, parameters: Iterable[Tensor]) -> Optimizer:
    """`torch.optim`'s own, with the settings' learning rate and options. Raises ValueError in PyTorch's words."""
    return _class(settings.optimizer)(parameters, lr=settings.lr, **arguments(settings))


def arguments(settings: Settings) -> dict[str, Any]:
    """The options that were given, as the optimizer takes them; `beta1` and `beta2` make its pair."""
    kind = _class(settings.optimizer)
    return options.arguments(
        settings.optimizer, known(settings.optimizer), options.defaults(kind), settings.of("optimizer")
    )


def group(settings: Settings) -> dict[str, Any]:
    """The values of the parameter group of such an optimizer. Raises ValueError in PyTorch's words."""
    return optimizer(settings, [nn.Parameter(torch.zeros(1, 1))]).param_groups[0]


def paired(name: str, option: str) -> str:
    """The option's name in the optimizer's `param_groups`: `betas` for `beta1`."""
    return options.owner(option, options.defaults(_class(name)))


def needs_closure(optimizer: Optimizer) -> bool:
    """Whether its step takes the loss again and again, as that of LBFGS does."""
    return inspect.signature(type(optimizer).step).parameters["closure"].default is inspect.Parameter.empty


def takes_closure(name: str) -> bool:
    """The same of an optimizer by its name."""
    return inspect.signature(_class(name).step).parameters["closure"].default is inspect.Parameter.empty


@cache
def known(name: str) -> tuple[Option, ...]:
    """Its options; a text with what it may be."""
    found, _ = options.read(_class(name), _GIVEN)
    return tuple(_with_choices(name, option) for option in found if option.kind != "choice" or _words(name, option))


@cache
def names() -> tuple[str, ...]:
    """The classes in `torch.optim`."""
    found = inspect.getmembers(torch.optim, lambda one: inspect.isclass(one) and issubclass(one, Optimizer))
    return tuple(sorted((name for name, one in found if one is not Optimizer), key=str.lower))


@cache
def refusal(name: str, shapes: tuple[tuple[int, ...], ...]) -> str:
    """Why it cannot train parameters of these shapes with dense gradients, in PyTorch's words; empty where it can."""
    kind = _class(name)
    try:
        if shapes:
            options.quietly(lambda: kind([nn.Parameter(torch.empty(shape, device="meta")) for shape in shapes]))
        options.quietly(lambda: _step(name, {}))
    except Exception as error:  # whatever PyTorch says
        return " ".join(str(error).split())
    return ""


def _step(name: str, given: dict[str, Value]) -> None:
    parameter = nn.Parameter(torch.ones(2, 2))
    made = _class(name)([parameter], **given)

    def closure() -> Tensor:
        made.zero_grad()
        loss = parameter.square().sum()
        loss.backward()
        return loss

    closure()
    made.step(closure)


def _with_choices(name: str, option: Option) -> Option:
    return replace(option, choices=_words(name, option)) if option.kind == "choice" else option


@cache
def _words(name: str, option: Option) -> tuple[str, ...]:
    """The texts that its documentation quotes and a step can be made with."""
    found = []
    for word in options.words_in(_class(name), option.name):
        try:
            options.quietly(lambda word=word: _step(name, {option.name: word}))
        except Exception:  # this one is about something else
            continue
        found.append(word)
    return tuple(found)


def _lr(name: str) -> float:
    return float(inspect.signature(_class(name)).parameters["lr"].default)


def _class(name: str) -> type[Any]:
    if name not in names():
        raise ValueError(f"there is no optimizer called {name!r}; there are {', '.join(names())}")
    return getattr(torch.optim, name)


def _choice(label: str, name: str, lr: float, **preset: Value) -> OptimizerChoice:
    return OptimizerChoice(label, name, lr, tuple(sorted(preset.items())), known(name))
