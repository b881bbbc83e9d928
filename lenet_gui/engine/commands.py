"""What each command does to a session: one function a command, the same by hand and in a run. No journal here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from lenet_gui.engine.choices import clipping, losses, optimizers, schedulers
from lenet_gui.engine.data import RandomData, source
from lenet_gui.engine.devices import unavailable
from lenet_gui.engine.drawing.images import from_bytes
from lenet_gui.engine.models.reload import reload
from lenet_gui.engine.results.loading import load_weights
from lenet_gui.protocol import SETTABLE, each_step
from lenet_gui.settings import SETTING_NAMES, Settings, Value, owner_of

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def zero_grad(session: Session, set_to_none: bool = True) -> None:
    session.optimizer.zero_grad(set_to_none)


def forward(session: Session, sample: int | None = None, unsqueeze: bool = False) -> Tensor:
    if session.due:
        load_batch(session)
    chosen = session.input if sample is None else session.input[sample]
    output: Tensor = session.model(chosen.unsqueeze(0) if unsqueeze else chosen)
    session.output = output
    if session.labels is not None and session.forwarded != (sample, unsqueeze):
        session.target = None  # another sample has another label
    session.forwarded = (sample, unsqueeze)
    session.graph = "alive"
    return output


def loss(session: Session) -> Tensor:
    if session.output is None:
        raise NameError("name 'output' is not defined")  # what Python says of the script's line
    kind = (session.settings.loss, session.output.shape)
    if session.target is None or session.target_kind != kind:
        session.target, session.target_kind = _target(session, session.output), kind
    found: Tensor = session.criterion(session.output, session.target)
    session.last_loss = found
    return found


def backward(session: Session, of: str = "loss", retain_graph: bool = False) -> None:
    if of not in ("loss", "output"):
        raise ValueError(f"backward starts at 'loss' or 'output', not at {of!r}")
    start = session.output if of == "output" else session.last_loss
    if start is None:
        raise NameError(f"name {of!r} is not defined")
    gradient = torch.randn(start.shape).to(start.device) if of == "output" else None
    start.backward(gradient, retain_graph=retain_graph)
    session.graph = "alive" if retain_graph else "freed"


def clip(session: Session) -> Tensor | None:
    """What PyTorch returns: of `clip_grad_norm_` the norm that all gradients had before."""
    return clipping.clip(session.settings, session.parameters)


def step(session: Session) -> None:
    optimize(session)
    session.log.append(session.last_loss)
    session.steps += 1
    session.due = "advance"


def optimize(session: Session) -> None:
    """The optimizer's own step, without what follows from it. One that needs a closure takes the loss again itself."""
    if session.takes_closure:
        session.optimizer.step(partial(_closure, session))  # pyright: ignore[reportArgumentType, reportCallIssue]
    else:
        session.optimizer.step()


def schedule(session: Session) -> None:
    """`scheduler.step()`. One that judges by a number is given the newest loss."""
    if session.scheduler is None:
        raise NameError("name 'scheduler' is not defined")
    judges = schedulers.takes_loss(session.scheduler)
    if judges and session.last_loss is None:
        raise NameError("name 'loss' is not defined")
    schedulers.step(session.scheduler, session.last_loss.item() if judges and session.last_loss is not None else None)


def next_batch(session: Session) -> None:
    session.due = "advance"
    load_batch(session)


