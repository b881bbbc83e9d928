"""Inside a step, in the window: how many places a second are painted, and how long a stop takes until all is seen."""

import statistics
import time

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest

from benchmarks import row
from benchmarks.response import Timed, quiet
from benchmarks.window import begin, opened
from lenet_gui.events import until
from lenet_gui.protocol import Run


def places_per_second(app: Timed, moves: int = 150) -> float:
    """With F11 pressed anew as soon as the place before is painted, over several steps at batch 16."""
    with opened(app) as program:
        begin(program, 16)
        program.window.activateWindow()
        quiet(app)
        start = time.perf_counter()
        for _ in range(moves):
            before = program.window.frame
            QTest.keyClick(program.window, Qt.Key.Key_F11)
            until(program.bridge.numbers, 60, lambda frame, before=before: frame is not before and not frame.running)
            _painted(app, time.perf_counter())
        return moves / (time.perf_counter() - start)


def _painted(app: Timed, since: float) -> None:
    """Wait for the first painting that ends later, and for all that is due with it."""
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: app.last_paint > since and loop.quit())
    timer.start(0)
    loop.exec()


def stops(app: Timed, times: int = 40) -> list[float]:
    """Milliseconds from the end of a run of a step to the end of the painting of its trace at batch 64, ascending."""
    found = []
    with opened(app) as program:
        begin(program, 64)
        for _ in range(times):
            quiet(app)
            program.bridge.send(Run(steps=3))
            until(program.bridge.frame, 60, lambda frame: not frame.running and frame.reason == "run ended")
            start = time.perf_counter()
            quiet(app)
            found.append(1000 * (app.last_paint - start))
    return sorted(found)


if __name__ == "__main__":
    app = Timed([])
    row("places painted a second with F11 held down, batch 16", "≥ 30", f"{places_per_second(app):.0f}")
    found = stops(app)
    told = f"{found[int(0.95 * len(found))]:.0f} ms (median {statistics.median(found):.0f} ms)"
    row("a stop at batch 64: from its frame to everything painted, p95", "≤ 100 ms", told)
