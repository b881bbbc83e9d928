"""The `reload` command: another module takes the place of the model, and what fits of its weights goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lenet_gui.engine import models
from lenet_gui.engine.choices.state import give_scheduler, give_values, group_values, scheduler_state
from lenet_gui.settings import Value

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

NAME = "reload"
MOST = 4
"""Names that a sentence lists."""


def reload(session: Session, model: str, **options: Value) -> str:
    """Make the model anew, as `model` and its `options` (`model_…`) say. What was kept and what was not, in words.

    Parameters and buffers of the same name and shape keep their numbers, and what the optimizer remembers of them;
    gradients, the output and the loss are gone. Raises ValueError where it cannot be made.
    """
    before, settings = session.model, session.settings
    if unknown := [name for name in options if not name.startswith("model_")]:
        raise ValueError(f"reload takes a model and its options, not {unknown[0]}")
    groups, scheduled = group_values(session.optimizer), scheduler_state(session.scheduler)
    state = {name: session.optimizer.state.get(one, {}) for name, one in before.named_parameters()}
    session.settings = settings.change(model=model, **options)
    try:
        made = models.made(session).to(settings.device)
        told = _keep(before, made)
    except Exception:
        session.settings = settings
        raise
    session.model, session.made_of = made, models.named(session.settings)
    session.output = session.last_loss = session.target = session.target_kind = session.forwarded = None
    session.last_update, session.graph = None, "none"
    session.equip()
    give_values(session.optimizer, groups)
    give_scheduler(session.scheduler, scheduled)
    shapes = {name: one.shape for name, one in before.named_parameters()}
    fitting = [name for name, one in made.named_parameters() if shapes.get(name) == one.shape]
    if session.takes_closure and not len(fitting) == len(shapes) == len(session.parameters):
        fitting = []  # what such an optimizer remembers is of all parameters at once
    for name in fitting:
        if state.get(name):
            session.optimizer.state[made.get_parameter(name)] = state[name]
    session.log.watch(made)
    return told


def _keep(before: nn.Module, made: nn.Module) -> str:
    old, new = _tensors(before), _tensors(made)
    kept = [name for name, tensor in new.items() if name in old and old[name].shape == tensor.shape]
    with torch.no_grad():
        for name in kept:
            new[name].copy_(old[name])
    others = {
        "another shape, begun anew": [name for name in new if name in old and name not in kept],
        "new": [name for name in new if name not in old],
        "gone": [name for name in old if name not in new],
    }
    parts = [f"{len(kept)} of {len(new)} tensors go on with their numbers" if kept else "no tensor could be kept"]
    parts += [f"{_some(names)}: {words}" for words, names in others.items() if names]
    return "; ".join(parts)


def _some(names: list[str]) -> str:
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}
