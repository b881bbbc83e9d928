"""The accuracy on the held-out data, measured without leaving a trace in the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet_gui.engine.measures.measured import measure, sides
from lenet_gui.protocol import Accuracy

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def evaluate(session: Session) -> Accuracy | None:
    """The accuracy on the held-out data, `None` where there are none. Raises what the model raises, as PyTorch says it,
    and ValueError for outputs of no classes.
    """
    if "test" not in sides(session):
        return None
    try:
        found = measure(session, "test")
    except ValueError as error:
        raise error.__cause__ or error from None
    assert found is not None
    return Accuracy(session.steps, session.cursor.epoch, found.correct, len(found.labels))
