"""Reads a session into the values that panels draw: frames and replies. It changes nothing, and copies all it gives."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lenet_gui.engine.autograd import chain
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.session import Session
from lenet_gui.protocol import (
    EVERY_PHASE,
    Accuracy,
    BatchView,
    BookmarkRow,
    BranchRow,
    Command,
    Frame,
    ModuleRow,
    ParameterRow,
    Place,
    phases_of,
)

THUMBNAILS = 64

STOPPED = ("next_batch", "set", "lr", "edit", "put")
STOPPED += ("advance", "run", "back", "seek", "evaluate", "new", "find", "print")
INSIDE = ("advance", "run", "back", "seek", "evaluate", "new", "find", "print")
SEEKING = ("pause",)
RUNNING = ("set", "lr", "pause", "evaluate", "new", "print")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a frame says that the session does not know: how it is being hosted."""

    run: int
    reason: str
    running: bool
    remaining: int | None
    accuracy: Accuracy | None
    steps_per_second: float
    exact: bool
    seeking: bool = False
    file: str = ""
    unsaved: bool = False


class Viewer:
    """Makes a session's frames. In a run they are taken from the training: what stays the same is read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._model, self._modules = session.model, _modules(session.model)
        # Weakly, because an output that was replaced must take its graph along.
        self._seen: list[Callable[[], Tensor | None]] = []
        self._forwarded: tuple[int | None, bool] | None = None
        self._samples = _samples(session)
        # Of a forward that the cursor stands in, with its trace's number.
        self._inside: tuple[int, BatchView] | None = None

    def frame(self, now: Situation) -> Frame:
        """Everything the panels need at this place. The batch is the same value as before while it has not changed."""
        session = self._session
        if session.model is not self._model:
            self._model, self._modules = session.model, _modules(session.model)
        tensors = [tensor for tensor in (session.input, session.output, session.target) if tensor is not None]
        if (inside := session.stepper.inside()) is not None and inside.command.name == "forward":
            return _frame(session, self._modules, self._batch_inside(), now)
        unchanged = len(tensors) == len(self._seen) and session.forwarded == self._forwarded
        if not unchanged or any(seen() is not tensor for seen, tensor in zip(self._seen, tensors, strict=True)):
            self._seen, self._forwarded = [weakref.ref(tensor) for tensor in tensors], session.forwarded
            samples = _samples(session)
            # The same pictures are sent once, and drawn once.
            same = np.array_equal(samples.images, self._samples.images)
            self._samples = replace(samples, images=self._samples.images) if same else samples
        return _frame(session, self._modules, self._samples, now)

    def _batch_inside(self) -> BatchView:
        """What a forward under way was given; nothing has come out yet."""
        session, number = self._session, self._session.stepper.number
        if self._inside is None or self._inside[0] != number:
            trace = session.trace()
            assert trace.batch is not None
            self._inside = number, _batch(trace.batch, trace.labels, torch.empty(0, 0), len(trace.batch))
        return self._inside[1]


def _modules(model: nn.Module) -> tuple[ModuleRow, ...]:
    return tuple(
        ModuleRow(path, type(module).__name__, sum(parameter.numel() for parameter in module.parameters()))
        for path, module in model.named_modules()
    )


def _frame(session: Session, modules: tuple[ModuleRow, ...], samples: BatchView, now: Situation) -> Frame:
    size = session.source.size
    batch_size = session.settings.batch_size
    idle = set[str]() if size else {"evaluate"}
    idle |= {"put"} if session.forwarded is not None and not session.due else set()
    idle |= set() if len(session.journal) or session.item else {"back"}
    barred = session.barred
    idle |= {name for name, _ in barred}
    phases = phases_of(session.settings)
    stopped = (*phases, *STOPPED)
    allowed = SEEKING if now.seeking else RUNNING if now.running else stopped
    if session.item and allowed is stopped:
        # Between its items a command can only be finished or left: what changes the state stands between commands.
        allowed = (session.next_command.name, *INSIDE)
    return Frame(
        run=now.run,
        place=place_of(session),
        reason=now.reason,
        running=now.running or now.seeking,
        allowed=tuple(name for name in allowed if name not in idle),
        cycle=tuple(map(Command, phases)),
        next=_next_phase(session),
        step=session.steps,
        epoch=None if size is None else session.cursor.epoch,
        batch=session.cursor.offset // batch_size,
        batches=None if size is None else -(-size // batch_size),
        remaining=now.remaining,
        settings=session.settings,
        lr=session.lr,
        modules=modules,
        parameters=_parameters(session),
        samples=samples,
        loss=None if session.last_loss is None else session.last_loss.item(),
        graph=session.graph,
        chain=chain(session.last_loss, "loss") or chain(session.output, "output"),
        accuracy=now.accuracy,
        steps_per_second=now.steps_per_second,
        exact=now.exact,
        file=now.file,
        unsaved=now.unsaved and not session.observed,
        trace=0 if now.running or now.seeking else session.stepper.number,
        breakpoints=session.stops.rows(),
        watches=session.watches.rows(now.running or now.seeking),
        classes=session.source.classes,
        prepared=session.source.prepared,
        barred=barred,
        observed=session.observed,
        branches=tuple(branch_row(branch) for branch in session.branches),
        bookmarks=tuple(
            BookmarkRow(Place(mark.branch.name, mark.place), mark.branch.journal.steps_at(mark.place), mark.note)
            for mark in session.bookmarks
        ),
    )


def _next_phase(session: Session) -> str:
    """What the branch does next, also in the past; behind something else than a phase, what the cycle has then."""
    name = session.next_command.name
    return name if name in EVERY_PHASE else session.next_phase


def branch_row(branch: Branch) -> BranchRow:
    parent, leaves = ("", 0) if branch.parent is None else (branch.parent.name, branch.journal.steps_at(branch.leaves))
    return BranchRow(branch.name, parent, leaves, branch.journal.steps, len(branch.journal), branch.leaves)


def place_of(session: Session) -> Place:
    return Place(session.branch.name, len(session.journal), session.item)


def _parameters(session: Session) -> tuple[ParameterRow, ...]:
    state = session.stepper.state()
    named = [(name, state[name], state[f"{name}.grad"]) for name, _ in session.model.named_parameters()]
    values = [value.detach() for _, value, _ in named if value is not None]
    grads = [grad for *_, grad in named]
    # All norms are taken at once, and read from the device in one go.
    norms = iter(_norms([*values, *(grad for grad in grads if grad is not None)]))
    value_norms = [next(norms) for _ in values]
    return tuple(
        ParameterRow(
            name, tuple(value.shape), _dtype(value), value.numel(), norm, None if grad is None else next(norms)
        )
        for (name, *_), value, norm, grad in zip(named, values, value_norms, grads, strict=True)
    )


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _norms(tensors: list[Tensor]) -> list[float]:
    """The Euclidean norms. Raises RuntimeError where a tensor has no numbers (a device that failed)."""
    return torch.stack(torch._foreach_norm(tensors)).tolist() if tensors else []  # pyright: ignore[reportPrivateImportUsage]


def _samples(session: Session) -> BatchView:
    images, labels, output = session.input[:THUMBNAILS], session.labels, session.output
    size = len(session.input)
    scores, first = torch.empty(0, 0), 0
    if session.forwarded is not None and output is not None:
        sample = session.forwarded[0]
        if sample is not None:
            images, size, first = session.input[sample][None], 1, sample
            labels = None if labels is None else labels[sample][None]
        scores = output.detach().reshape(size, -1)[:THUMBNAILS]
    if labels is None and session.target is not None and not session.target.is_floating_point():
        labels = session.target.reshape(-1)
    return _batch(images, labels, scores, size, first)


def _batch(images: Tensor, labels: Tensor | None, scores: Tensor, size: int, first: int = 0) -> BatchView:
    images = images[:THUMBNAILS]
    # A sample that is a row of numbers is a picture of one line.
    images = images.flatten(0, -3) if images.ndim > 2 else images.reshape(len(images), 1, -1)
    return BatchView(
        size,
        bounded(images, images.numel()),
        () if labels is None else tuple(labels[:THUMBNAILS].tolist()),
        tuple(scores.argmax(-1).tolist()) if scores.numel() else (),
        bounded(scores, scores.numel()),
        first,
    )


def bounded(tensor: Tensor, limit: int) -> NDArray[np.float32]:
    """A read-only copy, flat and cut where it has more than `limit` numbers."""
    chosen = tensor.detach() if tensor.numel() <= limit else tensor.detach().reshape(-1)[:limit]
    array = chosen.to("cpu", torch.float32).numpy().copy()
    array.flags.writeable = False
    return array
