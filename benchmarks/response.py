"""From the press of a phase's button to the end of the painting that it causes."""

import statistics
import time

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks import row
from benchmarks.window import begin, opened
from lenet_gui.app import Program
from lenet_gui.events import until
from lenet_gui.protocol import PHASES

QUIET = 0.08
"""Seconds without any painting that end a press."""
THINKING = 0.3
"""Seconds between that and the next press: nobody is quicker who looks at what has come. The engine gets ready then."""


class Timed(QApplication):
    """Notes when each painting has ended."""

    last_paint = 0.0

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        result = super().notify(receiver, event)
        if event.type() in (QEvent.Type.Paint, QEvent.Type.UpdateRequest):
            self.last_paint = time.perf_counter()
        return result


def measure(presses: int = 60, batch_size: int = 64) -> dict[str, dict[str, float]]:
    """By phase: milliseconds, median and 95th percentile."""
    app = Timed([])
    times: dict[str, list[float]] = {phase: [] for phase in PHASES}
    with opened(app) as program:
        begin(program, batch_size)
        for _ in range(presses):
            for phase in PHASES:
                times[phase].append(_press(app, program, phase))
    return {
        phase: {"median": statistics.median(values), "p95": sorted(values)[int(0.95 * len(values))]}
        for phase, values in times.items()
    }


def _press(app: Timed, program: Program, phase: str) -> float:
    """Milliseconds from the mouse on the button to the end of the last painting that came of it."""
    button = program.window.phase_bar.phases[phase]
    think(app)
    start = time.perf_counter()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())
    until(program.bridge.numbers, 60, lambda frame: frame.reason == f"after {phase}")
    quiet(app)
    return 1000 * (app.last_paint - start)


def think(app: Timed) -> None:
    """Wait as a person does before the next press."""
    quiet(app)
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * THINKING), loop.quit)
    loop.exec()


def quiet(app: Timed) -> None:
    """Wait until nothing has been painted for a while."""
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: time.perf_counter() - app.last_paint > QUIET and loop.quit())
    timer.start(10)
    loop.exec()


if __name__ == "__main__":
    for phase, found in measure().items():
        told = f"{found['p95']:.0f} ms (median {found['median']:.0f} ms)"
        row(f"{phase}: from the press to everything painted, p95, batch 64, {THINKING} s apart", "≤ 33 ms", told)
