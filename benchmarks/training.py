"""Training in Run at unlimited speed with the whole window visible, against the bare loop, in interleaved rounds."""

import statistics
import threading
import time
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal

from benchmarks import bare, row
from benchmarks.window import begin, open_all, opened
from lenet_gui.app import Program
from lenet_gui.events import until
from lenet_gui.gui.plots.plots import PlotsPanel
from lenet_gui.protocol import Frame, Run

STEPS = {1: 9000, 16: 2400, 64: 720}
"""About eight seconds each: the stop is one wait for the next frame, a tenth of a second, whatever the length."""
ROUNDS = 10


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


class Elsewhere(QObject):
    """Runs a function in a thread while the window stays idle."""

    done = Signal(object)

    def run(self, function: Any, *arguments: Any) -> Any:
        threading.Thread(target=lambda: self.done.emit(function(*arguments))).start()
        return until(self.done, 600)


def measure(rounds: int = ROUNDS, all_panels: bool = False) -> dict[int, dict[str, float]]:
    """By batch size: the ratio of speeds (median, lowest, highest), both speeds, and the frames painted a second."""
    with opened() as program:
        if all_panels:
            open_all(program)
        return {batch_size: _rounds(program, batch_size, rounds) for batch_size in STEPS}


def _rounds(program: Program, batch_size: int, rounds: int) -> dict[str, float]:
    plots = program.window.panels["plots"]
    assert isinstance(plots, PlotsPanel)
    paints = Paints(plots.loss.view.curves)
    elsewhere, steps = Elsewhere(), STEPS[batch_size]
    pairs, frames = [], []
    for _ in range(rounds):
        painted, ours = _run(program, paints, batch_size, steps)
        pairs.append((ours, elsewhere.run(bare.train, steps, batch_size)))
        frames.append(painted)
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    return {
        "ratio": statistics.median(ratios),
        "lowest": ratios[0],
        "highest": ratios[-1],
        "window": statistics.median(ours for ours, _ in pairs),
        "bare": statistics.median(theirs for _, theirs in pairs),
        "frames": statistics.median(frames),
    }


def _run(program: Program, paints: Paints, batch_size: int, steps: int) -> tuple[float, float]:
    """Frames painted a second, and steps a second from the press to the stop, as the window sees it."""
    begin(program, batch_size)
    painted, start = paints.count, time.perf_counter()
    program.bridge.send(Run(steps=steps))

    def stopped(frame: Frame) -> bool:
        return not frame.running and frame.step == steps

    until(program.bridge.frame, 600, stopped)
    seconds = time.perf_counter() - start
    return (paints.count - painted) / seconds, steps / seconds


if __name__ == "__main__":
    for what, all_panels in (("the window", False), ("the window with every panel open", True)):
        for batch_size, found in measure(all_panels=all_panels).items():
            speeds = f"{found['window']:,.0f} of {found['bare']:,.0f} steps/s, {found['frames']:.0f} frames/s painted"
            told = f"{found['ratio']:.2f} ({found['lowest']:.2f} to {found['highest']:.2f}; {speeds})"
            asked = "≥ 0.9" if all_panels and batch_size == 1 else "≥ 0.95"
            row(f"training in {what} at batch {batch_size}, unlimited; the bare loop is 1.0", asked, told)
