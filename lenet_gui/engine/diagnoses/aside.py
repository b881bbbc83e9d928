"""A second session in the state of the first, to try on what the first must not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet_gui.engine import travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.checkpoint import Checkpoint

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def aside(session: Session) -> Session:
    """It has everything but the autograd graph: parameters, buffers, optimizer, generators and the place in the data.

    What it does is its own. Raises what making the model raises.
    """
    place = len(session.journal)
    other = session.twin()
    log = session.log.until(session.steps, session.model, session.settings.device)
    copy = Branch(session.branch.name, session.journal.until(place), log)
    travel.restore(other, Checkpoint(session, place), copy)
    return other
