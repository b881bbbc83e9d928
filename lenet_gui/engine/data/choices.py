"""Which data there are to choose from on this machine."""

from __future__ import annotations

from lenet_gui.engine.data import files
from lenet_gui.engine.data.own import kept
from lenet_gui.protocol import Choice


def choices() -> tuple[Choice, ...]:
    """The data that there is, and what there would be with its files."""
    found = [Choice("digits", "Digits"), Choice("random", "Random tensors")]
    for name, dataset in files.DATASETS.items():
        here = files.find(name) is not None
        found.append(Choice(name, dataset.label, "" if here else "not on this machine yet"))
    return (*found, *(Choice(name, title) for name, title in kept.listed()))
