"""What was set as lines of PyTorch: the loss, the optimizer, its scheduler, how gradients are clipped, and the rest."""

from __future__ import annotations

from typing import Any

from lenet_gui.engine.choices import clipping, losses, optimizers, schedulers
from lenet_gui.settings import SETTING_NAMES, Settings, Value, owner_of

OTHERS = {
    "mode": "net.{}()",
    "batch_size": "batches = DataLoader(data, batch_size={})",
    "threads": "torch.set_num_threads({})",
    "device": "net.to({!r})",
}


def lines(changes: dict[str, Value], settings: Settings) -> list[str]:
    """Of one `set`, with the settings before it or behind it. What cannot be set is told as it was asked for."""
    now = {name: getattr(settings, name) for name in SETTING_NAMES if name != "options"} | dict(settings.options)
    try:
        behind = all(name in now and now[name] == value for name, value in changes.items())
        return _lines(changes, settings if behind else settings.change(**changes))
    except (ValueError, TypeError):
        return [f"{name} = {value!r}" for name, value in changes.items()]


def loss_line(settings: Settings) -> str:
    return f"criterion = nn.{settings.loss}({call([], losses.arguments(settings))})"


def optimizer_line(settings: Settings) -> str:
    given = {"lr": settings.lr} | optimizers.arguments(settings)
    return f"optimizer = torch.optim.{settings.optimizer}({call(['net.parameters()'], given)})"


def scheduler_line(settings: Settings) -> str:
    if not settings.scheduler:
        return "scheduler = None"
    given = schedulers.arguments(settings)
    return f"scheduler = torch.optim.lr_scheduler.{settings.scheduler}({call(['optimizer'], given)})"


def clip_line(settings: Settings) -> str:
    if not settings.clip:
        return "# gradients are not clipped"
    return f"torch.nn.utils.{settings.clip}({call(['net.parameters()'], clipping.arguments(settings))})"


def closure_lines(settings: Settings, sample: str = "") -> list[str]:
    """What an optimizer that takes the loss again is given; `sample` is what the forward chose of the input."""
    clip = [f"    {clip_line(settings)}"] if settings.clip else []
    return [
        "def closure():",
        "    optimizer.zero_grad()",
        f"    loss = criterion(net(input{sample}), target)",
        "    loss.backward()",
        *clip,
        "    return loss",
    ]


def call(first: list[str], arguments: dict[str, Any]) -> str:
    """What stands between the brackets."""
    return ", ".join([*first, *(f"{name}={value!r}" for name, value in arguments.items())])


def _lines(changes: dict[str, Value], settings: Settings) -> list[str]:
    touched = {owner: {name for name in changes if _of(name) == owner} for owner in ("loss", "scheduler", "clip")}
    groups = [name for name in changes if name == "lr" or (_of(name) == "optimizer" and name not in SETTING_NAMES)]
    found = [loss_line(settings)] if touched["loss"] else []
    if "optimizer" in changes:
        found.append(optimizer_line(settings))
    else:
        names = dict.fromkeys(optimizers.paired(settings.optimizer, name) for name in groups)
        values = optimizers.group(settings)
        found += [f"optimizer.param_groups[0][{name!r}] = {values[name]!r}" for name in names]
    if touched["scheduler"] - {"scheduler_per"} or ("optimizer" in changes and settings.scheduler):
        found.append(scheduler_line(settings))
    if "scheduler_per" in changes:
        found.append(f"# scheduler.step() comes behind each {changes['scheduler_per']}")
    if touched["clip"]:
        found.append(f"# before each step: {clip_line(settings)}" if settings.clip else clip_line(settings))
    if optimizers.takes_closure(settings.optimizer) and ("optimizer" in changes or touched["clip"]):
        found += closure_lines(settings)
    return [*found, *(OTHERS[name].format(changes[name]) for name in OTHERS if name in changes)]


def _of(name: str) -> str:
    return name if name in SETTING_NAMES else owner_of(name)
