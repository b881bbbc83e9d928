"""The batch: its images with target and prediction, and the chosen sample's output as bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.numbers.colour_scale import SEQUENTIAL, steady_range
from lenet_gui.gui.numbers.indexing import Indexing
from lenet_gui.gui.numbers.mosaic import Cell, Mosaic
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.gui.widgets.steady import Steady
from lenet_gui.protocol import BatchView, Frame
from lenet_gui.protocol.tensors import ALL
from lenet_gui.protocol.why import SourceCells

NOT_FORWARD = "Forward has not run on this batch."
_MOST_BARS = 10


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

    def point_at(self, cell: Cell | None) -> None:
        # Only a click or a key chooses here: the bars must not follow every move of the mouse.
        pass

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


class ScoreBars(QWidget):
    """One sample's output, a bar a class, diverging around zero; the largest and the target are marked in words."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("batch_scores")
        self.setAccessibleName("Output of the chosen sample")
        self.setToolTip("output[sample]: the network's raw scores, one for each class")
        self.setMinimumSize(144, 104)  # with a race beside it the window still fits 800 pixels
        self._scores: NDArray[np.float32] = np.empty(0, np.float32)
        self._target: int | None = None
        self._limit = 1.0

    def show_scores(self, scores: NDArray[np.float32], target: int | None, limit: float) -> None:
        """`scores` [classes], drawn from `-limit` to `limit`; empty before the forward."""
        self._scores, self._target, self._limit = scores, target, limit
        said = ", ".join(f"{k}: {scores[k]:.4f}" for k in self._classes()) or NOT_FORWARD
        self.setAccessibleDescription(said)
        self.update()

    def _classes(self) -> list[int]:
        """All classes; the largest ten and the target where there are more."""
        if len(self._scores) <= _MOST_BARS:
            return list(range(len(self._scores)))
        largest = {int(k) for k in np.argsort(self._scores)[::-1][:_MOST_BARS]}
        return sorted(largest | ({self._target} if self._target is not None else set()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            painter.setFont(theme.mono())
            if not self._scores.size:
                painter.setPen(theme.colour("muted"))
                words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect(), words, NOT_FORWARD)
                return
            classes = self._classes()
            largest = int(np.argmax(self._scores))
            metrics = painter.fontMetrics()
            name = metrics.horizontalAdvance(f"{max(classes)} ") + metrics.horizontalAdvance("▶◆ ")
            number = metrics.horizontalAdvance("-00.0000 ")
            step = min(28.0, self.height() / len(classes))
            room = max(8.0, self.width() - name - number)
            zero = name + room / 2
            for row, k in enumerate(classes):
                self._paint_bar(painter, k, k == largest, QRectF(0, row * step, self.width(), step), zero, room / 2)
            painter.setPen(theme.colour("muted"))
            painter.drawLine(round(zero), 0, round(zero), round(step * len(classes)))

    def _paint_bar(self, painter: QPainter, k: int, largest: bool, row: QRectF, zero: float, half: float) -> None:
        score = float(self._scores[k])
        is_target = k == self._target
        if largest:
            painter.fillRect(row.adjusted(0, 1, 0, -1), theme.colour("place_ground"))
        painter.setPen(theme.colour("text" if largest or is_target else "muted"))
        marks = ("▶" if largest else " ") + ("◆" if is_target else " ")
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{marks} {k}")
        finite = np.isfinite(score)
        words = f"{score:.4f}" if abs(score) < 1000 or not finite else f"{score:.2e}"
        if not finite:
            painter.setPen(theme.colour("error"))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        if finite:
            length = half * max(-1.0, min(1.0, score / self._limit))
            bar = QRectF(min(zero, zero + length), row.y() + row.height() * 0.22, abs(length), row.height() * 0.56)
            painter.fillRect(bar, theme.colour("positive" if score > 0 else "negative"))


class BatchPanel(Panel):
    """Shows `frame.samples`; the chosen sample stays chosen from batch to batch."""

    title = "Batch"

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("batch")
        self.setAccessibleName("Batch")
        self._samples: BatchView | None = None
        self._limit = 1.0
        self.images = SampleMosaic()
        self.images.setToolTip("input: the images, each with target and prediction; click one, or use the arrow keys")
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

    def show_frame(self, frame: Frame) -> None:
        samples = frame.samples
        if samples is self._samples:
            return
        self._samples = samples
        finite = samples.scores[np.isfinite(samples.scores)]
        largest = float(np.abs(finite).max()) if finite.size else 0.0
        # Grows at once and shrinks only when bars would become stubs, so that they stay comparable.
        if not self._limit / 4 < largest <= self._limit:
            self._limit = steady_range(np.array([largest], np.float32), SEQUENTIAL)[1]
        self.summary.setText(_summary(samples))
        self.choose(min(self.images.sample, max(0, len(samples.images) - 1)))

    def choose(self, sample: int) -> None:
        """Show the output of this sample of the batch."""
        samples = self._samples
        if samples is None:
            return
        self.images.show_samples(samples, sample)
        count = len(samples.images)
        self.caption.setText(_caption(samples, sample) if count else " ")
        target = samples.targets[sample] if samples.targets else None
        scores = samples.scores[sample] if len(samples.scores) else samples.scores.reshape(-1)
        self.bars.show_scores(scores, target, self._limit)

    def light(self, cells: tuple[SourceCells, ...]) -> None:
        """Frame these cells of the input."""
        count, height, width = self.images.full
        batch = Indexing((count, 1, height, width), (ALL, ALL))
        self.images.light([region for one in cells if one.name == "input" for region in batch.regions(one.ranges)])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.2 * self.height()
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._halves.setDirection(direction)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.bars.update()
        super().changeEvent(event)


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


def _caption(samples: BatchView, k: int) -> str:
    words = [f"sample {k}"]
    if samples.targets:
        words.append(f"target {samples.targets[k]}")
    if samples.predictions:
        words.append(f"{'predicted' if samples.targets else 'largest output'} {samples.predictions[k]}")
    if samples.targets and samples.predictions:
        words.append("right ✓" if samples.targets[k] == samples.predictions[k] else "wrong ✗")
    if samples.scores.shape[-1] > _MOST_BARS and len(samples.scores):
        words.append(f"largest {_MOST_BARS} of {samples.scores.shape[-1]:,}")
    return " · ".join(words)
