"""Asking why: from the question to the end of the painting of its answer, for random cells of everything there is."""

import random
import statistics
import time

from benchmarks import row
from benchmarks.response import Timed, quiet
from benchmarks.window import begin, opened
from lenet_gui.events import until
from lenet_gui.protocol import Command

PHASES = ("zero_grad", "forward", "loss", "backward")


def measure(questions: int = 200, batch_size: int = 64) -> list[float]:
    """Milliseconds, ascending."""
    app, drawn, found = Timed([]), random.Random(0), []
    with opened(app) as program:
        begin(program, batch_size)
        for phase in PHASES:
            program.bridge.send(Command(phase))
            until(program.bridge.frame, 60, lambda frame, phase=phase: frame.reason == f"after {phase}")
        program.window.actions_["why_here"].trigger()
        panel = program.window.panels["why"]
        panel.text.setFocus()  # type: ignore[attr-defined]  # a blinking cursor is painted too
        quiet(app)
        shapes = _shapes(program.window.inside._trace, program.window.frame)
        for _ in range(questions):
            name, shape = drawn.choice(shapes)
            index = tuple(drawn.randrange(size) for size in shape)
            quiet(app)
            start = time.perf_counter()
            panel.ask(name, index)  # type: ignore[attr-defined]
            until(program.bridge.reply, 60, lambda reply: type(reply).__name__ == "WhyReply")
            quiet(app)
            found.append(1000 * (app.last_paint - start))
    return sorted(found)


def _shapes(trace, frame) -> list[tuple[str, tuple[int, ...]]]:
    """Of every activation, its gradient, and every parameter's gradient."""
    made = [(one.name, one.output.shape) for one in trace.operations if one.output.shape]
    gradients = [(f"{name}.grad", shape) for name, shape in made]
    return [*made, *gradients, *((f"{row.name}.grad", row.shape) for row in frame.parameters)]


if __name__ == "__main__":
    found = measure()
    told = f"{found[int(0.95 * len(found))]:.0f} ms (median {statistics.median(found):.0f} ms)"
    row("asking why: from the question to its answer painted, p95, batch 64", "≤ 50 ms", told)
