"""The batch: its images with target and prediction, and the chosen sample's output as bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.address import Address
from lenet_gui.gui.numbers.colour_scale import SEQUENTIAL, steady_range
from lenet_gui.gui.numbers.indexing import Indexing
from lenet_gui.gui.numbers.mosaic import Cell, Mosaic
from lenet_gui.gui.numbers.score_bars import MOST_BARS, ScoreBars, class_name
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import BatchView, Frame
from lenet_gui.protocol.tensors import ALL
from lenet_gui.protocol.why import SourceCells

Ranges = tuple[tuple[int, int, int], ...]
MOST_SAMPLES = 64
"""Of a batch whose images are there."""


def outcome(samples: BatchView, k: int) -> str:
    """What is known of sample `k`, in a few letters that are read without colours: `3`, `3 ✓`, `3→8 ✗`, `→8`."""
    target = str(samples.targets[k]) if samples.targets else ""
    if not samples.predictions:
        return target
    predicted = samples.predictions[k]
    if not target:
        return f"→{predicted}"
    return f"{target} ✓" if samples.targets[k] == predicted else f"{target}→{predicted} ✗"


class SampleMosaic(Mosaic):
    """The images with their outcome below, one of them chosen by a click or the arrow keys."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(caption=18)
        self.setObjectName("batch_images")
        self.setAccessibleName("Images of the batch; the arrow keys choose one")
        self.samples: BatchView | None = None
        self.sample = 0

    def show_samples(self, samples: BatchView, sample: int) -> None:
        pictured = self.samples is not None and samples.images is self.samples.images
        self.samples = samples
        if not pictured:
            self.show_tiles(samples.images, SEQUENTIAL, _grey_range(samples.images))
        self.sample = sample
        self.update()

    def paint_marks(self, painter: QPainter) -> None:
        samples = self.samples
        if samples is None:
            return
        painter.setFont(theme.mono())
        letter = painter.fontMetrics().horizontalAdvance("0")
        ok, error, muted = theme.colour("ok"), theme.colour("error"), theme.colour("muted")
        wrong: list[QRectF] = []
        for k in range(len(samples.images)):
            rect = self.tile_rect(k)
            words = outcome(samples, k)
            painter.setPen(ok if words.endswith("✓") else error if words.endswith("✗") else muted)
            if words.endswith("✗"):
                wrong.append(rect)
            below = QRectF(rect.x() - 2, rect.bottom() + 1, rect.width() + 4, 16)
            if len(words) * letter > below.width():
                words = words.rstrip("✓✗ ")
            if len(words) * letter > below.width():
                words = outcome(samples, k)[-1]
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)
        # Wrong ones are framed as well, for eyes that do not tell red from green.
        painter.setPen(QPen(error, 2))
        painter.drawRects(wrong)
        if self.sample < len(samples.images):
            painter.setPen(QPen(theme.colour("place"), 3))
            painter.drawRect(self.tile_rect(self.sample))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if cell := self.cell_at(event.position()):
            self.chosen.emit(cell[0])

    def step_cursor(self, down: int, right: int) -> None:
        k = self.sample + down * self.columns + right
        if 0 <= k < self.full[0]:
            self.chosen.emit(k)


def _grey_range(images: NDArray[np.float32]) -> tuple[float, float]:
    low, high = steady_range(images, SEQUENTIAL)
    return (low, high) if low == 0 else (-max(-low, high), max(-low, high))


