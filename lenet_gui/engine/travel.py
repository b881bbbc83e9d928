"""Going to another place of the run: from a checkpoint through the journal, to the bit. And back after a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lenet_gui.engine.branch import Branch
from lenet_gui.engine.digest import same
from lenet_gui.engine.history import NEAR
from lenet_gui.engine.refusal import Refused, explain
from lenet_gui.protocol import Back, Command, Seek
from lenet_gui.settings import Settings

if TYPE_CHECKING:
    from lenet_gui.engine.checkpoint import Checkpoint
    from lenet_gui.engine.session import Session

LOOK = 0.02
"""Seconds of replay between two looks at whether it is still wanted."""


class Differs(Exception):
    """Going over the run again gave other bits than before: at `step`, counted from 1. The session is as it was."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss of step {step:,} differs from the one recorded")
        self.step = step


def target(session: Session, message: Back | Seek) -> tuple[Branch, int]:
    """Where a control leads: the branch, and how many commands are done there. Raises ValueError for no such place."""
    journal, place = session.journal, len(session.journal)
    match message:
        case Back("phase", n):
            return session.branch, max(0, place - n + (session.item > 0))
        case Back(_, n):
            whole = session.steps - n + (place > journal.place_of_step(session.steps) or session.item > 0)
            return session.branch, journal.place_of_step(max(0, whole))
        case Seek(step, name, commands):
            branch = session.branch_called(name) if name else session.branch
            if commands is not None:
                return branch, commands
            return branch, len(branch.journal) if step is None else branch.journal.place_of_step(step)


def seek(
    session: Session,
    place: int | None = None,
    step: int | None = None,
    branch: str | None = None,
    between: Callable[[], bool] = lambda: True,
) -> bool:
    """Go to where so many commands, or so many whole steps, of a branch were done (its end, without either).

    `between` is called about every 20 ms; where it returns false all is as before, and False comes back. Raises
    ValueError for a place that there is not, Differs where the bits of a loss are not those of before.
    """
    there = session.branch if branch is None else session.branch_called(branch)
    if step is not None:
        place = there.journal.place_of_step(step)
    place = len(there.journal) if place is None else place
    if not 0 <= place <= len(there.journal):
        raise ValueError(f"there is no place {place:,}; choose one from 0 to {len(there.journal):,}")
    with session.undisturbed():
        arrived = _go(session, there, place, between)
    session.item = 0 if arrived else session.item
    return arrived


def step_back(session: Session, commands: int = 1) -> None:
    """Undo the last commands, one phase as it comes. At the start of the run it stays there."""
    seek(session, max(0, len(session.journal) - commands))


def _go(session: Session, branch: Branch, place: int, between: Callable[[], bool]) -> bool:
    """False where `between` ended it; the session is then where it was."""
    origin = session.branch, len(session.journal)
    start = session.history.start_for(branch, place)
    session.history.hold(*origin)
    try:
        if session.branch is not branch or not start.place <= len(session.journal) <= place:
            restore(session, start, branch)
        arrived = follow(session, place, between)
    except Exception:
        _return(session, *origin)
        raise
    else:
        if not arrived:
            _return(session, *origin)
    finally:
        session.history.let_go()
    return arrived


