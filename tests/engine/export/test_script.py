"""An exported script is plain PyTorch: in a process of its own it ends in the session's bits. It is good to read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.export.script import write_script
from lenet_gui.protocol import CYCLE
from tests.engine.stories import DATA, PRESSED, STORIES, on_a_gpu, pressed

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
