"""Files that do harm: each ends in one sentence with the line of the file, and nothing hangs or is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lenet_gui.engine.models.attempt import Attempt
from lenet_gui.engine.models.constructor import Facts
from lenet_gui.engine.models.first_try import MOST_PRINTED, try_out
from lenet_gui.engine.models.outcome import Outcome
from tests.engine.own_models.opened import MODEL, written

DEADLINE = 1.0
"""Seconds, for code that would go on for ever."""


def tried(folder: Path, text: str, cancelled: threading.Event | None = None) -> Outcome:
    path = written(folder, text)
    stop = cancelled or threading.Event()
    return try_out(path.read_bytes(), path, "", {}, Facts(), stop.is_set, DEADLINE)


def tried_here(folder: Path, text: str) -> Outcome:
    """What a file comes to that does no harm, without a process of its own."""
    path = written(folder, text)
    asked = {"source": text, "path": str(path), "name": "", "given": {}, "facts": (1, 32, 32, 10), "loose": False}
    return Attempt(asked, lambda _: None).outcome()


def init(line: str) -> str:
    """The model with a line more in its constructor, the tenth of the file."""
    return MODEL.replace("(hidden, 10)\n", f"(hidden, 10)\n        {line}\n").replace(
        "import torch\n", "import torch, os\n", 1
    )


def forward(line: str) -> str:
    """The model with another first line of its forward, the thirteenth."""
    return MODEL.replace("x = torch.relu(self.norm(self.fc1(x.flatten(1))))", line)


FILES = {
    "it raises": (
        init("raise ValueError('no\\n  weights')"),
        "my_model.py cannot be opened, because while Net is made it raises ValueError: no weights in line 11 "
        "(raise ValueError('no\\n  weights')).",
    ),
    "it loops for ever": (
        init("while True: pass"),
        "my_model.py was stopped: while Net is made it is not done after 1 s in line 11.",
    ),
    "its forward loops for ever": (
        forward("while True: pass"),
        "my_model.py was stopped: while Net goes forward it is not done after 1 s in line 13.",
    ),
    "it exits": (
        f"import sys\nsys.exit(3)\n{MODEL}",
        "my_model.py cannot be opened, because while it is imported it ends the program in line 2 (sys.exit(3)): take "
        "that out.",
    ),
    "it ends the process": (
        init("os._exit(7)"),
        "my_model.py cannot be opened, because while Net is made it ends the process by itself (exit code 7).",
    ),
    "it crashes": (
        init("import ctypes; ctypes.string_at(0)"),
        "my_model.py cannot be opened, because while Net is made it crashes Python itself (SIGSEGV) in line 11.",
    ),
    "it needs what is not there": (
        f"import torch\nimport no_such_module_anywhere.part\n{MODEL}",
        "my_model.py needs the module no_such_module_anywhere, which is not there in line 2 (import "
        "no_such_module_anywhere.part): install it into the Python that runs this program, or put "
        "no_such_module_anywhere.py beside my_model.py.",
    ),
    "it eats the memory": (
        init("self.big = [bytes(10**8) for _ in range(10**6)]"),
        "my_model.py cannot be opened, because while Net is made it raises MemoryError: it takes more than 4 GB "
        "in line 11 (self.big = [bytes(10**8) for _ in range(10**6)]).",
    ),
    "it is no Python": (
        "class Net(\n",
        "my_model.py cannot be opened, because while it is imported it raises SyntaxError: '(' was never closed in "
        "line 1 (class Net().",
    ),
    "it asks": (
        init("input('how many? ')"),
        "my_model.py cannot be opened, because while Net is made it raises EOFError: EOF when reading a line "
        "in line 11 (input('how many? ')).",
    ),
    "its shapes do not fit": (
        forward("x = self.fc1(x)"),
        "Net in my_model.py refuses to go forward in line 13 (x = self.fc1(x)): RuntimeError: mat1 and mat2 shapes "
        "cannot be multiplied (64x32 and 1024x8).",
    ),
}


UNFIT = {
    "it has no model": ("x = 1\n", "my_model.py is no model: it defines no class that is an nn.Module."),
    "it has no parameters": (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n",
        "Net in my_model.py cannot be trained here: it has no parameters, so that there is nothing to train.",
    ),
    "it gives no tensor": (
        MODEL.replace("return self.fc2(x)", "return self.fc2(x), x"),
        "Net in my_model.py cannot be trained here: its forward gives a tuple and no tensor; return the logits alone.",
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Of all of them, two at a time: each process loads PyTorch first."""
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda file: tried(tmp_path_factory.mktemp("file"), file[0]), FILES.values())
        return dict(zip(FILES, found, strict=True))


@pytest.mark.parametrize("kind", FILES)
def test_a_hostile_file_is_one_sentence(kind: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[kind]
    assert outcome.sentence("my_model.py") == FILES[kind][1]
    assert outcome.how != "fits"


@pytest.mark.parametrize("kind", UNFIT)
def test_what_cannot_be_trained_is_one_sentence(kind: str, tmp_path: Path) -> None:
    text, sentence = UNFIT[kind]
    assert tried_here(tmp_path, text).sentence("my_model.py") == sentence


def test_a_megabyte_of_print_is_kept_short_and_does_no_harm(tmp_path: Path) -> None:
    outcome = tried(tmp_path, init("print('first' + 'x' * 1_000_000 + 'last')"))
    assert outcome.how == "fits"
    assert outcome.printed.startswith("firstxxx")
    assert outcome.printed.endswith("xlast\n")
    assert "\n… 992,010 more letters …\n" in outcome.printed
    assert len(outcome.printed) < MOST_PRINTED + 50


def test_a_trial_that_is_no_longer_wanted_ends_at_once(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    outcome = tried(tmp_path, init("while True: pass"), cancelled=stop)
    assert outcome.sentence("my_model.py") == "my_model.py was not opened: it was cancelled."


def test_what_lies_beside_it_is_found_as_python_finds_it(tmp_path: Path) -> None:
    written(tmp_path, "SIZE = 8\n", "sizes.py")
    (tmp_path / "weights.txt").write_text("0.5")
    text = "from pathlib import Path\nimport sizes\n" + init(
        "self.start = float((Path(__file__).parent / 'weights.txt').read_text())"
    )
    outcome = tried(tmp_path, text)
    assert (outcome.how, outcome.beside) == ("fits", ["sizes"])


def test_an_error_in_a_file_beside_it_names_that_file(tmp_path: Path) -> None:
    written(tmp_path, "x = 1\nraise OSError('no sizes')\n", "sizes.py")
    outcome = tried(tmp_path, f"import sizes\n{MODEL}")
    assert "raises OSError: no sizes in line 2 of sizes.py (raise OSError('no sizes'))." in outcome.sentence(
        "my_model.py"
    )
