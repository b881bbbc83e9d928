"""A drawing on its way into a batch: the command for it, whose image the session's store then holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lenet_gui.engine.drawing.fitting import fitted, is_empty
from lenet_gui.engine.drawing.images import to_bytes
from lenet_gui.protocol import Command
from lenet_gui.protocol.drawing import PutDrawing

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def command_for(session: Session, message: PutDrawing) -> Command:
    """The `put` command for a drawing, whose image the store then holds. Raises ValueError, in one sentence."""
    if is_empty(message.ink):
        raise ValueError("Nothing is drawn yet: there is no image to put into the batch.")
    image = fitted(session, message.ink)[0]
    name = session.store.put(to_bytes(image))
    return put_command(name, None if message.label < 0 else message.label, message.at)


def put_command(image: str, label: int | None, at: int) -> Command:
    """With only the arguments that differ from their defaults, so that equal ones are equal."""
    given = {"label": label, "at": at or None}
    return Command.of("put", image=image, **{key: value for key, value in given.items() if value is not None})
