"""Going back: what keeping checkpoints costs a run, and how long it takes to be at another place.

With a number of minutes behind its name it measures only seeks in a run of so many minutes with Adam.
"""

import random
import statistics
import sys
import time

from benchmarks import row
from benchmarks.response import Timed, quiet, think
from benchmarks.window import begin, opened
from lenet_gui.engine import Session, Settings
from lenet_gui.engine.history import NEAR
from lenet_gui.events import until
from lenet_gui.protocol import Back, Run

CHUNKS = {1: 300, 16: 100, 64: 40}
ROUNDS = 40
LONG_RUN = 100_000


def keeping(batch_size: int, rounds: int = ROUNDS) -> float:
    """The time of a run that keeps checkpoints, in one that keeps none; of many short pieces in turn, the median."""
    with_them, without = (Session(Settings(batch_size=batch_size)) for _ in range(2))
    ratios = []
    for session in (with_them, without):
        session.run(CHUNKS[batch_size])
    for _ in range(rounds):
        without.history.due = float("inf")
        ratios.append(_seconds(with_them, batch_size) / _seconds(without, batch_size))
    return statistics.median(ratios)


def _seconds(session: Session, batch_size: int) -> float:
    start = time.perf_counter()
    session.run(CHUNKS[batch_size])
    return time.perf_counter() - start


def back_to_state(batch_size: int, times: int = 200) -> list[float]:
    """Milliseconds of going to steps among the newest ones, in random order, ascending."""
    session = Session(Settings(batch_size=batch_size))
    session.run(2 * NEAR)
    found = []
    for _ in range(times):
        step = 2 * NEAR - random.randrange(1, NEAR)
        start = time.perf_counter()
        session.seek(step=step)
        found.append(1000 * (time.perf_counter() - start))
    return sorted(found)


def back_to_painted(times: int = 60) -> list[float]:
    """Milliseconds from asking for one step back to the end of the painting that comes of it, ascending."""
    app = Timed([])
    found = []
    with opened(app) as program:
        begin(program, 16)
        program.bridge.send(Run(steps=NEAR))
        until(program.bridge.frame, 60, lambda frame: not frame.running and frame.step == NEAR)
        for step in range(NEAR - 1, NEAR - 1 - times, -1):
            think(app)
            start = time.perf_counter()
            program.bridge.send(Back("step"))
            until(program.bridge.numbers, 60, lambda frame, step=step: not frame.running and frame.step == step)
            quiet(app)
            found.append(1000 * (app.last_paint - start))
    return sorted(found)


def far(steps: int = LONG_RUN, seeks: int = 100) -> dict[str, float]:
    """A long run at batch 1: its seconds, the bytes its checkpoints hold, and its slowest seeks."""
    session = Session(Settings(batch_size=1))
    start = time.perf_counter()
    session.run(steps)
    trained = time.perf_counter() - start
    chosen, times = random.Random(0), []
    for _ in range(seeks):
        step = chosen.randrange(steps)
        start = time.perf_counter()
        session.seek(step=step)
        times.append(time.perf_counter() - start)
    size = sum(tensor.nbytes for tensor in session.model.parameters())
    law = trained * size / session.history.budget.memory
    return {"trained": trained, "bytes": session.history.bytes, "worst": max(times), "law": law}


def long_run(minutes: float, seeks: int = 60) -> tuple[float, Session]:
    """The slowest of some random seeks in a run of so many minutes with Adam, in seconds; and the session."""
    session = Session(Settings(batch_size=16, optimizer="Adam", lr=0.001))
    end = time.perf_counter() + 60 * minutes
    while time.perf_counter() < end:
        session.run(10_000, lambda: time.perf_counter() < end)
    chosen, worst = random.Random(0), 0.0
    steps = session.steps
    for _ in range(seeks):
        start = time.perf_counter()
        session.seek(step=chosen.randrange(steps))
        worst = max(worst, time.perf_counter() - start)
    return worst, session


def p95(ascending: list[float]) -> float:
    return ascending[int(0.95 * len(ascending))]


if __name__ == "__main__" and len(sys.argv) > 1:
    worst, session = long_run(float(sys.argv[1]))
    row(
        f"the worst of 60 random seeks in {sys.argv[1]} minutes of Adam at batch 16",
        "≤ 3 s",
        f"{worst:.2f} s ({len(session.branch.log):,} steps, checkpoints of {session.history.bytes / 2**20:.0f} MiB in "
        f"memory and {session.history.far.bytes / 2**20:.0f} MiB on the disk)",
    )
elif __name__ == "__main__":
    for batch_size, most in ((1, 1.05), (64, 1.01)):
        told = f"{keeping(batch_size):.3f}"
        row(f"a run that keeps checkpoints at batch {batch_size}; one that keeps none is 1.0", f"≤ {most}", told)
    for batch_size in (1, 16, 64):
        found = back_to_state(batch_size)
        told = f"{p95(found):.0f} ms (median {statistics.median(found):.0f} ms)"
        row(f"to another of the newest {NEAR} steps, p95, batch {batch_size}", "≤ 16 ms", told)
    found = back_to_painted()
    told = f"{p95(found):.0f} ms (median {statistics.median(found):.0f} ms)"
    row("one step back, from asking to everything painted, p95, batch 16", "≤ 33 ms", told)
    whole = far()
    row(
        f"the worst of 100 random seeks in {LONG_RUN:,} steps at batch 1; the law T·S/B is 1.0",
        "≤ 2",
        f"{whole['worst'] / whole['law']:.1f} ({whole['worst']:.2f} s of {whole['trained']:.0f} s trained, "
        f"{whole['bytes'] / 2**20:.0f} MiB of checkpoints)",
    )
