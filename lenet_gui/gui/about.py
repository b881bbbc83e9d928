"""The box that says what runs here, with the versions of everything that takes part."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from lenet_gui import __version__
from lenet_gui.protocol import Ready


def about_box(parent: QWidget, ready: Ready | None) -> QMessageBox:
    """Name and versions; before the worker is ready PyTorch's is not known."""
    versions = ready.versions if ready is not None else ()
    lines = "\n".join(f"{name} {version}" for name, version in versions) or "PyTorch is still being loaded."
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About", f"lenet-gui {__version__}\n\n{lines}", parent=parent)
    box.setObjectName("about")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box
