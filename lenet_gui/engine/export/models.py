"""The model of a session as a script has it: its source, how it is called, and what stands in front of its forward."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lenet_gui.engine.export.excerpt import Excerpt, excerpt
from lenet_gui.engine.models import recipe
from lenet_gui.engine.models.shaped import Shaped

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def excerpt_of(session: Session) -> Excerpt:
    """Raises ValueError for a model whose source is not to be had."""
    found = recipe(session)
    model = excerpt(found.make, found.arguments)
    if not found.shape:
        return model
    shaped = excerpt(Shaped)
    return replace(
        model,
        imports=model.imports | shaped.imports,
        code=f"{model.code}\n\n\n{shaped.code}",
        names=model.names | shaped.names,
    )


def hooks(session: Session) -> list[str]:
    """What brings the images into the shape that the model was written for."""
    shape = recipe(session).shape
    return [f"net.register_forward_pre_hook(Shaped({shape!r}))"] if shape else []
