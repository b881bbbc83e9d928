"""A forward told operation by operation, with the shapes that came out, up to the one at which it failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from lenet_gui.engine import commands, travel
from lenet_gui.engine.branch import Branch
from lenet_gui.engine.trace.changes import StateWatch
from lenet_gui.engine.trace.operations import OperationRecorder
from lenet_gui.engine.trace.recording import Recording
from lenet_gui.engine.trace.room import Room
from lenet_gui.engine.trace.source import Sources, is_foreign
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.protocol import Command

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

MOST = 8
"""Operations that are told, the last of them."""


def operations_of(model: nn.Module, images: Tensor) -> tuple[Any, list[str], Exception | None]:
    """What a forward gives, its operations, and what it raised."""
    recorder = OperationRecorder(nn.Identity(), StateWatch(model), Sources(), Room(0))
    try:
        with recorder.recording() as items:
            output = model(images)
    except Exception as error:
        return None, _told(images, recorder.operations), error
    return output, _told(images, items), None


def up_to_the_failure(session: Session, command: Command) -> list[str]:
    """The operations of a forward that PyTorch refuses at this place. It is done once more, on a second session."""
    second, place = session.twin(), len(session.journal)
    branch = session.branch
    copy = Branch(branch.name, branch.journal.until(len(branch.journal)), branch.log)
    travel.restore(second, session.history.start_for(branch, place), copy)
    travel.follow(second, place, compare=False)
    recording = Recording(second, Room(0))
    with second.undisturbed():
        traced = recording.do(command, place)
    if recording.trace.batch is None or not traced.refused:
        return []
    return _told(recording.trace.batch, [one for one in traced.items if isinstance(one, Operation)])


def line_of(error: BaseException) -> tuple[str, int]:
    """The file's name and the line of a person's own code at which the model raised; empty where there is none."""
    found, frame = ("", 0), error.__traceback__
    inside = False
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if inside and not is_foreign(file):
            found = Path(file).name, frame.tb_lineno
        inside = inside or file == commands.__file__
        frame = frame.tb_next
    return found


def _told(images: Tensor, operations: list[Operation]) -> list[str]:
    lines = [f"input {list(images.shape)}"]
    for one in operations:
        shapes = ", ".join(str(list(output.shape)) for output in one.outputs)
        where = "" if one.source is None or one.source.file == __file__ else f", line {one.source.line}"
        lines.append(f"{one.name} {shapes} ({one.module or 'net'}{where})")
    return lines if len(lines) <= MOST else [lines[0], f"{len(lines) - 1 - MOST:,} more", *lines[-MOST:]]
