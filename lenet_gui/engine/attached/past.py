"""Looking back within the newest steps of somebody's loop: at copies, while the loop stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lenet_gui.engine import travel
from lenet_gui.engine.attached import described
from lenet_gui.engine.attached.inside import NotKept
from lenet_gui.engine.branch import Branch
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.attached.session import AttachedSession

SHOWN = (
    "model", "modules", "parameters", "optimizer", "criterion", "input", "target", "output", "last_loss", "last_update",
    "forwarded", "graph", "steps", "log",
)  # fmt: skip
"""What is another in the past: that of a second session."""


def seek(
    session: AttachedSession,
    place: int | None = None,
    step: int | None = None,
    branch: str | None = None,
    between: Callable[[], bool] = lambda: True,  # noqa: ARG001 (as every session has it)
) -> bool:
    """Look at another place of the newest steps. Raises ValueError for all others."""
    journal = session.branch.journal
    if step is not None:
        place = journal.place_of_step(step)
    place = len(journal) if place is None else place
    if branch not in (None, session.branch.name) or not 0 <= place <= len(journal):
        raise ValueError(f"there is no place {place:,}; choose one from 0 to {len(journal):,}")
    if place == len(journal):
        session.come_back()
        return True
    try:
        start = session.history.start_for(session.branch, place)
    except NotKept:
        raise NotKept(described.NO_WAY_BACK) from None
    if session.past is None:
        session.past = session.twin()
    copy = Branch(session.branch.name, journal.until(len(journal)), session.branch.log)
    travel.restore(session.past, start, copy)
    travel.follow(session.past, place, compare=False)
    _show(session, place)
    return True


def come_back(session: AttachedSession) -> None:
    """To where the loop is."""
    if session.aside:
        for name, value in session.aside.items():
            setattr(session, name, value)
        session.aside = {}
    session.journal, session.item = session.branch.journal, 0


def again(session: AttachedSession, command: Command) -> Any:
    """One command on in the past."""
    if command != session.next_command:
        raise ValueError("This is the past, where only what the loop did can be gone over: go to the newest first.")
    assert session.past is not None
    place = len(session.journal) + 1
    if place == len(session.branch.journal):
        session.come_back()
        return {"forward": session.output, "loss": session.last_loss}.get(command.name)
    travel.follow(session.past, place, compare=False)
    _show(session, place)
    return {"forward": session.output, "loss": session.last_loss}.get(command.name)


def _show(session: AttachedSession, place: int) -> None:
    past = session.past
    assert past is not None
    session.aside = session.aside or {name: getattr(session, name) for name in SHOWN}
    for name in SHOWN:
        setattr(session, name, getattr(past, name))
    session.journal, session.item = session.branch.journal.until(place), 0
