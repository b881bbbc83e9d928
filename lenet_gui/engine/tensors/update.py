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

LastUpdate = tuple[str, dict[str, tuple[Tensor, Tensor | None, Tensor]]]
"""Of the last step taken by hand: the rule, and by parameter before it, the gradient it used, after it."""


@contextmanager
def keeping_update(session: Session) -> Iterator[None]:
    """Keep as `session.last_update` what the step does that is taken within; of a refused one nothing is kept."""
    rule = update_rule(session.settings, session.lr)
    before = {
        name: (parameter.detach().clone(), None if parameter.grad is None else parameter.grad.clone())
        for name, parameter in session.model.named_parameters()
    }
    yield
    # A copy: an edit may come before anybody looks.
    after = {name: parameter.detach().clone() for name, parameter in session.model.named_parameters()}
    session.last_update = rule, {name: (*pair, after[name]) for name, pair in before.items()}


def newest_update(session: Session, name: str) -> tuple[str, tuple[Tensor | None, ...]]:
    """The rule, and before, gradient and after of the newest one as of the cursor.

    Of one that comes next there is no after yet.
    """
    inside = session.stepper.inside()
    if inside is not None and inside.command.name == "step":
        for index, one in enumerate(inside.items):
            if isinstance(one, Update) and one.parameter == name:
                return update_rule(session.settings, session.lr), (
                    one.before,
                    one.gradient,
                    one.after if index < session.item else None,
                )
    if session.last_update is None:
        return update_rule(session.settings, session.lr), (None, None, None)
    rule, parameters = session.last_update
    return rule, parameters[name]


def kept(session: Session, name: str) -> dict[str, Tensor]:
    """What the optimizer keeps for this parameter, of its shape, by PyTorch's names."""
    shape = session.model.get_parameter(name).shape
    own = {key.rpartition(": ")[2]: one for key, one in session.stepper.state().items() if key.startswith(f"{name}: ")}
    return {key: one for key, one in own.items() if one is not None and one.shape == shape}


def update_rule(settings: Settings, rate: float) -> str:
    """The optimizer's rule with its numbers, weight decay and rarer options named behind it."""
    options = settings.of("optimizer")
    lr = f"{rate:g}"
    momentum, nesterov = (
        options.pop(name, 0) if settings.optimizer == "SGD" else 0 for name in ("momentum", "nesterov")
    )
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
    elif settings.optimizer == "SGD":
        rule = f"weight = weight - {lr} * gradient"
    else:
        rule = f"weight = {settings.optimizer}(weight, gradient, lr={lr})"
    rest = ", ".join(f"{name}={value}" for name, value in options.items() if value)
    return f"{rule}  ({rest})" if rest else rule
