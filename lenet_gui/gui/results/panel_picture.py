"""A panel as a picture: PNG at twice the screen's sharpness, or SVG, which stays sharp at any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QInputDialog, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.results.whole_file import write_whole
from lenet_gui.gui.window.dialogs import ask_for_file

SCALE = 2
_KINDS = "PNG (*.png);;SVG (*.svg)"


def ask_for_panel(
    parent: QWidget, panels: Mapping[str, Panel], folder: str, write: Callable[[Panel, str], None]
) -> QInputDialog:
    """Ask for one of the `panels`, by their titles, and then for a file; `write` is given both."""
    dialog = QInputDialog(parent)
    dialog.setObjectName("panel_dialog")
    dialog.setWindowTitle("Picture of a panel")
    dialog.setLabelText("Of which panel? Those that can be seen now:")
    dialog.setComboBoxItems(list(panels))

    def chosen(title: str) -> None:
        name = str(Path(folder) / f"{title.split(':')[0].strip('?').lower().replace(' ', '-')}.png")
        files = ask_for_file(parent, "Save picture", name, _KINDS, lambda path: write(panels[title], path))
        files.filterSelected.connect(lambda kind: files.setDefaultSuffix("svg" if "svg" in kind else "png"))

    dialog.textValueSelected.connect(chosen)
    dialog.open()
    return dialog


def write_picture(panel: QWidget, path: Path) -> None:
    """Write it as the suffix says. Raises OSError."""
    data = _svg(panel) if path.suffix.lower() == ".svg" else _png(panel)
    write_whole(path, lambda file: file.write(data))


def _png(panel: QWidget) -> bytes:
    image = QImage(panel.size() * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(theme.colour("base"))
    panel.render(image, QPoint())
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    if not writer.write(image):
        raise OSError(writer.errorString())
    return bytes(buffer.data().data())


def _svg(panel: QWidget) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setTitle(panel.accessibleName())
    drawing.setSize(panel.size())
    drawing.setViewBox(QRect(QPoint(), panel.size()))
    painter = QPainter(drawing)
    painter.fillRect(panel.rect(), theme.colour("base"))
    panel.render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data())
