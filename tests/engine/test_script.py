"""An exported script is plain PyTorch: in a process of its own it ends in the session's bits. It is good to read."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.net import Net
from lenet_gui.engine.script import write_script
from lenet_gui.protocol import CYCLE, Command
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


def net() -> Net:
    return Net()


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


# What a fresh process does with scripts; each is run as its own main file, and would not find this program.
RUN = """
import runpy, sys, warnings
warnings.simplefilter("ignore")
for script in sys.argv[1:]:
    sys.argv = [script, script + ".pt"]
    print(script)
    runpy.run_path(script, run_name="__main__")
    assert not any(name.startswith("lenet_gui") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def sessions() -> dict[str | int, Session]:
    found: dict[str | int, Session] = {}
    for name, (settings, make_model, story) in STORIES.items():
        story(session := Session(settings, make_model))
        found[name] = session
    return found | {number: pressed(number) for number in PRESSED}


@pytest.fixture(scope="module")
def ends(
    sessions: dict[str | int, Session], tmp_path_factory: pytest.TempPathFactory
) -> dict[str | int, dict[str, Any]]:
    """What the script of each session saved, all of them run in one fresh process."""
    folder = tmp_path_factory.mktemp("scripts")
    paths = {name: folder / f"{number}.py" for number, name in enumerate(sessions)}
    for name, path in paths.items():
        write_script(sessions[name], path)
    for data in DATA:
        # There is no GPU here: what was written for one runs with the CPU in its place.
        text = on_a_gpu(sessions[f"half way, {data}"]).script().replace("cuda:0", "cpu")
        paths[f"half way, {data}"].write_text(text, encoding="utf-8")
    run = subprocess.run([sys.executable, "-I", "-c", RUN, *map(str, paths.values())], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr
    return {name: torch.load(f"{path}.pt", weights_only=True) for name, path in paths.items()}


def bits(state: dict[str, Tensor]) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in state.items()}


@pytest.mark.parametrize("name", [*STORIES, *PRESSED])
def test_a_fresh_process_ends_in_the_same_bits(
    name: str | int, sessions: dict[str | int, Session], ends: dict[str | int, dict[str, Any]]
) -> None:
    assert bits(ends[name]) == bits(sessions[name].model.state_dict())


def test_the_stories_do_what_they_say(sessions: dict[str | int, Session]) -> None:
    """None of their commands was refused, and the random ones tell of something."""
    told = sessions["SGD, digits"].journal
    assert told.steps == 15
    assert sessions["epochs, MSELoss"].cursor.epoch == 13
    assert {command.name for command in told.commands()} == {
        *(each.name for each in CYCLE),
        "next_batch",
        "set",
        "edit",
    }
    assert sum(len(sessions[number].journal) for number in PRESSED) > 300


def test_no_script_names_this_program(sessions: dict[str | int, Session]) -> None:
    assert not [name for name, session in sessions.items() if "lenet_gui" in session.script()]


def test_a_long_run_is_a_loop(sessions: dict[str | int, Session]) -> None:
    session = Session(Settings(batch_size=1))
    session.journal.extend(10_000)  # as a run does
    text = session.script()
    assert "for input, target in islice(batches, 10000):\n" in text
    assert len(text.splitlines()) < 90
    # Where a long run led is known without going there.
    text = sessions["3,000 steps"].script()
    assert "for input, target in islice(batches, 3000):\n" in text
    assert "batches = digits(batch_size, epoch=2, start=126)\n" in text


def test_it_is_the_loop_that_a_person_would_write() -> None:
    session = Session(Settings(momentum=0.9))
    session.run(100)
    session.set(lr=0.01)
    session.run(50)
    step = """
    optimizer.zero_grad()
    output = net(input)
    loss = criterion(output, target)
    loss.backward()
    optimizer.step()
"""
    assert session.script().endswith(
        f"""
torch.set_num_threads(1)
torch.manual_seed(seed)
net = Net()
net.train()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

batches = digits(batch_size)
for input, target in islice(batches, 100):{step}
optimizer.param_groups[0]['lr'] = 0.01

for input, target in islice(batches, 50):{step}
print("150 steps, loss", loss.item())
if len(sys.argv) > 1:
    torch.save(net.state_dict(), sys.argv[1])
"""
    )


def test_run_as_a_person_would_it_prints_the_loss(tmp_path: Path) -> None:
    session = Session(Settings(data="random", loss="MSELoss", batch_size=2))
    session.run(3)
    write_script(session, tmp_path / "run.py")
    assert [path.name for path in tmp_path.iterdir()] == ["run.py"]
    run = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert session.last_loss is not None
    assert run.stdout == f"3 steps, loss {session.last_loss.item()}\n"
    assert run.stderr == ""


def test_a_move_to_another_device_takes_everything_along(sessions: dict[str | int, Session]) -> None:
    """That it runs is tested above, on the CPU."""
    text = on_a_gpu(sessions["half way, random"]).script()
    assert "net = Net().to(device)\n" in text
    assert "device = 'cuda:0'\nnet.to(device)\n" in text
    assert "optimizer.load_state_dict(state)" in text
    assert "torch.cuda.manual_seed_all(seed)\ninput = input.to(device)\ntarget = target.to(device)\n" in text


def test_a_model_without_a_file_is_refused_in_a_sentence() -> None:
    for make_model in (lambda: Net(), type("Net", (Net,), {})):
        with pytest.raises(ValueError, match=r"the source of the model, .*, is not to be had"):
            Session(Settings(data="random"), make_model).script()


def test_a_model_whose_names_the_script_needs_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="the script has a net of its own"):
        Session(Settings(data="random"), net).script()


def test_another_file_of_the_digits_name_is_left_alone(tmp_path: Path) -> None:
    session = Session()
    (tmp_path / "digits.npz").write_text("mine")
    with pytest.raises(ValueError, match=r"digits\.npz is there and is another file"):
        write_script(session, tmp_path / "run.py")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(OSError, match="nowhere"):
        write_script(session, tmp_path / "nowhere" / "run.py")
    (tmp_path / "digits.npz").unlink()
    write_script(session, tmp_path / "run.py")
    write_script(session, tmp_path / "again.py")
    assert {path.name for path in tmp_path.iterdir()} == {"again.py", "digits.npz", "run.py"}
