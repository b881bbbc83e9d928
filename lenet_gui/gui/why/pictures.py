"""A convolution at one place: the patch of its input, the kernel, and their product, which sums to the number."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import DIVERGING, SEQUENTIAL
from lenet_gui.gui.numbers.mosaic import Mosaic
from lenet_gui.gui.why.page import number
from lenet_gui.protocol.why import PatchPicture

_PARTS = (("patch", "patch", ""), ("kernel", "kernel", "×"), ("product", "product", "="))


class PatchPictures(QWidget):
    """Three pictures, a tile a channel. The cell under the mouse is marked in all three, and its product told."""

    pointed = Signal(bool)
    """Whether the mouse is over one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("why_pictures")
        self.setAccessibleName("Patch, kernel and product")
        self.views = {name: Mosaic(gap=2) for name, _, _ in _PARTS}
        self.words = QLabel(" ")
        self.words.setObjectName("why_pictured")
        self.words.setFont(theme.mono())
        self._shown: PatchPicture | None = None
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.UNIT)
        for column, (name, title, sign) in enumerate(_PARTS):
            view = self.views[name]
            view.setObjectName(f"why_{name}")
            view.setAccessibleName(title)
            heading = QLabel(f"{sign} {title}".strip())
            heading.setObjectName(f"why_{name}_title")
            layout.addWidget(heading, 0, column)
            layout.addWidget(view, 1, column)
            view.pointed.connect(self._point)
        layout.addWidget(self.words, 2, 0, 1, 3)
        layout.setRowStretch(1, 1)

    def show_picture(self, picture: PatchPicture) -> None:
        self._shown = picture
        for name, view in self.views.items():
            tiles = getattr(picture, name).astype(np.float32)
            tiles = tiles.reshape(len(tiles), *(tiles.shape[1:] if tiles.ndim == 3 else (1, -1)))
            view.show_tiles(tiles, SEQUENTIAL if name == "patch" and tiles.min(initial=0) >= 0 else DIVERGING)
        self._point(None)

    def _point(self, cell: tuple[int, int, int] | None) -> None:
        for view in self.views.values():
            view.blockSignals(True)
            view.point_at(cell)
            view.blockSignals(False)
        if cell is None or self._shown is None:
            self.words.setText(" ")
        else:
            values = [float(getattr(self._shown, name).reshape(self.views[name].full)[cell]) for name, _, _ in _PARTS]
            self.words.setText(f"{number(values[0])} × {number(values[1])} = {number(values[2])}")
        self.pointed.emit(cell is not None)
