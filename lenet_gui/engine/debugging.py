"""Moves of the cursor and looking for places, for a runner. What takes long is told about, and can be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable

from lenet_gui.channel import Channel
from lenet_gui.engine.diagnoses.closer import look_closer
from lenet_gui.engine.report import Report
from lenet_gui.engine.session import Session
from lenet_gui.engine.stops.origin import first_not_finite
from lenet_gui.engine.tensors.over_steps import histograms
from lenet_gui.engine.trial.rate_range import check, range_test
from lenet_gui.protocol import Command, FindNotFinite, Line, Move, Notice, Progress, RunBack, RunTo
from lenet_gui.protocol.diagnoses import LookCloser
from lenet_gui.protocol.rate_range import StartRangeTest
from lenet_gui.protocol.stops import PlotWatch
from lenet_gui.protocol.tensors import PlotHistograms

TELL = 0.1
"""Seconds between two words about something long."""

Moving = Move | RunTo | RunBack | PlotWatch | FindNotFinite | PlotHistograms | LookCloser | StartRangeTest


def begin(channel: Channel, session: Session, before: Session | None) -> None:
    """Tell what breakpoints log. A new run has the breakpoints and watches of the session `before` it."""
    session.stops.tell = lambda words: channel.give(Line("note", "", words))
    for breakpoint in before.stops.all if before is not None else ():
        session.stops.set(breakpoint)
    for number, text in before.watches.all.items() if before is not None else ():
        session.watches.set(number, text)


def go(channel: Channel, session: Session, report: Report, message: Moving, do: Callable[[Command], None]) -> None:
    """Move the cursor, or look for a place. `do` does a command by hand. Raises what these raise."""
    match message:
        case Move():
            session.stepper.move(message, do)
            report.frame(session.stepper.words() or f"one phase {'back' if message.back else 'on'}")
        case RunTo(commands, item):
            session.stepper.run_to(commands, item, do)
            report.frame(session.stepper.words() or "at the chosen one")
        case RunBack():
            _back(channel, session, report)
        case PlotWatch(number):
            _plot(channel, session, report, number)
        case PlotHistograms():
            _histograms(channel, session, report, message)
        case FindNotFinite():
            _find(channel, session, report)
        case LookCloser():
            _closer(channel, session, report, message)
        case StartRangeTest():
            _range_test(channel, session, report, message)


def _back(channel: Channel, session: Session, report: Report) -> None:
    report.frame("going back to a breakpoint", seeking=True)
    try:
        arrived = session.stops.run_back(_telling(channel, "Back to a breakpoint"))
    finally:
        channel.give(Progress("", 1, 1))
    if session.stops.stopped:
        report.frame(f"stopped {session.stops.words}")
    else:
        report.frame("at the start of the run: no breakpoint before" if arrived else "cancelled on the way back")


def _plot(channel: Channel, session: Session, report: Report, number: int) -> None:
    report.frame("plotting a watch", seeking=True)
    between = _telling(channel, "Plotting the watch")
    try:
        for series in session.watches.over_the_steps(number, report.run, between):
            channel.give(series)
    finally:
        channel.give(Progress("", 1, 1))
    report.frame("cancelled while plotting" if channel.pausing else "plotted a watch")


def _histograms(channel: Channel, session: Session, report: Report, message: PlotHistograms) -> None:
    report.frame("going over the steps for histograms", seeking=True)
    between = _telling(channel, f"Histograms of {message.tensor.name}")
    try:
        for series in histograms(session, message, between):
            channel.give(series)
    finally:
        channel.give(Progress("", 1, 1))
    report.frame("cancelled while going over the steps" if channel.pausing else "histograms of the last steps")


def _find(channel: Channel, session: Session, report: Report) -> None:
    report.frame("looking for what is not finite", seeking=True)
    between = _telling(channel, "Looking for what is not finite")
    try:
        found = first_not_finite(session, between)
        if found is not None and session.seek(found.place, between=between):
            session.stepper.go(found.place, found.item)
    finally:
        channel.give(Progress("", 1, 1))
    if channel.pausing:
        report.frame("cancelled while looking")
    elif found is None:
        channel.give(Notice("note", "All is finite", "", "No NaN and no Inf is here or in the steps before."))
        report.frame("all is finite")
    else:
        # In this order: the words are about the place that is shown.
        report.frame(session.stepper.words() or found.words)
        channel.give(
            Notice("anomaly", "Here it went wrong first", found.words, "This comes next; press Into to do it.")
        )


def _closer(channel: Channel, session: Session, report: Report, message: LookCloser) -> None:
    report.frame("looking closer", seeking=True)
    try:
        found = look_closer(session, message, _telling(channel, "Looking closer"))
    finally:
        channel.give(Progress("", 1, 1))
    channel.give(found)
    report.frame("cancelled while looking closer" if found.cancelled else "looked closer")


def _range_test(channel: Channel, session: Session, report: Report, message: StartRangeTest) -> None:
    check(message)
    report.frame("testing learning rates", seeking=True)
    due = 0.0
    try:
        for found in range_test(session, message, report.run, lambda: not channel.pausing):
            if found.words or time.perf_counter() > due:
                due = time.perf_counter() + TELL
                channel.give(found)
                channel.give(Progress("Testing learning rates", len(found.rates), message.batches))
    finally:
        channel.give(Progress("", 1, 1))
        report.frame("cancelled while testing learning rates" if channel.pausing else "tested learning rates")


def _telling(channel: Channel, words: str) -> Callable[[], bool]:
    due = time.perf_counter()

    def between() -> bool:
        nonlocal due
        if time.perf_counter() > due:
            due = time.perf_counter() + TELL
            channel.give(Progress(words, 0, 0))
        return not channel.pausing

    return between
