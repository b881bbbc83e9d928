"""Somebody's own loop with the window attached and running free, against the same loop alone, in interleaved rounds."""

import socket
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import row
from benchmarks.training import Elsewhere
from benchmarks.window import SIZE
from lenet_gui.app import Look, application
from lenet_gui.attached_app import AttachedProgram
from lenet_gui.events import until
from lenet_gui.protocol import Run

STEPS = {1: 1500, 16: 500, 64: 200}
"""About two seconds each."""
ROUNDS = 15


def measure(rounds: int = ROUNDS) -> dict[int, tuple[list[float], list[float]]]:
    """By batch size the ratios of the speeds by the clock, and by the processor's time of the loop's process alone,
    each ascending. The second tells what a machine that is busy with other things hides."""
    return {batch_size: _rounds(batch_size, rounds) for batch_size in STEPS}


def _rounds(batch_size: int, rounds: int) -> tuple[list[float], list[float]]:
    app, elsewhere = application([]), Elsewhere()
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        TemporaryDirectory() as folder,
        _loop(batch_size) as bare,
        _loop(batch_size, listening.getsockname()[1]) as attached,
    ):
        connection, _ = listening.accept()
        streams = connection.makefile("rb"), connection.makefile("wb")
        program = AttachedProgram(app, Look(size=SIZE), Path(folder), "benchmark", streams)
        program.start()
        # It waits at its first phase until it is let run.
        _ask(attached, 50)
        until(program.loaded, 60)
        program.bridge.send(Run())
        elsewhere.run(_seconds, attached)
        both = attached, bare
        pairs = [[elsewhere.run(_take, one, STEPS[batch_size]) for one in both] for _ in range(rounds)]
        program.window.close()
        connection.close()
    ratios = zip(*([theirs / ours for ours, theirs in zip(*pair, strict=True)] for pair in pairs), strict=True)
    clock, processor = map(sorted, ratios)
    return clock, processor


def _loop(batch_size: int, *port: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "benchmarks.attached_loop", str(batch_size), *map(str, port)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _take(loop: subprocess.Popen[str], steps: int) -> list[float]:
    _ask(loop, steps)
    return _seconds(loop)


def _ask(loop: subprocess.Popen[str], steps: int) -> None:
    assert loop.stdin is not None
    loop.stdin.write(f"{steps}\n")
    loop.stdin.flush()


def _seconds(loop: subprocess.Popen[str]) -> list[float]:
    assert loop.stdout is not None
    return [float(word) for word in loop.stdout.readline().split()]


if __name__ == "__main__":
    for batch_size, (clock, processor) in measure().items():
        told = f"{statistics.median(clock):.3f} ({clock[0]:.2f} to {clock[-1]:.2f})"
        told += f"; by the processor's time {statistics.median(processor):.3f}"
        row(f"somebody's own loop, attached and running free, at batch {batch_size}; alone it is 1.0", "≥ 0.98", told)
