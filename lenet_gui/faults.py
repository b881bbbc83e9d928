"""No error is lost: every one that nobody caught, in any thread, goes to the log file and to whoever listens."""

from __future__ import annotations

import faulthandler
import io
import sys
import threading
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from lenet_gui.protocol import Notice

LOG_NAME = "lenet-gui.log"
_LARGEST_LOG = 1_000_000


class Faults(QObject):
    """Takes over Python's and Qt's last resorts until `remove`. `happened` may be emitted in any thread."""

    happened = Signal(object)
    """A `Notice` of the kind `failed`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / LOG_NAME
        self.problem = ""
        """Why nothing is logged, in words; empty where all is well."""
        self._lock = threading.Lock()
        self._log = self._open()
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._qt_before = qInstallMessageHandler(self._on_qt)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        try:
            faulthandler.enable(self._log if self._log is not None else sys.__stderr__ or sys.stderr)
        except (AttributeError, io.UnsupportedOperation, RuntimeError):
            # A program without a console has no stderr: then a crash has nowhere to be written.
            faulthandler.disable()

    def remove(self) -> None:
        """Give the hooks back to who had them before, and close the log."""
        faulthandler.disable()
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        qInstallMessageHandler(self._qt_before)
        with self._lock:
            if self._log is not None:
                self._log.close()
                self._log = None

    def write(self, text: str) -> None:
        """A dated entry of the log. A full disk is no reason to fail."""
        with self._lock:
            if self._log is None:
                return
            try:
                self._log.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text.rstrip()}\n")
                self._log.flush()
            except OSError:
                self._log = None

    def record(self, notice: Notice) -> None:
        """Log a failure that came as a notice."""
        if notice.kind == "failed":
            self.write(f"{notice.title}: {notice.words}\n{notice.details}")

    def report(self, title: str, error: BaseException) -> None:
        """Log the error and tell who listens."""
        details = "".join(traceback.format_exception(error))
        notice = Notice("failed", title, f"{type(error).__name__}: {error}", "The program goes on.", details=details)
        self.record(notice)
        try:
            self.happened.emit(notice)
        except RuntimeError:
            # The window is gone already; the log has it.
            print(details, file=sys.__stderr__)

    def _open(self) -> TextIO | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size > _LARGEST_LOG:
                self.path.replace(self.path.with_suffix(".old.log"))
            return self.path.open("a", encoding="utf-8")
        except OSError as error:
            self.problem = f"{self.path} cannot be written ({error.strerror}): errors are shown, but not kept."
            return None

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            self.report("Something failed in the window", error)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            name = arguments.thread.name if arguments.thread is not None else "a thread"
            self.report(f"Something failed in {name}", arguments.exc_value)

    def _on_unraisable(self, unraisable) -> None:
        if unraisable.exc_value is not None:
            self.report(unraisable.err_msg or "Something failed while an object was freed", unraisable.exc_value)

    def _on_qt(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
            return
        self.write(f"Qt {kind.name}: {message} ({context.file}:{context.line})")
        if kind == QtMsgType.QtCriticalMsg:
            self.happened.emit(Notice("failed", "Qt reports an error", message, "The program goes on."))
