"""What a network says of one image: a bar a class, of the outputs' softmax. Whose outputs they are is not told here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lenet_gui.gui import theme

MOST = 10
_NAME_LETTERS = 10


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shares of 1; NaN everywhere, where a score is not finite."""
    if not np.isfinite(scores).all():
        return np.full(len(scores), np.nan)
    powers = np.exp(scores.astype(np.float64) - scores.max())
    return powers / powers.sum()


class PredictionBars(QWidget):
    """The shares as bars, the ones of before as a hollow mark over them. The largest and the label are marked."""

    def __init__(self, name: str, says: str, empty: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(says)
        self.setToolTip("softmax(output): what share the network gives to each class")
        self.setMinimumSize(112, 60)
        self._empty = empty
        self._scores: NDArray[np.float32] = np.empty(0, np.float32)
        self.shares: NDArray[np.float64] = np.empty(0)
        self._before: NDArray[np.float64] | None = None
        self._names: tuple[str, ...] = ()
        self._label = -1

    def show_scores(
        self,
        scores: NDArray[np.float32],
        names: tuple[str, ...],
        label: int = -1,
        before: NDArray[np.float32] | None = None,
    ) -> None:
        """`scores` [classes] are raw outputs, `before` those of another place; empty ones say that there are none."""
        self._scores, self._names, self._label = scores, names, label
        self.shares = softmax(scores) if len(scores) else np.empty(0)
        fits = before is not None and len(before) == len(scores)
        self._before = softmax(before) if before is not None and fits and len(before) else None
        said = ", ".join(f"{self._name(k)}: {self.shares[k]:.1%}" for k in self.classes()) or self._empty
        self.setAccessibleDescription(said)
        self.update()

    def classes(self) -> list[int]:
        """All classes; where there is not room for them, or there are many, the largest and the label."""
        most = max(3, min(MOST, int(self.height() / (0.9 * QFontMetrics(theme.mono()).height()))))
        if len(self.shares) <= most:
            return list(range(len(self.shares)))
        wanted = {self._label} if 0 <= self._label < len(self.shares) else set[int]()
        for k in np.argsort(-np.nan_to_num(self.shares), kind="stable").tolist():
            if len(wanted) < most:
                wanted.add(k)
        return sorted(wanted)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            painter.setFont(theme.mono())
            if not len(self.shares):
                painter.setPen(theme.colour("muted"))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
                return
            classes, metrics = self.classes(), painter.fontMetrics()
            names = [
                metrics.elidedText(self._name(k), Qt.TextElideMode.ElideRight, self._room_for_names()) for k in classes
            ]
            left = (
                metrics.horizontalAdvance("▶◆ ") + max(metrics.horizontalAdvance(name) for name in names) + theme.UNIT
            )
            right = metrics.horizontalAdvance("100.0 %") + theme.UNIT
            height = min(24.0, self.height() / len(classes))
            largest = int(np.argmax(np.nan_to_num(self.shares)))
            for row, (k, name) in enumerate(zip(classes, names, strict=True)):
                rect = QRectF(0, row * height, self.width(), height)
                self._paint_bar(painter, k, name, k == largest, rect, left, right)

    def _room_for_names(self) -> int:
        return self.fontMetrics().horizontalAdvance("0" * _NAME_LETTERS)

    def _name(self, k: int) -> str:
        return self._names[k] if k < len(self._names) else str(k)

    def _paint_bar(
        self, painter: QPainter, k: int, name: str, largest: bool, row: QRectF, left: float, right: float
    ) -> None:
        share, is_label = float(self.shares[k]), k == self._label
        if largest and share == share:
            painter.fillRect(row.adjusted(0, 1, 0, -1), theme.colour("place_ground"))
        painter.setPen(theme.colour("text" if largest or is_label else "muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        marks = ("▶" if largest and share == share else " ") + ("◆" if is_label else " ")
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | middle, f"{marks} {name}")
        if share != share:
            painter.setPen(theme.colour("error"))
            painter.drawText(row, Qt.AlignmentFlag.AlignRight | middle, f"{self._scores[k]}")
            return
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | middle, f"{100 * share:.1f} %")
        room = max(4.0, row.width() - left - right)
        top, high = row.y() + row.height() * 0.22, row.height() * 0.56
        painter.fillRect(QRectF(left, top, room * share, high), theme.colour("forward"))
        if self._before is not None and np.isfinite(self._before[k]):
            painter.setPen(QPen(theme.colour("text"), 1.5))
            at = left + room * float(self._before[k])
            painter.drawLine(round(at), round(row.y() + 2), round(at), round(row.bottom() - 2))
