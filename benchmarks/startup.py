"""First paint, and the time until the first step can be taken, against a bare script that takes one optimizer step."""

import statistics
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

from benchmarks import row

BARE = """
import torch
from torch import nn
torch.set_num_threads(1)
from lenet_gui.engine.net import Net
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
optimizer.zero_grad()
nn.CrossEntropyLoss()(net(torch.randn(16, 1, 32, 32)), torch.randint(10, (16,))).backward()
optimizer.step()
"""

WINDOW = """
import sys, time
from pathlib import Path
started = float(sys.argv[1])
from lenet_gui.app import Look, Program, application
from PySide6.QtCore import QEvent, QObject
class First(QObject):
    seen = 0.0
    def eventFilter(self, _, event):
        if not self.seen and event.type() == QEvent.Type.Paint:
            self.seen = time.time() - started
        return False
app = application([])
program = Program(app, Look(size=(1280, 800)), Path(sys.argv[2]))
first = First()
program.window.installEventFilter(first)
program.start()
from lenet_gui.events import until
until(program.bridge.frame, 60, lambda frame: "zero_grad" in frame.allowed)
print(first.seen, time.time() - started)
program.window.close()
"""


def measure(rounds: int = 10) -> dict[str, float]:
    """Seconds and their ratio: medians over interleaved rounds; the first warms the disk and does not count."""
    rows = []
    for _ in range(rounds + 1):
        started = time.time()
        with TemporaryDirectory() as folder:
            printed = _python(WINDOW, str(started), folder).split()
        bare = time.time()
        _python(BARE)
        rows.append((float(printed[0]), float(printed[1]), time.time() - bare))
    paints, readies, bares = zip(*rows[1:], strict=True)
    return {
        "first paint": statistics.median(paints),
        "ready": statistics.median(readies),
        "bare": statistics.median(bares),
        "ratio": statistics.median(ready / bare for ready, bare in zip(readies, bares, strict=True)),
    }


def _python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    found = measure()
    row("first paint", "≤ 0.25 s", f"{found['first paint']:.2f} s")
    told = f"{found['ratio']:.2f} ({found['ready']:.2f} s against {found['bare']:.2f} s)"
    row("until the first step can be taken; a bare script with torch and one step is 1.0", "≤ 1.15", told)