def follow(
    session: Session,
    end: int,
    between: Callable[[], bool] = lambda: True,
    compare: bool = True,
    watch: Callable[[Command, int], None] | None = None,
) -> bool:
    """Do what the branch has next, up to the place `end`. False where `between` ended it, there.

    `watch` is called behind each command with the place then; what it raises ends it there. Raises Differs at the
    first step whose loss has not the bits that the branch's log has, unless not to `compare`.
    """
    branch, place, history = session.branch, len(session.journal), session.history
    journal, recorded = branch.journal, len(branch.log) if compare else 0
    last_step = next((at for at, command in journal.backwards(end) if command.name == "step"), -1)
    # Only near the end are checkpoints worth their memory: somebody may step back from there.
    near = journal.place_of_step(max(0, journal.steps_at(end) - NEAR))
    began, look = time.perf_counter(), time.perf_counter() + LOOK
    try:
        with session.undisturbed():
            for command in journal.commands(place):
                if place >= end:
                    break
                if place >= near:
                    history.before(command, session, place)
                if place == last_step:
                    session.perform(command)
                else:
                    session.commands[command.name](session, **dict(command.arguments))
                history.after(command, session, place)
                place += 1
                now = time.perf_counter()
                session.seconds, began = session.seconds + now - began, now
                step = session.steps - 1
                if command.name == "step" and step < recorded and _differ(session, step):
                    raise Differs(session.steps)
                if watch is not None:
                    watch(command, place)
                if now > look:
                    session.journal = journal.until(place)
                    if not between():
                        return False
                    began = time.perf_counter()
                    look = began + LOOK
    finally:
        session.journal = journal.until(place)
        _rejoin(session)
    return True


def record(session: Session, command: Command) -> None:
    """Journal a command that was done, on the branch that has it next or on one that grows from here."""
    old, place = session.branch, len(session.journal)
    inside = place < len(old.journal)
    session.journal.append(command)
    if not inside:
        return
    same_command = old.journal.at(place) == command
    if same_command and not (command.name == "step" and _differ(session, session.steps - 1)):
        _rejoin(session)
    else:
        fork(session, place, differs=same_command)


def fork(session: Session, place: int, differs: bool = False) -> None:
    """Let a branch grow at a place: what was done from there on is its own. `differs` when only the bits are."""
    old = session.branch
    name = next(name for n in range(2, 10**9) if (name := f"branch {n}") not in {one.name for one in session.branches})
    session.branch = Branch(name, session.journal, session.log, old, place, differs)
    session.branches.append(session.branch)


def refuse(session: Session, command: Command, error: Exception, settings: Settings) -> Refused:
    """Roll back what a refused command left half done, and say what that was. `settings` held before it."""
    try:
        left = {name: None if value is None else value.detach().clone() for name, value in session.tensors().items()}
        _return(session, session.branch, len(session.journal))
        now = {name: None if value is None else value.detach() for name, value in session.tensors().items()}
        changed = tuple(name for name in {**now, **left} if not same(now.get(name), left.get(name)))
    except Exception:
        # A device that has failed can neither be read nor written: the journal is what remains.
        if settings.device == "cpu":
            raise
        session.settings, changed = settings, ()
    return Refused(explain(error, command, session, changed))


def settle(session: Session) -> None:
    """Have all that is seen at this place: the bare path leaves out what only a person looks at."""
    _return(session, session.branch, len(session.journal))


def _return(session: Session, branch: Branch, place: int) -> None:
    """To a place where the session has just been, whatever is half done now; as exactly as the device can."""
    try:
        restore(session, session.history.start_for(branch, place), branch)
        follow(session, place, compare=False)
    except Exception:
        # On a device that has failed. What was done stays known: it can be replayed elsewhere.
        session.branch, session.journal = branch, branch.journal.until(place)
        raise


def restore(session: Session, checkpoint: Checkpoint, branch: Branch) -> None:
    """Be where a checkpoint of this branch was taken; it may be another session's."""
    # First, because on a device that has lost the rows this fails: then nothing has changed yet.
    log = branch.log.until(checkpoint.steps, session.model, checkpoint.layout[1])
    checkpoint.restore(session)
    session.history.restored(checkpoint)
    session.branch, session.journal = branch, branch.journal.until(checkpoint.place)
    session.log = log
    log.watch(session.model)


def _differ(session: Session, step: int) -> bool:
    return session.log.loss_bits(step) != session.branch.log.loss_bits(step)


def _rejoin(session: Session) -> None:
    """At the end of a branch the two are one: what is done next is the branch's too."""
    branch = session.branch
    if len(session.journal) == len(branch.journal):
        branch.journal, branch.log = session.journal, session.log
