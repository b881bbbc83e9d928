"""A branch of a session step by step: its log, the learning rate, what was measured. It only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lenet_gui.engine.results.rates import rates
from lenet_gui.protocol import Accuracy

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

Array = NDArray[np.float32]


def log_of(session: Session) -> tuple[tuple[str, ...], Array]:
    """The names and rows [steps, columns] of the branch's log, the steps ahead of this place too."""
    log = session.branch.log if session.ahead else session.log
    return log.names, log.rows()


def learning_rates(session: Session) -> NDArray[np.float64]:
    """The learning rate of each step of the branch, [steps]."""
    _, rows = log_of(session)
    return rates(session.branch.journal, rows[:, 0])


def accuracies(session: Session) -> list[Accuracy]:
    """What was measured along the branch, by its steps."""
    limits = session.branch.limits()
    found = {place: one for (owner, place), one in session.accuracies.items() if place <= limits.get(owner, -1)}
    return [one for _, one in sorted(found.items())]
