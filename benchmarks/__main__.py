"""Measures everything and prints the README's table: about twenty minutes, best on a machine that does nothing else."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version

PARTS = (
    "training", "plots", "response", "startup", "memory", "history", "inside", "stepping", "tensors", "asking",
    "attached", "data",
)  # fmt: skip


def main() -> None:
    versions = f"Python {platform.python_version()}, torch {version('torch')}, PySide6 {version('PySide6-Essentials')}"
    print(f"{platform.platform()}, {os.cpu_count()} cores, {versions}\n")
    print("| what | asked | measured |\n|---|---|---|", flush=True)
    for part in PARTS:
        # Each in a process of its own, so that none sees the memory or the threads of another.
        subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=True)


if __name__ == "__main__":
    main()
