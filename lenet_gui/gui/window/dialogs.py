"""What the window opens beside itself when somebody asks for it. It is imported then, and not before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from lenet_gui import __version__
from lenet_gui.gui.window.shortcuts import ShortcutsDialog
from lenet_gui.protocol import Ready

__all__ = ["ShortcutsDialog", "about_box", "ask_for_file", "open_folder"]


def about_box(parent: QWidget, ready: Ready | None) -> QMessageBox:
    """Name and versions; before the worker is ready PyTorch's is not known."""
    versions = ready.versions if ready is not None else ()
    lines = "\n".join(f"{name} {version}" for name, version in versions) or "PyTorch is still being loaded."
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About", f"lenet-gui {__version__}\n\n{lines}", parent=parent)
    box.setObjectName("about")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box


def ask_for_file(
    parent: QWidget, title: str, name: str, kinds: str, then: Callable[[str], object], new: bool = True
) -> QFileDialog:
    """Ask for a `new` file, or for one that is there, of these `kinds`, and do something with its path.

    `name` is a suggestion, with or without a folder; a new file without a suffix takes its suffix.
    """
    dialog = QFileDialog(parent, title, name, kinds)
    dialog.setObjectName("file_dialog")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave if new else QFileDialog.AcceptMode.AcceptOpen)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile if new else QFileDialog.FileMode.ExistingFile)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    dialog.open()
    return dialog


def open_folder(folder: Path) -> None:
    """Show the folder in the desktop's own file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
