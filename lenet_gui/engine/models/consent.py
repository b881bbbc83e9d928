"""Which sources a person has allowed to run their code, and the files that they came from: kept between two starts."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from lenet_gui.engine.models import own

FILE = "models.json"
MOST = 500
"""Sources that are remembered, the newest of them."""


class Consents:
    """In a file of the folder `root`; where that is `None`, or cannot be written, for this process only."""

    def __init__(self, root: Path | None) -> None:
        self._file = None if root is None else root / FILE
        for source, path in self._read().items():
            own.allow(source, Path(path) if path else None)

    def remember(self, source: str, path: Path | None) -> None:
        """Allow a source, by its SHA-256, which came from the file at `path`."""
        own.allow(source, path)
        path = own.origin(source)
        known = self._read()
        known.pop(source, None)
        known[source] = "" if path is None else str(path)
        self._write(dict([*known.items()][-MOST:]))

    def knows_file(self, path: Path) -> bool:
        """Whether a source of this file was allowed before."""
        return own.knows(path) or str(path) in self._read().values()

    def _read(self) -> dict[str, str]:
        if self._file is None:
            return {}
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {source: path for source, path in found.items() if isinstance(path, str) and len(source) == 64}

    def _write(self, known: dict[str, str]) -> None:
        if self._file is None:
            return
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(known, indent=1), encoding="utf-8")
            new.replace(self._file)
