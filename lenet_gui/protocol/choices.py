"""The worker's first word: what there is to choose from here."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.protocol.kinds import NewestOnly
from lenet_gui.settings import Options, Value


@dataclass(frozen=True, slots=True)
class Device:
    """A device by PyTorch's name (`cpu`, `cuda:0`, `mps`); `reason` says why it cannot be used, else empty."""

    name: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter of something of PyTorch's. `kind` is `bool`, `int`, `float`, `choice` or `ints` (`30, 80`).

    `optional` may be `None`, and what is `required` has no default of PyTorch's.
    """

    name: str
    kind: str
    default: Value
    choices: tuple[str, ...] = ()
    optional: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class OptimizerChoice:
    """An entry of the optimizer list: `name` is the class in `torch.optim`, `preset` the options it starts with.

    `reason` says in PyTorch's words why it cannot train this model, and is empty where it can.
    """

    label: str
    name: str
    lr: float
    preset: Options
    options: tuple[Option, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A loss of `torch.nn`, a scheduler of `torch.optim.lr_scheduler` or a way to clip of `torch.nn.utils`.

    `reason` says why it cannot be used, and is empty where it can; `note` what it asks of the network.
    """

    name: str
    preset: Options
    options: tuple[Option, ...]
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TrainingChoices(NewestOnly):
    """What this run's model can be trained with. An empty name among clips and schedulers is none."""

    run: int
    losses: tuple[PartChoice, ...]
    optimizers: tuple[OptimizerChoice, ...]
    clips: tuple[PartChoice, ...]
    schedulers: tuple[PartChoice, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list: the value that settings hold, and the words that a person reads.

    `missing` says why it cannot be had yet, and is empty where it can.
    """

    value: str
    label: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker's first word: torch is imported and warm; what there is to choose from."""

    versions: tuple[tuple[str, str], ...]
    devices: tuple[Device, ...]
    data: tuple[Choice, ...]
    cores: int
