"""Opens files with models as a person does, on a real runner and with real trials. No tests here."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from lenet_gui.protocol import Frame, Notice
from lenet_gui.protocol.models import ModelQuestion, OpenModel
from tests.engine.hosting import Host

MODEL = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden: int = 8):
        super().__init__()
        self.fc1 = nn.Linear(1024, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x):
        x = torch.relu(self.norm(self.fc1(x.flatten(1))))
        return self.fc2(x)
"""


def written(folder: Path, text: str = MODEL, name: str = "my_model.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def allowed(path: Path, name: str = "") -> OpenModel:
    """What the window sends once the warning was answered."""
    return OpenModel(str(path), name, hash_of(path))


def begin(host: Host, message: OpenModel) -> Frame:
    """Open it, and wait for the new run."""
    run = host.of(Frame)[-1].run
    return host.ask(message, Frame, lambda frame: frame.run > run)


def reloaded(host: Host, path: Path, name: str = "Net") -> Notice:
    """Reload it, and wait for what is said of its weights, or why not."""
    return host.ask(replace(allowed(path, name), reload=True), Notice)


def question(host: Host, message: OpenModel) -> ModelQuestion:
    return host.ask(message, ModelQuestion)
