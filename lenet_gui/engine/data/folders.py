"""Where data lies on this machine: in a folder of the user's, and where somebody said that there are files already."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

VARIABLE = "LENET_GUI_DATA"
"""An environment variable: a folder that takes the place of the user's own ones."""
CHOSEN = "chosen.json"
"""Which folders were chosen, by the name of the data."""


def cache() -> Path:
    """What can be got again: what was downloaded. It need not exist yet."""
    return _folder("XDG_CACHE_HOME", ".cache", "Caches")


def kept() -> Path:
    """What cannot be got again: own images. It need not exist yet."""
    return _folder("XDG_DATA_HOME", ".local/share", "Application Support")


def chosen(name: str) -> Path | None:
    """The folder that was chosen for this data."""
    found = _chosen().get(name)
    return Path(found) if isinstance(found, str) else None


def choose(name: str, folder: Path) -> None:
    """From now on this data is in this folder. Raises OSError where that cannot be written down."""
    kept().mkdir(parents=True, exist_ok=True)
    text = json.dumps(_chosen() | {name: str(folder)})
    part = kept() / f"{CHOSEN}.part"
    part.write_text(text, encoding="utf-8")
    os.replace(part, kept() / CHOSEN)


def _chosen() -> dict[str, object]:
    try:
        found = json.loads((kept() / CHOSEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never written, or edited by hand
        return {}
    return found if isinstance(found, dict) else {}


def _folder(variable: str, plain: str, on_a_mac: str) -> Path:
    """By the XDG Base Directory Specification, and by the customs of macOS and Windows."""
    if own := os.environ.get(VARIABLE):
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "lenet-gui"
    if sys.platform == "darwin":
        return Path.home() / "Library" / on_a_mac / "lenet-gui"
    given = os.environ.get(variable, "")
    return (Path(given) if os.path.isabs(given) else Path.home() / plain) / "lenet-gui"
