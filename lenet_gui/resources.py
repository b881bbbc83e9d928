"""Finds the files in `resources/`. What is in them, and how it is read, is the business of who asks."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
# A wheel and a frozen program carry the folder inside the package; a checkout has it beside the package.
_FOLDERS = (_PACKAGE / "resources", _PACKAGE.parent / "resources")


def path(*parts: str) -> Path:
    """The file or folder of that name, for example `path("icons", "run.svg")`; without a name, the whole folder.

    Raises FileNotFoundError, in a sentence that says what to do, when it is not there.
    """
    folder = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])
    found = folder.joinpath(*parts)
    if not found.exists():
        name = "/".join(("resources", *parts))
        raise FileNotFoundError(
            f"{name} is missing: it should be at {found}. This copy of lenet-gui is incomplete; install it again."
        )
    return found
