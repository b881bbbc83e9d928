"""The commands, which alone change the training state, and the cycle that training repeats."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.settings import Options, Settings, Value

PHASES = ("zero_grad", "forward", "loss", "backward", "step")
EVERY_PHASE = ("zero_grad", "forward", "loss", "backward", "clip", "step", "schedule")
"""All that there can be, in their order; which of them a run has follows from its settings."""
SETTABLE = ("lr", "optimizer", "loss", "clip", "scheduler", "batch_size", "mode", "threads", "device")


@dataclass(frozen=True, slots=True)
class Command:
    """One change of the training state, and the only thing that makes one.

    `zero_grad(set_to_none)`, `forward(sample, unsqueeze)`, `loss()`, `backward(of, retain_graph)`, `clip()`, `step()`,
    `schedule()`, `next_batch()`, `set(key=value, …)` for what may change during a run, and
    `edit(tensor, index, value)`, which writes one number by hand: `tensor` is a parameter, a buffer or `NAME.grad`,
    `index` counts its numbers from 0.
    `put(image, label, at)` makes an image of the store, by its SHA-256, sample `at` of the batch that is next.
    Only arguments that differ from their defaults are kept, so that two commands that mean the same are equal.
    """

    name: str
    arguments: Options = ()

    @staticmethod
    def of(name: str, **arguments: Value) -> Command:
        return Command(name, tuple(sorted(arguments.items())))


CYCLE = tuple(Command(phase) for phase in PHASES)


def phases_of(settings: Settings) -> tuple[str, ...]:
    """The phases of a run with these settings: gradients are clipped before a step, and a scheduler comes behind it."""
    present = {"clip": settings.clip, "schedule": settings.scheduler}
    return tuple(phase for phase in EVERY_PHASE if present.get(phase, "always"))


def cycle_of(settings: Settings) -> tuple[Command, ...]:
    """What each step repeats. A scheduler that counts epochs is no part of it: it comes between two of them."""
    cycle = tuple(Command(phase) for phase in phases_of(settings) if phase != "schedule" or each_step(settings))
    return CYCLE if cycle == CYCLE else cycle


def each_step(settings: Settings) -> bool:
    """Whether the scheduler counts steps, and not epochs."""
    return settings.of("scheduler").get("per") == "step"


def phase_after(settings: Settings, last: str | None, epoch_ended: bool) -> str:
    """The phase that comes behind the one done `last` (`None`: nothing was done)."""
    phases = phases_of(settings)
    if last not in EVERY_PHASE:
        return phases[0]
    done = EVERY_PHASE.index(last) + 1
    coming = [phase for phase in EVERY_PHASE[done:] if phase in phases]
    if coming == ["schedule"] and not (epoch_ended or each_step(settings)):
        coming = []
    return (*coming, phases[0])[0]
