"""The status bar: where the run is, in fields that keep their width so that nothing jumps."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QStackedWidget, QStatusBar, QWidget

from lenet_gui.gui import theme
from lenet_gui.gui.travel import branches
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.protocol import Accuracy, Frame, Progress, Ready

# name, the longest text that has to fit, what it tells
_FIELDS = (
    ("phase", "next: zero_grad", "The phase that comes next in the cycle"),
    ("step", "step 9,999,999 of 9,999,999", "Whole training steps done here; in the past, of how many"),
    ("epoch", "epoch 9,999 · batch 999/999", "Passes over the data, and the batch of this pass"),
    ("device", "cuda:0 · 16 threads", "Where the tensors are, and how many threads PyTorch uses on the CPU"),
    ("accuracy", "test 100.0 % (999/999)", "Accuracy on the held-out test data, when last measured"),
    ("exact", "approximate", "Exact: going back or replaying gives the same bits. Approximate: a device could differ"),
)
_BADGES = {
    "observed": "Observed: a loop that this program did not write does the steps. What it did is known, and what it "
    "will do is not: it cannot be replayed"
}
_SPEED = ("speed", "99,999 steps/s", "Training steps a second, lately")


class ProgressBar(QProgressBar):
    """Painted flat and opaque: the gradients of the style cost more than the whole status bar."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("status_progress")
        self.setAccessibleName("Progress of what takes long")
        # Not WA_OpaquePaintEvent, which the style takes away again.
        self.setAutoFillBackground(True)
        self.setFixedSize(180, 16)
        kept = self.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.setSizePolicy(kept)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        with QPainter(self) as painter:
            done = self.width() * self.value() // max(1, self.maximum())
            painter.fillRect(self.rect(), theme.colour("button"))
            painter.fillRect(QRect(0, 0, done, self.height()), theme.colour("selection"))
            painter.setPen(theme.colour("grid"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.setPen(theme.colour("text"))
            words = self.fontMetrics().elidedText(
                self.format(), Qt.TextElideMode.ElideMiddle, self.width() - theme.UNIT
            )
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)


class StatusBar(QStatusBar):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_bar")
        self.setSizeGripEnabled(False)
        self.setContentsMargins(theme.UNIT, 0, theme.UNIT, 0)
        self.setFont(theme.mono())
        self.fields: dict[str, QLabel] = {}
        self._n = 0
        self._stopped = True
        self._accuracy: Accuracy | None = None
        for field in _FIELDS:
            self.addWidget(self._field(*field))
            if field[0] == "phase":
                self.addWidget(self._what_goes_on(), 1)
        self._rest()

    def _field(self, name: str, longest: str, tip: str) -> QLabel:
        label, metrics = QLabel(self), QFontMetrics(self.font())
        label.setObjectName(f"status_{name}")
        label.setAccessibleName(tip)
        label.setToolTip(tip)
        label.setFont(self.font())
        # Of one size and opaque: new words then lay nothing out, and nothing below them is painted again.
        label.setFixedSize(metrics.horizontalAdvance(longest) + 2 * theme.UNIT, metrics.height())
        label.setAutoFillBackground(True)
        self.fields[name] = label
        return label

    def _what_goes_on(self) -> QStackedWidget:
        """One place for two things that are never there at once: why it stopped, and how what runs is getting on."""
        self.reason = Elided("", self)
        self.reason.setObjectName("status_reason")
        self.reason.setAccessibleName("Why it stopped here")
        # Words, not numbers: the face of the window is narrower.
        self.reason.setFont(QGuiApplication.font())
        self.reason.setAutoFillBackground(True)
        self._progress = ProgressBar(self)
        self._running = QWidget(self)
        row = QHBoxLayout(self._running)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._field(*_SPEED))
        row.addWidget(self._progress)
        row.addStretch(1)
        self._goes_on = QStackedWidget(self)
        # As wide as there is room, whatever the words are.
        self._goes_on.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._goes_on.setMinimumWidth(self._running.minimumSizeHint().width())
        for page in (self.reason, self._running):
            self._goes_on.addWidget(page)
        return self._goes_on

    def show_loading(self) -> None:
        self._write("phase", "Loading PyTorch…")

    def show_ready(self, ready: Ready) -> None:
        self._write("phase", "")
        self.fields["device"].setToolTip("\n".join(f"{name} {version}" for name, version in ready.versions))

    def show_frame(self, frame: Frame) -> None:
        # Counted from 1, as the console does and people do.
        batch = frame.batch + 1
        batches = f"{batch}/{frame.batches}" if frame.batches is not None else f"{batch:,}"
        self._write("phase", _phase(frame))
        self.fields["phase"].setToolTip(frame.reason or _FIELDS[0][2])
        self._stopped = not frame.running
        if self.reason.text() != frame.reason:
            self.reason.setText(frame.reason)
        last = branches.present(frame).steps
        self._write("step", f"step {frame.step:,}" + (f" of {last:,}" if branches.in_past(frame) else ""))
        epoch = (f"epoch {frame.epoch + 1} · " if frame.epoch is not None else "") + f"batch {batches}"
        self._write("epoch", "" if frame.observed else epoch)
        threads = frame.settings.threads
        self._write("device", f"{frame.settings.device} · {threads} thread{'s' if threads > 1 else ''}")
        trains = frame.running and not branches.only_cancelled(frame)
        self._write("speed", f"{frame.steps_per_second:,.0f} steps/s" if trains else "")
        if frame.accuracy != self._accuracy:
            self.show_accuracy(frame.accuracy)
        badge = "observed" if frame.observed else "exact" if frame.exact else "approximate"
        if self.fields["exact"].text() != badge:
            self.fields["exact"].setToolTip(_BADGES.get(badge, _FIELDS[-1][2]))
        self._write("exact", badge, "ok" if badge == "exact" else "place")
        self._show_remaining(frame)
        self._turn()

    def show_accuracy(self, accuracy: Accuracy | None) -> None:
        self._accuracy = accuracy
        if accuracy is None:
            self._write("accuracy", "")
            return
        share = 100 * accuracy.correct / max(accuracy.total, 1)
        counts = f"{accuracy.correct}/{accuracy.total}"
        # Of thousands the share says more than the counts, for which there is no room.
        words = f"test {share:.1f} % ({counts})" if accuracy.total < 1000 else f"test {share:.2f} %"
        self._write("accuracy", words)
        self.fields["accuracy"].setToolTip(f"{counts} right, measured after {accuracy.step:,} steps")

    def show_progress(self, progress: Progress) -> None:
        if progress.total and progress.done >= progress.total:
            self._rest()
        else:
            self._advance(progress.what, progress.done, progress.total)

    def start_n(self, steps: int) -> None:
        """A Run N begins: how many steps it has, which no frame says."""
        self._n = steps

    def _show_remaining(self, frame: Frame) -> None:
        if frame.remaining is not None and frame.running:
            self._n = max(self._n, frame.remaining)
            self._advance(f"{frame.remaining:,} left", self._n - frame.remaining, self._n)
        elif self._n:
            self._n = 0
            self._rest()

    def _advance(self, what: str, done: int, total: int) -> None:
        # Left to itself a QProgressBar paints at each new value, at once, and with it all of the window that waits.
        self._progress.setUpdatesEnabled(False)
        # The bar counts in thousandths: a QProgressBar's numbers are 32 bits wide, a run's may be more.
        self._progress.setRange(0, 1000 if total else 0)
        self._progress.setValue(1000 * done // total if total else 0)
        self._progress.setFormat(what)
        self._progress.setToolTip(f"{what}: {done:,} of {total:,}" if total else what)
        self._progress.setUpdatesEnabled(True)
        self._progress.setVisible(True)
        self._turn()

    def _rest(self) -> None:
        self._progress.setVisible(False)
        self._turn()

    def _turn(self) -> None:
        resting = self._stopped and self._progress.isHidden()
        self._goes_on.setCurrentWidget(self.reason if resting else self._running)

    def _write(self, name: str, text: str, ink: str = "") -> None:
        label = self.fields[name]
        if label.text() != text:
            label.setText(text)
            if ink:
                label.setStyleSheet(f"color: {theme.colour(ink).name()}")


def _phase(frame: Frame) -> str:
    if branches.only_cancelled(frame):
        # "going to step 57 of main": the whole of it is in the tooltip.
        return f"{frame.reason.partition(' ')[0]}…"
    return "running" if frame.running else f"next: {frame.next}"
