"""What a stored checkpoint holds of the optimizer and the scheduler beside tensors, and whether all of it fits them.

A file may be damaged or made to do harm: what is not known is refused, and values go only where like ones are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.engine.choices import kept
from lenet_gui.engine.choices.state import (
    give_scheduler,
    give_values,
    group_values,
    named_in,
    put_together,
    scheduler_state,
)

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

DEPTH = 8
"""Lists in lists of an optimizer's state."""


def split(checkpoint: Checkpoint, parameters: list[str]) -> dict[str, Any]:
    """As JSON has it: by parameter what is no tensor, the values of the groups, and the scheduler."""
    return {
        "plain": {parameters[index]: _written(values) for index, values in checkpoint._plain.items()},
        "groups": [_written(_numbers(values)) for values in checkpoint.groups],
        "scheduler": _written(_numbers(checkpoint.scheduler)),
    }


def join(session: Session, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Give optimizer and scheduler what `split` gave, and their tensors by `PARAMETER/NAME`.

    Raises ValueError, KeyError or TypeError for what no session of these settings can have.
    """
    by_parameter: dict[str, dict[str, Tensor]] = {name: {} for name, _ in session.model.named_parameters()}
    for name, tensor in tensors.items():
        parameter, _, part = name.rpartition("/")
        by_parameter[parameter][part] = tensor
    plain = _read(state["plain"])
    if unknown := plain.keys() - by_parameter.keys():
        raise ValueError(f"there is no parameter {min(unknown)[:80]!r}")
    _fill(session, by_parameter, plain)
    # In files of before these are not: then nothing has moved what was chosen.
    if "groups" in state:
        before = group_values(session.optimizer)
        found = [_like(_read(values), usual) for values, usual in zip(state["groups"], before, strict=True)]
        give_values(session.optimizer, found)
    if session.scheduler is not None:
        usual = scheduler_state(session.scheduler)
        give_scheduler(session.scheduler, usual | _like(_read(state["scheduler"]), usual, new=False))


def _fill(session: Session, tensors: dict[str, dict[str, Tensor]], plain: dict[str, Any]) -> None:
    name, device = session.settings.optimizer, session.settings.device
    known, needed = kept.ever(name), kept.always(name)
    shapes: list[set[tuple[int, ...]]] = []
    for index, (path, parameter) in enumerate(session.model.named_parameters()):
        own, values = tensors[path], plain.get(path, {})
        names = {part.partition(".")[0] for part in own} | values.keys()
        if unknown := names - known:
            raise ValueError(f"what the optimizer keeps for {path!r} is unknown: {min(unknown)[:80]!r}")
        nothing = {part for part, value in values.items() if value is None}
        if names and (not names >= needed or needed & nothing or own.keys() & values.keys()):
            raise ValueError(f"what the optimizer keeps for {path!r} is not whole")
        if named_in(values) != {part for part in own if "." in part}:
            raise ValueError(f"what the optimizer keeps for {path!r} does not fit together")
        for part, tensor in own.items():
            if tensor.shape not in (parameter.shape, ()):
                shapes = shapes or kept.shapes(session.settings, session.parameters)
                if tuple(tensor.shape) not in shapes[index]:
                    raise ValueError(f"{part!r} of {path!r} is {list(tensor.shape)}")
            if tensor.dtype != parameter.dtype and not (tensor.ndim == 0 and tensor.is_floating_point()):
                raise ValueError(f"{part!r} of {path!r} is {tensor.dtype}")
        if names:
            # Step counters have no shape and stay on the CPU, where PyTorch keeps them.
            placed = {part: one.to(device) if one.ndim else one for part, one in own.items()}
            copies = {part: torch.empty_like(one).copy_(one) for part, one in placed.items()}
            session.optimizer.state[parameter] = put_together(copies, values)
        else:
            session.optimizer.state.pop(parameter, None)


def _numbers(values: dict[str, Any]) -> dict[str, Any]:
    """What moves: numbers and lists of them. The rest follows from the settings."""
    return {name: value for name, value in values.items() if _is_numbers(value)}


def _is_numbers(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float)


def _like(values: Any, usual: dict[str, Any], new: bool = True) -> dict[str, Any]:
    """The values in the kinds that the usual ones have; numbers may be `new`: a scheduler leaves some behind."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        like = usual.get(name)
        if not _is_numbers(value) or (name not in usual and (not new or isinstance(value, list))):
            raise ValueError(f"{name[:80]!r} of the optimizer or its scheduler is unknown")
        if isinstance(like, list | tuple):
            if not isinstance(value, list) or len(value) != len(like):
                raise ValueError(f"{name[:80]!r} of the optimizer or its scheduler does not fit")
            found[name] = type(like)(value)
        elif isinstance(value, list) or (like is not None and isinstance(like, bool) != isinstance(value, bool)):
            raise ValueError(f"{name[:80]!r} of the optimizer or its scheduler does not fit")
        else:
            found[name] = value
    return found


def _written(value: Any) -> Any:
    """JSON has no infinite numbers and no NaN."""
    if isinstance(value, dict):
        return {str(name): _written(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_written(one) for one in value]
    return {"float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value


def _read(value: Any, depth: int = 0) -> Any:
    """What `_written` gave. Raises ValueError for anything else."""
    if isinstance(value, dict):
        if value.keys() == {"float"} and value["float"] in ("inf", "-inf", "nan"):
            return float(value["float"])
        if depth > DEPTH:
            raise ValueError("what the optimizer keeps is nested too deeply")
        return {name: _read(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list) and depth <= DEPTH:
        return [_read(one, depth + 1) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError("what the optimizer keeps is of no known kind")
