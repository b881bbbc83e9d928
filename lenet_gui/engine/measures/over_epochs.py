"""Measuring the epochs that a run went past: over the branch again, on a session of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.measures.by_epoch import ByEpoch
from lenet_gui.engine.measures.measured import measure, sides, why_not
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


class _Enough(Exception):
    """Somebody does not want to wait any longer."""


def over_epochs(session: Session, known: ByEpoch, between: Callable[[Session], bool] = lambda _: True) -> bool:
    """Measure both sides at the end of each epoch of the branch, where they are not `known` yet. False where `between`,
    which is given the session that goes over it, ended it.

    The session stays where it is and as it is. Raises ValueError for data without labels, and Differs where going over
    the run again gives other bits.
    """
    if not sides(session):
        raise ValueError(why_not(session, "test"))
    branch, second = session.branch, session.twin()
    end = len(branch.journal)
    start = session.history.start_for(branch, 0)
    travel.restore(second, start, Branch(branch.name, branch.journal.until(end), branch.log))

    def look(command: Command, place: int) -> None:
        if command.name != "step" or not second.epoch_ended:
            return
        second.journal = branch.journal.until(place)
        for side in known.missing(branch, place, sides(session)):
            found = measure(second, side, lambda: between(second))
            if found is None:
                raise _Enough
            known.note(branch, found, second.cursor.epoch)

    try:
        return travel.follow(second, end, lambda: between(second), watch=look)
    except _Enough:
        return False
