"""What was done, as a plain PyTorch script that ends in the same bits. The lines of its steps come from `retold`."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

import lenet_gui
from lenet_gui import resources
from lenet_gui.engine.data import TEST_DIGITS
from lenet_gui.engine.export.excerpt import Excerpt, Import, excerpt, import_lines
from lenet_gui.engine.export.retold import Retold, commands_in
from lenet_gui.engine.journal import Block
from lenet_gui.engine.printing import code_of
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

DATA = "digits.npz"

HEADER = '''"""{model} on {data}: {steps}, told as plain PyTorch.

Written by lenet-gui {version} with torch {torch}, NumPy {numpy} and Python {python},
on {machine} ({capability}), {threads}. With these the numbers are the same to the bit;
with others they may be rounded otherwise.{beside}

Given a FILE, it saves the parameters there: python SCRIPT FILE
"""'''

IMAGES = f"""\
# 1,797 written digits, from 8×8 to 32×32, from 0 to 1. {TEST_DIGITS} of them, always the same, are kept for testing.
with np.load(Path(__file__).with_name("{DATA}")) as file:
    images = torch.from_numpy(file["images"].astype(np.float32) / 16)[:, None]
    classes = torch.from_numpy(file["labels"].astype(np.int64))
images = F.interpolate(images, size=(32, 32), mode="bilinear", align_corners=False)
train = torch.from_numpy(np.random.Generator(np.random.PCG64(1797)).permutation(len(classes)))[{TEST_DIGITS}:]
images, classes = images[train], classes[train]


"""

BATCHES = '''\
def digits(batch_size, epoch=0, start=0):
    """Batches without an end: images and their classes. The last batch of an epoch is a smaller one."""
    while True:
        # The order of an epoch depends on nothing but the seed and the epoch.
        mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(mixed >> 1))
        for chosen in order[start:].split(batch_size):
            yield images[chosen], classes[chosen]
        epoch, start = epoch + 1, 0


'''

END = """\
print({words})
if len(sys.argv) > 1:
    torch.save(net.state_dict(), sys.argv[1])
"""

IMPORTS = (
    Import("sys"),
    Import("random"),
    Import("itertools", "islice"),
    Import("pathlib", "Path"),
    Import("numpy", alias="np"),
    Import("torch"),
    Import("torch", "nn"),
    Import("torch.nn.functional", alias="F"),
)
NAMES = (
    *(one.bound for one in IMPORTS),
    *("seed", "batch_size", "device", "file", "images", "classes", "train", "digits", "batches", "net", "criterion"),
    *("optimizer", "state", "input", "labels", "target", "output", "loss"),
)
"""What the script calls its own; a model's file may call nothing else so."""


def script(session: Session) -> str:
    """The text of the script. It runs without this program, and with digits it reads `digits.npz` beside itself.

    Raises ValueError for a model whose source is not to be had.
    """
    model = excerpt(session.make_model)
    if taken := model.names & {*NAMES}:
        raise ValueError(f"the script itself calls something {min(taken)}; call it something else in the model's file")
    retold = Retold(session)
    told = ["\n".join(lines) for lines in _paragraphs(session, retold)]
    text = "\n\n".join([_beginning(session, retold, model), *told, _end(session)])
    return "\n\n".join([_header(session), _imports(model, text), f"\n{model.code}\n\n\n{text}"])


def write_script(session: Session, path: Path) -> None:
    """Write the script, and the digits beside it where it needs them.

    Raises ValueError as `script` does and where another file has the digits' name, OSError for what cannot be written.
    """
    text = script(session)
    if session.settings.data == "digits":
        digits, beside = resources.path(DATA).read_bytes(), path.with_name(DATA)
        if beside.exists() and beside.read_bytes() != digits:
            raise ValueError(f"{beside} is there and is another file; choose another folder for the script")
        beside.write_bytes(digits)
    path.write_text(text, encoding="utf-8")


def _header(session: Session) -> str:
    settings, journal = session.journal.settings, session.journal
    return HEADER.format(
        model=type(session.model).__name__,
        data="digits" if settings.data == "digits" else "random numbers",
        steps=f"{journal.steps:,} step{'' if journal.steps == 1 else 's'}",
        version=lenet_gui.__version__,
        torch=torch.__version__,
        numpy=np.__version__,
        python=platform.python_version(),
        machine=platform.machine(),
        capability=torch.backends.cpu.get_cpu_capability(),
        beside=f" The digits are read from {DATA} beside this file." if settings.data == "digits" else "",
        threads=f"{settings.threads} thread{'' if settings.threads == 1 else 's'}",
    )


def _imports(model: Excerpt, text: str) -> str:
    bound = {one.bound for one in model.imports}
    used = [one for one in IMPORTS if re.search(rf"(?<![.\w]){one.bound}[.(]", text) and one.bound not in bound]
    return "\n".join(import_lines({*model.imports, *used}))


def _beginning(session: Session, retold: Retold, model: Excerpt) -> str:
    """Up to the first command. What is random begins with the model, and the first batch is drawn next."""
    settings, modules = session.journal.settings, {one.module.partition(".")[0] for one in model.imports}
    constants = [f"seed = {settings.seed}", f"batch_size = {settings.batch_size}"]
    if retold.to_device:
        constants.append(f"device = {settings.device!r}")
    data = f"{IMAGES}{BATCHES}".replace("[chosen]", f"[chosen]{retold.to_device}") if settings.data == "digits" else ""
    seeds = {"random": "random.seed(seed)", "numpy": "np.random.seed(seed % 2**32)"}
    lines = [
        f"torch.set_num_threads({settings.threads})",
        "torch.manual_seed(seed)",
        *(line for module, line in seeds.items() if module in modules),
        f"net = {model.call}{retold.to_device}",
        *(
            code_of(Command.of("set", **{name: getattr(settings, name)}), settings)
            for name in ("mode", "loss", "optimizer")
        ),
    ]
    return "\n".join([*constants, "", f"{data}{lines[0]}", *lines[1:]])


def _paragraphs(session: Session, retold: Retold) -> list[list[str]]:
    """The lines of what was done, each loop by itself."""
    found: list[list[str]] = [[]]
    for entry in session.journal.entries:
        lines = retold.entry(entry)
        if isinstance(entry, Block):
            found += [lines, []]
        else:
            found[-1] += lines
    found[-1] += retold.rest()
    return [lines for lines in found if lines]


def _end(session: Session) -> str:
    loss = any(command.name == "loss" for command in commands_in(session.journal.entries))
    steps = session.journal.steps
    return END.format(words=f'"{steps:,} steps, loss", loss.item()' if loss else f'"{steps:,} steps"')
