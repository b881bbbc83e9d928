"""Asking for a folder, or for a file of images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

TABLES = "Images in a table (*.csv *.npz)"


def ask_for_folder(parent: QWidget, title: str, then: Callable[[str], object]) -> QFileDialog:
    """Do something with the folder that is chosen."""
    return _ask(parent, title, "", QFileDialog.FileMode.Directory, then)


def ask_for_table(parent: QWidget, then: Callable[[str], object]) -> QFileDialog:
    """Do something with the CSV file or the `.npz` that is chosen."""
    return _ask(parent, "Open images", TABLES, QFileDialog.FileMode.ExistingFile, then)


def _ask(
    parent: QWidget, title: str, kinds: str, mode: QFileDialog.FileMode, then: Callable[[str], object]
) -> QFileDialog:
    dialog = QFileDialog(parent, title, str(Path.home()), kinds)
    dialog.setObjectName("file_dialog")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptOpen)
    dialog.setFileMode(mode)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(then)
    dialog.open()
    return dialog
