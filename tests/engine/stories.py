"""Runs in which each command was given in the orders that matter to batches and targets. No tests here."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache

from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.protocol import CYCLE, Command
from tests.engine.choices.runs import LOSSES as LOSSES_HERE
from tests.engine.choices.runs import OPTIMIZERS as OPTIMIZERS_HERE
from tests.engine.choices.runs import Tiny, scheduled, settings_of
from tests.engine.models import CountsForwards, DrawsElsewhere, NormAndDropout, WritesIntoItsInput
from tests.engine.test_checkpoint import OPTIMIZERS
from tests.engine.test_replay import ACTIONS, Action, take

do = Command.of
WIDTH, DEPTH = 12, 2
LOSSES, DATA = ("CrossEntropyLoss", "MSELoss"), ("digits", "random")


@lru_cache
def activation(name: str) -> Callable[[Tensor], Tensor]:
    return getattr(nn.functional, name)


class Stack(nn.Module):
    """Uses a constant, a function and an import of its file, and is no class that is called without arguments."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(1024 if not layer else width, width) for layer in range(DEPTH)])
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.layers:
            x = activation("relu")(layer(x))
        return self.head(x)


def make_stack() -> Stack:
    return Stack(WIDTH)


def everything(session: Session) -> None:
    """Each command with each of its arguments, in the orders that matter to batches and targets."""
    session.run(2)
    session.zero_grad(set_to_none=False)
    for _ in range(2):  # two backwards before a step
        session.forward()
        session.loss()
        session.backward()
    session.step()
    session.set(lr=session.settings.lr / 2, weight_decay=0.01)
    session.set(mode="eval", batch_size=7)
    session.run(3)
    session.forward()
    session.backward(of="output", retain_graph=True)
    session.loss()
    session.backward()
    session.set(batch_size=4)
    session.step()
    session.run(2)
    session.forward(sample=1, unsqueeze=True)
    session.loss()
    session.next_batch()
    session.set(batch_size=6, loss=LOSSES[session.settings.loss == LOSSES[0]])
    session.run(2)
    session.set(optimizer="Adam", lr=0.01, beta1=0.8, mode="train")
    session.set(beta2=0.9, batch_size=5)
    session.forward()
    session.run(3)
    session.edit("conv1.weight", 5, 0.25)
    session.forward()
    session.loss()
    session.backward()
    session.edit("conv1.bias.grad", 2, -1e-3)
    session.step()


def actions(*given: Action) -> Callable[[Session], None]:
    def done(session: Session) -> None:
        for action in given:
            take(session, action)

    return done


def out_of_turn(session: Session) -> None:
    """Targets made anew for one batch, and batches taken between a forward and what follows it."""
    session.forward()
    session.loss()
    session.forward(sample=1, unsqueeze=True)
    session.loss()
    session.backward()
    session.step()
    session.forward()
    session.next_batch()
    session.loss()
    session.set(loss="MSELoss")
    session.loss()
    session.backward()
    session.step()
    session.forward()
    session.next_batch()
    session.backward(of="output")
    session.step()
    session.run(2)


def epochs(session: Session) -> None:
    """Over the ends of epochs, with their last and smaller batches, and from one size to another."""
    session.run(4)
    for size in (479, 1437, 500):
        session.set(batch_size=size)
        session.run(5)
        session.next_batch()
        session.forward()
        session.set(batch_size=size - 1)
        session.forward()
        session.run(4)


def gone_back(session: Session) -> None:
    session.run(5)
    session.seek(step=3)
    session.set(lr=0.5)  # a branch: what the first one did after its third step is not in the script
    session.run(2)
    session.step_back(7)


UNLIMITED = [each for each in LOSSES_HERE if each not in ("BCELoss", "KLDivLoss")]
"""The losses that take outputs of any size, and say nothing in between."""
TRAINED = {
    **{f"{each}, digits": settings_of(optimizer=each) for each in OPTIMIZERS_HERE if each != "Muon"},
    **{f"{each}, {data}": settings_of(loss=each, data=data, batch_size=5) for each in UNLIMITED for data in DATA},
    **{
        f"{each} and LBFGS": settings_of(**scheduled(each, scheduler_per="step"), optimizer="LBFGS")
        for each in ("StepLR", "ReduceLROnPlateau")
    },
}


