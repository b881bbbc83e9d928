"""The engine's end of the pipes that join it to the window: what the process that `engine_process` starts runs."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import BinaryIO

from lenet_gui.channel import Channel
from lenet_gui.engine_process import PATIENCE
from lenet_gui.protocol import Notice
from lenet_gui.wire import Reader, Writer


def serve(sessions: Path, runs: int) -> None:
    """The engine's end: host a runner in this process until the window closes, or is gone. Does not return."""
    # OpenMP threads that spin while they wait slow a step a hundredfold on a busy machine. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Ctrl-C in a terminal reaches both processes; the window decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a model prints or reads must not come between the values.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # A program without a console has no stderr: then what is printed and a crash have nowhere to be written.
    with suppress(OSError, RuntimeError, AttributeError):
        os.dup2(2, 1)
        faulthandler.enable()
    given = threading.Event()
    channel = Channel(given.set)
    sender = threading.Thread(target=_give_out, args=(channel, outgoing, given), daemon=True)
    sender.start()
    threading.Thread(target=_take_in, args=(channel, incoming), daemon=True).start()
    code = 0
    # What is imported never dies: walking it again and again would take a tenth of a second each time.
    gc.disable()
    try:
        # Only here: the window's process never loads torch.
        from lenet_gui.engine.runner import Runner

        gc.freeze()
        gc.enable()
        Runner(channel, root=sessions, runs=runs).serve()
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        channel.give(Notice("failed", "The engine has failed", words, "", details=traceback.format_exc()))
        code = 1
    channel.closing = True
    given.set()
    sender.join(PATIENCE)
    # A thread that waits for the window's next word cannot be woken; nothing else is left to end.
    os._exit(code)


def _take_in(channel: Channel, incoming: BinaryIO) -> None:
    try:
        reader = Reader(incoming)
        while True:
            channel.send(reader.read())
    except (EOFError, OSError, UnpicklingError):
        channel.close()
    # An engine that hangs does not outlive its window.
    time.sleep(2 * PATIENCE)
    os._exit(1)


def _give_out(channel: Channel, outgoing: BinaryIO, given: threading.Event) -> None:
    writer = Writer(outgoing)
    try:
        while True:
            given.wait()
            given.clear()
            ending = channel.closing
            if values := channel.take():
                writer.write(values)
            if ending:
                return
    except OSError:
        channel.close()
