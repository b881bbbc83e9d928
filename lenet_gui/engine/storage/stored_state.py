"""What a stored checkpoint holds beside the model and its optimizer: generators, batch, target, and plain values.

A file may be damaged or made to do harm, so every shape and range is looked at before anything of it is used.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine.checkpoint import Checkpoint
from lenet_gui.engine.choices import losses
from lenet_gui.engine.data import Cursor, Images
from lenet_gui.engine.generators import GeneratorState
from lenet_gui.engine.storage.stored import given, whole

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SOMETIMES = {"batch/input", "batch/labels", "target"}
WORDS = 624
"""In the state of NumPy's and Python's generator, the Mersenne Twister."""


def generators_on(device: str) -> set[str]:
    """The names of the generators' tensors."""
    own = {"generator/device"} if device.startswith("cuda") or device == "mps" else set()
    return {"generator/torch", "generator/numpy", "generator/python"} | own


def split(checkpoint: Checkpoint) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors by name, and the rest as JSON has it. Settings and steps follow from the place."""
    generators, slots = checkpoint.generators, dict(checkpoint._slots)
    del slots["settings"], slots["steps"]
    cursor = slots.pop("cursor")
    tensors = {
        "generator/torch": generators.torch,
        "generator/numpy": torch.from_numpy(generators.numpy["state"]["key"].astype(np.int64)),
        "generator/python": torch.tensor(generators.python[1]),
        "generator/device": generators.device,
        "target": slots.pop("target"),
    }
    if checkpoint._batch is not None:
        tensors["batch/input"], tensors["batch/labels"] = checkpoint._batch
    numpy = {name: generators.numpy[name] for name in ("has_gauss", "gauss")}
    state = slots | {
        "cursor": {"epoch": cursor.epoch, "offset": cursor.offset},
        "batch_size": checkpoint._batch_size,
        "numpy": numpy | {"pos": generators.numpy["state"]["pos"]},
        "python": {"gauss": generators.python[2]},
    }
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}, state


def join(session: Session, tensors: dict[str, Tensor], state: Any) -> None:
    """Fill what `split` gave into a session. Raises some exception for what no session can have."""
    on_device = {name: tensor.to(session.settings.device) for name, tensor in tensors.items() if name in SOMETIMES}
    cursor = Cursor(whole(state["cursor"], "epoch"), whole(state["cursor"], "offset"))
    if session.source.size is not None and cursor.offset >= session.source.size:
        raise ValueError(f"there is no sample {cursor.offset:,}")
    if state["due"] not in ("", "advance", "reload") or state["graph"] not in ("none", "alive", "freed"):
        raise ValueError("its batch or its graph is of no known kind")
    session.cursor, session.due, session.graph = cursor, state["due"], state["graph"]
    session.input, session.labels = _batch(session, on_device, whole(state, "batch_size"))
    session.target_kind = _target_kind(state["target_kind"])
    session.target = _target(on_device.get("target"), session.target_kind)
    session.forwarded = _forwarded(state["forwarded"])
    session.generators.state = _generators(tensors, state)


def _generators(tensors: dict[str, Tensor], state: Any) -> GeneratorState:
    numpy, key = given(state, "numpy", dict), tensors["generator/numpy"]
    # NumPy itself would take any position, and then read from beside its state.
    position, has_gauss = whole(numpy, "pos", WORDS), whole(numpy, "has_gauss", 1)
    if key.shape != (WORDS,) or key.dtype != torch.int64:
        raise ValueError("the state of NumPy's generator is none")
    gauss = state["python"]["gauss"]
    if not isinstance(gauss, float | None):
        raise ValueError("the state of Python's generator is none")
    found = GeneratorState(
        tensors["generator/torch"].clone(),
        (3, tuple(tensors["generator/python"].tolist()), gauss),
        {
            "bit_generator": "MT19937",
            "state": {"key": key.numpy().astype(np.uint32), "pos": position},
            "has_gauss": has_gauss,
            "gauss": given(numpy, "gauss", float),
        },
        tensors.get("generator/device"),
    )
    # These two look at what they are given.
    torch.Generator().set_state(found.torch)
    random.Random().setstate(found.python)
    return found


def _batch(session: Session, tensors: dict[str, Tensor], size: int) -> tuple[Tensor, Tensor | None]:
    """The stored one, or the images that the cursor stands for."""
    images, labels = tensors.get("batch/input"), tensors.get("batch/labels")
    if images is None and labels is None and isinstance(session.source, Images) and 0 < size <= session.source.size:
        return session.source.batch(session.cursor, size)
    if images is None or isinstance(session.source, Images) != (labels is not None):
        raise ValueError("its batch is missing")
    if (images.shape, images.dtype) != ((size, *session.input.shape[1:]), session.input.dtype):
        raise ValueError(f"its batch is {images.dtype} {list(images.shape)}")
    if labels is not None:
        _check_classes(labels, len(session.source.classes), torch.Size([size]))
    # Written into, so that nobody takes it for the data themselves.
    return torch.empty_like(images).copy_(images), labels


def _target_kind(value: Any) -> tuple[str, torch.Size] | None:
    """The loss and the output's shape that the target fits."""
    if value is None:
        return None
    loss, shape = value
    if (
        loss not in losses.names()
        or not losses.nature(loss).kind
        or not shape
        or not all(type(size) is int and 0 < size < 2**31 for size in shape)
    ):
        raise ValueError("its target is of no known kind")
    return loss, torch.Size(shape)


def _target(target: Tensor | None, kind: tuple[str, torch.Size] | None) -> Tensor | None:
    if target is None:
        return None
    if kind is None:
        raise ValueError("its target is of no known kind")
    loss, shape = kind
    taken = losses.nature(loss).kind
    if taken == "classes":
        _check_classes(target, shape[-1], shape[:-1])
    elif taken == "lists":
        _check_classes(target + 1, shape[-1] + 1, shape)
    elif target.shape != shape or not target.is_floating_point():
        raise ValueError(f"its target is {target.dtype} {list(target.shape)}")
    return target


def _check_classes(labels: Tensor, classes: int, shape: torch.Size) -> None:
    # Out of range, a loss on a GPU would take the whole process with it.
    if (
        labels.shape != shape
        or labels.dtype != torch.int64
        or (labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < classes)
    ):
        raise ValueError(f"its classes are {labels.dtype} {list(labels.shape)}")


def _forwarded(value: Any) -> tuple[int | None, bool] | None:
    if value is None:
        return None
    sample, unsqueezed = value
    if not isinstance(sample, int | None) or type(unsqueezed) is not bool:
        raise ValueError("there is no such sample")
    return sample, unsqueezed
