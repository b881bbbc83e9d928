"""The commands, which alone change the training state, and the cycle that training repeats."""

from __future__ import annotations

from dataclasses import dataclass

from lenet_gui.settings import Options, Value

PHASES = ("zero_grad", "forward", "loss", "backward", "step")
SETTABLE = ("lr", "optimizer", "loss", "clip", "scheduler", "batch_size", "mode", "threads", "device")


@dataclass(frozen=True, slots=True)
class Command:
    """One change of the training state, and the only thing that makes one.

    `zero_grad(set_to_none)`, `forward(sample, unsqueeze)`, `loss()`, `backward(of, retain_graph)`, `step()`,
    `next_batch()`, `set(key=value, …)` for what may change during a run, and `edit(tensor, index, value)`, which
    writes one number by hand: `tensor` is a parameter, a buffer or `NAME.grad`, `index` counts its numbers from 0.
    Only arguments that differ from their defaults are kept, so that two commands that mean the same are equal.
    """

    name: str
    arguments: Options = ()

    @staticmethod
    def of(name: str, **arguments: Value) -> Command:
        return Command(name, tuple(sorted(arguments.items())))


CYCLE = tuple(Command(phase) for phase in PHASES)
