"""The losses of `torch.nn` with their options, and the target that each of them takes.

They are found by looking at PyTorch. What a loss compares the output with is found by trying it on a small example.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lenet_gui.engine.choices import options
from lenet_gui.protocol import Option, PartChoice
from lenet_gui.settings import Settings

FIRST = ("CrossEntropyLoss", "MSELoss")
"""The losses that stand first in the list: those of the tutorial."""

KINDS = ("classes", "values", "probabilities", "signs", "lists")
"""What a target is: the index of the class [N]; or, of the output's shape, numbers, numbers from 0 to 1, -1 and 1, or
the indices of the classes that are right with -1 behind them. Of labels all are made the same way: one class is right.
"""

_SAMPLES, _CLASSES, _FAR = 4, 5, 1000.0


@dataclass(frozen=True, slots=True)
class Nature:
    """What trying a loss has shown. Without a `kind` it cannot be used, and `reason` says why."""

    kind: str
    reason: str = ""
    note: str = ""


def choices() -> tuple[PartChoice, ...]:
    """All there are; what cannot train one output against one target has the reason."""
    others = [name for name in names() if name not in FIRST]
    return tuple(
        PartChoice(
            name, _preset(name), known(name) if nature(name).kind else (), nature(name).reason, nature(name).note
        )
        for name in (*FIRST, *others)
    )


def criterion(settings: Settings) -> nn.Module:
    """`torch.nn`'s own with its options. Raises ValueError, with the reason for a loss that cannot be used."""
    name, found = settings.loss, nature(settings.loss)
    if not found.kind:
        raise ValueError(f"{name} cannot be used here: {found.reason}")
    return _class(name)(**arguments(settings))


def arguments(settings: Settings) -> dict[str, Any]:
    """The options that were given, as the loss takes them."""
    name = settings.loss
    return options.arguments(name, known(name), options.defaults(_class(name)), settings.of("loss"))


def target(kind: str, labels: Tensor, output: Tensor) -> Tensor:
    """The target that stands for these labels."""
    if kind == "classes":
        return labels
    if kind == "lists":
        return functional.pad(labels.unsqueeze(-1), (0, output.shape[-1] - 1), value=-1)
    found = functional.one_hot(labels, output.shape[-1]).to(output.dtype)
    return 2 * found - 1 if kind == "signs" else found


def drawn(kind: str, output: Tensor) -> Tensor:
    """A random target that fits the output, drawn on the CPU."""
    if kind in ("classes", "lists"):
        labels = torch.randint(output.shape[-1], output.shape[:-1])
        return target(kind, labels, output).to(output.device)
    if kind == "signs":
        return (2.0 * torch.randint(2, output.shape) - 1).to(output.device)
    found = torch.rand(output.shape) if kind == "probabilities" else torch.randn(output.shape)
    return found.to(output.device)


@cache
def known(name: str) -> tuple[Option, ...]:
    """Its options; those that are texts with what they may be."""
    found, _ = options.read(_class(name), set())
    chosen = [replace(one, choices=_words(name, one.name)) if one.kind == "choice" else one for one in found]
    return tuple(one for one in chosen if one.kind != "choice" or one.choices)


@cache
def names() -> tuple[str, ...]:
    """The classes in `torch.nn` that are called a loss."""
    found = inspect.getmembers(nn, lambda one: inspect.isclass(one) and issubclass(one, nn.Module))
    return tuple(sorted((name for name, _ in found if name.endswith("Loss")), key=str.lower))


@cache
def nature(name: str) -> Nature:
    """What a loss takes. Raises ValueError where there is none of this name."""
    kind = _class(name)
    _, needed = options.read(kind, set())
    required = [one.name for one in options.read(kind, set())[0] if one.required] + list(needed)
    inputs = [one for one in inspect.signature(kind.forward).parameters.values() if one.name != "self"]
    if required:
        return Nature("", f"it has weights of its own and needs {' and '.join(required)}")
    if len([one for one in inputs if one.default is one.empty]) != 2:
        words = ", ".join(one.name for one in inputs)
        return Nature("", f"it takes {words}, and here there is one output and one target")
    return options.quietly(lambda: _tried(kind))


