"""Trains a run without a window: the same session, the same bare path, kept in a folder. What is said is short."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lenet_gui.engine.choices import optimizers
from lenet_gui.engine.data import DataError
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.results import run_folder
from lenet_gui.engine.results.fetching import fetch, own_model
from lenet_gui.engine.results.run_folder import RunFolder
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage.revival import CodeNotAllowed
from lenet_gui.engine.storage.session_file import written_whole
from lenet_gui.engine.storage.store import Store
from lenet_gui.engine.storage.stored import SessionFileError
from lenet_gui.settings import Settings
from lenet_gui.terminal import Terminal

GOAL = "goal.json"
"""Beside the session: how far it was to be trained, so that one who goes on need not say it again."""
REACHED, STOPPED, NOT_FINITE = "reached", "stopped", "not finite"


class CannotTrain(Exception):
    """Why not, in a sentence."""


@dataclass(frozen=True, slots=True)
class Goal:
    """So many whole epochs, or so many steps, in all. `None` for both is one epoch."""

    epochs: int | None = None
    steps: int | None = None

    def steps_of(self, session: Session) -> int:
        """The steps that are done there. Raises CannotTrain for epochs of data that have no end."""
        if self.steps is not None:
            return self.steps
        size = session.source.size
        if size is None:
            raise CannotTrain(f"{session.settings.data} data has no end: say how many --steps, not --epochs")
        cursor, batch = session.cursor, session.settings.batch_size
        if session.due == "advance":
            cursor = session.source.after(cursor, len(session.input))
        epochs = (1 if self.epochs is None else self.epochs) - cursor.epoch
        each = math.ceil(size / batch)
        return session.steps + max(0, math.ceil((size - cursor.offset) / batch) + (epochs - 1) * each)


def train(
    folder: Path, goes_on: bool, chosen: dict[str, Any], goal: Goal, terminal: Terminal, stop: Callable[[], bool]
) -> str:
    """Begin or go on with the run in a folder, to its goal or until it is to `stop`. How it ended comes back.

    Raises CannotTrain, in a sentence; whatever was trained until then is recorded.
    """
    try:
        session = _resumed(folder, chosen, stop) if goes_on else _begun(folder, chosen, terminal, stop)
        if stop():
            return STOPPED
        goal = _kept_goal(folder, goal, goes_on)
        return _Run(session, folder, goal, terminal, stop).train()
    except CodeNotAllowed as error:
        raise CannotTrain(f"{folder} has a model of somebody's own: allow its code by --model FILE.py") from error
    except (SessionFileError, DataError, ValueError) as error:
        raise CannotTrain(str(error)) from error
    except Refused as refused:
        words = f"{refused.notice.title}: {refused.notice.words}"
        raise CannotTrain(f"{words} What was trained before is saved.") from refused
    except OSError as error:
        words = error.strerror or error
        raise CannotTrain(f"{error.filename or folder} cannot be written ({words}): choose another --out.") from error


def _begun(folder: Path, chosen: dict[str, Any], terminal: Terminal, stop: Callable[[], bool]) -> Session:
    if run_folder.is_run(folder):
        raise CannotTrain(f"{folder} has a run already: go on with it by --resume {folder}, or choose another --out")
    store = Store()
    if (model := own_model(str(chosen.get("model", "")), store)) is not None:
        chosen = chosen | {"model": model}
    settings = Settings(**chosen)
    if "lr" not in chosen:
        offered = {choice.name: choice.lr for choice in reversed(optimizers.choices())}
        settings = settings.change(lr=offered.get(settings.optimizer, settings.lr))
    folder.mkdir(parents=True, exist_ok=True)
    fetch(settings.data, terminal, stop)
    return Session(settings, store=store)


def _resumed(folder: Path, chosen: dict[str, Any], stop: Callable[[], bool]) -> Session:
    own_model(str(chosen.get("model", "")), Store())  # which allows its code
    session = run_folder.resume(folder, lambda _: not stop()).session
    if session.ahead:
        raise CannotTrain(f"{folder} was left in its past: open it in the window, and save it at its newest step")
    return session


def _kept_goal(folder: Path, goal: Goal, goes_on: bool) -> Goal:
    path = folder / GOAL
    if goes_on and goal == Goal() and path.is_file():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            goal = Goal(*(int(kept[one]) if kept[one] else None for one in ("epochs", "steps")))
        except (ValueError, KeyError, TypeError) as error:
            raise CannotTrain(f"{path} is no goal any more: say how many --epochs or --steps") from error
    with written_whole(path) as file:
        file.write(json.dumps({"epochs": goal.epochs, "steps": goal.steps}).encode())
    return goal


class _Run:
    def __init__(
        self, session: Session, folder: Path, goal: Goal, terminal: Terminal, stop: Callable[[], bool]
    ) -> None:
        self._session, self._terminal, self._stop = session, terminal, stop
        self._end, self._begin = goal.steps_of(session), session.steps
        self._looked_at = self._epoch_began = session.steps
        self._not_finite: int | None = None
        self._folder = RunFolder(folder, session)
        self._since = self._epoch_since = time.perf_counter()

    def train(self) -> str:
        session, folder = self._session, self._folder.folder
        try:
            if session.steps < self._end:
                session.run(self._end - session.steps, self._between)
                self._epoch()
                self._look()
        finally:
            self._folder.save()
        self._terminal.end()
        how = "" if session.steps >= self._end else f" of {self._end:,}"
        self._terminal.say(f"{session.steps:,}{how} steps, saved in {folder / run_folder.SESSION}")
        if self._not_finite is not None:
            self._terminal.say(f"The loss is not finite since step {self._not_finite:,}: a smaller --lr may help.")
            return NOT_FINITE
        return REACHED if session.steps >= self._end else STOPPED

    def _between(self) -> bool:
        self._epoch()
        self._look()
        self._folder.record()
        return not self._stop() and self._not_finite is None

    def _look(self) -> None:
        """At what was trained since the last look."""
        session, rows = self._session, self._session.log.rows(self._looked_at)
        bad = np.flatnonzero(~np.isfinite(rows[:, 0]))
        if len(bad) and self._not_finite is None:
            self._not_finite = self._looked_at + int(bad[0]) + 1
        if len(rows):
            self._looked_at = session.steps
            self._terminal.show(session.steps, self._end, self._words(float(rows[-1, 0])))

    def _words(self, loss: float) -> str:
        done, spent = self._session.steps - self._begin, time.perf_counter() - self._since
        left = int((self._end - self._session.steps) * spent / max(done, 1))
        epoch = "" if self._session.source.size is None else f"epoch {self._session.cursor.epoch + 1}  "
        return f"{epoch}loss {loss:.4f}  {done / max(spent, 1e-9):,.0f} steps/s  {left // 60}:{left % 60:02} left"

    def _epoch(self) -> None:
        """Measure where an epoch has just ended, as the window does, and say it."""
        session = self._session
        here = session.branch.owner(len(session.journal)), len(session.journal)
        if not session.epoch_ended or here in session.accuracies or session.steps == self._epoch_began:
            return
        loss = session.log.rows(self._epoch_began)[:, 0].astype(np.float64).mean()
        words = f"epoch {session.cursor.epoch + 1}: step {session.steps:,}, mean loss {loss:.4f}"
        if (found := session.evaluate()) is not None:
            session.accuracies[here] = found
            words += f", test accuracy {100 * found.correct / found.total:.2f} % ({found.correct:,} of {found.total:,})"
        now = time.perf_counter()
        self._terminal.say(f"{words}, {now - self._epoch_since:.1f} s")
        self._epoch_began, self._epoch_since = session.steps, now
