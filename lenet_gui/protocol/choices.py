"""The worker's first word: what there is to choose from here."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.settings import Options, Value


@dataclass(frozen=True, slots=True)
class Device:
    """A device by PyTorch's name (`cpu`, `cuda:0`, `mps`); `reason` says why it cannot be used, else empty."""

    name: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Option:
    """One of an optimizer's own parameters. `kind` is `float` or `bool`."""

    name: str
    kind: str
    default: Value


@dataclass(frozen=True, slots=True)
class OptimizerChoice:
    """An entry of the optimizer list: `name` is the class in `torch.optim`, `preset` the options it starts with."""

    label: str
    name: str
    lr: float
    preset: Options
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list: the value that settings hold, and the words that a person reads."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker's first word: torch is imported and warm; what there is to choose from."""

    versions: tuple[tuple[str, str], ...]
    devices: tuple[Device, ...]
    data: tuple[Choice, ...]
    losses: tuple[str, ...]
    optimizers: tuple[OptimizerChoice, ...]
    cores: int
