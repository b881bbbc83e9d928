"""A checkpoint as the bytes of a safetensors file, and back. Which one is stored, and where, is not told here.

The tensors have names that other programs can read, such as `parameter/conv1.weight`. What is no tensor is JSON in the
file's metadata; `stored_state` knows it, and the batch and the generators.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import torch
from safetensors import torch as safetensors
from torch import Tensor

from lenet_gui.engine.checkpoint import Checkpoint, Key
from lenet_gui.engine.commands import check
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.storage import stored_state
from lenet_gui.engine.storage.stored import SessionFileError, given, parse, whole
from lenet_gui.protocol import Command
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

OPTIMIZER_STATE = {
    "SGD": ((), ("momentum_buffer",)),
    "Adam": (("step", "exp_avg", "exp_avg_sq"), ("max_exp_avg_sq",)),
    "RMSprop": (("step", "square_avg"), ("momentum_buffer", "grad_avg")),
}
"""What each keeps for a parameter once it has stepped: what is always there, and what some options add."""

Layout = dict[str, tuple[Key, Tensor]]
"""By its name in the file every tensor of model and optimizer that there can be, with one that is like it."""


def newest(session: Session) -> tuple[Checkpoint, int]:
    """The newest checkpoint that one can come to this place from, and the position of the branch that it lies on."""
    session.history.make_sure(session)
    checkpoint = session.history.start_for(session.branch, len(session.journal))
    return checkpoint, session.branches.index(session.branch.owner(checkpoint.usable_from))


def to_bytes(checkpoint: Checkpoint, owner: int, session: Session) -> bytes:
    """`owner` is the position of the branch that the checkpoint lies on."""
    settings: Settings = checkpoint._slots["settings"]
    names = {key: name for name, (key, _) in _layout(session, settings).items()}
    parameters = [name for name, _ in session.model.named_parameters()]
    tensors = {names[key]: tensor for key, tensor in zip(checkpoint._keys, checkpoint.tensors, strict=True)}
    more, state = stored_state.split(checkpoint)
    tensors |= more
    state |= {
        "branch": owner,
        "place": checkpoint.place,
        "usable_from": checkpoint.usable_from,
        "seconds": checkpoint.seconds,
        "plain": {parameters[index]: values for index, values in checkpoint._plain.items()},
        "tensors": sorted(tensors),
    }
    # Copies: labels and target may be one tensor.
    copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    return safetensors.save(copies, {"state": json.dumps(state, allow_nan=False)})


def most_bytes(session: Session, batch_size: int) -> int:
    """More than any checkpoint of this model, with batches of at most this size, can take."""
    tensors = 6 * sum(one.nbytes for one in session.parameters) + sum(one.nbytes for one in session.model.buffers())
    return tensors + 3 * session.input[0].nbytes * batch_size + 2**20 + 2**10 * len(session.parameters)


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
    _equip(session, _settings_at(owner.journal, place))
    _fill(session, tensors, given(state, "plain", dict))
    stored_state.join(session, tensors, state)
    session.seconds, session.steps = seconds, owner.journal.steps_at(place)
    checkpoint = Checkpoint(session, place)
    session.history.bytes += checkpoint.bytes
    session.history._keep(checkpoint, owner, usable_from)
    return checkpoint


# --------------------------------------------------------------------------------------------------- inside


def _layout(session: Session, settings: Settings) -> Layout:
    # Buffers as a checkpoint counts them: one that two modules share is there twice.
    buffers = [
        (f"{path}.{name}" if path else name, buffer)
        for path, module in session.model.named_modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    found: Layout = {f"buffer/{name}": ((-1 - index, ""), buffer) for index, (name, buffer) in enumerate(buffers)}
    always, sometimes = OPTIMIZER_STATE[settings.optimizer]
    for index, (name, parameter) in enumerate(session.model.named_parameters()):
        found[f"parameter/{name}"] = (index, ""), parameter
        found[f"gradient/{name}"] = (index, "grad"), parameter
        for kept in (*always, *sometimes):
            # Step counters have no shape and stay on the CPU, where PyTorch keeps them.
            found[f"optimizer/{name}/{kept}"] = (index, kept), torch.zeros(()) if kept == "step" else parameter
    return found


def _settings_at(journal: Journal, place: int) -> Settings:
    """The settings that hold at a place: those of the start, with all that was set since."""
    settings = journal.settings
    for entry in journal.until(place).entries:
        if isinstance(entry, Command) and entry.name == "set":
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


def _fill(session: Session, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
    """Raises ValueError where anything of model, gradients or optimizer is missing, too much, or does not fit."""
    settings = session.settings
    layout = _layout(session, settings)
    always = {name for name in layout if name.startswith(("parameter/", "buffer/"))}
    always |= stored_state.generators_on(settings.device)
    needless = tensors.keys() - layout.keys() - always - stored_state.SOMETIMES
    if wrong := (always - tensors.keys()) | needless:
        raise ValueError(f"the tensor {min(wrong)[:80]!r} is missing or too much")
    _check_optimizer(session, tensors, plain)
    with torch.no_grad():
        # In the order in which the optimizers themselves make what they keep.
        for name, ((index, part), like) in layout.items():
            tensor = tensors.get(name)
            if tensor is None:
                continue
            if (tensor.shape, tensor.dtype) != (like.shape, like.dtype):
                raise ValueError(f"the tensor {name!r} is {tensor.dtype} {list(tensor.shape)}")
            if not part:
                like.copy_(tensor)
            elif part == "grad":
                like.grad = torch.empty_like(like).copy_(tensor)
            else:
                session.optimizer.state[session.parameters[index]][part] = torch.empty_like(like).copy_(tensor)
    for name, parameter in session.model.named_parameters():
        if name in plain:
            session.optimizer.state[parameter].update(plain[name])


def _check_optimizer(session: Session, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
    """Raises ValueError where the optimizer would miss something at its next step, or not know it."""
    always, sometimes = OPTIMIZER_STATE[session.settings.optimizer]
    for name, _ in session.model.named_parameters():
        kept = {one for one in (*always, *sometimes) if f"optimizer/{name}/{one}" in tensors}
        values = plain.get(name, {})
        if any(value is not None or one not in sometimes for one, value in values.items()):
            raise ValueError(f"what the optimizer keeps for {name!r} is unknown")
        if (kept or values) and not kept >= {*always}:
            raise ValueError(f"what the optimizer keeps for {name!r} is not whole")
