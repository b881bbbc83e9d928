"""A tiny model, the settings that the tests go through, and the same run as a plain PyTorch loop. No tests here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lenet_gui.engine import Session
from lenet_gui.engine.choices import losses, optimizers, schedulers
from lenet_gui.settings import Settings
from tests.engine.choices.models import Flat, Tiny

__all__ = [
    "CLIPS",
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULERS",
    "STEPS",
    "Flat",
    "Tiny",
    "ended",
    "plain",
    "scheduled",
    "settings_of",
]

BATCH = 479
"""Three of them are an epoch of the digits."""
STEPS = 8


Model = Callable[[], nn.Module]

OPTIMIZERS = [name for name in optimizers.names() if not optimizers.refusal(name, ((10, 16),))]
SCHEDULERS = [name for name in schedulers.names() if not schedulers.refusal(name)]
LOSSES = [name for name in losses.names() if losses.nature(name).kind]
CLIPS: dict[str, dict[str, Any]] = {
    "": {},
    "clip_grad_norm_": {"clip": "clip_grad_norm_", "clip_max_norm": 0.05},
    "clip_grad_value_": {"clip": "clip_grad_value_", "clip_clip_value": 0.002},
}


def settings_of(**options: Any) -> Settings:
    """With few steps of an optimizer that takes many by itself."""
    if options.get("optimizer") == "LBFGS":
        options = {"lr": 0.1, "max_iter": 3, **options}
    return Settings(**{"batch_size": BATCH, "lr": 0.01, **options})


def scheduled(name: str, **options: Any) -> dict[str, Any]:
    """The scheduler with what it starts with in the window."""
    return {"scheduler": name, **{f"scheduler_{key}": value for key, value in schedulers.preset(name)}, **options}


def plain(settings: Settings, make_model: Model, steps: int = STEPS) -> dict[str, bytes]:
    """What a loop that a person would write ends with; it takes its batches and its start from a session."""
    session = Session(settings, make_model)
    torch.manual_seed(settings.seed)
    net = make_model()
    kind: dict[str, Callable[[Tensor], Tensor]] = {
        "classes": lambda labels: labels,
        "values": lambda labels: functional.one_hot(labels, 10).float(),
        "probabilities": lambda labels: functional.one_hot(labels, 10).float(),
        "signs": lambda labels: 2 * functional.one_hot(labels, 10).float() - 1,
        "lists": lambda labels: functional.pad(labels[:, None], (0, 9), value=-1),
    }
    given = {name: _tidy(value) for name, value in settings.of("optimizer").items()}
    optimizer = getattr(torch.optim, settings.optimizer)(net.parameters(), lr=settings.lr, **given)
    criterion = getattr(nn, settings.loss)(**settings.of("loss"))
    scheduler = None
    options = {name: _tidy(value) for name, value in settings.of("scheduler").items()}
    per = options.pop("per", "epoch")
    if settings.scheduler:
        scheduler = getattr(torch.optim.lr_scheduler, settings.scheduler)(optimizer, **options)
    cursor = session.cursor
    for _ in range(steps):
        input, labels = session.source.batch(cursor, settings.batch_size)
        assert labels is not None
        target = kind[losses.nature(settings.loss).kind](labels)

        def again(input: Tensor = input, target: Tensor = target) -> Tensor:
            optimizer.zero_grad()
            found = criterion(net(input), target)
            found.backward()
            if settings.clip:
                getattr(nn.utils, settings.clip)(net.parameters(), **settings.of("clip"))
            return found

        loss = again()
        optimizer.step(again) if settings.optimizer == "LBFGS" else optimizer.step()
        following = session.source.after(cursor, len(input))
        if scheduler is not None and (per == "step" or following.epoch != cursor.epoch):
            scheduler.step(*([loss.item()] if settings.scheduler == "ReduceLROnPlateau" else []))
        cursor = following
    return bits(net) | {"lr": repr(optimizer.param_groups[0]["lr"]).encode()}


def bits(net: nn.Module) -> dict[str, bytes]:
    return {name: one.detach().numpy().tobytes() for name, one in net.named_parameters()}


def ended(session: Session) -> dict[str, bytes]:
    return bits(session.model) | {"lr": repr(session.optimizer.param_groups[0]["lr"]).encode()}


def _tidy(value: Any) -> Any:
    return [int(one) for one in value.split(",")] if isinstance(value, str) and "," in value else value
