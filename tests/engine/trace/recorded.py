"""Steps that are recorded, and looked at. No tests here."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from lenet_gui.engine import Session
from lenet_gui.engine.trace.recording import Recording
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.trace import Operation, Trace
from lenet_gui.protocol import CYCLE, Command


def record(session: Session, commands: Iterable[Command] = CYCLE, room: Room | None = None) -> Trace:
    """Do commands on the session itself, unjournaled, and record them."""
    recording = Recording(session, room)
    with session.undisturbed():
        for place, command in enumerate(commands, len(session.journal)):
            recording.do(command, place)
    return recording.trace


def named(trace: Trace, name: str) -> Operation:
    """The only operation of this name."""
    (found,) = (one for one in trace.operations if one.name == name)
    return found


def received(trace: Trace, operation: Operation) -> Tensor | None:
    """The gradient of its output, in the newest backward; `None` where none came to it."""
    found = [visit for visit in trace.backward if visit.node == operation.node]
    return found[-1].received[operation.slot] if found else None