class BatchPanel(Panel):
    """Shows `frame.samples`; the chosen sample stays chosen from batch to batch."""

    title = "Batch"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("batch")
        self.setAccessibleName("Batch")
        self._samples: BatchView | None = None
        self._classes: tuple[str, ...] = ()
        self._limit = 1.0
        self.images = SampleMosaic()
        self.images.setToolTip(
            "input: the images, each with target and prediction; click one, or use the arrow keys. "
            "The number under the mouse is told above"
        )
        self.bars = ScoreBars()
        self.summary = _words("batch_summary", "The batch in one line")
        self.caption = _words("batch_sample", "The chosen sample")
        self.legend = _words("batch_legend", "Marks beside the bars")
        self.legend.setText("▶ largest   ◆ target")

        right = QVBoxLayout()
        right.setSpacing(theme.UNIT)
        right.addWidget(Steady(self.caption))
        right.addWidget(self.bars, 1)
        right.addWidget(self.legend)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(2 * theme.UNIT)
        self._halves.addWidget(self.images, 1)
        self._halves.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(Steady(self.summary))
        layout.addLayout(self._halves, 1)
        self.images.chosen.connect(self.choose)
        self.images.pointed.connect(self._point)

    def show_frame(self, frame: Frame) -> None:
        samples = frame.samples
        if samples is self._samples:
            return
        self._samples, self._classes = samples, frame.classes
        self._point(self.images.cursor_cell)
        finite = samples.scores[np.isfinite(samples.scores)]
        largest = float(np.abs(finite).max()) if finite.size else 0.0
        # Grows at once and shrinks only when bars would become stubs, so that they stay comparable.
        if not self._limit / 4 < largest <= self._limit:
            self._limit = steady_range(np.array([largest], np.float32), SEQUENTIAL)[1]
        self.choose(min(self.images.sample, max(0, len(samples.images) - 1)))

    def choose(self, sample: int) -> None:
        """Show the output of this sample of the batch."""
        samples = self._samples
        if samples is None:
            return
        self.images.show_samples(samples, sample)
        count = len(samples.images)
        self.caption.setText(_caption(samples, sample, self._classes) if count else " ")
        target = samples.targets[sample] if samples.targets else None
        scores = samples.scores[sample] if len(samples.scores) else samples.scores.reshape(-1)
        self.bars.show_scores(scores, target, self._limit, self._classes)

    def _point(self, cell: Cell | None) -> None:
        """Tell the number under the mouse, in place of the line about the batch."""
        samples = self._samples
        if samples is None:
            return
        if cell is None or cell[0] >= len(samples.images):
            self.summary.setText(_summary(samples))
            return
        tile, row, column = cell
        channels = max(1, len(samples.images) // min(max(1, samples.size), MOST_SAMPLES))
        index = samples.first + tile // channels, tile % channels, row, column
        self.summary.setText(f"{Address('input', index)}  {samples.images[cell]!s}")

    def light(self, cells: tuple[SourceCells, ...]) -> None:
        """Frame these cells of the input."""
        count, height, width = self.images.full
        batch = Indexing((count, 1, height, width), (ALL, ALL))
        first = 0 if self._samples is None else self._samples.first
        ranges = [_from(first, one.ranges) for one in cells if one.name == "input"]
        self.images.light([region for one in ranges for region in batch.regions(one)])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.2 * self.height()
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._halves.setDirection(direction)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.bars.update()
        super().changeEvent(event)


def _from(first: int, ranges: Ranges) -> Ranges:
    """Of the images alone, the first of which is that sample of the batch."""
    (begin, end, step), *rest = ranges
    return ((begin - first, end - first, step), *rest)


def _words(name: str, says: str) -> QLabel:
    label = Elided(" ")
    label.setObjectName(name)
    label.setAccessibleName(says)
    label.setMinimumWidth(48)
    return label


def _summary(samples: BatchView) -> str:
    shown = len(samples.images)
    words = f"{samples.size:,} sample{'' if samples.size == 1 else 's'}"
    if shown < samples.size:
        words += f", the first {shown} shown"
    if samples.predictions and samples.targets:
        right = sum(p == t for p, t in zip(samples.predictions, samples.targets, strict=True))
        words += f" · {right} of {shown} right"
    return words


def _caption(samples: BatchView, k: int, classes: tuple[str, ...]) -> str:
    words = [f"sample {k}"]
    if samples.targets:
        words.append(f"target {class_name(classes, samples.targets[k])}")
    if samples.predictions:
        words.append(
            f"{'predicted' if samples.targets else 'largest output'} {class_name(classes, samples.predictions[k])}"
        )
    if samples.targets and samples.predictions:
        words.append("right ✓" if samples.targets[k] == samples.predictions[k] else "wrong ✗")
    if samples.scores.shape[-1] > MOST_BARS and len(samples.scores):
        words.append(f"largest {MOST_BARS} of {samples.scores.shape[-1]:,}")
    return " · ".join(words)
