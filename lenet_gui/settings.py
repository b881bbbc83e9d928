"""What a run starts from, and what makes a setting usable. Plain values; neither torch nor Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

Value = bool | int | float | str | None
Options = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, init=False)
class Settings:
    """What a run starts from; folded with the `set` commands since, what holds at a place.

    `options` are the optimizer's own parameters by PyTorch's names (`momentum`, `nesterov`, `weight_decay`, …),
    given as plain keywords: `Settings(optimizer="SGD", lr=0.01, momentum=0.9)`. Those of the loss, the scheduler,
    the clipping, the data and the model have that word in front: `loss_label_smoothing=0.1`. What is not given has
    PyTorch's default. `redraw` is for random data: a new draw each batch, or the first one kept. `clip` and
    `scheduler` are empty where there is none.

    Raises ValueError, in a sentence that says what to do, for a number that cannot be used.
    """

    seed: int
    data: str
    redraw: bool
    batch_size: int
    model: str
    loss: str
    optimizer: str
    lr: float
    clip: str
    scheduler: str
    mode: str
    device: str
    threads: int
    options: Options

    def __init__(
        self,
        seed: int = 0,
        data: str = "digits",
        redraw: bool = True,
        batch_size: int = 16,
        model: str = "LeNet",
        loss: str = "CrossEntropyLoss",
        optimizer: str = "SGD",
        lr: float = 0.05,
        clip: str = "",
        scheduler: str = "",
        mode: str = "train",
        device: str = "cpu",
        threads: int = 1,
        **options: Value,
    ) -> None:
        values: dict[str, object] = {
            "seed": _whole("seed", seed, 0, 2**63 - 1),
            "data": data,
            "redraw": redraw,
            "batch_size": _whole("batch size", batch_size, 1, 2**31 - 1),
            "model": model,
            "loss": loss,
            "optimizer": optimizer,
            "lr": _positive("learning rate", lr),
            "clip": clip,
            "scheduler": scheduler,
            "mode": _one_of("mode", mode, ("train", "eval")),
            "device": device,
            "threads": _whole("threads", threads, 1, 1024),
            "options": tuple(sorted((name, _finite(name, value)) for name, value in options.items())),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def of(self, owner: str) -> dict[str, Value]:
        """The options of one of OWNERS by PyTorch's names; those of the optimizer have no word in front."""
        return {name.removeprefix(f"{owner}_"): value for name, value in self.options if owner_of(name) == owner}

    def change(self, **changes: Value) -> Settings:
        """These settings with some replaced. Another optimizer (loss, scheduler, …) drops the one before's options."""
        now: dict[str, Any] = {name: getattr(self, name) for name in SETTING_NAMES}
        now |= {name: value for name, value in self.options if owner_of(name) not in changes}
        now |= changes
        return Settings(**now)


SETTING_NAMES = tuple(field.name for field in fields(Settings) if field.name != "options")
OWNERS = ("optimizer", "loss", "scheduler", "clip", "data", "model")


def owner_of(option: str) -> str:
    """Which setting an option belongs to: `loss_label_smoothing` to the loss, `momentum` to the optimizer."""
    word, under, _ = option.partition("_")
    return word if under and word in OWNERS else "optimizer"


def _whole(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low:,} to {high:,}, not {value!r}")
    return value


def _positive(name: str, value: object) -> float:
    number = _finite(name, value)
    if isinstance(number, bool) or not isinstance(number, int | float) or number <= 0:
        raise ValueError(f"{name} must be greater than 0 (0 would never move a weight), not {value!r}")
    return float(number)


def _finite(name: str, value: object) -> Value:
    if not isinstance(value, bool | int | float | str | None):
        raise ValueError(f"{name} must be a plain number, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return value


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value
