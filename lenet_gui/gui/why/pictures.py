"""A convolution at one place: the patch of its input, the kernel, and their product, which sums to the number."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.address import Address
from lenet_gui.gui.numbers.colour_scale import DIVERGING, SEQUENTIAL
from lenet_gui.gui.numbers.mosaic import Mosaic
from lenet_gui.gui.why.page import number
from lenet_gui.gui.widgets.elided import Elided
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
        self.words = Elided(" ")
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

    def _names(self, cell: tuple[int, int, int]) -> tuple[str, str]:
        """Which number of which tensor that is, in the patch and in the kernel."""
        shown = self._shown
        assert shown is not None
        # Of kernels in one or three dimensions the picture has rows and columns of its own.
        at = np.unravel_index(int(np.ravel_multi_index(cell, self.views["patch"].full)), shown.patch.shape)
        steps = [int(one) for one in at]
        patch = ""
        if shown.patch_of:
            fixed = len(shown.patch_at) - len(steps)
            behind = [k * step for k, step in zip(steps, shown.steps, strict=True)]
            moved = [first + by for first, by in zip(shown.patch_at[fixed:], behind, strict=True)]
            index = (*shown.patch_at[:fixed], *moved)
            inside = all(0 <= one < size for one, size in zip(index, shown.patch_shape, strict=True))
            patch = f"{Address(shown.patch_of, index)} = " if inside else "padding "
        kernel = f"{Address(shown.kernel_of, (shown.kernel_at[0], *steps))} = " if shown.kernel_of else ""
        return patch, kernel

    def _point(self, cell: tuple[int, int, int] | None) -> None:
        for view in self.views.values():
            view.blockSignals(True)
            view.point_at(cell)
            view.blockSignals(False)
        if cell is None or self._shown is None:
            self.words.setText(" ")
        else:
            values = [float(getattr(self._shown, name).reshape(self.views[name].full)[cell]) for name, _, _ in _PARTS]
            said = [f"{name}{number(value)}" for name, value in zip(self._names(cell), values[:2], strict=True)]
            self.words.setText(f"{' × '.join(said)} = {number(values[2])}")
        self.pointed.emit(cell is not None)
