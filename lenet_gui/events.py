"""Waiting for something in Qt's event loop, for the program's unattended uses. The window itself never waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer, SignalInstance


class TookTooLong(Exception):
    """What was waited for did not come in time."""


def until(signal: SignalInstance, seconds: float, holds: Callable[..., bool] = lambda *_: True) -> Any:
    """The first value of the signal for which `holds` is true. Raises TookTooLong after so many seconds."""
    loop, timer = QEventLoop(), QTimer()
    found: list[Any] = []

    def look(*values: Any) -> None:
        if not found and holds(*values):
            found.append(values[0] if values else None)
            loop.quit()

    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    timer.start(int(1000 * seconds))
    signal.connect(look)
    loop.exec()
    signal.disconnect(look)
    timer.stop()
    if not found:
        raise TookTooLong(f"nothing came within {seconds:g} seconds")
    return found[0]