def change(session: Session, **changes: Value) -> None:
    """The `set` command. Raises ValueError for what cannot be set, or not to this."""
    for name in changes:
        if name in SETTING_NAMES and name not in SETTABLE:
            raise ValueError(f"{name!r} cannot be set during a run; start a new one from other settings")
    settings = session.settings.change(**changes)
    check(settings, session.source.size)
    # PyTorch's own checks, before anything is changed: a throwaway optimizer refuses what the real one would.
    trial = optimizers.optimizer(
        settings, [nn.Parameter(torch.empty_like(one, device="meta")) for one in session.parameters]
    )
    values = trial.param_groups[0].copy()
    schedulers.scheduler(settings, trial)
    clipping.arguments(settings)
    session.criterion = losses.criterion(settings)
    moved = settings.device != session.settings.device
    resized = settings.batch_size != session.settings.batch_size
    session.settings = settings
    torch.set_num_threads(settings.threads)
    if "optimizer" in changes:
        session.optimizer = optimizers.optimizer(settings, session.model.parameters())
        session.takes_closure = optimizers.needs_closure(session.optimizer)
    else:
        named = [
            name for name in changes if name == "lr" or (owner_of(name) == "optimizer" and name not in SETTING_NAMES)
        ]
        own = {optimizers.paired(settings.optimizer, name) for name in named}
        for group in session.optimizer.param_groups:
            group.update({name: values[name] for name in own})
    scheduled = {name for name in changes if name == "scheduler" or owner_of(name) == "scheduler"} - {"scheduler_per"}
    if scheduled or "optimizer" in changes:
        session.scheduler = schedulers.scheduler(settings, session.optimizer)
    session.model.train(settings.mode == "train")
    if resized and not session.due:
        session.due = "reload"
    if moved:
        _move(session, settings.device)


def edit(session: Session, tensor: str, index: int, value: float) -> None:
    """Write one number of a parameter, a buffer or a gradient (`NAME.grad`). Raises ValueError where there is none.

    `index` counts the tensor's numbers from 0 as `flatten()` has them. -0.0 is written as 0.0.
    """
    found = _editable(session, tensor)
    if type(index) is not int or not 0 <= index < found.numel():
        raise ValueError(f"{tensor} has {found.numel():,} numbers, counted from 0: there is no number {index!r}")
    number = _held(value, found.dtype)
    # PyTorch notices this way that the tensor has changed: a graph that saved it refuses to go backward.
    with torch.no_grad():
        found[tuple(map(int, np.unravel_index(index, found.shape)))] = number


def put(session: Session, image: str, label: int | None = None, at: int = 0) -> None:
    """Give the network an image of the store, by its SHA-256, as sample `at` of the batch that is next, with its label.

    After a step that is the batch that comes; it is taken first. Raises ValueError for what fits neither.
    """
    found = from_bytes(session.store.get(image), session.input[0])
    if session.due:
        load_batch(session)
    size, classes = len(session.input), len(session.source.classes)
    if type(at) is not int or not 0 <= at < size:
        raise ValueError(f"the batch has {size:,} samples, counted from 0: there is no sample {at!r}")
    if (session.labels is None) != (label is None):
        raise ValueError("random tensors have no labels" if session.labels is None else "an image needs a label")
    # Copies: a graph that is alive may hold the ones before. And written into, so that a checkpoint does not take the
    # batch for one that the data give again.
    session.input = session.input.clone()
    session.input[at] = found
    if session.labels is not None:
        if type(label) is not int or not 0 <= label < classes:
            raise ValueError(f"there are {classes} classes, counted from 0: there is no class {label!r}")
        session.labels = session.labels.clone()
        session.labels[at] = label
    session.target = session.forwarded = None


COMMANDS: dict[str, Callable[..., Any]] = {
    "zero_grad": zero_grad,
    "forward": forward,
    "loss": loss,
    "backward": backward,
    "clip": clip,
    "step": step,
    "schedule": schedule,
    "next_batch": next_batch,
    "set": change,
    "edit": edit,
    "put": put,
    "reload": reload,
    "load_weights": load_weights,
}


def check(settings: Settings, size: int | None) -> None:
    """Raises ValueError, in a sentence that says what to do, for settings that do not fit data or machine."""
    if size is not None and settings.batch_size > size:
        raise ValueError(
            f"a batch of {settings.batch_size:,} is larger than the data: choose at most {size:,}, "
            f"the number of training samples"
        )
    if settings.scheduler and size is None and not each_step(settings):
        raise ValueError("random data has no epochs that a scheduler could count: let it count steps (scheduler_per)")
    if reason := unavailable(settings.device):
        raise ValueError(f"{settings.device} cannot be used: {reason}")


