"""Weights from elsewhere in a model: how they fit, and the command that loads them. Their files are in `weights`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import safetensors.torch
import torch
from torch import Tensor, nn

from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

PREFIXES = ("module.", "_orig_mod.", "model.")
"""What DataParallel, torch.compile and Lightning put before every name."""
SHOWN = 3
"""Names that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How the tensors of a file fit a model: those that do, by the model's names, and in words those that do not."""

    fitting: dict[str, Tensor]
    problems: tuple[str, ...]


def fit(model: nn.Module, tensors: Mapping[str, Tensor]) -> Fit:
    """Compare names and shapes. A prefix that every name has, and the model has not, is left out."""
    wanted = model.state_dict()
    for prefix in PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors) and not tensors.keys() & wanted.keys():
            tensors = {name.removeprefix(prefix): one for name, one in tensors.items()}
    fitting, other_shapes = {}, []
    for name, tensor in tensors.items():
        if name in wanted and tensor.shape == wanted[name].shape and not _loses(tensor, wanted[name]):
            fitting[name] = tensor
        elif name in wanted:
            other_shapes.append(f"{name} is {_told(tensor)} and the model's {_told(wanted[name])}")
    missing = [f"{name} is missing" for name in wanted if name not in tensors]
    unknown = [f"the model has no {name[:80]}" for name in tensors if name not in wanted]
    return Fit(fitting, (*other_shapes, *missing, *unknown))


def listed(problems: tuple[str, ...]) -> str:
    """The first few of them as a sentence's part."""
    more = f" and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
    return "; ".join(problems[:SHOWN]) + more


def command(session: Session, tensors: Mapping[str, Tensor]) -> Command:
    """The command that loads these, whose values the session keeps from now on. Raises ValueError where it cannot."""
    copies = {name: tensor.detach().clone().contiguous() for name, tensor in sorted(tensors.items())}
    return Command.of("load_weights", values=session.store.put(safetensors.torch.save(copies)))


def load_weights(session: Session, values: str) -> None:
    """The command: write the tensors of the store's safetensors into the model. The optimizer keeps what it has.

    Raises ValueError for values that are not there, or do not fit.
    """
    found = fit(session.model, safetensors.torch.load(session.store.get(values)))
    # A part of the model may be loaded; what it has not, or has otherwise, may not.
    if wrong := [one for one in found.problems if not one.endswith(" is missing")]:
        raise ValueError(f"these weights do not fit the model: {listed(tuple(wrong))}")
    session.model.load_state_dict(found.fitting, strict=False)


def file_of(values: object) -> str:
    """What a script calls the file with the weights of a command."""
    return f"weights-{str(values)[:12]}.pt"


def _loses(tensor: Tensor, wanted: Tensor) -> bool:
    """Whether numbers would lose what they are: complex ones, or fractions put into whole numbers."""
    return not torch.can_cast(tensor.dtype, wanted.dtype)


def _told(tensor: Tensor) -> str:
    kind = str(tensor.dtype).removeprefix("torch.")
    return f"{'×'.join(map(str, tensor.shape)) or 'a number'} {kind}"
