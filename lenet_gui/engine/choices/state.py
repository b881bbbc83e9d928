"""What an optimizer and a scheduler keep, as tensors by name and plain values beside them. It copies no tensor.

An optimizer may keep lists of tensors for a parameter (LBFGS does): `old_dirs` are then `old_dirs.0`, `old_dirs.1`, ….
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer

if TYPE_CHECKING:
    from torch.optim.lr_scheduler import LRScheduler

    from lenet_gui.engine.session import Session

Plain = dict[str, Any]
"""By name what is no tensor: numbers, `None`, and lists, in which `{"tensor": name}` stands for one."""


def taken_apart(state: dict[str, Any]) -> tuple[dict[str, Tensor], Plain]:
    """What an optimizer keeps for one parameter."""
    tensors: dict[str, Tensor] = {}
    plain: Plain = {}
    for name, value in state.items():
        if isinstance(value, Tensor):
            tensors[name] = value
        else:
            plain[name] = _apart(name, value, tensors)
    return tensors, plain


def put_together(tensors: dict[str, Tensor], plain: Plain) -> dict[str, Any]:
    """What `taken_apart` gave. Raises KeyError where a tensor is missing."""
    inside: set[str] = set()
    whole = {name: _whole(value, tensors, inside) for name, value in plain.items()}
    return whole | {name: one for name, one in tensors.items() if name not in inside}


def tensors(session: Session) -> dict[str, Tensor | None]:
    """The training state by name, live: parameters, gradients, buffers and the optimizer's own tensors."""
    found: dict[str, Tensor | None] = {}
    for name, parameter in session.model.named_parameters():
        found[name], found[f"{name}.grad"] = parameter, parameter.grad
        for key, value in flat(session.optimizer.state.get(parameter, {})).items():
            found[f"{name}: {key}"] = value
    return found | dict(session.model.named_buffers())


def flat(state: dict[str, Any]) -> dict[str, Tensor | None]:
    """Everything by name, numbers too, as tensors; `None` is kept."""
    tensors, plain = taken_apart(state)
    numbers = {name: value for name, value in plain.items() if not isinstance(value, list)}
    return tensors | {name: None if value is None else torch.tensor(value) for name, value in numbers.items()}


def named_in(plain: Plain) -> set[str]:
    """The tensors that the plain values name."""
    found: set[str] = set()

    def noted(name: str) -> None:
        found.add(name)

    for value in plain.values():
        _walk(value, noted)
    return found


def group_values(optimizer: Optimizer) -> list[dict[str, Any]]:
    """The values of the parameter groups: what was chosen, and what a scheduler has moved since."""
    return [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]


def give_values(optimizer: Optimizer, groups: list[dict[str, Any]]) -> None:
    for group, values in zip(optimizer.param_groups, groups, strict=True):
        group.update(values)


def scheduler_state(scheduler: LRScheduler | None) -> Plain:
    """A copy of all that a scheduler goes on from; empty where there is none."""
    return {} if scheduler is None else copy.deepcopy(scheduler.state_dict())


def give_scheduler(scheduler: LRScheduler | None, state: Plain) -> None:
    if scheduler is not None and state:
        scheduler.load_state_dict(copy.deepcopy(state))


def _apart(name: str, value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, list | tuple):
        return [_apart(f"{name}.{index}", one, tensors) for index, one in enumerate(value)]
    return value


def _whole(value: Any, tensors: dict[str, Tensor], inside: set[str]) -> Any:
    if isinstance(value, dict):
        inside.add(value["tensor"])
        return tensors[value["tensor"]]
    return [_whole(one, tensors, inside) for one in value] if isinstance(value, list) else value


def _walk(value: Any, noted: Callable[[str], None]) -> None:
    if isinstance(value, dict):
        noted(value["tensor"])
    elif isinstance(value, list):
        for one in value:
            _walk(one, noted)
