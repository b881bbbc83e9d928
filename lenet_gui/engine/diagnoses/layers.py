"""Gradients that vanish or explode on their way from the loss back to the first layer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lenet_gui.engine.diagnoses.moment import Moment, norm, number
from lenet_gui.protocol.diagnoses import Diagnosis, Show

VANISHING_RATIO = 1e-3
VANISHING_NORM = 1e-4
EXPLODING_RATIO = 70.0
"""AutoTrainer's β1, β2 and β3 (Zhang et al., ICSE 2021), on the norm of the first weight's gradient, and on its ratio
to the last one's."""
EXPLODING_NORM = 1e3
"""Of all gradients together. A LeNet that learns stays below 30; clipping usually begins at 1 (Pascanu et al. 2013)."""


def look(moment: Moment) -> Iterator[Diagnosis]:
    backward = moment.finished("backward")
    if backward is None:
        return
    found = {name: moment.received(backward, name) for name in moment.weights}
    norms = {name: norm(one) for name, one in found.items() if one is not None and not one.is_meta}
    if len(norms) < 2 or not all(map(math.isfinite, norms.values())):
        return
    names = [*norms]
    first, last = norms[names[0]], norms[names[-1]]
    together = math.hypot(*norms.values())
    # A gradient of exactly 0 has not vanished by and by: dead ReLUs, or a cut graph, are other cards.
    ratio = first / last if first and last else 1.0
    rows = tuple((f"‖{name}.grad‖", number(value)) for name, value in norms.items())
    if ratio < VANISHING_RATIO and first < VANISHING_NORM:
        yield Diagnosis(
            "vanishing",
            f"The gradient vanishes before it reaches {names[0]}",
            f"Its norm is {number(first)} there and {number(last)} at {names[-1]}: {1 / ratio:,.0f} times smaller.",
            rows,
            "Each layer multiplies the gradient by its own slope. Many sigmoids (at most 0.25 each), saturated tanhs "
            "or small weights leave nothing for the first layers, which then do not learn.",
            "x = torch.relu(self.layer(x))  # and nn.init.kaiming_normal_, BatchNorm or a skip connection",
            Show(tensor=names[0], part="grad"),
        )
    elif ratio > EXPLODING_RATIO or together > EXPLODING_NORM:
        largest = max(norms, key=lambda name: norms[name])
        growing = ratio > EXPLODING_RATIO
        yield Diagnosis(
            "exploding",
            f"The gradient explodes: largest at {largest}",
            f"The norm of all gradients is {number(together)}"
            + (f"; from {names[-1]} to {names[0]} it grows {ratio:,.0f}-fold." if growing else "."),
            rows,
            "Weights or activations are so large that each layer makes the gradient larger on its way back. One step "
            "with it can throw the weights far away, up to NaN.",
            "torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # before optimizer.step(); or smaller weights",
            Show(tensor=largest, part="grad"),
        )
