"""What can be compared of a session, living or in a file. Of a file settings and log alone are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.journal import Journal
from lenet_gui.engine.storage import session_file
from lenet_gui.engine.storage.stored import SessionFileError
from lenet_gui.protocol import Accuracy, Command
from lenet_gui.protocol.compare import ComparedBranch, CompareReply, CompareRequest
from lenet_gui.settings import SETTING_NAMES, Settings

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Rows = NDArray[np.float32]
MOST_STEPS = 10_000_000
"""Of all branches together, that a window is given: 40 MB."""


def answer(session: Session, request: CompareRequest) -> CompareReply:
    """What went wrong is told in the reply."""
    try:
        branches = _in_file(request.path) if request.path else _living(session)
    except SessionFileError as error:
        return CompareReply(request.id, request.path, (), str(error))
    if sum(len(one.losses) for one in branches) > MOST_STEPS:
        return CompareReply(request.id, request.path, (), f"It has more than {MOST_STEPS:,} steps: open it instead.")
    return CompareReply(request.id, request.path, branches)


def _living(session: Session) -> tuple[ComparedBranch, ...]:
    here = session.branch
    logs = [session.log if one is here and not session.ahead else one.log for one in session.branches]
    return _compared(session.branches, [log.rows() for log in logs], session.accuracies)


def _in_file(path: str) -> tuple[ComparedBranch, ...]:
    read = session_file.read(path)
    rows: list[Rows] = []
    for branch, own in zip(read.branches, read.rows, strict=True):
        before = rows[read.branches.index(branch.parent)] if branch.parent is not None else own[:0]
        shared = 0 if branch.parent is None else branch.parent.journal.steps_at(branch.leaves)
        rows.append(np.concatenate([before[:shared], own]))
    accuracies = {(read.branches[index], place): found for index, place, found in read.stored.accuracies}
    return _compared(read.branches, rows, accuracies)


def _compared(
    branches: Sequence[Branch], rows: Sequence[Rows], accuracies: Mapping[tuple[Branch, int], Accuracy]
) -> tuple[ComparedBranch, ...]:
    found = []
    for branch, log in zip(branches, rows, strict=True):
        limits = branch.limits()
        measured = [(at, one) for (owner, at), one in accuracies.items() if at <= limits.get(owner, -1) and one.total]
        newest = max(measured, key=lambda one: one[0])[1] if measured else None
        share, at = (None, 0) if newest is None else (newest.correct / newest.total, newest.step)
        losses = log[:, 0].copy()
        losses.flags.writeable = False
        found.append(ComparedBranch(branch.name, losses, _settings(branch.journal), share, at))
    return tuple(found)


def _settings(journal: Journal) -> tuple[tuple[str, str], ...]:
    start = now = journal.settings
    for entry in journal.entries:
        if isinstance(entry, Command) and entry.name == "set":
            now = now.change(**dict(entry.arguments))
    first, last = _plain(start), _plain(now)
    names = dict.fromkeys([*first, *last])
    return tuple((name, _told(first.get(name, "default"), last.get(name, "default"))) for name in names)


def _plain(settings: Settings) -> dict[str, str]:
    own = {name: getattr(settings, name) for name in SETTING_NAMES} | dict(settings.options)
    return {name: "none" if value == "" else str(value) for name, value in own.items()}


def _told(first: str, last: str) -> str:
    return first if first == last else f"{first} → {last}"
