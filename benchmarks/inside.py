"""Looking inside a step: what recording it costs, and making what a window is told of it."""

import gc
import statistics
import time

from benchmarks import row
from lenet_gui.engine import Session, Settings
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.engine.trace.recording import Recording
from lenet_gui.engine.trace.reply import reply
from lenet_gui.protocol import CYCLE
from lenet_gui.protocol.stops import Breakpoint

OPTIMIZERS = {
    "Nesterov": {"optimizer": "SGD", "lr": 0.01, "momentum": 0.9, "nesterov": True},
    "Adam": {"optimizer": "Adam", "lr": 0.001},
}
ROUNDS = {1: 600, 64: 150}
LONG_RUN = 100_000


def recorded(session: Session) -> Recording:
    """One step, recorded in full."""
    recording = Recording(session)
    for place, command in enumerate(CYCLE):
        recording.do(command, place)
    return recording


def bare(session: Session) -> None:
    for command in CYCLE:
        COMMANDS[command.name](session)


def tracing(batch_size: int, optimizer: str) -> float:
    """The time of a recorded step in that of a bare one, in turn on one session; medians."""
    session = Session(Settings(batch_size=batch_size, **OPTIMIZERS[optimizer]))
    with_it, without = list[float](), list[float]()
    with session.undisturbed():
        for _ in range(ROUNDS[batch_size]):
            start = time.perf_counter()
            recorded(session)
            with_it.append(time.perf_counter() - start)
            start = time.perf_counter()
            bare(session)
            without.append(time.perf_counter() - start)
    return statistics.median(with_it) / statistics.median(without)


def replying(batch_size: int, times: int = 60) -> list[float]:
    """Milliseconds to make what a window is told of a new trace, ascending."""
    session = Session(Settings(batch_size=batch_size))
    found = []
    with session.undisturbed():
        for _ in range(times):
            recording = recorded(session)
            start = time.perf_counter()
            reply(0, 0, recording.trace, recording.sources, 0, session.settings)
            found.append(1000 * (time.perf_counter() - start))
    return sorted(found)


def stopping(breakpoint: Breakpoint, chunk: int = 300, rounds: int = 40) -> float:
    """The time of a run at batch 1 with a breakpoint that never holds, in one without; short pieces in turn, median."""
    with_it, without = (Session(Settings(batch_size=1)) for _ in range(2))
    with_it.stops.set(breakpoint)
    ratios = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        with_it.stops.run(chunk)
        between = time.perf_counter()
        without.run(chunk)
        ratios.append((between - start) / (time.perf_counter() - between))
    return statistics.median(ratios[1:])


def back_in_the_log(condition: str, steps: int = LONG_RUN, times: int = 20) -> float:
    """Milliseconds to find where a condition held last in a long run, without going there; the slowest."""
    session = Session(Settings(batch_size=1))
    session.run(steps)
    session.stops.set(Breakpoint(0, "when", "", condition))
    armed = session.stops._enabled()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        session.stops._scout.last_stop(armed, (len(session.journal), 0), lambda: True)
        found.append(1000 * (time.perf_counter() - start))
    return max(found)


if __name__ == "__main__":
    gc.freeze()  # as the engine's process does
    for batch_size, most in ((1, 2.2), (64, 1.9)):
        told = ", ".join(f"{name} {tracing(batch_size, name):.2f}" for name in OPTIMIZERS)
        row(f"a step traced in full at batch {batch_size}; a bare one is 1.0", f"≤ {most}", told)
    for batch_size, most in ((1, 5), (64, 12)):
        told = f"{statistics.median(replying(batch_size)):.1f} ms"
        row(f"what a window is told of a traced step, made at batch {batch_size}", f"≤ {most} ms", told)
    for condition, what, most in (("loss > 1e9", "the loss", 1.02), ("gradient_norm > 1e9", "the gradients", 1.08)):
        told = f"{stopping(Breakpoint(0, 'when', '', condition)):.3f}"
        row(f"a run at batch 1 with a breakpoint on {what}; one without is 1.0", f"≤ {most}", told)
    told = f"{back_in_the_log('loss > 1e9 or step == 3'):.0f} ms"
    row(f"back to where a condition held, to the place, over {LONG_RUN:,} steps", "≤ 100 ms", told)
