"""One sample's output as bars, a bar a class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme

NOT_FORWARD = "Forward has not run on this batch."
MOST_BARS = 10


def class_name(classes: tuple[str, ...], number: int) -> str:
    """The name of a class; its number for outputs that no class belongs to."""
    return classes[number] if number < len(classes) else str(number)


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
        self._names: tuple[str, ...] = ()

    def show_scores(
        self, scores: NDArray[np.float32], target: int | None, limit: float, names: tuple[str, ...] = ()
    ) -> None:
        """`scores` [classes], drawn from `-limit` to `limit`; empty before the forward. `names` are the classes'."""
        self._scores, self._target, self._limit, self._names = scores, target, limit, names
        said = ", ".join(f"{class_name(names, k)}: {scores[k]:.4f}" for k in self._classes()) or NOT_FORWARD
        self.setAccessibleDescription(said)
        self.update()

    def _classes(self) -> list[int]:
        """All classes; the largest ten and the target where there are more."""
        if len(self._scores) <= MOST_BARS:
            return list(range(len(self._scores)))
        largest = {int(k) for k in np.argsort(self._scores)[::-1][:MOST_BARS]}
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
            longest = max(metrics.horizontalAdvance(f"{class_name(self._names, k)} ") for k in classes)
            name = min(longest, self.width() // 3) + metrics.horizontalAdvance("▶◆ ")
            number = metrics.horizontalAdvance("-00.0000 ")
            step = min(28.0, self.height() / len(classes))
            room = max(8.0, self.width() - name - number)
            zero = name + room / 2
            for row, k in enumerate(classes):
                self._paint_bar(
                    painter, k, k == largest, QRectF(0, row * step, self.width(), step), zero, room / 2, name
                )
            painter.setPen(theme.colour("muted"))
            painter.drawLine(round(zero), 0, round(zero), round(step * len(classes)))

    def _paint_bar(
        self, painter: QPainter, k: int, largest: bool, row: QRectF, zero: float, half: float, left: int
    ) -> None:
        score = float(self._scores[k])
        is_target = k == self._target
        if largest:
            painter.fillRect(row.adjusted(0, 1, 0, -1), theme.colour("place_ground"))
        painter.setPen(theme.colour("text" if largest or is_target else "muted"))
        marks = ("▶" if largest else " ") + ("◆" if is_target else " ")
        named = f"{marks} {class_name(self._names, k)}"
        named = painter.fontMetrics().elidedText(named, Qt.TextElideMode.ElideRight, left)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, named)
        finite = np.isfinite(score)
        words = f"{score:.4f}" if abs(score) < 1000 or not finite else f"{score:.2e}"
        if not finite:
            painter.setPen(theme.colour("error"))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        if finite:
            length = half * max(-1.0, min(1.0, score / self._limit))
            bar = QRectF(min(zero, zero + length), row.y() + row.height() * 0.22, abs(length), row.height() * 0.56)
            painter.fillRect(bar, theme.colour("positive" if score > 0 else "negative"))
