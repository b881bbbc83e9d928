"""A run for the window: as fast as it goes, or so many phases a second, until it is done or something ends it.

What comes meanwhile is looked at between two slices of it. What is done for that is the runner's to know, how the
steps are taken `running`'s, where breakpoints end it `stops`'.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from lenet_gui.channel import Channel
from lenet_gui.engine import debugging, notices, printing, view
from lenet_gui.engine.data import DataError
from lenet_gui.engine.refusal import Refused
from lenet_gui.engine.report import Report
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage.keeper import Keeper
from lenet_gui.protocol import (
    Advance,
    Back,
    Command,
    Incoming,
    NewRun,
    OpenSession,
    RecoverOnCpu,
    RecoverSession,
    Run,
    Seek,
    SetRate,
    StartRace,
)
from lenet_gui.protocol.diagnoses import DiagnosesRequest
from lenet_gui.protocol.measures import MeasureEpochs
from lenet_gui.protocol.models import OpenModel
from lenet_gui.protocol.trace import TraceRequest

ENDLESS = 2**62
STOPPING = (
    Advance,
    Run,
    SetRate,
    NewRun,
    RecoverOnCpu,
    Back,
    Seek,
    StartRace,
    MeasureEpochs,
    OpenSession,
    RecoverSession,
    OpenModel,
    *get_args(debugging.Moving),
)
"""What ends a run before it is looked at. Everything else is answered while it goes on."""


class RunLoop:
    """One run of a session."""

    def __init__(
        self,
        channel: Channel,
        session: Session,
        report: Report,
        keeper: Keeper,
        pending: deque[Incoming],
        do: Callable[[Command], None],
        aside: Callable[[Incoming], None],
    ) -> None:
        """What ends the run is put into `pending`, for whoever does what comes next.

        `do` does one command by hand, `aside` what may be done between two slices.
        """
        self._channel = channel
        self._session = session
        self._report = report
        self._keeper = keeper
        self._pending = pending
        self._do = do
        self._aside = aside
        self._later: list[TraceRequest | DiagnosesRequest] = []

    def run(self, run: Run) -> None:
        """From start to end. Raises Refused; what was done before it stays."""
        before = self._session.branch
        self._steps_left = ENDLESS if run.steps is None else run.steps
        self._counted = run.steps is not None
        self._report.pause_speed()
        self._session.stops.stopped = []
        self._report.in_run = True
        try:
            if run.rate is None:
                self._unlimited()
            else:
                self._paced(run.rate)
        finally:
            self._report.in_run = False
            self._channel.wants_frame = True
            self._pending += self._later
        self._report.branched(before)
        why = f"stopped {self._session.stops.words}" if self._session.stops.stopped else ""
        self._report.frame(why or ("paused" if self._channel.pausing else "run ended"))

    def _unlimited(self) -> None:
        session, place = self._session, len(self._session.journal)
        end = session.steps + self._steps_left
        try:
            session.stops.run(self._steps_left, lambda: self._between(end - session.steps if self._counted else None))
        finally:
            if done := session.journal.since(place):
                for line in printing.run_lines(done, session.last_loss, session.settings):
                    self._channel.give(replace(line, place=view.place_of(session)))
        self._report.epoch()
        pause_where_not_finite(self._channel, self._report)
        self._go_on(end - session.steps)

    def _paced(self, rate: float) -> None:
        """By hand, so many phases a second: every phase is seen, said in the console, and can be paused before."""
        session, due = self._session, time.perf_counter()
        end = session.steps + self._steps_left
        while session.steps < end and self._between(end - session.steps if self._counted else None):
            if (wait := due - time.perf_counter()) > 0:
                message = self._channel.receive(min(wait, 0.05))
                if message is not None:
                    self._pending.append(message)
                continue
            if session.stops.on(self._do, lambda: not self._channel.pausing):
                break
            due = max(due + 1 / rate, time.perf_counter() - 1 / rate)
            self._channel.wants_frame = True
        self._go_on(end - session.steps)

    def _go_on(self, left: int) -> None:
        """Another speed, pressed during the run, goes on with what is left of it."""
        if self._pending and isinstance(self._pending[0], SetRate) and left > 0 and not self._channel.pausing:
            rate = self._pending.popleft()
            assert isinstance(rate, SetRate)
            self._pending.appendleft(Run(left if self._counted else None, rate.rate))

    def _between(self, remaining: int | None) -> bool:
        """Whether the run goes on; meanwhile the window is told how far it is, and small things are done for it."""
        self._report.epoch()
        self._keeper.record()
        if self._channel.wants_frame and self._report.behind:
            self._channel.wants_frame = False
            pause_where_not_finite(self._channel, self._report)
            self._report.frame("running", remaining=remaining)
        waiting = [*self._pending]
        self._pending.clear()
        while (message := waiting.pop(0) if waiting else self._channel.receive(0)) is not None:
            if isinstance(message, STOPPING):
                self._pending.append(message)
            elif isinstance(message, TraceRequest) or (isinstance(message, DiagnosesRequest) and not message.log_only):
                self._later.append(message)  # where it stops there is something to look at
            else:
                self._answer(message)
        return not self._pending and not self._channel.pausing

    def _answer(self, message: Incoming) -> None:
        try:
            self._aside(message)
        except Refused as refused:
            self._channel.give(refused.notice)
        except (DataError, ValueError) as error:
            self._channel.give(notices.unusable(message, error))
        except Exception as error:
            self._channel.give(notices.failure(message, error, self._session.settings.device))


def pause_where_not_finite(channel: Channel, report: Report) -> None:
    """Stop at the first loss that is NaN or infinite, once, and say which it is."""
    if (step := report.became_not_finite()) is not None:
        channel.give(notices.anomaly(step))
        channel.pausing = True
