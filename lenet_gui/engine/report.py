"""What a worker tells the window about its session: frames, series, lines. What is done next is the runner's to say."""

from __future__ import annotations

import os
import platform
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from lenet_gui import __version__
from lenet_gui.channel import Channel
from lenet_gui.engine import notices, view
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.choices import offered
from lenet_gui.engine.data import choices
from lenet_gui.engine.devices import devices
from lenet_gui.engine.measures.serving import Serving
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage.keeper import Keeper
from lenet_gui.protocol import Line, Place, Ready, Series

SPEED_WINDOW = 1.0
"""Seconds over which steps per second are averaged."""


def ready() -> Ready:
    """What there is to choose from on this machine."""
    return Ready(
        versions=(("lenet-gui", __version__), ("torch", str(torch.__version__)), ("python", platform.python_version())),
        devices=devices(),
        data=choices.choices(),
        cores=os.cpu_count() or 1,
    )


class Report:
    """Tells a channel about one session, from its start on."""

    def __init__(self, channel: Channel, session: Session, run: int, keeper: Keeper, exact: bool = True) -> None:
        self._channel = channel
        self._session = session
        self._run = run
        self._keeper = keeper
        self._exact = exact
        self._viewer = view.Viewer(session)
        self._reason = ""
        self._unsaid: deque[Callable[[], Line]] = deque()
        self.in_run = False
        """Whether a run goes on: what is answered in between does not end it."""
        self._told: Branch = session.branch
        self._told_steps = 0
        self._told_place: Place | None = None
        self._not_finite_since: int | None = None
        self._asked_not_finite = False
        self.measures = Serving(channel, session, run)
        self._times: deque[tuple[float, int]] = deque()
        self._channel.give(Series(run, session.log.names, 0, session.log.rows(0)))
        self._offered_to: object = None

    def frame(self, reason: str = "", remaining: int | None = None, seeking: bool = False) -> None:
        """Everything that every panel needs, as it is now; without a `reason` it stands here for the one before."""
        self._reason = reason = reason or self._reason
        running = self.in_run
        self.series()
        self._told_place = view.place_of(self._session)
        speed = self._steps_per_second() if running else 0.0
        situation = view.Situation(
            self._run,
            reason,
            running,
            remaining,
            self.measures.newest,
            speed,
            self._exact,
            seeking,
            self._keeper.file,
            self._keeper.unsaved,
        )
        self._newest = self._viewer.frame(situation)
        self._channel.give(self._newest)
        self._offer()  # behind the frame: to try all that PyTorch has takes longer than to draw it
        self.measures.tell()
        # After it: to print an output of a large batch takes longer than the forward that made it.
        while self._unsaid:
            self._channel.give(self._unsaid.popleft()())

    def _offer(self) -> None:
        """What this model can be trained with, once for each model."""
        if self._offered_to != (self._session.made_of,):
            self._offered_to = (self._session.made_of,)
            self._channel.give(offered.offered(self._run, self._session.parameters))

    def say(self, line: Callable[[], Line]) -> None:
        """A line for the console, made behind the next frame."""
        self._unsaid.append(line)

    def on_the_way(self, reason: str) -> None:
        """The newest frame once more: one is no longer sure to be there, and can leave off going elsewhere."""
        self._channel.give(replace(self._newest, reason=reason, running=True, allowed=view.SEEKING))

    @property
    def run(self) -> int:
        """The number of this run of the program."""
        return self._run

    @property
    def behind(self) -> bool:
        """Whether something was done since the last frame."""
        return view.place_of(self._session) != self._told_place

    def series(self) -> None:
        """The rows of the branch's log that were not told yet, those ahead of this place too."""
        session, branch = self._session, self._session.branch
        if changed := branch is not self._told:
            self._told_steps = min(self._told_steps, branch.journal.steps_at(branch.shared_with(self._told)))
            self._told = branch
            if self._not_finite_since is not None and self._not_finite_since > self._told_steps:
                self._not_finite_since, self._asked_not_finite = None, False
        log = branch.log if session.ahead else session.log
        if changed or len(log) > self._told_steps:
            rows = log.rows(self._told_steps)
            bad = np.flatnonzero(~np.isfinite(rows[:, 0]))
            if len(bad) and self._not_finite_since is None:
                self._not_finite_since = self._told_steps + int(bad[0]) + 1
            self._channel.give(Series(self._run, log.names, self._told_steps, rows))
            self._told_steps = len(log)

    def became_not_finite(self) -> int | None:
        """The first step, counted from 1, whose loss is NaN or infinite, asked about once; `None` from then on."""
        if self._asked_not_finite:
            return None
        self.series()
        self._asked_not_finite = self._not_finite_since is not None
        return self._not_finite_since

    def branched(self, before: Branch) -> None:
        """Tell that a branch grew out of the one `before` because the same commands gave other bits."""
        branch = self._session.branch
        if branch is not before and branch.differs:
            step = branch.journal.steps_at(branch.leaves) + 1
            self._channel.give(notices.grown(step, branch.name, before.name))

    def epoch(self) -> None:
        """Measure where an epoch has just ended."""
        self.measures.epoch(self.in_run)

    def evaluate(self) -> None:
        """Measure here, and tell it."""
        self.measures.evaluate()

    def _steps_per_second(self) -> float:
        now = time.perf_counter()
        self._times.append((now, self._session.steps))
        while now - self._times[0][0] > SPEED_WINDOW and len(self._times) > 2:
            self._times.popleft()
        then, steps = self._times[0]
        return (self._session.steps - steps) / (now - then) if now > then else 0.0

    def pause_speed(self) -> None:
        """Forget the speed: what comes next is another run."""
        self._times.clear()
