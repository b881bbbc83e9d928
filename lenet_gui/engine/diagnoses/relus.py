"""Dead ReLUs: units that are zero for every sample, so that no gradient comes through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from lenet_gui.engine.data import Cursor, Images
from lenet_gui.engine.diagnoses.aside import aside
from lenet_gui.engine.diagnoses.moment import Moment, listed
from lenet_gui.protocol.diagnoses import Diagnosis, Show

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

NETWORK = 0.8
"""Share of all units from which on it is a problem. AutoTrainer (Zhang et al., ICSE 2021) takes 0.7 of all gradients;
RMSprop's large first steps leave up to 0.78 of a LeNet dead for a while that then learns well."""
LAYER = 0.9
"""Share of one layer's units. CS231n ("Neural Networks Part 1") has seen 40 % of a network dead from a learning rate
that was too high; a LeNet that learns well has up to 80 % of one layer dead, and half of conv1 from the start."""
SAMPLES = 128
"""Over so many samples must a unit be zero; fewer where the data has no more."""
FEWEST = 16
"""With fewer samples nothing is said: a healthy unit is zero for about every second one."""
RELUS = ("relu", "relu_")

Alive = dict[str, Tensor]
"""By the operation's name: for each unit (a channel where there are channels) whether any sample moves it."""


def look(moment: Moment) -> Iterator[Diagnosis]:
    """Only where this batch looks bad are more samples sent through, by a copy of the model."""
    here: Alive = {}
    for one in moment.operations:
        if one.function in RELUS and not one.outputs[0].is_meta and one.outputs[0].ndim > 1:
            here[one.name] = _alive(one.outputs[0])
    if not here or not _bad(here):
        return
    session = moment.session
    count, alive = len(session.input), here
    if count < SAMPLES:
        copy = aside(session)
        batch = _others(copy, SAMPLES - count)
        others = _over(copy, batch) if len(batch) else here
        if {name: one.shape for name, one in others.items()} != {name: one.shape for name, one in here.items()}:
            return  # the model computes something else each time, or this was one sample without its batch
        count, alive = count + len(batch), {name: one | here[name] for name, one in others.items()}
    if count < FEWEST:
        return
    if not (worst := _bad(alive)):
        return
    dead = {name: _share(one) for name, one in alive.items()}
    units, lost = sum(len(one) for one in alive.values()), sum(int((~one).sum()) for one in alive.values())
    layers = {one.name: one.module for one in moment.operations}
    steps = -(-count // session.settings.batch_size)
    rows = tuple((f"{name}{_of(layers[name])}", _words(alive[name])) for name in dead)
    yield Diagnosis(
        "dead_relu",
        f"Most ReLUs are dead: {listed(worst)}" if len(worst) < len(dead) else "Most ReLUs of this model are dead",
        f"{lost} of {units} units are 0 for each of {count} samples, as many as {steps} "
        f"step{'' if steps == 1 else 's'} see; in {worst[0]} {100 * dead[worst[0]]:.0f} %.",
        rows,
        "A ReLU whose input is negative for every sample gives 0 and lets no gradient through, so the weights before "
        "it never move again. Mostly one step with too high a learning rate has pushed them there; a bad "
        "initialization does it from the start.",
        "x = F.leaky_relu(self.layer(x))  # or start again with a lower learning rate",
        Show(tensor=worst[0]),
    )


def _alive(output: Tensor) -> Tensor:
    """[units]: over the batch, and over height and width of a channel."""
    return (output.detach() != 0).transpose(0, 1).flatten(1).any(1)


def _share(alive: Tensor) -> float:
    return 1 - alive.float().mean().item()


def _bad(alive: Alive) -> list[str]:
    """The worst first: layers that are nearly shut, or where the whole network is, all that are above its limit."""
    dead = {name: _share(one) for name, one in alive.items()}
    units = sum(len(one) for one in alive.values())
    whole = sum(share * len(alive[name]) for name, share in dead.items()) / units
    limit = NETWORK if whole >= NETWORK else LAYER
    return sorted((name for name, share in dead.items() if share >= limit), key=lambda name: -dead[name])


def _others(copy: Session, count: int) -> Tensor:
    """So many samples that are not of this batch: none where the same one comes again and again."""
    source = copy.source
    if isinstance(source, Images):
        after = source.after(copy.cursor, len(copy.input))
        fits = after.epoch == copy.cursor.epoch and after.offset + count <= source.size
        return source.batch(after if fits else Cursor(copy.cursor.epoch), count)[0]
    if not copy.settings.redraw:
        return copy.input[:0]
    with copy.undisturbed():
        return source.batch(copy.cursor, count)[0]


def _over(copy: Session, batch: Tensor) -> Alive:
    watch = _Watch()
    with copy.undisturbed(), torch.no_grad(), watch:
        copy.model(batch)
    return watch.alive


class _Watch(TorchFunctionMode):
    """Notes the ReLUs of one forward by the names that the trace has for them."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: Alive = {}
        self._counts: Counter[str] = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in RELUS:
            nth, self._counts[name] = self._counts[name], self._counts[name] + 1
            if result.ndim > 1:
                self.alive[f"{name}_{nth}" if nth else name] = _alive(result)
        return result


def _of(module: str) -> str:
    return f" in {module}" if module else ""


def _words(alive: Tensor) -> str:
    return f"{int((~alive).sum())} of {len(alive)} dead"
