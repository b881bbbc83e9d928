"""What was measured as values for the window: bounded in size, and copies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lenet_gui.engine.data import Images
from lenet_gui.engine.measures.figures import MOST_CLASSES, class_rows, confusion, names_for
from lenet_gui.engine.measures.measured import Measured
from lenet_gui.protocol import Place
from lenet_gui.protocol.measures import (
    MOST_IMAGES,
    ImageReply,
    ImageRequest,
    ImagesReply,
    ImagesRequest,
    Measures,
    Measuring,
)

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session


def measures(session: Session, run: int, found: Measured) -> Measures:
    """The figures of a side."""
    names = _names(session, found)
    told = Measures(
        found.side,
        run,
        Place(session.branch.name, found.place),
        found.step,
        found.epoch,
        len(found.labels),
        found.whole,
        found.correct,
        found.loss,
        found.loss_name,
        found.why_no_loss,
    )
    if len(names) > MOST_CLASSES:
        return replace(told, missing=f"{len(names):,} classes are too many for a matrix: it has room for 1,000.")
    counts = confusion(found.labels.numpy(), found.predictions.numpy(), len(names))
    return replace(told, confusion=_frozen(counts), rows=class_rows(counts, names))


def answer(session: Session, question: Measuring) -> ImagesReply | ImageReply:
    """Images of what was measured last. Raises ValueError where nothing was."""
    found = session.measured.get(question.side)
    if found is None:
        raise ValueError("Nothing has been measured on this side yet: press Measure.")
    if isinstance(question, ImageRequest):
        return _image(session, question, found)
    return _images(session, question, found)


def wrong_ones(found: Measured) -> Tensor:
    """Where the mistakes are in what was measured, the largest loss first; without losses in the order of the set."""
    return _by_loss(found, (found.predictions != found.labels).nonzero().flatten())


def in_cell(found: Measured, label: int, predicted: int) -> Tensor:
    """Where the images of one cell of the confusion matrix are, the largest loss first."""
    return _by_loss(found, ((found.labels == label) & (found.predictions == predicted)).nonzero().flatten())


def _by_loss(found: Measured, chosen: Tensor) -> Tensor:
    if found.losses is None:
        return chosen
    # A loss that is NaN is the worst there is.
    losses = found.losses[chosen].nan_to_num(nan=torch.inf, posinf=torch.inf)
    return chosen[losses.argsort(descending=True, stable=True)]


def _images(session: Session, question: ImagesRequest, found: Measured) -> ImagesReply:
    worst = question.label < 0 or question.predicted < 0
    chosen = wrong_ones(found) if worst else in_cell(found, question.label, question.predicted)
    shown = chosen[:MOST_IMAGES]
    losses = torch.full((len(shown),), torch.nan) if found.losses is None else found.losses[shown]
    return ImagesReply(
        question.id,
        question.side,
        question.label,
        question.predicted,
        len(chosen),
        _pictures(session, question.side, found.indices[shown]),
        tuple(found.indices[shown].tolist()),
        tuple(found.labels[shown].tolist()),
        tuple(found.predictions[shown].tolist()),
        tuple(losses.tolist()),
    )


def _image(session: Session, question: ImageRequest, found: Measured) -> ImageReply:
    at = (found.indices == question.index).nonzero().flatten()
    if not len(at):
        raise ValueError(f"image {question.index:,} was not looked at when this side was measured")
    one = at[0]
    return ImageReply(
        question.id,
        question.side,
        question.index,
        _pictures(session, question.side, found.indices[at])[0],
        int(found.labels[one]),
        _frozen(found.outputs[one].numpy()),
        float("nan") if found.losses is None else found.losses[one].item(),
        _names(session, found),
    )


def _names(session: Session, found: Measured) -> tuple[str, ...]:
    return names_for(session.source.classes, found.outputs.shape[1])


def _pictures(session: Session, side: str, indices: Tensor) -> Any:
    assert isinstance(session.source, Images)
    images = session.source.chosen(side, indices)[0]
    return _frozen(images.flatten(0, -3).float().cpu().numpy())


def _frozen(values: np.ndarray) -> Any:
    copied = values.copy()
    copied.flags.writeable = False
    return copied
