"""Measures everything and prints the table of the README. About ten minutes; best on a machine that does nothing else."""

import argparse
import os
import platform
import subprocess
import sys

import torch

from benchmarks import memory, startup


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="paired rounds of the training benchmark (default 10)")
    rounds = parser.parse_args().rounds
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}")
    print("\n| what | asked | measured |\n|---|---|---|")
    # Each in a process of its own, so that none sees the memory or the threads of another.
    for part in ("training", "plots", "response"):
        code = f"from benchmarks import rows; rows.{part}({rounds})"
        subprocess.run([sys.executable, "-c", code], check=True)
    start = startup.measure(rounds)
    _row("first paint", "≤ 0.25 s", f"{start['first paint']:.2f} s")
    ready = f"{start['ratio']:.2f} ({start['ready']:.2f} s against {start['bare']:.2f} s)"
    _row("until the first step can be taken, bare script = 1.0", "≤ 1.15", ready)
    used = memory.measure()
    told = f"{used['bytes a step']:.0f} bytes ({used['few']:.0f} MiB, {used['many']:.0f} MiB)"
    _row("memory a step, from 10,000 to 100,000 steps", "≤ 150 bytes", told)


def _row(what: str, asked: str, measured: str) -> None:
    print(f"| {what} | {asked} | {measured} |", flush=True)


if __name__ == "__main__":
    main()
