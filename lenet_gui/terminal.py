"""A progress bar in a terminal. Where the output goes into a file there is none, and a line every now and then."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

BAR = 24
"""Characters."""
DRAW = 0.1
"""Seconds between two pictures of the bar."""
SAY = 10.0
"""Seconds between two lines where there is no bar."""


class Terminal:
    """Lines, and below them a bar. Nobody has to read them: behind a pipe that has closed it goes on in silence."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._bar = out.isatty()
        self._due = time.monotonic() + (0 if self._bar else SAY)
        self._drawn = False

    def say(self, line: str) -> None:
        """A line that stays."""
        self._write(("\r\x1b[K" if self._drawn else "") + line + "\n")
        self._drawn = False

    def show(self, done: int, total: int, words: str) -> None:
        """How far it is, as often as anybody can read it."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (DRAW if self._bar else SAY)
        share = done / max(total, 1)
        if not self._bar:
            self._write(f"{share:4.0%}  {words}\n")
            return
        full = int(BAR * share)
        line = f"{'█' * full}{'░' * (BAR - full)} {share:4.0%}  {words}"
        # One that is broken into two cannot be taken back.
        self._write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        self._drawn = True

    def end(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except UnicodeEncodeError:
            self._out.write(text.encode("ascii", "replace").decode())
        except (OSError, ValueError):  # whoever read it has gone
            self._bar, self._due = False, float("inf")
