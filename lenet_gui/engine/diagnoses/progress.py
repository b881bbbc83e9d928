"""No progress: after many steps the loss is no better than that of always giving the same answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.engine.diagnoses.moment import number
from lenet_gui.protocol.diagnoses import Diagnosis, Show

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

STEPS = 500
EPOCHS = 2.0
"""Before so many of both it may just be slow to start: LeNet's loss stays flat for its first 150 steps."""
WINDOW = 200
"""Steps whose losses are averaged."""
BETTER = 0.985
"""Of the guess: what is above is no progress. A network that has learned nothing comes to 1.00; Karpathy ("A Recipe
for Training Neural Networks") compares with such a baseline first."""


def guess(session: Session) -> float:
    """The loss of the best answer that is the same for every input, its classes being about equally frequent."""
    classes = len(session.source.classes) or 10  # LeNet's own, where the data has none
    if session.settings.loss == "CrossEntropyLoss":
        return math.log(classes)
    # One-hot targets: the mean of p (1 - p). Random ones are normal.
    return 1.0 if session.labels is None else (classes - 1) / classes**2


def look(session: Session) -> Iterator[Diagnosis]:
    """From the step log alone. Random data has nothing to learn, and is left out."""
    size, steps = session.source.size, session.steps
    if size is None or steps < STEPS or steps * session.settings.batch_size < EPOCHS * size:
        return
    losses = session.log.rows(max(0, len(session.log) - WINDOW))[:, 0]
    mean, unlearned = float(np.mean(losses)), guess(session)
    if not math.isfinite(mean) or mean < BETTER * unlearned:
        return
    epochs = steps * session.settings.batch_size / size
    yield Diagnosis(
        "no_progress",
        "The loss is no better than guessing",
        f"Over the last {len(losses)} of {steps:,} steps it was {mean:.3f} on average; answering every input alike "
        f"gives {unlearned:.3f}.",
        (
            (f"mean loss of the last {len(losses)} steps", f"{mean:.3f}"),
            ("loss of the same answer for every input", f"{unlearned:.3f}"),
            ("epochs so far", number(epochs)),
        ),
        "Nothing of the input reaches the answer. Mostly the labels do not belong to their inputs (shuffled apart, or "
        "another order), the inputs are lost on the way, or the learning rate is far off.",
        "images, labels = images[order], labels[order]  # one order for both",
        Show(tensor="input"),
    )
