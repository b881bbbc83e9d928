"""The bare path: whole steps as a plain training loop takes them, with a look around every now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from lenet_gui.engine import travel
from lenet_gui.engine.commands import COMMANDS
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

SURE = 1.0
"""Seconds of a run between two looks at whether its checkpoints can be relied on."""
SLICE = 0.02
"""Seconds of the bare path between two looks at what else is asked for."""


Look = Callable[[], None]


class Paused(Exception):
    """Somebody who looked on wants to stop here: behind a command of the bare path. `why` is theirs."""

    def __init__(self, why: Any) -> None:
        super().__init__()
        self.why = why


def run(session: Session, steps: int, between: Callable[[], bool]) -> int:
    """`Session.run`: along the branch where it has steps ahead, then on from its end."""
    start = session.steps
    end = start + steps
    if session.ahead:
        there = session.branch.journal
        ahead = end <= there.steps
        try:
            travel.follow(session, there.place_of_step(end) if ahead else len(there), between)
        except travel.Differs:
            travel.fork(session, len(session.journal) - 1, differs=True)
    if session.ahead == 0:
        while session.steps < end and session.next_phase != session.journal.cycle[0].name:
            session.apply(Command(session.next_phase))
        _cycles(session, end, between)
    return session.steps - start


def _cycles(session: Session, end: int, between: Callable[[], bool]) -> None:
    with session.undisturbed():
        start = session.steps
        going = bare(session, end - 1, between)
        if session.steps < end and (going or session.steps > start):
            # Command by command, so that where the run stops everything can be looked at.
            for command in session.journal.cycle:
                session.apply(command)
        while session.steps == end and session.next_phase == "schedule":
            session.apply(Command("schedule"))  # what comes behind an epoch belongs to it


def bare(session: Session, end: int, between: Callable[[], bool], looks: Sequence[Look | None] = ()) -> bool:
    """Whole steps until so many are done, as fast as they go; False where `between` ended it.

    `looks` are called behind each command of the cycle, and the last of them behind what comes between two epochs; one
    may raise Paused, and there it then stands.
    """
    with session.undisturbed():
        going = between()
        look = time.perf_counter() + SURE
        try:
            while going and session.steps < end:
                _slice(session, end - session.steps, looks)
                if session.next_phase == "schedule":
                    _schedule(session, looks)
                if time.perf_counter() > look:
                    session.history.make_sure(session)
                    look = time.perf_counter() + SURE
                going = between()
        finally:
            session.history.make_sure(session)
    return going


def _slice(session: Session, most: int, looks: Sequence[Look | None]) -> None:
    """The bare path for about 20 ms, at most to the end of the epoch."""
    torch.set_num_threads(session.settings.threads)
    journal, history, settings = session.journal, session.history, session.settings
    cycle = [partial(COMMANDS[command.name], session, **dict(command.arguments)) for command in journal.cycle]
    if looks:
        pairs = zip(cycle, looks, strict=False)
        cycle = [command if look is None else partial(_both, command, look) for command, look in pairs]
    opening, rest = cycle[0], cycle[1:]
    checkpoints = journal.cycle[0].name == "zero_grad"
    place, each, taken, reached = len(journal), len(cycle), 0, 0
    failure: Exception | None = None
    began = now = time.perf_counter()
    seconds, end, due = session.seconds, began + SLICE, began + history.due - session.seconds
    try:
        while taken < most:
            reached = 0
            opening()
            if checkpoints and now > due:
                session.seconds = seconds + now - began
                history.in_run(session, place + each * taken + 1)
                due = began + history.due - seconds
            for reached, command in enumerate(rest, 1):  # noqa: B007 (read when one raises)
                command()
            taken += 1
            now = time.perf_counter()
            if now > end or session.epoch_ended:
                break
    except Paused as paused:
        failure, reached = paused, reached + 1
        if reached == each:
            taken, reached = taken + 1, 0
    except Exception as error:
        failure = error
    session.seconds = seconds + time.perf_counter() - began
    journal.extend(taken)
    if taken:
        history.after_run(session.branch, place + each * (taken - 1), len(journal))
    if failure is not None:
        history.make_sure(session)
        for command in journal.cycle[:reached]:
            journal.append(command)
        history.forget_behind(session.branch, len(journal))
        if isinstance(failure, Paused):
            travel.settle(session)
            raise failure
        raise travel.refuse(session, journal.cycle[reached], failure, settings) from failure


def _schedule(session: Session, looks: Sequence[Look | None]) -> None:
    """The scheduler that counts epochs, behind one."""
    session.apply(Command("schedule"))
    if looks and (look := looks[-1]) is not None:
        try:
            look()
        except Paused:
            travel.settle(session)
            raise


def _both(do: Callable[[], Any], look: Callable[[], None]) -> None:
    do()
    look()
