"""The learning rate of each step of a branch, told again from its commands; schedulers are PyTorch's, run on nothing.

The log does not hold it. What a command does to the real optimizer is in `commands`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lenet_gui.engine.choices import optimizers, schedulers
from lenet_gui.engine.journal import Journal
from lenet_gui.protocol import Command
from lenet_gui.settings import owner_of

Rates = NDArray[np.float64]


def rates(journal: Journal, losses: NDArray[np.float32]) -> Rates:
    """[steps]. `losses` [steps] are what a scheduler that judges by the loss is given."""
    sets = [entry for entry in journal.entries if isinstance(entry, Command) and entry.name == "set"]
    names = {name for command in sets for name, _ in command.arguments}
    if journal.settings.scheduler or "scheduler" in names:
        return _scheduled(journal, losses)
    found, settings, place = np.full(journal.steps, journal.settings.lr), journal.settings, 0
    for entry in journal.entries:
        if isinstance(entry, Command) and entry.name == "set":
            settings = settings.change(**dict(entry.arguments))
            found[journal.steps_at(place) :] = settings.lr
        place += 1 if isinstance(entry, Command) else len(entry)
    return found


def _scheduled(journal: Journal, losses: NDArray[np.float32]) -> Rates:
    settings, found = journal.settings, []
    nothing = [nn.Parameter(torch.zeros(1))]
    optimizer = optimizers.optimizer(settings, nothing)
    scheduler = schedulers.scheduler(settings, optimizer)
    for command in journal.commands():
        if command.name == "step":
            found.append(float(optimizer.param_groups[0]["lr"]))
        elif command.name == "schedule" and scheduler is not None:
            judges = schedulers.takes_loss(scheduler) and found
            schedulers.step(scheduler, float(losses[len(found) - 1]) if judges else None)
        elif command.name == "set":
            changes = dict(command.arguments)
            settings = settings.change(**changes)
            if "optimizer" in changes:
                optimizer = optimizers.optimizer(settings, nothing)
            elif "lr" in changes:
                optimizer.param_groups[0]["lr"] = settings.lr
            scheduled = {name for name in changes if name == "scheduler" or owner_of(name) == "scheduler"}
            if scheduled - {"scheduler_per"} or "optimizer" in changes:
                scheduler = schedulers.scheduler(settings, optimizer)
    return np.array(found, np.float64)
