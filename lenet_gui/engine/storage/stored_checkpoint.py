"""A checkpoint as the bytes of a safetensors file, and back. Which one is stored, and where, is not told here.

The tensors have names that other programs can read, such as `parameter/conv1.weight`. What is no tensor is JSON in the
file's metadata; `stored_state` knows it, and the batch and the generators.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import torch
from safetensors import torch as safetensors
from torch import Tensor

from lenet_gui.engine import models
from lenet_gui.engine.checkpoint import Checkpoint, Key
from lenet_gui.engine.choices import optimizers
from lenet_gui.engine.commands import check
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.storage import stored_optimizer, stored_state
from lenet_gui.engine.storage.stored import SessionFileError, given, parse, whole
from lenet_gui.protocol import Command
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Layout = dict[str, tuple[Key, Tensor]]
"""By its name in the file every tensor of the model that there can be, with one that is like it."""
OPTIMIZER = "optimizer/"
"""Before the name of what the optimizer keeps: a parameter, and what PyTorch calls it."""
TENSORS = 6
"""Most tensors of its shape that a parameter has with all that is kept for it;"""
MEMORY = 3
"""of an optimizer with a memory, how many more for each of the steps that it remembers."""


def newest(session: Session) -> tuple[Checkpoint, int]:
    """The newest checkpoint that one can come to this place from, and the position of the branch that it lies on."""
    session.history.make_sure(session)
    checkpoint = session.history.start_for(session.branch, len(session.journal))
    if {session.made_of, checkpoint.layout[2]} != {models.named(session.journal.settings)}:
        checkpoint = session.history.start  # a session is opened with the model that it starts from
    return checkpoint, session.branches.index(session.branch.owner(checkpoint.usable_from))


def to_bytes(checkpoint: Checkpoint, owner: int, session: Session) -> bytes:
    """`owner` is the position of the branch that the checkpoint lies on."""
    names = {key: name for name, (key, _) in _layout(session).items()}
    parameters = [name for name, _ in session.model.named_parameters()]
    of_optimizer = {key: f"{OPTIMIZER}{parameters[key[0]]}/{key[1]}" for key in checkpoint._keys if key not in names}
    names |= of_optimizer
    tensors = {names[key]: tensor for key, tensor in zip(checkpoint._keys, checkpoint.tensors, strict=True)}
    more, state = stored_state.split(checkpoint)
    tensors |= more
    state |= {
        "branch": owner,
        "place": checkpoint.place,
        "usable_from": checkpoint.usable_from,
        "seconds": checkpoint.seconds,
        "tensors": sorted(tensors),
    }
    state |= stored_optimizer.split(checkpoint, parameters)
    # Copies: labels and target may be one tensor.
    copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    return safetensors.save(copies, {"state": json.dumps(state, allow_nan=False)})


def most_bytes(session: Session, batch_size: int) -> int:
    """More than any checkpoint of this model, with batches of at most this size, can take."""
    sizes = [option for branch in session.branches for option in _memories(branch.journal)]
    each = TENSORS + MEMORY * max(sizes, default=0)
    tensors = each * sum(one.nbytes for one in session.parameters) + sum(one.nbytes for one in session.model.buffers())
    return tensors + 3 * session.input[0].nbytes * batch_size + 2**20 + 2**10 * each * len(session.parameters)


def keep(data: bytes, session: Session) -> Checkpoint:
    """Let a fresh session start from a stored checkpoint.

    Raises some exception for bytes that are none of this session; it is then at no place, but can be taken to any.
    """
    tensors = safetensors.load(data)
    header = parse(data[8 : 8 + int.from_bytes(data[:8], "little")])
    state = parse(header["__metadata__"]["state"])
    owner, place = session.branches[whole(state, "branch")], whole(state, "place")
    usable_from, seconds = whole(state, "usable_from", len(owner.journal)), given(state, "seconds", float)
    if not 0 < place <= usable_from or not 0 <= seconds < math.inf:
        raise ValueError(f"its checkpoint cannot be at {place:,}, behind {seconds} s")
    if sorted(tensors) != state["tensors"]:
        raise ValueError("tensors of its checkpoint are missing")
    _equip(session, settings_at(owner.journal, place))
    given(state, "plain", dict)
    _fill(session, tensors)
    own = {name.removeprefix(OPTIMIZER): tensor for name, tensor in tensors.items() if name.startswith(OPTIMIZER)}
    stored_optimizer.join(session, own, state)
    stored_state.join(session, tensors, state)
    session.seconds, session.steps = seconds, owner.journal.steps_at(place)
    checkpoint = Checkpoint(session, place)
    session.history.bytes += checkpoint.bytes
    session.history._keep(checkpoint, owner, usable_from)
    return checkpoint


# --------------------------------------------------------------------------------------------------- inside


def _layout(session: Session) -> Layout:
    # Buffers as a checkpoint counts them: one that two modules share is there twice.
    buffers = [
        (f"{path}.{name}" if path else name, buffer)
        for path, module in session.model.named_modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    found: Layout = {f"buffer/{name}": ((-1 - index, ""), buffer) for index, (name, buffer) in enumerate(buffers)}
    for index, (name, parameter) in enumerate(session.model.named_parameters()):
        found[f"parameter/{name}"] = (index, ""), parameter
        found[f"gradient/{name}"] = (index, "grad"), parameter
    return found


def settings_at(journal: Journal, place: int) -> Settings:
    """The settings that hold at a place: those of the start, with all that was set since."""
    settings = journal.settings
    for entry in journal.until(place).entries:
        if isinstance(entry, Command) and entry.name in ("set", "reload"):
            settings = settings.change(**dict(entry.arguments))
    return settings


def _equip(session: Session, settings: Settings) -> None:
    """Model and optimizer as these settings have them, on their device, for `_fill` to fill."""
    try:
        check(settings, session.source.size)
    except ValueError as error:
        raise SessionFileError(f"cannot be opened here ({error}): open it where it was made") from error
    if settings.device != session.settings.device:
        session.generators.move(settings.device, settings.seed)
    session.settings = settings
    session.equip()


def _memories(journal: Journal) -> list[int]:
    """How many steps optimizers remember that were chosen anywhere on the way."""
    chosen = [journal.settings]
    for entry in journal.entries:
        if isinstance(entry, Command) and entry.name == "set":
            chosen.append(chosen[-1].change(**dict(entry.arguments)))
    usual = {
        name: next((one.default for one in optimizers.known(name) if one.name == "history_size"), 0)
        for name in {one.optimizer for one in chosen}
    }
    found = [one.of("optimizer").get("history_size", usual[one.optimizer]) for one in chosen]
    return [size for size in found if isinstance(size, int)]


def _fill(session: Session, tensors: dict[str, Tensor]) -> None:
    """Raises ValueError where anything of model or gradients is missing, too much, or does not fit."""
    layout = _layout(session)
    always = {name for name in layout if name.startswith(("parameter/", "buffer/"))}
    always |= stored_state.generators_on(session.settings.device)
    there = {name for name in tensors if not name.startswith(OPTIMIZER)}
    needless = there - layout.keys() - always - stored_state.SOMETIMES
    if wrong := (always - there) | needless:
        raise ValueError(f"the tensor {min(wrong)[:80]!r} is missing or too much")
    with torch.no_grad():
        for name, ((_, part), like) in layout.items():
            tensor = tensors.get(name)
            if tensor is None:
                continue
            if (tensor.shape, tensor.dtype) != (like.shape, like.dtype):
                raise ValueError(f"the tensor {name!r} is {tensor.dtype} {list(tensor.shape)}")
            if part == "grad":
                like.grad = torch.empty_like(like).copy_(tensor)
            else:
                like.copy_(tensor)
