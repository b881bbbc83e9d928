"""A run as an event file that TensorBoard reads: scalars, histograms, images, the graph, the settings.

The events' form is tensorboardX's to know. They are written here without its thread, in which a full disk is not
noticed. What the histograms are of is in `over_checkpoints`, the graph in `tensorboard_graph`.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue] (made as it is loaded)
from tensorboardX.record_writer import RecordWriter
from torch import Tensor

from lenet_gui.engine.results.by_step import accuracies, learning_rates, log_of
from lenet_gui.engine.results.over_checkpoints import over_checkpoints
from lenet_gui.engine.results.tensorboard_graph import graph
from lenet_gui.settings import SETTING_NAMES

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MOST_STEPS = 10_000
"""Steps with scalars: of a longer run every n-th, and the last. TensorBoard itself shows 1,000 if nobody says more."""
BINS = 64
SHOWN = 64
"""Images of the batch, and filters."""
ENLARGED = 8
"""Pixels of a weight's side."""
TELL_EVERY = 1000

Between = Callable[[int, int], bool]
"""Told how much is done, and of how much; where it returns false, nothing is written."""


def write_events(session: Session, folder: Path, between: Between = lambda *_: True) -> bool:
    """Write one event file into a folder, which is made if need be. False where `between` ended it.

    A step is counted from 1, by what was done behind it. Raises OSError; then there is no new file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{secrets.token_hex(4)}"
    beside = folder / f".{name}.part"
    writer = RecordWriter(str(beside))
    try:
        now, total = time.time(), _about(session)
        writer.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        for done, (step, event) in enumerate(_events(session, lambda: between(total, total))):
            if event is None or (done % TELL_EVERY == 0 and not between(done, total)):
                return False
            event.wall_time, event.step = now, step
            writer.write(event.SerializeToString())
        writer.flush()
        writer.close()
        os.replace(beside, folder / name)
    finally:
        writer.close()
        beside.unlink(missing_ok=True)
    return True


def _events(session: Session, between: Callable[[], bool]) -> Iterator[tuple[int, Any]]:
    """Each with its step. An event that is `None` means that `between` ended it."""
    if (found := graph(session)) is not None:
        yield session.steps, Event(graph_def=found.SerializeToString())
    yield 0, Event(summary=summary.text("settings", _settings_table(session)))
    yield from _scalars(session)
    yield from _images(session)
    for step, tensors in over_checkpoints(session, between):
        if tensors is None:
            yield step, None
            return
        yield from _histograms(step, tensors)


def _scalars(session: Session) -> Iterator[tuple[int, Any]]:
    names, rows = log_of(session)
    rates, every = learning_rates(session), math.ceil(len(rows) / MOST_STEPS) or 1
    for at in sorted({*range(0, len(rows), every), *range(len(rows))[-1:]}):
        for name, value in zip(("lr", *names), (float(rates[at]), *rows[at].tolist()), strict=True):
            if not math.isnan(value) or name == "loss":
                yield at + 1, Event(summary=summary.scalar(_tag(name), value))
    for found in accuracies(session):
        share = found.correct / max(found.total, 1)
        yield found.step, Event(summary=summary.scalar("test/accuracy", share))


def _histograms(step: int, tensors: dict[str, Tensor]) -> Iterator[tuple[int, Any]]:
    for name, tensor in tensors.items():
        kind = "gradients" if name.endswith(".grad") else "parameters"
        values = tensor.detach().cpu().double().flatten().numpy()
        values = values[np.isfinite(values)]
        if len(values):
            tag = f"{kind}/{name.removesuffix('.grad')}"
            yield step, Event(summary=summary.histogram(tag, values, BINS))


def _images(session: Session) -> Iterator[tuple[int, Any]]:
    batch = session.input[:SHOWN].detach().cpu().float()
    if batch.ndim == 4 and batch.shape[1] in (1, 3):
        yield session.steps, _image("batch", batch, batch.amin(), batch.amax())
    state = session.stepper.state()
    for name, live in session.model.named_parameters():
        weights = state.get(name, live)
        if live.ndim == 4 and isinstance(weights, Tensor):
            # Each input channel of the first filters is a picture of its own, black at the most negative weight.
            filters = weights.detach().cpu().float().flatten(0, 1)[:SHOWN, None]
            largest = filters.abs().amax()
            large = filters.repeat_interleave(ENLARGED, 2).repeat_interleave(ENLARGED, 3)
            yield session.steps, _image(f"filters/{name}", large, -largest, largest)
            return


def _image(tag: str, pictures: Tensor, low: Tensor, high: Tensor) -> Any:
    """Pictures [n, channels, height, width] side by side, a pixel apart, from black at `low` to white at `high`."""
    n, channels, height, width = pictures.shape
    across = math.ceil(math.sqrt(n))
    scaled = ((pictures - low) / (high - low).clamp_min(1e-30)).nan_to_num().clamp(0, 1)
    down = math.ceil(n / across)
    grid = torch.ones(channels, down * (height + 1) - 1, across * (width + 1) - 1)
    for at, picture in enumerate(scaled):
        y, x = at // across * (height + 1), at % across * (width + 1)
        grid[:, y : y + height, x : x + width] = picture
    return Event(summary=summary.image(tag, (255 * grid).round().to(torch.uint8).numpy()))


def _settings_table(session: Session) -> str:
    settings = session.journal.settings
    rows = [(name, getattr(settings, name)) for name in SETTING_NAMES] + list(settings.options)
    return "\n".join(["| setting | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _tag(name: str) -> str:
    """`conv1.bias.grad[3]` belongs with its neighbours: TensorBoard makes a group of what is before the slash."""
    owner, grad, index = name.partition(".grad[")
    return f"gradients/{owner}.{index.removesuffix(']')}" if grad else name


def _about(session: Session) -> int:
    names, rows = log_of(session)
    return min(len(rows), MOST_STEPS) * (1 + len(names)) + 1