def load_batch(session: Session) -> None:
    """Take the batch that is due: the next one, or this one with the batch size that was set."""
    settings = session.settings
    if session.due == "advance":
        session.cursor = session.source.after(session.cursor, len(session.input))
    session.due = ""
    session.forwarded = None
    kept = isinstance(session.source, RandomData) and not settings.redraw and len(session.input) == settings.batch_size
    if kept:
        return
    session.input, session.labels = session.source.batch(session.cursor, settings.batch_size)
    session.target = None


def _editable(session: Session, name: str) -> Tensor:
    parameters = dict(session.model.named_parameters())
    tensors: dict[str, Tensor] = {**parameters, **dict(session.model.named_buffers())}
    if name in tensors:
        return tensors[name]
    owner = parameters.get(str(name).removesuffix(".grad"))
    if owner is None:
        raise ValueError(f"{name!r} is no parameter, no buffer and no gradient of this model")
    if owner.grad is None:
        raise ValueError(f"{name} is None: there is no number in it before a backward, or behind zero_grad")
    return owner.grad


def _held(value: object, dtype: torch.dtype) -> int | float:
    """The number as it is written into a tensor of this type. Raises ValueError where it does not fit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{value!r} is not a finite number")
    kind = str(dtype).removeprefix("torch.")
    if dtype is torch.bool or dtype.is_complex:
        raise ValueError(f"a tensor of {kind} cannot be edited")
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    if not limits.min <= value <= limits.max:
        raise ValueError(f"{value!r} does not fit: {kind} goes from {limits.min:g} to {limits.max:g}")
    if dtype.is_floating_point:
        # Equal commands must mean equal bits, and -0.0 == 0.0.
        return float(value) if value else 0.0
    if value != int(value):
        raise ValueError(f"{value!r} does not fit: {kind} has whole numbers only")
    return int(value)


def _target(session: Session, output: Tensor) -> Tensor:
    """What stands for the labels in this loss; without labels a random target that fits the output."""
    kind = losses.nature(session.settings.loss).kind
    if session.labels is None:
        return losses.drawn(kind, output)
    sample, unsqueezed = session.forwarded or (None, False)
    labels = session.labels if sample is None else session.labels[sample]
    return losses.target(kind, labels.unsqueeze(0) if unsqueezed else labels, output)


def _closure(session: Session) -> Tensor:
    """The step's own zero_grad, forward, loss and backward, of what the last forward was given."""
    if session.forwarded is None or session.target is None:
        raise NameError("name 'target' is not defined")
    session.optimizer.zero_grad()
    sample, unsqueeze = session.forwarded
    chosen = session.input if sample is None else session.input[sample]
    output = session.model(chosen.unsqueeze(0) if unsqueeze else chosen)
    found: Tensor = session.criterion(output, session.target)
    found.backward()
    if session.settings.clip:
        clip(session)
    return found


def _move(session: Session, device: str) -> None:
    """Take model, gradients, optimizer state and batch along. The live graph cannot come and is dropped."""
    kept = session.optimizer.state_dict()
    session.model.to(device)
    session.optimizer = optimizers.optimizer(session.settings, session.model.parameters())
    session.optimizer.load_state_dict(kept)
    if session.scheduler is not None:
        session.scheduler.optimizer = session.optimizer
    session.source = source(session.settings, device)
    session.generators.move(device, session.settings.seed)
    session.log.move(session.model, device)
    written = session.input._version > 0
    session.input = session.input.to(device)
    if written:  # by the model, or by a person who put an image in: it must still be told from one the data give
        session.input = session.input.clone().mul_(1)
    session.labels = None if session.labels is None else session.labels.to(device)
    session.target = None if session.target is None else session.target.to(device)
    session.output = session.last_loss = None
    session.forwarded = None
    session.graph = "none"
