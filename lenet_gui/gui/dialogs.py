"""What the window opens beside itself when somebody asks for it. It is imported then, and not before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from lenet_gui import __version__
from lenet_gui.gui.shortcuts import ShortcutsDialog
from lenet_gui.protocol import Ready

__all__ = ["ShortcutsDialog", "about_box", "ask_for_picture", "open_folder"]


def about_box(parent: QWidget, ready: Ready | None) -> QMessageBox:
    """Name and versions; before the worker is ready PyTorch's is not known."""
    versions = ready.versions if ready is not None else ()
    lines = "\n".join(f"{name} {version}" for name, version in versions) or "PyTorch is still being loaded."
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About", f"lenet-gui {__version__}\n\n{lines}", parent=parent)
    box.setObjectName("about")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box


def ask_for_picture(parent: QWidget, save: Callable[[str], object]) -> None:
    """Ask where a picture of the window is to go, and `save` it there."""
    dialog = QFileDialog(parent, "Save picture", "lenet.png", "PNG (*.png)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("png")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(save)
    dialog.open()


def open_folder(folder: Path) -> None:
    """Show the folder in the desktop's own file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
