"""The confusion matrix, and what is read off it. Plain counting, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lenet_gui.protocol.measures import ClassRow

MOST_CLASSES = 1000


def confusion(labels: NDArray[np.int64], predictions: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """How often an image of a label (row) was taken for a class (column): [classes, classes]."""
    pairs = labels.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def class_rows(counts: NDArray[np.int64], names: Sequence[str]) -> tuple[ClassRow, ...]:
    """Precision, recall, F1 and support of each class; NaN where a class never occurs, or is never predicted."""
    right, support, predicted = np.diag(counts), counts.sum(1), counts.sum(0)
    with np.errstate(invalid="ignore"):
        precision, recall, f1 = right / predicted, right / support, 2 * right / (support + predicted)
    return tuple(
        ClassRow(name, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]), int(predicted[i]))
        for i, name in enumerate(names)
    )


def names_for(classes: Sequence[str], outputs: int) -> tuple[str, ...]:
    """The names of the classes, and numbers for outputs that no class belongs to."""
    return (*classes, *(str(number) for number in range(len(classes), outputs)))