def _tried(kind: type[Any]) -> Nature:
    """On scores of any size first, and then on numbers from 0 to 1."""
    generator = torch.Generator().manual_seed(0)
    scores = 0.1 * torch.randn(_SAMPLES, _CLASSES, generator=generator)
    labels = torch.tensor([0, 3, 1, 4])
    refusal = ""
    for outputs, note in ((scores, ""), (scores.sigmoid(), "outputs from 0 to 1: the network has to end in a sigmoid")):
        for one in ("classes", "values", "lists"):
            try:
                slope = _slope(kind(), outputs, target(one, labels, outputs))
            except Exception as error:  # whatever PyTorch says: it takes something else
                refusal = refusal or " ".join(str(error).split())
                continue
            if slope is not None:
                found = _which_values(kind(), outputs, slope, labels) if one == "values" else one
                return Nature(found, "", note or _unlimited(kind(), found, labels))
    return Nature("", refusal or "it gives no gradient")


def _slope(loss: nn.Module, outputs: Tensor, target: Tensor) -> Tensor | None:
    """The gradient of the outputs, where it is finite and not all zero."""
    given = outputs.clone().requires_grad_()
    value = loss(given, target)
    (found,) = torch.autograd.grad(value, given)
    return found if bool(value.isfinite()) and bool(found.isfinite().all()) and bool(found.any()) else None


def _which_values(loss: nn.Module, outputs: Tensor, slope: Tensor, labels: Tensor) -> str:
    """-1 and 1 where a target of 0 teaches nothing and one of -1 does; from 0 to 1 where others make no sense."""
    wrong = target("values", labels, outputs) == 0
    try:
        opposite = _slope(loss, outputs, target("signs", labels, outputs))
        if not slope[wrong].any() and opposite is not None:
            return "signs"
        ends = [loss(sign * _FAR * torch.ones_like(outputs), torch.full_like(outputs, -1.0)) for sign in (-1, 1)]
        sound = all(bool(end.isfinite()) and end.item() >= 0 for end in ends)
    except Exception:  # PyTorch takes no such target
        sound = False
    return "values" if sound else "probabilities"


def _unlimited(loss: nn.Module, kind: str, labels: Tensor) -> str:
    """A note where the outputs can make the loss as small as they like."""
    towards = target("signs", labels, torch.empty(_SAMPLES, _CLASSES))
    for far in (_FAR, -_FAR):
        outputs = far * towards
        if loss(outputs, target(kind, labels, outputs)).item() < -1.0:
            return "with outputs of any size it has no lowest value: the network has to limit them itself"
    return ""


@cache
def _words(name: str, option: str) -> tuple[str, ...]:
    """The texts that its documentation quotes and that give one number."""
    found, labels = [], torch.tensor([0, 3, 1, 4])
    outputs = torch.full((_SAMPLES, _CLASSES), 0.5)
    quoted = [*options.words_in(_class(name), option), "mean", "sum", "batchmean"]
    for word in dict.fromkeys(quoted):
        try:
            loss = _class(name)(**{option: word})
            value = options.quietly(lambda loss=loss: loss(outputs, target(nature(name).kind, labels, outputs)))
        except Exception:  # this one is about something else
            continue
        if value.ndim == 0:
            found.append(word)
    return tuple(found)


def _preset(name: str) -> tuple[tuple[str, str], ...]:
    """Its own documentation says that the mean of this one is no divergence, and warns where it is used."""
    return (("reduction", "batchmean"),) if "batchmean" in _words_of(name) else ()


def _words_of(name: str) -> tuple[str, ...]:
    return next((one.choices for one in known(name) if one.name == "reduction"), ()) if nature(name).kind else ()


def _class(name: str) -> type[Any]:
    if name not in names():
        raise ValueError(f"there is no loss called {name!r}; there are {', '.join(names())}")
    return getattr(nn, name)
