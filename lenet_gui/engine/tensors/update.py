"""What the last step did to a parameter, as of the cursor: before, gradient, after, and the rule in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor

from lenet_gui.engine.trace.trace import Update
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

LastUpdate = tuple[Settings, dict[str, tuple[Tensor, Tensor | None, Tensor]]]
"""Of the last step taken by hand: the settings, and by parameter before it, the gradient it used, after it."""


@contextmanager
def keeping_update(session: Session) -> Iterator[None]:
    """Keep as `session.last_update` what the step does that is taken within; of a refused one nothing is kept."""
    before = {
        name: (parameter.detach().clone(), None if parameter.grad is None else parameter.grad.clone())
        for name, parameter in session.model.named_parameters()
    }
    yield
    # A copy: an edit may come before anybody looks.
    after = {name: parameter.detach().clone() for name, parameter in session.model.named_parameters()}
    session.last_update = session.settings, {name: (*pair, after[name]) for name, pair in before.items()}


def newest_update(session: Session, name: str) -> tuple[Settings, tuple[Tensor | None, ...]]:
    """Before, gradient and after of the newest one as of the cursor; of one that comes next there is no after yet."""
    inside = session.stepper.inside()
    if inside is not None and inside.command.name == "step":
        for index, one in enumerate(inside.items):
            if isinstance(one, Update) and one.parameter == name:
                return session.settings, (one.before, one.gradient, one.after if index < session.item else None)
    if session.last_update is None:
        return session.settings, (None, None, None)
    settings, parameters = session.last_update
    return settings, parameters[name]


def kept(session: Session, name: str) -> dict[str, Tensor]:
    """What the optimizer keeps for this parameter, of its shape, by PyTorch's names."""
    shape = session.model.get_parameter(name).shape
    own = {key.rpartition(": ")[2]: one for key, one in session.stepper.state().items() if key.startswith(f"{name}: ")}
    return {key: one for key, one in own.items() if one is not None and one.shape == shape}


def update_rule(settings: Settings) -> str:
    """The optimizer's rule with its numbers, weight decay and rarer options named behind it."""
    options = settings.of("optimizer")
    lr, momentum = f"{settings.lr:g}", options.pop("momentum", 0)
    nesterov = options.pop("nesterov", False)
    if settings.optimizer == "Adam":
        rule = f"weight = weight - {lr} * average(gradient) / (sqrt(average(gradient²)) + eps)"
    elif settings.optimizer == "RMSprop":
        rule = f"weight = weight - {lr} * gradient / (sqrt(average(gradient²)) + eps)"
    elif nesterov:
        rule = (
            f"buffer = {momentum:g} * buffer + gradient;  weight = weight - {lr} * (gradient + {momentum:g} * buffer)"
        )
    elif momentum:
        rule = f"buffer = {momentum:g} * buffer + gradient;  weight = weight - {lr} * buffer"
    else:
        rule = f"weight = weight - {lr} * gradient"
    rest = ", ".join(f"{name}={value}" for name, value in options.items() if value)
    return f"{rule}  ({rest})" if rest else rule
