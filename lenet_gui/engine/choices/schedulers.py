"""The schedulers of `torch.optim.lr_scheduler` with their options, and how settings become a real one.

They are found by looking at PyTorch. When one of them is stepped is the cycle's to say.
"""

from __future__ import annotations

import inspect
import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from lenet_gui.engine.choices import options
from lenet_gui.protocol import Option, PartChoice
from lenet_gui.settings import Settings, Value

NONE = PartChoice("", (), ())
PER = ("epoch", "step")
_GIVEN = {"optimizer"}

_START: dict[str, Value] = {
    "step_size": 10, "milestones": "10, 20", "gamma": 0.9, "T_max": 10, "T_0": 10,
    "base_lr": 0.001, "max_lr": 0.1, "total_steps": 1000,
}  # fmt: skip
"""What the fields begin with where PyTorch has no default. Of what is not here whole numbers begin with 10."""


def choices() -> tuple[PartChoice, ...]:
    """None, and all there are; what needs more than plain values has the reason."""
    return NONE, *(
        PartChoice(name, preset(name) if not refusal(name) else (), known(name), refusal(name)) for name in names()
    )


def scheduler(settings: Settings, optimizer: Optimizer) -> LRScheduler | None:
    """PyTorch's own for this optimizer; `None` where there is none. Raises ValueError in PyTorch's words.

    Making one sets the learning rate that it begins with, as in PyTorch.
    """
    name = settings.scheduler
    if not name:
        if given := settings.of("scheduler"):
            raise ValueError(f"there is no scheduler to give {min(given)} to: choose one")
        return None
    if reason := refusal(name):
        raise ValueError(f"{name} cannot be used here: {reason}")
    return _class(name)(optimizer, **arguments(settings))


def arguments(settings: Settings) -> dict[str, Any]:
    """The options that were given, as the scheduler takes them; `per` is ours and not PyTorch's."""
    name, given = settings.scheduler, settings.of("scheduler")
    per = given.pop("per", PER[0])
    if per not in PER:
        raise ValueError(f"scheduler_per must be one of {', '.join(PER)}, not {per!r}")
    return options.arguments(name, known(name), options.defaults(_class(name)), given)


def takes_loss(scheduler: LRScheduler) -> bool:
    """Whether its step is given a number to judge by, as that of ReduceLROnPlateau is."""
    return judges(type(scheduler).__name__)


@cache
def judges(name: str) -> bool:
    """The same of a scheduler by its name; of none it is false."""
    if not name:
        return False
    steps = inspect.signature(_class(name).step).parameters.values()
    return any(one.default is one.empty for one in steps if one.name != "self")


def step(scheduler: LRScheduler, loss: float | None) -> None:
    """One step. PyTorch warns where no optimizer's step came before, also of one that has just been restored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler.step(*(() if loss is None else (loss,)))  # pyright: ignore[reportArgumentType]


@cache
def known(name: str) -> tuple[Option, ...]:
    found, _ = options.read(_class(name), _GIVEN)
    chosen = (
        replace(one, choices=tuple(options.words_in(_class(name), one.name))) if one.kind == "choice" else one
        for one in found
    )
    return tuple(one for one in chosen if one.kind != "choice" or one.choices)


@cache
def names() -> tuple[str, ...]:
    """The classes in `torch.optim.lr_scheduler`."""
    found = inspect.getmembers(lr_scheduler, lambda one: inspect.isclass(one) and issubclass(one, LRScheduler))
    return tuple(sorted((name for name, one in found if one is not LRScheduler and name[0] != "_"), key=str.lower))


@cache
def refusal(name: str) -> str:
    """Why it cannot be used, or empty."""
    _, needed = options.read(_class(name), _GIVEN)
    if needed:
        return f"it needs {' and '.join(needed)}, which no field can hold"
    try:
        options.quietly(lambda: _try(name, preset(name)))
    except Exception as error:  # whatever PyTorch says
        return " ".join(str(error).split())
    return ""


@cache
def preset(name: str) -> tuple[tuple[str, Value], ...]:
    """The options it starts with: what PyTorch has no default for, and what it cannot be made without."""
    found: dict[str, Value] = {
        one.name: _START.get(one.name, 10 if one.kind == "int" else 0.1) for one in known(name) if one.required
    }
    # Some need one of several, and some move a momentum that plain SGD has not.
    optional = {one.name: _START[one.name] for one in known(name) if one.optional and one.name in _START}
    switched = {one.name: False for one in known(name) if one.default is True}
    for more in ({}, optional, switched, optional | switched):
        try:
            options.quietly(lambda more=more: _try(name, tuple((found | more).items())))
        except Exception:  # it needs more
            continue
        return tuple(sorted((found | more).items()))
    return tuple(sorted(found.items()))


def _try(name: str, given: tuple[tuple[str, Value], ...]) -> None:
    """Make one, and take a step with it."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    settings = Settings().change(scheduler=name, **{f"scheduler_{option}": value for option, value in given})
    made = _class(name)(optimizer, **arguments(settings))
    step(made, 1.0 if takes_loss(made) else None)


def _class(name: str) -> type[Any]:
    if name not in names():
        raise ValueError(f"there is no scheduler called {name!r}; there are {', '.join(names())}")
    return getattr(lr_scheduler, name)
