"""A loop for `attached`: so many steps for each number that it is told.

It answers with the seconds that they took, by the clock and of the process.

`python -m benchmarks.attached_loop BATCH [PORT]`: with a port it is attached, and its window a relay to there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import nn

from lenet_gui.engine.net import Net


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    batch_size = int(sys.argv[1])
    model, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    images, labels = torch.randn(512, 1, 32, 32), torch.randint(10, (512,))
    if sys.argv[2:]:
        import lenet_gui
        from lenet_gui import window_process

        relay = str(Path(__file__).parent.parent / "tests" / "attached" / "relay.py")
        window_process.program = lambda _: [sys.executable, relay, sys.argv[2]]
        lenet_gui.attach(model, optimizer, criterion)
    for line in sys.stdin:
        at, start, worked = 0, time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            at = (at + batch_size) % (512 - batch_size)
            optimizer.zero_grad()
            loss = criterion(model(images[at : at + batch_size]), labels[at : at + batch_size])
            loss.backward()
            optimizer.step()
        print(time.perf_counter() - start, time.process_time() - worked, flush=True)


if __name__ == "__main__":
    main()
