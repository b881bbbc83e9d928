"""Weights as files: the state dict of the model written, and read again. Nothing of a file is executed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from lenet_gui.engine.results import pt_file
from lenet_gui.engine.results.loading import file_of
from lenet_gui.engine.storage.session_file import written_whole

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SUFFIXES = (".safetensors", ".pt", ".pth")
MOST_BYTES = 2**34


def state_dict(session: Session) -> dict[str, Tensor]:
    """Parameters and buffers as of the cursor, by their names, as copies on the CPU."""
    here = session.stepper.state()
    found = {name: here.get(name, live) for name, live in session.model.state_dict().items()}
    return {name: one.detach().cpu().clone().contiguous() for name, one in found.items() if isinstance(one, Tensor)}


def save(session: Session, path: Path) -> None:
    """Write them as the suffix says. Raises OSError, and ValueError for a suffix of another kind."""
    _check_suffix(path)
    values = state_dict(session)
    with written_whole(path) as file:
        if path.suffix == ".safetensors":
            file.write(safetensors.torch.save(values, {"format": "pt"}))
        else:
            torch.save(values, file)


def read(path: Path) -> dict[str, Tensor]:
    """The tensors in a file by name. Raises ValueError, in one sentence, for what is no file of weights."""
    _check_suffix(path)
    try:
        if not path.is_file():
            raise ValueError(f"{path} is no file: choose a .safetensors or a .pt file")
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.name} is larger than {MOST_BYTES / 2**30:.0f} GB: choose a smaller one")
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        return pt_file.read(path)
    except SafetensorError as error:
        raise ValueError(f"{path.name} is no whole safetensors file ({error}): choose another one") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}): choose another file") from error


def write_beside(session: Session, values: str, path: Path) -> None:
    """The weights of a command as a `.pt` beside a script. Raises OSError, ValueError."""
    tensors = safetensors.torch.load(session.store.get(values))
    with written_whole(path.with_name(file_of(values))) as file:
        torch.save(tensors, file)


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path.name} is neither .safetensors nor .pt: choose one of these")
