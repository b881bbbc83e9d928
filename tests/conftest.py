"""What holds for every test: no screen unless one is asked for, a settings folder of its own, nothing left running."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    # torch 2.9 and later cannot load c10.dll (WinError 1114) once Qt's libraries are in the process.
    import torch  # noqa: F401

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Both are read when torch is loaded. Spinning OpenMP threads on a busy machine slow a step a hundredfold.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
import shiboken6
from hypothesis import settings
from PySide6.QtCore import QCoreApplication, QEvent, QTimer

settings.register_profile("fast", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(autouse=True)
def own_settings_folder(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the settings, layout, log or data of the person who runs it."""
    monkeypatch.setenv("LENET_GUI_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("LENET_GUI_DATA", str(tmp_path / "data"))
    # Where dialogs about files begin: what lies there must not decide how a test ends.
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(tmp_path_factory.mktemp("home")))


# Where each thread and timer was started: without it, "a timer was left behind" names no culprit.
_started: WeakKeyDictionary[threading.Thread | QTimer, str] = WeakKeyDictionary()


def _remember_start(kind: type[threading.Thread] | type[QTimer]) -> None:
    start: Callable[..., None] = kind.start

    def remembering_start(self: Any, *arguments: Any) -> None:
        _started[self] = "".join(traceback.format_stack(sys._getframe(1), limit=6))
        start(self, *arguments)

    kind.start = remembering_start


_remember_start(threading.Thread)
_remember_start(QTimer)


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fails a test that leaves a thread or an active timer behind, and says where it was started."""
    threads, timers = set(threading.enumerate()), set(_active_timers())
    yield
    if QCoreApplication.instance() is not None:
        # pytest-qt has closed its widgets; deleteLater waits for an event loop that no longer comes.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [thread for thread in threading.enumerate() if thread not in threads and _outlives(thread)]
    left += [timer for timer in _active_timers() if timer not in timers]
    if left:
        starts = "\n".join(f"{culprit!r}, started at\n{_started.get(culprit, '(unknown)')}" for culprit in left)
        pytest.fail(f"left running after the test:\n{starts}", pytrace=False)


def _outlives(thread: threading.Thread) -> bool:
    """Whether the thread goes on; one that is just ending is given two seconds to do so."""
    if isinstance(thread, threading._DummyThread):  # C++ made it and Python cannot join it
        return False
    thread.join(timeout=2)
    return thread.is_alive()


def _active_timers() -> list[QTimer]:
    timers = [timer for timer in list(_started) if isinstance(timer, QTimer)]
    return [timer for timer in timers if shiboken6.isValid(timer) and timer.isActive()]