def trained(session: Session) -> None:
    """Clipping and schedulers come and go, and forwards of one sample come between."""
    session.run(3)
    session.set(clip="clip_grad_norm_", clip_max_norm=0.1)
    session.run(2)
    session.set(scheduler="ExponentialLR", scheduler_gamma=0.5, scheduler_per="step", loss_reduction="sum")
    session.run(3)
    session.set(lr=0.02)
    session.zero_grad()
    session.forward(sample=1, unsqueeze=True)
    session.loss()
    session.backward()
    session.step()
    session.run(2)
    session.set(clip="")
    session.schedule()
    session.set(optimizer="LBFGS", lr=0.1, max_iter=2, clip="clip_grad_value_", clip_clip_value=0.1)
    session.run(2)
    session.set(scheduler="", history_size=2)
    session.run(2)


def by_epochs(session: Session) -> None:
    session.run(9)
    session.schedule()
    session.run(5)


STORIES: dict[str, tuple[Settings, Callable[[], nn.Module], Callable[[Session], None]]] = {
    **{
        f"{' '.join(map(str, options.values()))}, {data}": (
            Settings(data=data, loss=LOSSES[(number + (data == "random")) % 2], **options),
            Net,
            everything,  # which goes on to the other loss
        )
        for number, options in enumerate(OPTIMIZERS)
        for data in DATA
    },
    **{
        f"{make_model.__name__}, {data}": (
            Settings(data=data, seed=2**63 - 1, redraw=False, batch_size=4),
            make_model,
            actions(
                9, (do("set", mode="eval"),), 2, (do("next_batch"), do("edit", tensor="linear.bias", index=0, value=1))
            ),
        )
        for make_model in (NormAndDropout, DrawsElsewhere, WritesIntoItsInput, CountsForwards, make_stack)
        for data in DATA
    },
    **{f"epochs, {loss}": (Settings(batch_size=480, loss=loss), make_stack, epochs) for loss in LOSSES},
    **{
        f"half way, {data}": (
            Settings(data=data, loss="MSELoss", optimizer="Adam", batch_size=5),
            Net,
            actions(2, CYCLE[:3], CYCLE[1:], 2),
        )
        for data in DATA
    },
    **{f"out of turn, {data}": (Settings(data=data, batch_size=3), Net, out_of_turn) for data in DATA},
    **{f"trained with {each}": (TRAINED[each], Tiny, trained) for each in TRAINED},
    "a scheduler by epochs": (
        Settings(
            batch_size=479, scheduler="StepLR", scheduler_step_size=2, clip="clip_grad_value_", clip_clip_value=0.01
        ),
        Tiny,
        by_epochs,
    ),
    "a sample without its batch": (
        Settings(data="random", loss="MSELoss", batch_size=1),
        CountsForwards,
        actions((*CYCLE[:3], do("forward", sample=0), *CYCLE[2:]), 2),
    ),
    "nothing": (Settings(data="random"), Net, actions()),
    "a batch that nothing saw": (Settings(data="random"), Net, actions((do("step"),), (do("next_batch"),), 1)),
    "two threads": (Settings(threads=2), Net, actions(3, (do("set", threads=1),), 2)),
    "another place": (Settings(optimizer="Adam"), Net, gone_back),
    "3,000 steps": (Settings(batch_size=1), CountsForwards, actions(3_000, (do("set", batch_size=3),), 2)),
}
PRESSED = range(20)


def on_a_gpu(stayed: Session) -> Session:
    """As if it had gone there and back, the first time after a loss: no GPU is needed to tell of it."""
    session, moves = Session(stayed.journal.settings), {13: "cuda:0", 22: "cpu"}
    for place, command in enumerate(stayed.journal.commands()):
        if place in moves:
            session.journal.append(do("set", device=moves[place]))
        session.journal.append(command)
    return session


def pressed(number: int) -> Session:
    """Buttons pressed at random; a good part is refused, and leaves no line."""
    dice = random.Random(number)
    settings = Settings(
        data=dice.choice(DATA),
        loss=dice.choice(LOSSES),
        redraw=dice.random() < 0.5,
        batch_size=dice.choice([1, 3, 5]),
    )
    session = Session(settings, dice.choice([Net, NormAndDropout, DrawsElsewhere, CountsForwards]))
    actions(*dice.choices(ACTIONS, k=15))(session)
    return session
