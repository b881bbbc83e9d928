"""Somebody's loop in the words that a window has: what it is set to, and what cannot be done with it and why."""

from __future__ import annotations

import math
import platform
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import Optimizer

from lenet_gui import __version__
from lenet_gui.engine.choices import optimizers
from lenet_gui.protocol import PHASES, Choice, Device, Ready
from lenet_gui.settings import Settings, Value

if TYPE_CHECKING:
    from lenet_gui.engine.attached.session import AttachedSession

NO_WAY_BACK = (
    "This loop's own Python cannot be run backwards: one can go back within the newest steps that were stepped, and no "
    "further."
)
OWN = "This is a loop of your own: "
_NEVER = {
    "new": OWN + "what it starts from, and from which seed, is in its code",
    "evaluate": OWN + "its test set is not known",
    "next_batch": OWN + "it takes its batches itself",
    "seek": NO_WAY_BACK,
    "find": NO_WAY_BACK,
    "put": OWN + "it takes its batches itself",
    "run_back": NO_WAY_BACK,
    "set": OWN + "what it is made with is in its code; its learning rate can be changed",
    "open": OWN + "open a session in a window of its own",
    "save": OWN + "what it will do cannot be replayed, so there is no session to save",
    "save_as": OWN + "what it will do cannot be replayed, so there is no session to save",
    "export_script": OWN + "it is a script already",
    "export_report": OWN + "there is no session to put into a report",
    "budgets": OWN + "only the newest steps are kept",
    "forward_sample": OWN + "it decides what goes forward",
    "forward_unsqueeze": OWN + "it decides what goes forward",
    "backward_retain": OWN + "it decides how it goes backward",
    "backward_output": OWN + "it decides how it goes backward",
}


def settings(session: AttachedSession) -> Settings:
    """As far as they can be read off the live objects. What they have not is left as it begins."""
    group = session.live_optimizer.param_groups[0]
    options: dict[str, Value] = {}
    for name, value in group.items():
        if name == "betas":
            options["beta1"], options["beta2"] = map(float, value)
        elif name not in ("params", "lr") and _plain(value):
            options[name] = value
    given: dict[str, Any] = {name: value for name, value in options.items() if name in _known(session)}
    lr = float(group.get("lr", 1.0))
    usable = math.isfinite(lr) and lr > 0
    found = Settings(
        data="loop",
        batch_size=max(1, len(session.input) if session.input.ndim else 1),
        model=type(session.live_model).__name__,
        loss=kind_of(session.live_criterion),
        optimizer=type(session.live_optimizer).__name__,
        lr=lr if usable else 1.0,
        mode="train" if session.live_model.training else "eval",
        device=device(session.live_model),
        threads=session.settings.threads,
        **given,
    )
    if not usable:
        # A warm-up may begin at 0. No run of this program can, so its settings would refuse it.
        object.__setattr__(found, "lr", lr)
    return found


def ready(session: AttachedSession) -> Ready:
    """There is nothing to choose from: each list has what the loop has."""
    now = session.settings
    versions = ("lenet-gui", __version__), ("torch", str(torch.__version__)), ("python", platform.python_version())
    return Ready(versions, (Device(now.device, now.device, ""),), (Choice(now.data, "the loop's own"),), now.threads)


def kind_of(criterion: nn.Module) -> str:
    """The class; of one of PyTorch's functions that of its module, of any other its name."""
    function = getattr(criterion, "function", None)
    if function is None:
        return type(criterion).__name__
    name = getattr(function, "__name__", "loss")
    if name.startswith("_"):
        return ""
    plain = name.replace("binary_cross_entropy", "bce").replace("_", "").lower()
    same = {one.lower(): one for one in dir(nn) if one.endswith("Loss")}
    found = same.get(plain) or same.get(f"{plain}loss")
    return found if found and getattr(function, "__module__", "") == "torch.nn.functional" else name


def device(model: nn.Module) -> str:
    """Raises ValueError where there is none, or more than one."""
    found = {str(one.device) for one in (*model.parameters(), *model.buffers())}
    if len(found) != 1:
        where = "on several devices" if found else "without a parameter"
        raise ValueError(f"attach takes a model with its parameters on one device; this one is {where}.")
    (name,) = found
    return name


def set_lr(optimizer: Optimizer, changes: dict[str, Any]) -> None:
    """Raises ValueError for anything else."""
    lr = changes.pop("lr", None)
    if changes or lr is None:
        raise ValueError("Only the learning rate of a loop can be changed: the rest is in its code.")
    if len({float(group["lr"]) for group in optimizer.param_groups}) > 1:
        raise ValueError("Its groups of parameters have several learning rates: change them in the loop's code.")
    for group in optimizer.param_groups:
        group["lr"] = lr


def barred(session: AttachedSession) -> tuple[tuple[str, str], ...]:
    """What may not be pressed, by the frame's word for it or the action's name, and why."""
    found = dict(_NEVER)
    if session.loop.ended and not session.ahead:
        over = f"{session.loop.ended}."
        found |= dict.fromkeys((*PHASES, "advance", "run", "edit", "lr"), over)
    else:
        coming = session.next_command.name
        for phase in PHASES:
            if phase != coming:
                found[phase] = f"{OWN}it goes on with {coming}"
    if session.ahead:
        found |= dict.fromkeys(("edit", "lr"), "This is the past: the loop stands at the newest place.")
    if not _can_go_back(session):
        found["back"] = NO_WAY_BACK
    return tuple(found.items())


def _can_go_back(session: AttachedSession) -> bool:
    if session.item:
        return True
    place = len(session.journal)
    try:
        return place > 0 and session.history.start_for(session.branch, place - 1) is not None
    except ValueError:
        return False


def _known(session: AttachedSession) -> set[str]:
    """The options that the optimizer's class has here; of somebody's own class none."""
    name = type(session.live_optimizer).__name__
    return {option.name for option in optimizers.known(name)} if name in optimizers.names() else set()


def _plain(value: object) -> bool:
    return isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))
