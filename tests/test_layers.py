"""The layers hold: the window without torch, the engine without Qt, and what crosses between them without either."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import lenet_gui

PACKAGE = Path(lenet_gui.__file__).parent

# Imports the modules named on the command line and prints which of the packages before `--` came along.
IMPORT = """
import importlib, sys
names = sys.argv[1:]
unwanted, modules = names[: names.index("--")], names[names.index("--") + 1 :]
for module in modules:
    importlib.import_module(module)
print([name for name in unwanted if name in sys.modules])
"""

WITHOUT_QT = """
import sys
class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph"):
            raise ImportError(f"{name} is not installed")
sys.meta_path.insert(0, NoQt())
"""


def modules(layer: str) -> list[str]:
    """Every module of a layer by its dotted name."""
    found = pkgutil.walk_packages([str(PACKAGE / layer)], prefix=f"lenet_gui.{layer}.")
    return [f"lenet_gui.{layer}", *(module.name for module in found)]


def imported_along(program: str, unwanted: list[str], wanted: list[str]) -> str:
    command = [sys.executable, "-c", program, *unwanted, "--", *wanted]
    answer = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_the_window_comes_without_torch() -> None:
    assert len(modules("gui")) > 1
    assert imported_along(IMPORT, ["torch", "lenet_gui.engine"], modules("gui")) == "[]"


def test_the_engine_works_where_qt_cannot_be_imported() -> None:
    assert len(modules("engine")) > 1
    assert imported_along(WITHOUT_QT + IMPORT, ["PySide6", "lenet_gui.gui"], modules("engine")) == "[]"


@pytest.mark.parametrize("module", ["protocol", "settings", "channel", "window_process", "resources"])
def test_what_crosses_the_thread_is_plain(module: str) -> None:
    assert imported_along(IMPORT, ["torch", "numpy", "PySide6", "pyqtgraph"], modules(module)) == "[]"


def test_the_first_paint_does_not_wait_for_what_panels_ask() -> None:
    later = [
        f"lenet_gui.protocol.{name}"
        for name in ("trace", "stops", "tensors", "why", "moved", "diagnoses", "measures", "drawing")
    ]
    assert set(later) < set(modules("protocol"))
    assert imported_along(IMPORT, later, ["lenet_gui.app"]) == "[]"


def test_the_contracts_between_the_layers_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    answer = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 broken" in answer.stdout
