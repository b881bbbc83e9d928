"""What the network makes of the images of one side at one place: its outputs, and all that follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lenet_gui.engine.data import Images
from lenet_gui.engine.measures.losses import losses_of
from lenet_gui.engine.measures.untouched import untouched
from lenet_gui.protocol.measures import MOST_TRAINED, SIDES

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

AT_ONCE = 500
"""Images in one forward: between two of them a pause is noticed."""
SAMPLE_SEED = 1797


@dataclass(frozen=True, slots=True)
class Measured:
    """`outputs` [n, classes], `labels` [n] and `losses` [n] of the images `indices` [n] of a side, on the CPU.

    Of `whole` images there are on this side. `losses` is `None` where the loss function gives none for this data, and
    `why_no_loss` says why.
    """

    side: str
    place: int
    step: int
    epoch: float
    whole: int
    indices: Tensor
    labels: Tensor
    outputs: Tensor
    losses: Tensor | None
    loss_name: str
    why_no_loss: str

    @property
    def predictions(self) -> Tensor:
        """The class with the largest output for each image, [n]."""
        return self.outputs.argmax(-1)

    @property
    def correct(self) -> int:
        return int((self.predictions == self.labels).sum())

    @property
    def loss(self) -> float | None:
        """The mean over the images."""
        return None if self.losses is None else self.losses.double().mean().item()


def sides(session: Session) -> tuple[str, ...]:
    """The sides that there is something to measure on: none for data without labels."""
    source = session.source
    if not isinstance(source, Images):
        return ()
    return SIDES if source.test_size else ("train",)


def measure(session: Session, side: str, between: Callable[[], bool] = lambda: True) -> Measured | None:
    """All images of the test side, or a fixed sample of the training side; `None` where `between` ended it.

    `between` is called after each few hundred images. The training state stays as it is, to the bit. Raises ValueError,
    in one sentence, where there is nothing to measure.
    """
    if side not in sides(session):
        raise ValueError(why_not(session, side))
    source = session.source
    assert isinstance(source, Images)
    whole = source.test_size if side == "test" else source.size
    indices = _looked_at(side, whole)
    outputs, labels = [], []
    with untouched(session):
        for some in indices.split(AT_ONCE):
            images, named = source.chosen(side, some)
            outputs.append(_outputs(session.model, images))
            labels.append(named)
            if not between():
                return None
        losses, why_no_loss = losses_of(session, outputs, labels)
    return Measured(
        side,
        len(session.journal),
        session.steps,
        epochs_done(session),
        whole,
        indices,
        torch.cat(labels).cpu(),
        torch.cat(outputs).float().cpu(),
        losses,
        session.settings.loss,
        why_no_loss,
    )


def why_not(session: Session, side: str) -> str:
    """Why a side cannot be measured."""
    if not sides(session):
        return "Random tensors have no labels: there is nothing to compare an output with. Choose digits or images."
    return f"There is no side {side!r}" if side not in SIDES else "No images are held out of this data for testing."


def epochs_done(session: Session) -> float:
    """How often training has gone over the whole data, with a fraction inside of an epoch."""
    if not session.source.size:
        return 0.0
    behind = len(session.input) if session.due == "advance" else 0
    return session.cursor.epoch + min(1.0, (session.cursor.offset + behind) / session.source.size)


def _looked_at(side: str, whole: int) -> Tensor:
    """Their numbers: always the same ones, so that two places can be compared."""
    if side == "test" or whole <= MOST_TRAINED:
        return torch.arange(whole)
    generator = torch.Generator().manual_seed(SAMPLE_SEED)
    return torch.randperm(whole, generator=generator)[:MOST_TRAINED].sort().values


def _outputs(model: nn.Module, images: Tensor) -> Tensor:
    try:
        output = model(images)
    except Exception as error:  # a person's own model may take batches of one size only
        words = f"{type(error).__name__}: {error}"
        raise ValueError(f"The model cannot be measured on {len(images)} images at once. {words}") from error
    if not isinstance(output, Tensor) or output.ndim != 2 or len(output) != len(images):
        shape = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"The model gives {shape} for {len(images)} images: there is no output for each class.")
    return output
