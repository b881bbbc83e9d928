"""The models that a session can have, by their names in the settings: the zoo, a file a model, and own files.

`recipe` says how a session makes its module. Own files are `own`'s to load, and `first_try` tries them out in a process
of their own before; what follows when one is opened is in `opening`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import nn

from lenet_gui.engine.models import own
from lenet_gui.engine.models.constructor import Facts, arguments, facts, options
from lenet_gui.engine.models.lenet_1998 import LeNet1998
from lenet_gui.engine.models.logistic_regression import LogisticRegression
from lenet_gui.engine.models.mlp import MLP
from lenet_gui.engine.models.residual import Residual
from lenet_gui.engine.models.shaped import Shaped, shape_in
from lenet_gui.engine.models.transformer import Transformer
from lenet_gui.engine.net import Net
from lenet_gui.engine.storage.store import Store
from lenet_gui.protocol.models import INPUT, ModelChoice
from lenet_gui.settings import Options, Settings, Value

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

ZOO: dict[str, type[nn.Module]] = {
    "LeNet": Net,
    "LeNet 1998": LeNet1998,
    "MLP": MLP,
    "Residual": Residual,
    "Transformer": Transformer,
    "Logistic regression": LogisticRegression,
}
MOST = 4096
"""Of what one chooses in whole numbers: layers, units, heads."""
MOST_BYTES = 2**31
"""That the parameters of a model of the zoo take."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`make(**arguments)` makes the module; `shape` is what it wants of each image, where that is not what it is."""

    make: Callable[..., nn.Module]
    arguments: dict[str, Value] = field(default_factory=dict)
    shape: tuple[int, ...] = ()

    def module(self) -> nn.Module:
        model = self.make(**self.arguments)
        if self.shape:
            model.register_forward_pre_hook(Shaped(self.shape))
        return model


def named(settings: Settings) -> tuple[str, Options]:
    """All that decides which module it is."""
    return settings.model, tuple(settings.of("model").items())


def choices() -> tuple[ModelChoice, ...]:
    """The zoo, each with the arguments that one may choose."""
    return tuple(ModelChoice(name, options(make)[0]) for name, make in ZOO.items())


def recipe(session: Session) -> Recipe:
    """How the model of a session is made, by the settings that are in force.

    Raises ValueError for a model or an argument that there is not, and NotAllowed for code that nobody allowed.
    """
    if session.make_model is not None and session.settings.model == session.journal.settings.model:
        return Recipe(session.make_model)
    return of_settings(session.settings, facts(session.source), session.store)


def of_settings(settings: Settings, known: Facts, store: Store) -> Recipe:
    """As `recipe`, for data of which so much is `known`."""
    given = settings.of("model")
    shape = shape_in(given.pop(INPUT, ""))
    if shape:
        known = Facts(*shape, known.classes) if len(shape) == 3 else known
    if settings.model.startswith(own.PREFIX):
        make = own.found(settings.model, store)
        return Recipe(make, arguments(make, given, known), shape)
    if settings.model not in ZOO:
        raise ValueError(f"there is no model called {settings.model!r}; there are {', '.join(ZOO)}")
    make = ZOO[settings.model]
    found = Recipe(make, arguments(make, given, known), shape)
    if given:
        _check_size(settings.model, found, given)
    return found


def made(session: Session) -> nn.Module:
    """The session's module, drawn from its generators. Raises ValueError in one sentence where it cannot be made."""
    found = recipe(session)
    if session.make_model is not None and found.make is session.make_model:
        return found.module()
    try:
        with own.folder_in_path(session.settings.model):
            return found.module()
    except Exception as error:
        told = ", ".join(f"{name}={value!r}" for name, value in found.arguments.items())
        raise ValueError(f"{found.make.__name__}({told}) cannot be made: {type(error).__name__}: {error}") from error


def _check_size(name: str, found: Recipe, given: dict[str, Value]) -> None:
    """Raises ValueError for numbers that are out of all proportion, before anything is made of them."""
    for key, value in given.items():
        if type(value) is int and not 1 <= value <= MOST:
            raise ValueError(f"{key} of {name} must be a whole number from 1 to {MOST:,}, not {value:,}")
        if type(value) is float and not 0 <= value <= 1:
            raise ValueError(f"{key} of {name} must be a number from 0 to 1, not {value:g}")
    try:
        with torch.device("meta"):
            size = sum(parameter.nbytes for parameter in found.module().parameters())
    except Exception as error:
        raise ValueError(f"{name} cannot be made so: {error}") from error
    if size > MOST_BYTES:
        raise ValueError(f"{name} would have {size / 2**30:.1f} GB of parameters: choose smaller numbers")
