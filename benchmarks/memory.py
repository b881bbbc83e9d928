"""Resident memory of the program, the window and its engine, after 10,000 and after 100,000 steps at batch 1.

Without the room for checkpoints, which fills in that time: it has a bound of its own, and holds no more a step.
"""

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from benchmarks import row

FEW, MANY = 10_000, 100_000
CHILD = "in-this-process"


def measure() -> dict[str, float]:
    """Mebibytes after each, and the bytes a step between the two. In a process of its own (Linux only)."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", CHILD], capture_output=True, text=True, check=True
    )
    few, many = (int(word) for word in done.stdout.split())
    return {"few": few / 2**20, "many": many / 2**20, "bytes a step": (many - few) / (MANY - FEW)}


def _resident(*processes: int) -> int:
    pages = (int(Path(f"/proc/{process}/statm").read_text().split()[1]) for process in processes)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def _main() -> None:
    from benchmarks.window import begin, opened
    from lenet_gui.events import until
    from lenet_gui.protocol import Budget, Run, SetBudget

    with opened() as program:
        program.bridge.send(SetBudget(Budget(memory=0, disk=0)))
        begin(program, 1)
        # Some stops before the first figure is taken: what the first ones need once (7 MiB) is no matter of steps.
        for goal, steps in ((FEW // 4, FEW // 4), (FEW // 2, FEW // 4), (FEW, FEW // 2), (MANY, MANY - FEW)):
            program.bridge.send(Run(steps=steps))
            until(program.bridge.frame, 3600, lambda frame, goal=goal: frame.step == goal and not frame.running)
            _settle()
            if goal >= FEW:
                assert program.engine.pid is not None
                print(_resident(os.getpid(), program.engine.pid), flush=True)


def _settle() -> None:
    """Let the panels have what they ask for where the run stops: the trace of its last step, once."""
    loop = QEventLoop()
    QTimer.singleShot(3000, loop.quit)
    loop.exec()


if __name__ == "__main__":
    if sys.argv[1:] == [CHILD]:
        _main()
    else:
        found = measure()
        told = f"{found['bytes a step']:.0f} bytes ({found['few']:.0f} MiB, then {found['many']:.0f} MiB)"
        row(f"resident memory a step without checkpoints, from {FEW:,} to {MANY:,} steps", "≤ 150 bytes", told)
