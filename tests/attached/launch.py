"""Runs a script whose window is a relay to a test: `launch.py PORT SCRIPT …`. No tests here."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from lenet_gui import window_process

if __name__ == "__main__":
    relay = str(Path(__file__).with_name("relay.py"))
    _, port, *sys.argv = sys.argv
    window_process.program = lambda _: [sys.executable, relay, port]
    runpy.run_path(sys.argv[0], run_name="__main__")
