"""Waiting for something in Qt's event loop, for the program's unattended uses. The window itself never waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer, SignalInstance

from lenet_gui.protocol import Notice


class TookTooLong(Exception):
    """What was waited for did not come in time."""


class Failed(Exception):
    """What was waited for will not come, because the program has failed."""


def until(
    signal: SignalInstance,
    seconds: float,
    holds: Callable[..., bool] = lambda *_: True,
    failed: SignalInstance | None = None,
) -> Any:
    """The first value of the signal for which `holds` is true.

    Raises TookTooLong after so many seconds, and Failed with the words of the `Notice` that `failed` gives.
    """
    loop, timer = QEventLoop(), QTimer()
    found: list[Any] = []
    failures: list[Notice] = []

    def fail(notice: Notice) -> None:
        failures.append(notice)
        loop.quit()

    def look(*values: Any) -> None:
        if not found and holds(*values):
            found.append(values[0] if values else None)
            loop.quit()

    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    timer.start(int(1000 * seconds))
    signal.connect(look)
    if failed is not None:
        failed.connect(fail)
    loop.exec()
    signal.disconnect(look)
    if failed is not None:
        failed.disconnect(fail)
    timer.stop()
    if failures:
        raise Failed(f"{failures[0].title}: {failures[0].words}")
    if not found:
        raise TookTooLong(f"nothing came within {seconds:g} seconds")
    return found[0]
