"""Reads the tensors of a `.pt` file, the zip that `torch.save` writes, without running anything that is in it.

PyTorch's own restricted reader does it (`weights_only`), once the file shows that it is harmless: nothing in it is
compressed, and its pickle names nothing but tensors. It is mapped and not copied, so that no tensor can be larger than
the file.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

MOST_PICKLE = 2**24
"""Bytes of names and shapes."""
MOST_MEMBERS = 100_000
NESTED = ("state_dict", "model_state_dict", "model", "net", "weights")
"""What people call the weights in a checkpoint that has more in it."""
HARMLESS = {
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch", "Size"),
    ("torch.serialization", "_get_layout"),
}


def read(path: Path) -> dict[str, Tensor]:
    """The tensors by name. Raises ValueError, in one sentence, for what has none, or has code in it."""
    _check(path)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        words = " ".join(str(error).split())[:160]
        raise ValueError(f"{path.name} is no whole file of weights ({words}): choose another one") from error
    for name in ("", *NESTED):
        inner = found.get(name) if name and isinstance(found, Mapping) else found
        if isinstance(inner, Mapping) and any(isinstance(one, Tensor) for one in inner.values()):
            return {str(key): one for key, one in inner.items() if isinstance(one, Tensor)}
    raise ValueError(f"{path.name} holds no weights by name: save a model's state_dict()")


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            pickles = [one for one in members if one.filename.endswith("/data.pkl")]
            if len(members) > MOST_MEMBERS or any(one.compress_type != zipfile.ZIP_STORED for one in members):
                raise ValueError(f"{path.name} is no file that torch.save writes: choose another one")
            if len(pickles) != 1 or pickles[0].file_size > MOST_PICKLE:
                raise ValueError(f"{path.name} is no file of weights: save a model's state_dict()")
            _check_pickle(archive.read(pickles[0]), path.name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"{path.name} is no zip as torch.save writes it since 1.6 ({error}): save the weights again"
        ) from error


def _check_pickle(data: bytes, name: str) -> None:
    """Raises ValueError where it names anything but tensors, or its names cannot be told without running it."""
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL":
                module, _, what = str(argument).partition(" ")
                kind = isinstance(getattr(torch, what, None), torch.dtype) or what.endswith("Storage")
                if (module, what) not in HARMLESS and not (module == "torch" and kind):
                    raise ValueError(
                        f"{name} has code in it ({module}.{what}), which is not run: save the weights alone"
                    )
            elif opcode.name in ("STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"):
                raise ValueError(
                    f"{name} may have code in it ({opcode.name}), which is not run: save the weights alone"
                )
    except (ValueError, IndexError) as error:
        if str(error).startswith(name):
            raise
        raise ValueError(f"{name} is damaged ({error}): choose another one") from error
