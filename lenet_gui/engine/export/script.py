"""What was done, as a plain PyTorch script that ends in the same bits. The lines of its steps come from `retold`."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

import lenet_gui
from lenet_gui.engine.drawing.images import file_of
from lenet_gui.engine.export import data, models
from lenet_gui.engine.export.excerpt import Excerpt, Import, import_lines
from lenet_gui.engine.export.retold import Retold, commands_in
from lenet_gui.engine.journal import Block
from lenet_gui.engine.printing import code_of
from lenet_gui.engine.results import weights
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

HEADER = '''"""{model} on {data}: {steps}, told as plain PyTorch.

Written by lenet-gui {version} with torch {torch}, NumPy {numpy} and Python {python},
on {machine} ({capability}), {threads}. With these the numbers are the same to the bit;
with others they may be rounded otherwise.{beside}

Given a FILE, it saves the parameters there: python SCRIPT FILE
"""'''

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
    *(
        "seed",
        "batch_size",
        "device",
        "file",
        "images",
        "classes",
        "train",
        "digits",
        "samples",
        "augmented",
        "batches",
        "net",
        "criterion",
    ),
    *("optimizer", "scheduler", "closure", "state", "input", "labels", "target", "output", "loss"),
)
"""What the script calls its own; a model's file may call nothing else so."""


def script(session: Session) -> str:
    """The text of the script. It runs without this program, and reads its images from a file beside itself.

    Raises ValueError for a model whose source is not to be had.
    """
    if any(command.name == "reload" for command in commands_in(session.journal.entries)):
        raise ValueError(
            "the model's file was reloaded during this run, and a script has one model: go back to before the reload, "
            "or start a new run with the file as it is now"
        )
    model = models.excerpt_of(session)
    if taken := model.names & {*NAMES}:
        raise ValueError(f"the script itself calls something {min(taken)}; call it something else in the model's file")
    retold = Retold(session)
    told = ["\n".join(lines) for lines in _paragraphs(session, retold)]
    reading, needed = data.lines(session, retold.to_device)
    text = "\n\n".join([_beginning(session, retold, model, reading), *told, _end(session)])
    return "\n\n".join([_header(session), _imports(model, needed, text), f"\n{model.code}\n\n\n{text}"])


def write_script(session: Session, path: Path) -> None:
    """Write the script, and the images beside it where it needs them.

    Raises ValueError as `script` does and where another file has the images' name, OSError for what cannot be written.
    """
    text = script(session)
    data.write_beside(session, path)
    _write_images(session, path)
    _write_weights(session, path)
    path.write_text(text, encoding="utf-8")


def _write_images(session: Session, path: Path) -> None:
    """The images that were put into batches, beside the script; their names are those of what is in them."""
    for command in commands_in(session.journal.entries):
        if command.name == "put":
            image = dict(command.arguments)["image"]
            path.with_name(file_of(image)).write_bytes(session.store.get(image))


def _write_weights(session: Session, path: Path) -> None:
    """The weights that were loaded, beside the script, as plain PyTorch reads them."""
    for command in commands_in(session.journal.entries):
        if command.name == "load_weights":
            weights.write_beside(session, str(dict(command.arguments)["values"]), path)


def _header(session: Session) -> str:
    settings, journal = session.journal.settings, session.journal
    kind = "digits" if settings.data == "digits" else "images"
    return HEADER.format(
        model=type(session.model).__name__,
        data=data.title(session),
        steps=f"{journal.steps:,} step{'' if journal.steps == 1 else 's'}",
        version=lenet_gui.__version__,
        torch=torch.__version__,
        numpy=np.__version__,
        python=platform.python_version(),
        machine=platform.machine(),
        capability=torch.backends.cpu.get_cpu_capability(),
        beside=f" The {kind} are read from {name} beside this file." if (name := data.file_name(session)) else "",
        threads=f"{settings.threads} thread{'' if settings.threads == 1 else 's'}",
    )


def _imports(model: Excerpt, needed: frozenset[Import], text: str) -> str:
    bound = {one.bound for one in model.imports}
    used = [one for one in IMPORTS if re.search(rf"(?<![.\w]){one.bound}[.(]", text) and one.bound not in bound]
    others = [one for one in needed if one.bound not in bound]
    return "\n".join(import_lines({*model.imports, *used, *others}))


def _beginning(session: Session, retold: Retold, model: Excerpt, reading: str) -> str:
    """Up to the first command. What is random begins with the model, and the first batch is drawn next."""
    settings, modules = session.journal.settings, {one.module.partition(".")[0] for one in model.imports}
    constants = [f"seed = {settings.seed}", f"batch_size = {settings.batch_size}"]
    if retold.to_device:
        constants.append(f"device = {settings.device!r}")
    seeds = {"random": "random.seed(seed)", "numpy": "np.random.seed(seed % 2**32)"}
    lines = [
        f"torch.set_num_threads({settings.threads})",
        "torch.manual_seed(seed)",
        *(line for module, line in seeds.items() if module in modules),
        f"net = {model.call}{retold.to_device}",
        *models.hooks(session),
        *(
            code_of(Command.of("set", **{name: getattr(settings, name)}), settings)
            for name in ("mode", "loss", "optimizer")
        ),
    ]
    return "\n".join([*constants, "", f"{reading}{lines[0]}", *lines[1:]])


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
    return _by_epoch([lines for lines in found if lines])


def _by_epoch(paragraphs: list[list[str]]) -> list[list[str]]:
    """Epochs that are told alike, each a loop and a step of the scheduler behind it, as one loop over them."""
    found: list[list[str]] = []
    at = 0
    while at < len(paragraphs):
        both, epochs = paragraphs[at : at + 2], 1
        while paragraphs[at + 2 * epochs : at + 2 * epochs + 2] == both:
            epochs += 1
        if epochs > 1 and both[1][0].startswith("scheduler.step(") and len(both[1]) == 1:
            found.append([f"for epoch in range({epochs}):", *(f"    {line}" for line in [*both[0], *both[1]])])
            at += 2 * epochs
        else:
            found.append(paragraphs[at])
            at += 1
    return found


def _end(session: Session) -> str:
    loss = any(command.name == "loss" for command in commands_in(session.journal.entries))
    steps = session.journal.steps
    return END.format(words=f'"{steps:,} steps, loss", loss.item()' if loss else f'"{steps:,} steps"')
