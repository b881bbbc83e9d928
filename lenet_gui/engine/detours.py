"""What takes long beside a run, for a runner: going to another place, racing. It is told about and can be cancelled."""

from __future__ import annotations

import time

from lenet_gui.channel import Channel
from lenet_gui.engine.race import Race
from lenet_gui.engine.report import Report
from lenet_gui.engine.session import Session
from lenet_gui.engine.travel import target
from lenet_gui.protocol import Back, Notice, Offer, Progress, RecoverOnCpu, Seek, StartRace

LONG = 0.1
"""Seconds of going somewhere from which on the window is told before."""
TELL = 0.1
"""Seconds between two words about something long."""


def go(channel: Channel, session: Session, report: Report, message: Back | Seek) -> None:
    """To another place. Raises ValueError where there is none, Differs where a replay has other bits."""
    branch, place = target(session, message)
    words = f"step {branch.journal.steps_at(place):,}" + (f" of {branch.name}" if len(session.branches) > 1 else "")
    seconds = session.history.seconds_to(branch, place)
    told = seconds > LONG
    if told:
        report.frame(f"going to {words}", seeking=True)
    began = time.perf_counter()

    def between() -> bool:
        nonlocal told
        spent = time.perf_counter() - began
        if not told and spent > LONG:
            told = True
            report.on_the_way(f"going to {words}")
        whole = max(seconds, spent)
        # In milliseconds; it may take longer than was thought, and then it is not yet there all the same.
        channel.give(Progress(f"To {words}, about {whole:.0f} s", int(1000 * spent), int(1000 * whole) + 1))
        return not channel.pausing

    arrived = False
    try:
        arrived = session.seek(place, branch=branch.name, between=between)
        if arrived and isinstance(message, Seek):
            session.stepper.go(place, message.item)
    finally:
        channel.give(Progress("", 1, 1))
    words = session.stepper.words() or words
    report.frame(f"at {words}" if arrived else f"cancelled on the way to {words}")


def replay_on_cpu(channel: Channel, failed: Session) -> Session | None:
    """The run on the CPU, after a device failed; `None` where it was cancelled."""
    journal = failed.journal.on("cpu")
    total = len(journal)

    def between(session: Session) -> bool:
        channel.give(Progress("Replaying on the CPU", len(session.journal), total))
        return not channel.pausing

    session = Session.replay(journal, failed.make_model, between, failed.store)
    channel.give(Progress("Replaying on the CPU", total, total))
    if len(session.journal) == total:
        return session
    again = (Offer("Replay it again", RecoverOnCpu()),)
    channel.give(Notice("note", "The replay was cancelled", "", "The run stays as it was.", offers=again))
    return None


def race(channel: Channel, session: Session, report: Report, message: StartRace) -> None:
    """Two branches in lock-step. It changes nothing. Raises ValueError where there are no two."""
    contest = Race(session, message.one, message.other)
    words = f"{message.one} against {message.other}"
    report.frame(f"racing {words}", seeking=True)
    look = 0.0
    for _ in contest.run():
        if channel.pausing:
            break
        if time.perf_counter() > look:
            look = time.perf_counter() + TELL
            stands = contest.report()
            channel.give(stands)
            channel.give(Progress(f"Racing {words}", len(stands.losses), contest.end - contest.start))
    channel.give(contest.report())
    channel.give(Progress("", 1, 1))
    report.frame(f"raced {words}")
