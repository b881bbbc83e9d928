"""A model of one's own: opened after the warning, stepped, changed in an editor, reloaded, the reload undone."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton

from tests.e2e.conftest import Person

MODEL = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden: int = 8):
        super().__init__()
        self.first = nn.Linear(1024, hidden)
        self.last = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.last(torch.relu(self.first(x.flatten(1))))
"""


def model_of(path: Path) -> str:
    """What settings call the model that is in the file now."""
    return f"file:{hashlib.sha256(path.read_bytes()).hexdigest()}:Net"


def test_a_person_trains_their_own_model_changes_it_and_undoes_the_change(person: Person, tmp_path: Path) -> None:
    path = tmp_path / "my_model.py"
    path.write_text(MODEL)
    before = person.frame
    person.window.models.open(str(path))
    person.until(lambda: bool(person.window.findChildren(QDialog, "allow_dialog")))
    (dialog,) = person.window.findChildren(QDialog, "allow_dialog")
    person.until(dialog.isVisible)
    (button,) = dialog.findChildren(QPushButton, "allow_run")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    frame = person.frame_with(before, step=0)
    first = frame.settings.model
    assert first == model_of(path)
    assert [row.name for row in frame.parameters] == ["first.weight", "first.bias", "last.weight", "last.bias"]
    for phase in ("zero_grad", "forward", "loss", "backward", "step"):
        frame = person.press(f"{phase}_button")
    assert (frame.step, frame.loss is not None) == (1, True)
    path.write_text(MODEL.replace("torch.relu", "torch.tanh"))
    person.until(person.window.models.changed.isVisible)
    before = person.frame
    person.click("model_reload")
    frame = person.frame_with(before, reason="after reload")
    person.reads("4 of 4 tensors go on with their numbers")
    assert frame.settings.model == model_of(path)
    before = person.choose("go_menu", "back_phase")
    frame = person.frame_with(before, step=1)
    assert (frame.place.commands, frame.settings.model) == (5, first)
