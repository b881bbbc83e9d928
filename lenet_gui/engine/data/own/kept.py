"""Own images that were taken: files in the user's folder, each under the SHA-256 of what is in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lenet_gui.engine.data import folders
from lenet_gui.engine.data.images import Arrays
from lenet_gui.engine.data.own.collected import Collected
from lenet_gui.engine.data.source import DataError

PREFIX = "images:"
"""What the settings call own images, with their SHA-256 behind it."""
SPLIT = 1797
"""Decides which images are held out, whatever the seed of the run."""
LISTED = 50


def keep(found: Collected) -> str:
    """Write the images into the user's folder, unless they are there; what the settings call them. Raises OSError."""
    name = found.sha256()
    path = _path(name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        about = {"classes": json.dumps(found.classes), "title": found.title, "form": found.form}
        try:
            part.write_bytes(save({"images": found.images, "labels": found.labels}, about))
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    return f"{PREFIX}{name}"


def listed() -> Iterator[tuple[str, str]]:
    """What the settings call them and a title for each kind that was taken, the newest first."""
    files = sorted((folders.kept() / "images").glob("*.safetensors"), key=lambda path: -path.stat().st_mtime)
    for path in files[:LISTED]:
        try:
            with safe_open(path, "numpy") as file:
                count = file.get_slice("labels").get_shape()[0]
                title = str((file.metadata() or {}).get("title", ""))[:40] or path.stem[:8]
        except (OSError, SafetensorError):
            continue  # whoever opens a session that names it is told
        yield f"{PREFIX}{path.stem}", f"{title} ({count:,})"


def arrays(data: str, test_share: float) -> Arrays:
    """The images of this name, a share of each class held out. Raises DataError."""
    return _split(_read(data.removeprefix(PREFIX)), test_share)


@lru_cache(maxsize=2)
def _read(name: str) -> Collected:
    path = _path(name)
    if len(name) != 64 or {*name} - {*"0123456789abcdef"} or not path.is_file():
        raise DataError(
            f"The images {name[:12]}… are not on this machine: take the same ones again with “Own images…”, or copy "
            f"{path.name[:12]}….safetensors into {path.parent}."
        )
    try:
        with safe_open(path, "numpy") as file:
            about = file.metadata() or {}
            classes = tuple(str(one) for one in json.loads(about["classes"]))
            images, labels = file.get_tensor("images"), file.get_tensor("labels")
        found = Collected(images, labels, classes, about.get("title", ""), about.get("form", ""))
        fits = images.dtype == np.uint8 and images.shape[1:] == (32, 32) and labels.dtype == np.int64
        if not fits or found.sha256() != name:
            raise ValueError("they are no longer as they were written")
    except Exception as error:  # a damaged file raises whatever its damage leads to
        raise DataError(
            f"The images {name[:12]}… are damaged ({error}): remove {path} and take the same ones "
            f"again with “Own images…”."
        ) from error
    return found


def _split(found: Collected, test_share: float) -> Arrays:
    """The same whatever the seed: of each class the share, one image at least, and one at least to train on."""
    chooser = np.random.Generator(np.random.PCG64(SPLIT))
    held = np.zeros(len(found.labels), bool)
    for label in range(len(found.classes)):
        members = np.flatnonzero(found.labels == label)
        count = min(max(1, round(test_share * len(members))), len(members) - 1) if test_share else 0
        held[chooser.permutation(members)[:count]] = True
    pixels, labels = torch.from_numpy(found.images[:, None]), torch.from_numpy(found.labels)
    train, test = torch.from_numpy(~held), torch.from_numpy(held)
    return Arrays((pixels[train], labels[train]), (pixels[test], labels[test]) if held.any() else None, found.classes)


def _path(name: str) -> Path:
    return folders.kept() / "images" / f"{name}.safetensors"
