"""`lenet-gui run`: trains without a window, in the terminal. Neither Qt is imported nor a screen needed.

What the options say is here, and what the exit codes mean; how a run is trained and kept is in `engine/results`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from lenet_gui.settings import SETTING_NAMES, Settings, Value
from lenet_gui.terminal import Terminal

DONE, FAILED, USAGE, NOT_FINITE = 0, 1, 2, 3
INTERRUPTED = 128
"""Added to the number of the signal, as shells have it: 130 after Ctrl-C."""
EPILOG = """\
FOLDER then holds session.lenet, which the window opens, and metrics.csv. While it trains every step is recorded there,
so that nothing is lost however it ends: --resume goes on with it. Ctrl-C saves and ends; a second one ends at once.

exit codes: 0 trained to the end, 1 could not, 2 wrong options, 3 the loss is no longer finite, 130 ended by Ctrl-C
"""


class Stop:
    """Whether somebody wants it to end: by Ctrl-C, or because the system is about to. The second time ends at once."""

    def __init__(self) -> None:
        self.signal = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    def __call__(self) -> bool:
        return bool(self.signal)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        signal.signal(number, signal.SIG_DFL)


def main(arguments: Sequence[str]) -> int:
    """Train as the options say. Returns the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    chosen = {name: getattr(asked, name) for name in SETTING_NAMES if getattr(asked, name, None) is not None}
    folder, goes_on = asked.resume or asked.out, asked.resume is not None
    if (asked.out is None) == (asked.resume is None):
        parser.error("give either --out FOLDER for a new run, or --resume FOLDER to go on with one")
    if goes_on and (asked.set or chosen.keys() - {"model"}):
        parser.error("a run that goes on keeps its settings: --resume takes --epochs and --steps alone")
    if asked.epochs is not None and asked.steps is not None:
        parser.error("give --epochs or --steps, not both")
    stop, terminal = Stop(), Terminal(sys.stdout)
    # Read when torch is loaded. OpenMP threads that spin slow a step a hundredfold on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Only here: --help and a wrong option do not wait for torch.
    from lenet_gui.engine.results import training

    goal = training.Goal(asked.epochs, asked.steps)
    try:
        if not goes_on:
            Settings(**chosen | dict(asked.set))
        how = training.train(folder, goes_on, chosen | dict(asked.set), goal, terminal, stop)
    except (training.CannotTrain, ValueError) as error:
        terminal.end()
        print(f"lenet-gui run: {error}", file=sys.stderr)
        return FAILED
    if stop():
        return INTERRUPTED + stop.signal
    return NOT_FINITE if how == training.NOT_FINITE else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lenet-gui run",
        description="Train without a window.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = Settings()
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the new run is kept")
    parser.add_argument("--resume", type=Path, metavar="FOLDER", help="go on with the run in this folder")
    parser.add_argument("--epochs", type=_count, metavar="N", help="train until so many epochs are done, in all")
    parser.add_argument("--steps", type=_count, metavar="N", help="train until so many steps are done, in all")
    parser.add_argument("--data", help=f"digits, mnist, fashion-mnist, random, … (default {usual.data})")
    parser.add_argument("--model", help=f"a model by its name, or FILE.py:CLASS (default {usual.model})")
    parser.add_argument("--loss", help=f"by its name in torch.nn (default {usual.loss})")
    parser.add_argument("--optimizer", help=f"by its name in torch.optim (default {usual.optimizer})")
    parser.add_argument("--lr", type=float, help="the learning rate (default: what the window offers with it)")
    parser.add_argument("--batch-size", type=int, metavar="N", help=f"(default {usual.batch_size})")
    parser.add_argument("--seed", type=int, metavar="N", help=f"(default {usual.seed})")
    parser.add_argument("--threads", type=int, metavar="N", help=f"of the CPU (default {usual.threads})")
    parser.add_argument("--device", help=f"by PyTorch's name, such as cuda:0 (default {usual.device})")
    parser.add_argument(
        "--set",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other setting or option, such as momentum=0.9 or loss_label_smoothing=0.1; may be given again",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _pair(text: str) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE, such as momentum=0.9")
    return name, _value(value)


def _value(text: str) -> Value:
    """As one would write it in Python; anything that is no number, True, False or None is a text."""
    words: dict[str, Value] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
