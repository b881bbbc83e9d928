"""Measuring for a window: at the end of each epoch, on demand, and over a branch again. Told about, and cancellable."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lenet_gui.channel import Channel
from lenet_gui.engine.data import Images
from lenet_gui.engine.measures import told
from lenet_gui.engine.measures.by_epoch import ByEpoch
from lenet_gui.engine.measures.measured import AT_ONCE, Measured, measure, sides, why_not
from lenet_gui.engine.measures.over_epochs import over_epochs
from lenet_gui.protocol import Accuracy, Line, Place, Progress
from lenet_gui.protocol.measures import MOST_TRAINED, SIDES, Measures

if TYPE_CHECKING:
    from lenet_gui.engine.report import Report
    from lenet_gui.engine.session import Session

MANY = 2000
"""Images from which on measuring is told about before, so that it can be cancelled."""
TELL = 0.1
"""Seconds between two words about something long."""


class Serving:
    """Of one session and one run of the program."""

    def __init__(self, channel: Channel, session: Session, run: int) -> None:
        self._channel = channel
        self._session = session
        self._run = run
        self._known = ByEpoch()
        # About how long an image takes.
        self._seconds = 0.0
        # Why nothing could be measured, as it was told.
        self._refusal = ""

    @property
    def newest(self) -> Accuracy | None:
        """The test accuracy that was measured last on the way to this place."""
        return self._known.newest(self._session)

    def tell(self) -> None:
        """The table by epoch, where there is something new in it."""
        if news := self._known.news(self._session, self._run):
            self._channel.give(news)

    def epoch(self, in_run: bool) -> None:
        """Measure where an epoch has just ended. In a run a pause ends it, and it is made up for when that goes on."""
        session = self._session
        if not session.epoch_ended:
            return
        wanted = self._known.missing(session.branch, len(session.journal), sides(session))
        if in_run:
            wanted = self._known.due(session, self._seconds * _looked_at(session, "train"))
        try:
            for side in wanted:
                if not self._note(self._measure(side, in_run)):
                    return
        except ValueError as error:  # the run goes on
            if str(error) != self._refusal:
                self._refusal = str(error)
                self._channel.give(Line("note", "", f"Nothing was measured: {error}"))

    def evaluate(self) -> None:
        """Measure the sides that there are, here, and tell the test accuracy."""
        for side in sides(self._session):
            self._note(self._measure(side, pausable=False))

    def here(self, side: str, report: Report) -> None:
        """All that there is to be seen of a side, at this place. Raises ValueError."""
        session, channel = self._session, self._channel
        if side not in SIDES or side not in sides(session):
            channel.give(self._nothing(side, why_not(session, side)))
            return
        many = _looked_at(session, side) > MANY
        if not report.in_run:
            channel.pausing = False  # of what was done before
            if many:
                report.frame(f"measuring the {side} images", seeking=True)
        try:
            found = self._measure(side, pausable=True, words=f"Measuring the {side} images" if many else "")
        except ValueError as error:
            channel.give(self._nothing(side, str(error)))
            found = None
        if found is not None:
            session.measured[side] = found
            channel.give(told.measures(session, self._run, found))
            self._note(found)
        self.tell()
        if not report.in_run:
            report.frame(f"{side} images measured" if found else "nothing was measured")

    def epochs(self, report: Report) -> None:
        """Measure every epoch of the branch. Raises ValueError and Differs."""
        channel, steps = self._channel, self._session.branch.journal.steps
        report.frame("measuring every epoch", seeking=True)
        due = 0.0

        def between(second: Session) -> bool:
            nonlocal due
            if time.perf_counter() > due:
                due = time.perf_counter() + TELL
                channel.give(Progress("Measuring every epoch", second.steps, steps))
                self.tell()
            return not channel.pausing

        try:
            arrived = over_epochs(self._session, self._known, between)
        finally:
            channel.give(Progress("", 1, 1))
            self.tell()
        report.frame("measured every epoch" if arrived else "cancelled while measuring")

    def _measure(self, side: str, pausable: bool, words: str = "") -> Measured | None:
        channel, total, done = self._channel, _looked_at(self._session, side), 0
        began = time.perf_counter()

        def between() -> bool:
            nonlocal done
            done += 1
            if words:
                channel.give(Progress(words, min(total, done * AT_ONCE), total))
            return not (pausable and channel.pausing)

        try:
            found = measure(self._session, side, between)
        finally:
            if words:
                channel.give(Progress("", 1, 1))
        if found is not None and total:
            self._seconds = (time.perf_counter() - began) / total
        return found

    def _note(self, found: Measured | None) -> bool:
        """Keep it, and tell a test accuracy as it always was."""
        if found is None:
            return False
        figures = self._known.note(self._session.branch, found, self._session.cursor.epoch)
        if found.side == "test":
            share = 100 * found.correct / figures.total
            what = "digits" if self._session.settings.data == "digits" else "images"
            words = f"{figures.correct} of {figures.total} test {what} ({share:.1f} %)"
            self._channel.give(figures.accuracy)
            here = self._session.branch, len(self._session.journal)
            self._session.accuracies[here[0].owner(here[1]), here[1]] = figures.accuracy
            self._channel.give(Line("note", "", f"epoch {figures.current + 1}, step {found.step}: {words}"))
        return True

    def _nothing(self, side: str, words: str) -> Measures:
        session = self._session
        place = Place(session.branch.name, len(session.journal))
        return Measures(side, self._run, place, session.steps, 0.0, missing=words)


def _looked_at(session: Session, side: str) -> int:
    source = session.source
    if not isinstance(source, Images):
        return 0
    return source.test_size if side == "test" else min(source.size, MOST_TRAINED)
