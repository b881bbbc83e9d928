"""A model's source, taken out of its file with what it needs there."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from lenet_gui.engine import Session, Settings
from lenet_gui.engine.export.excerpt import excerpt, import_lines
from lenet_gui.engine.net import Net


def net() -> Net:
    return Net()


def test_a_model_brings_along_what_it_uses_of_its_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "animals.py").write_text(
        """from __future__ import annotations
import os, math as m
import torch.nn.functional as F
from torch import *
from .food import fish, hay as straw
try:
    from nowhere import LEGS
except ImportError:
    LEGS = 4

def unused(): return os.name, fish

@staticmethod
def cost(x: straw): return m.sqrt(x * LEGS)

class Cow:
    price = cost
"""
    )
    (tmp_path / "zoo" / "food.py").write_text("fish = hay = None")
    monkeypatch.syspath_prepend(tmp_path)
    found = excerpt(importlib.import_module("zoo.animals").Cow)
    assert import_lines(found.imports) == [
        "from __future__ import annotations",
        "",
        "import math as m",
        "",
        "from torch import *",
        "from zoo.food import hay as straw",
    ]
    assert found.code.split("\n\n\n") == [
        "try:\n    from nowhere import LEGS\nexcept ImportError:\n    LEGS = 4",
        "@staticmethod\ndef cost(x: straw): return m.sqrt(x * LEGS)",
        "class Cow:\n    price = cost",
    ]
    assert found.names == {"LEGS", "cost", "Cow"}


def test_a_model_without_a_file_is_refused_in_a_sentence() -> None:
    for make_model in (lambda: Net(), type("Net", (Net,), {})):
        with pytest.raises(ValueError, match=r"the source of the model, .*, is not to be had"):
            Session(Settings(data="random"), make_model).script()


def test_a_model_whose_names_the_script_needs_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="the script itself calls something net"):
        Session(Settings(data="random"), net).script()
