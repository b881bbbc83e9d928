"""Starts the program from the command line. What it consists of is in `app`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lenet_gui import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window, or do what the options say. Returns the exit code."""
    multiprocessing.freeze_support()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["run"]:
        from lenet_gui import headless

        return headless.main(words[1:])
    asked = _parser().parse_args(arguments)
    if asked.engine:
        from lenet_gui import engine_host

        folder, runs = asked.engine
        engine_host.serve(Path(folder), int(runs))
    if asked.try_model:
        from lenet_gui.engine.models import child

        child.serve()
    # A picture and a self-test are for machines without a screen too.
    if (asked.self_test or asked.screenshot) and not _has_screen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Imported here and not above: --help and --version must not wait for Qt.
    if asked.self_test:
        if sys.platform == "win32":
            # torch 2.9 and later cannot load c10.dll (WinError 1114) once Qt's libraries are in the process.
            import torch  # noqa: F401

        from lenet_gui.selftest import run_self_test

        return run_self_test()
    from lenet_gui import app

    look = app.Look(asked.theme, asked.size)
    if asked.attached:
        from lenet_gui import attached_app

        return attached_app.run(asked.attached, look)
    if asked.screenshot:
        from lenet_gui.screenshot import take

        return take(asked.screenshot, asked.steps, look)
    return app.run([], look, asked.model)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lenet-gui",
        description="A visual debugger for neural-network training.",
        epilog="lenet-gui run trains without a window: see lenet-gui run --help.",
    )
    parser.add_argument(
        "model", nargs="?", type=_model, metavar="MODEL", help="a model of your own to open: my_model.py, or with the "
        "class where there are more than one, my_model.py:Net; you are asked before its code runs"
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"lenet-gui {__version__}")
    parser.add_argument("--theme", choices=("light", "dark"), default="", help="the colours, instead of those kept")
    parser.add_argument("--size", type=_size, metavar="WxH", help="the window's size in pixels, such as 1680x1020")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--screenshot", type=Path, metavar="FILE", help="train a little, write a PNG of the window, end")
    doing.add_argument("--engine", nargs=2, help=argparse.SUPPRESS)  # what the window starts
    doing.add_argument("--try-model", action="store_true", help=argparse.SUPPRESS)  # what the engine starts
    doing.add_argument("--attached", help=argparse.SUPPRESS)  # what somebody's own loop starts
    doing.add_argument("--self-test", action="store_true", help="click through a training step, check its numbers, end")
    parser.add_argument(
        "--steps", type=_steps, default=60, metavar="N", help="steps before the screenshot (default 60)"
    )
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 320 <= int(width) <= 16384 and 240 <= int(height) <= 16384):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write it as 1680x1020, at least 320x240")
    return int(width), int(height)


def _model(text: str) -> tuple[str, str]:
    """The file and the class, which may be empty. A path may have colons of its own."""
    path, colon, name = text.rpartition(":")
    if not (colon and path.endswith(".py") and name.isidentifier()):
        path, name = text, ""
    if not path.endswith(".py") or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{path!r} is no Python file: write it as my_model.py or my_model.py:Net")
    return str(Path(path).absolute()), name


def _steps(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps: write a whole number such as 60")
    return int(text)


def _has_screen() -> bool:
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
