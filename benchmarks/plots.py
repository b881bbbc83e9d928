"""What a frame of the plots costs: six curves, 800 x 400, for short and long runs (`python -m benchmarks.plots`)."""

from __future__ import annotations

import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from benchmarks import row
from lenet_gui.gui import theme
from lenet_gui.gui.plots.plots import PlotsPanel
from lenet_gui.protocol import Series

LENGTHS = (1_000, 100_000, 10_000_000)
ROUNDS = 40
BLOCK = 33  # steps that a training at batch 1 takes from one frame to the next, at 30 frames a second
NAMES = ("loss", *(f"conv1.bias.grad[{i}]" for i in range(6)))


def measure(lengths: tuple[int, ...] = LENGTHS, rounds: int = ROUNDS) -> dict[str, dict[int, float]]:
    """Median milliseconds by length, in rounds that take every length in turn.

    `full` repaints the plot of six curves with nothing kept, `live` adds 33 steps and paints both plots as a run does,
    `held` is the processor time of the window's thread for that.
    """
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    panels = {length: _panel(length) for length in lengths}
    taken: dict[str, dict[int, list[float]]] = {
        kind: {length: [] for length in lengths} for kind in ("full", "live", "held")
    }
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        for length, panel in panels.items():
            view = panel.gradients.view
            start = time.perf_counter()
            view.curves.refresh()
            view.viewport().repaint()
            taken["full"][length].append(time.perf_counter() - start)
            rows = _rows(rng, BLOCK)
            start, busy = time.perf_counter(), time.thread_time()
            panel.add(Series(1, NAMES, len(panel.pyramid), rows))
            app.processEvents()
            taken["live"][length].append(time.perf_counter() - start)
            taken["held"][length].append(time.thread_time() - busy)
    for panel in panels.values():
        panel.close()
    return {
        kind: {length: 1e3 * statistics.median(times) for length, times in found.items()}
        for kind, found in taken.items()
    }


def _panel(length: int) -> PlotsPanel:
    panel = PlotsPanel()
    rng = np.random.default_rng(0)
    for first in range(0, length, 1_000_000):
        panel.add(Series(1, NAMES, first, _rows(rng, min(1_000_000, length - first))))
    panel.resize(1800, 500)
    panel.show()
    view = panel.gradients.view
    # Its plot, without axes, is to have the size that is promised.
    view.setFixedSize(800, 400)
    QApplication.processEvents()
    return panel


def _rows(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.standard_normal((count, len(NAMES)), dtype=np.float32)


def main() -> None:
    found = measure()
    shortest = LENGTHS[0]
    for kind, what in (("full", "one plot of six curves drawn anew, 800 × 400"), ("live", "both plots, 33 steps more")):
        times = found[kind]
        parts = [f"{n:,}: {times[n]:.1f} ms ({times[n] / times[shortest]:.2f})" for n in LENGTHS]
        row(f"a frame: {what}, by points", "≤ 4 ms, flat within 1.5", ", ".join(parts))


if __name__ == "__main__":
    main()
