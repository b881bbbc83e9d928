"""What does not fit the loss: a softmax before the cross-entropy, and targets of the wrong kind or range."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from lenet_gui.engine.diagnoses.moment import Moment, number
from lenet_gui.engine.trace.trace import Operation
from lenet_gui.protocol.diagnoses import Diagnosis, Show

SUM = 1e-4
"""How near to 1 the rows of a softmax add up to."""
BOUNDED = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, math.inf)}
"""Operations whose results cannot leave a range."""


def look(moment: Moment) -> Iterator[Diagnosis]:
    output = moment.session.output
    if output is None or output.ndim < 2 or not len(output) or moment.newest("forward") is None:
        return
    output = output.detach()
    if moment.session.settings.loss == "CrossEntropyLoss":
        yield from _softmax(moment, output)
        yield from _labels(moment, output)
    else:
        yield from _unreachable(moment, output)


def _last(moment: Moment) -> Operation | None:
    """The operation that gave the output."""
    forward = moment.finished("forward")
    return next((one for one in reversed(forward.items) if isinstance(one, Operation)), None) if forward else None


def _softmax(moment: Moment, output: Tensor) -> Iterator[Diagnosis]:
    """UMLAUT (Schoop et al., CHI 2021) checks the same pair: what the last layer gives, and what the loss expects."""
    last = _last(moment)
    low, sums = output.min().item(), output.sum(-1)
    is_one = low >= 0 and bool(((sums - 1).abs() < SUM).all())
    if last is None or last.function == "log_softmax" or not (last.function == "softmax" or is_one):
        return
    classes = output.shape[-1]
    best = math.log(math.e + classes - 1) - 1  # the right class at 1, all others at 0
    yield Diagnosis(
        "softmax_before_loss",
        "A softmax stands before the cross-entropy",
        f"Each row of the output adds up to {number(sums.mean().item())} and none is below 0: these are probabilities. "
        f"With a second softmax in the loss even a perfect answer costs {best:.3f}, not 0.",
        (
            ("last operation of the forward", last.name),
            ("smallest and largest output", f"{number(low)} to {number(output.max().item())}"),
            (f"lowest loss that {classes} classes allow", f"{best:.3f}"),
        ),
        "CrossEntropyLoss takes logits and does the softmax itself. A second one flattens the scores, so that the "
        "gradients are small and the loss cannot fall far.",
        "return logits  # without softmax; nn.CrossEntropyLoss does it",
        Show(tensor=last.name),
    )


def _labels(moment: Moment, output: Tensor) -> Iterator[Diagnosis]:
    """Seen before the loss too, which PyTorch refuses for a label out of range."""
    session, classes = moment.session, output.shape[1]
    target = session.target if session.target is not None else session.labels
    if target is None or not target.numel():
        return
    if target.is_floating_point():
        yield from _probabilities(target)
        return
    low, high = int(target.min()), int(target.max())
    if low < 0 or high >= classes:
        yield Diagnosis(
            "targets_range",
            "There are labels that the network has no output for",
            f"The labels go from {low} to {high}, and the output has {classes} columns: 0 to {classes - 1}.",
            (
                ("labels of this batch", f"{low} to {high}"),
                ("output", f"[{', '.join(map(str, output.shape))}]"),
                ("labels out of range", f"{int(((target < 0) | (target >= classes)).sum())} of {target.numel()}"),
            ),
            "CrossEntropyLoss takes a label as the index of a column. PyTorch refuses one that is not there (on a GPU "
            "with an assertion far from here).",
            f"self.fc3 = nn.Linear(…, {max(high, 0) + 1})  # one output a class, labels from 0",
            Show(tensor="output" if session.target is None else "target"),
        )
    elif classes == 1:
        yield Diagnosis(
            "targets_range",
            "Cross-entropy over a single class is always 0",
            f"The output is [{', '.join(map(str, output.shape))}]: the softmax of one number is 1, whatever it is.",
            (("classes", "1"), ("loss", "0 for every weight")),
            "With one output there is nothing to choose between, and no gradient. Two classes need two outputs, or "
            "one with BCEWithLogitsLoss.",
            "criterion = nn.BCEWithLogitsLoss()  # with targets of 0.0 and 1.0",
            Show(tensor="output"),
        )


def _probabilities(target: Tensor) -> Iterator[Diagnosis]:
    """PyTorch takes targets with a decimal point as the probability of each class."""
    sums = target.sum(-1)
    low = target.min().item()
    if low >= 0 and bool(((sums - 1).abs() < SUM).all()):
        return
    yield Diagnosis(
        "targets_kind",
        "The targets are neither labels nor probabilities",
        f"They are {str(target.dtype).removeprefix('torch.')}, their rows add up to {number(sums.min().item())} to "
        f"{number(sums.max().item())}, and the smallest is {number(low)}.",
        (("dtype", str(target.dtype)), ("sum of a row", number(sums.mean().item())), ("smallest", number(low))),
        "CrossEntropyLoss takes targets of a float type as the probabilities of the classes, which are at least 0 and "
        "add up to 1. Labels have to be whole numbers.",
        "target = target.long()  # labels, one a sample; or probabilities that add up to 1",
        Show(tensor="target"),
    )


def _unreachable(moment: Moment, output: Tensor) -> Iterator[Diagnosis]:
    target = moment.session.target
    if target is None or not target.numel():
        return
    if target.shape != output.shape:
        shapes = f"[{', '.join(map(str, output.shape))}]", f"[{', '.join(map(str, target.shape))}]"
        yield Diagnosis(
            "targets_kind",
            "Output and targets have different shapes",
            f"The output is {shapes[0]} and the targets are {shapes[1]}: each is compared with every other.",
            (("output", shapes[0]), ("targets", shapes[1])),
            "PyTorch stretches one to the other's shape (broadcasting), so that outputs are compared with the targets "
            "of other samples.",
            "target = target.reshape(output.shape)",
            Show(tensor="target"),
        )
        return
    last = _last(moment)
    function = last.function.rstrip("_") if last is not None else ""
    if last is None or function not in BOUNDED or not target.is_floating_point():
        return
    low, high = BOUNDED[function]
    outside = (target < low) | (target > high)
    if not bool(outside.any()):
        return
    count, reach = int(outside.sum()), torch.clamp(target, low, high)
    least = torch.nn.functional.mse_loss(reach, target).item()
    yield Diagnosis(
        "targets_range",
        f"The output can never reach {100 * count / target.numel():.0f} % of the targets",
        f"The forward ends in {last.name}, whose results lie from {low:g} to {high:g}; the targets go from "
        f"{number(target.min().item())} to {number(target.max().item())}. The loss cannot fall below {number(least)}.",
        (
            ("targets out of reach", f"{count} of {target.numel()}"),
            ("targets", f"{number(target.min().item())} to {number(target.max().item())}"),
            ("lowest loss on this batch", number(least)),
        ),
        "The last operation limits what the network can answer, and the targets lie outside of that. Let it end in a "
        "linear layer, or bring the targets into its range.",
        f"return x  # without {function}; or scale the targets to {low:g} … {high:g}",
        Show(tensor="target"),
    )
