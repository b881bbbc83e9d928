"""What a frame costs while one moves over a million numbers: a table scrolled, a picture moved and come nearer to."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import torch
from PySide6.QtWidgets import QApplication
from torch import nn

from benchmarks import row
from lenet_gui.engine import Session, Settings, answers, view
from lenet_gui.gui import theme
from lenet_gui.gui.numbers.tensor import TensorPanel
from lenet_gui.protocol.tensors import Block, CellsRequest, LookRequest, View, Which

SIDE = 1000
FRAMES = 200


class Large(nn.Module):
    """A parameter of a million numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(SIDE, SIDE, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x.flatten(1)[:, :SIDE])


def panel_of(app: QApplication, session: Session) -> tuple[TensorPanel, list[float]]:
    """The panel, and the milliseconds that each answer took the worker, who is in another process in the program."""
    theme.apply(app, "dark")
    panel, taken = TensorPanel(), list[float]()

    def answer(message: LookRequest | CellsRequest) -> None:
        start = time.perf_counter()
        reply = answers.answer(session, message)
        taken.append(1000 * (time.perf_counter() - start))
        panel.show_reply(reply)

    panel.asked.connect(answer)
    panel.resize(900, 700)
    panel.show()
    panel.show_frame(view.Viewer(session).frame(view.Situation(1, "", False, None, None, 0.0, True)))
    panel.show_tensor("linear.weight")
    app.processEvents()
    return panel, taken


Times = tuple[list[float], list[float]]
"""By the clock, and of the processor: the second is what remains on a machine that does something else as well."""


def frames(app: QApplication, taken: list[float], move: Callable[[int], object]) -> Times:
    """Milliseconds of the window for each frame, ascending: a move, what comes of it, and the painting of all that."""
    clock, processor = list[float](), list[float]()
    for k in range(FRAMES):
        before = sum(taken)
        start, busy = time.perf_counter(), time.thread_time()
        move(k)
        app.processEvents()
        answered = sum(taken) - before
        clock.append(1000 * (time.perf_counter() - start) - answered)
        processor.append(1000 * (time.thread_time() - busy) - answered)
    return sorted(clock), sorted(processor)


def measure() -> dict[str, Times]:
    """By what is moved: the frames; and how long the worker took for an answer."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    session = Session(Settings(batch_size=1, data="random"), Large)
    panel, taken = panel_of(app, session)
    mosaic, table = panel.now.heatmap.mosaic, panel.now.table
    found = {}
    found["a picture, the mouse over it"] = frames(
        app, taken, lambda k: mosaic.point_at((0, 5 * k % SIDE, 7 * k % SIDE))
    )
    for _ in range(10):
        mosaic.zoom_by(1.25)
    found["a picture, moved"] = frames(app, taken, lambda k: mosaic.pan(9, 5 if k % 2 else 9))
    mosaic.fit()
    found["a picture, nearer and back"] = frames(app, taken, lambda k: mosaic.zoom_by(1.1 if k % 20 < 10 else 1 / 1.1))
    panel.views.by_choice["table"].click()
    down, across = table.verticalScrollBar(), table.horizontalScrollBar()
    found["a table, scrolled down"] = frames(app, taken, lambda k: down.setValue(4 * k))
    found["a table, scrolled to the right"] = frames(app, taken, lambda k: across.setValue(40 * k))
    found["a table, scrolled by leaps"] = frames(
        app, taken, lambda k: down.setValue(int(np.random.default_rng(k).integers(SIDE)))
    )
    panel.close()
    return found


def answering(times: int = 30) -> dict[str, list[float]]:
    """Milliseconds of the worker for what is asked of a million numbers, ascending."""
    session = Session(Settings(batch_size=1, data="random"), Large)
    seen = View(Which("linear.weight"))
    questions = {
        "its picture and figures": LookRequest(1, seen, room=(600, 800)),
        "its histogram": LookRequest(1, seen, bins=64),
        "a block of its table": CellsRequest(1, seen, Block(300, 300, 100, 60)),
    }
    found = {}
    for name, question in questions.items():
        taken = []
        for _ in range(times):
            start = time.perf_counter()
            answers.answer(session, question)
            taken.append(1000 * (time.perf_counter() - start))
        found[name] = sorted(taken)
    return found


if __name__ == "__main__":
    for what, times in measure().items():
        p95, busy = (found[int(0.95 * len(found))] for found in times)
        told = f"{p95:.1f} ms (median {times[0][len(times[0]) // 2]:.1f} ms; of the processor, p95 {busy:.1f} ms)"
        row(f"a frame of a million numbers as {what}, p95", "≤ 16 ms", told)
    for what, times in answering().items():
        row(
            f"of a million numbers {what}, made by the worker, p95",
            "≤ 50 ms",
            f"{times[int(0.95 * len(times))]:.1f} ms",
        )
