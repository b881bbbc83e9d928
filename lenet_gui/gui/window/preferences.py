"""What the window remembers between two starts, in an INI file. What a run starts from is not kept here."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

FOLDER_VARIABLE = "LENET_GUI_CONFIG"


def folder() -> Path:
    """The user's folder for settings and the log; the environment variable LENET_GUI_CONFIG names another."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)) / "lenet-gui"


class Preferences:
    """Choices by name. Where the file cannot be read or written the program goes on with what it has in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path / "window.ini"
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)

    def problem(self) -> str:
        """Why choices will not be kept, in a sentence that says what to do; empty where all is well."""
        status = self._store.status()
        if status == QSettings.Status.FormatError:
            return f"{self.path} cannot be understood. Delete it, and the choices will be kept again."
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return f"{folder} cannot be made ({error.strerror}). Set {FOLDER_VARIABLE} to a folder that can be written."
        target = self.path if self.path.exists() else folder
        if status == QSettings.Status.AccessError or not os.access(target, os.W_OK) or self.path.is_dir():
            return f"{target} cannot be written. Make it writable, or set {FOLDER_VARIABLE} to a folder that is."
        return ""

    def text(self, name: str, default: str = "") -> str:
        value = self._store.value(name, default)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number that lies in the range, or else the default: the file may have been edited by hand."""
        try:
            value = float(self.text(name, str(default)))
        except ValueError:
            return default
        return value if low <= value <= high else default

    def flag(self, name: str, default: bool) -> bool:
        return {"true": True, "false": False}.get(self.text(name).lower(), default)

    def bytes(self, name: str) -> QByteArray:
        """A window's geometry or its docks' layout as Qt wrote it; empty where there is none."""
        value = self._store.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()

    def set(self, name: str, value: str | float | bool | QByteArray) -> None:
        # A bool is written as a word, because INI files have no other kind of value.
        plain = str(value).lower() if isinstance(value, bool) else value
        self._store.setValue(name, plain if isinstance(plain, QByteArray) else str(plain))

    def forget(self, name: str) -> None:
        self._store.remove(name)

    def save(self) -> None:
        self._store.sync()
