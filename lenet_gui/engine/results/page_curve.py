"""Curves as inline SVG, of few enough points that a page of a million steps stays small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lenet_gui.protocol import Accuracy

WIDTH, HEIGHT = 860, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 30
POINTS = 600
"""Across; of more steps the mean of each stretch is drawn, and the least and the largest as a band."""


def loss_curve(losses: NDArray[np.float32]) -> str:
    """The loss of each step, [steps]. What is not finite is left out."""
    edges = np.linspace(0, len(losses), min(len(losses), POINTS) + 1).astype(int)
    stretches = [losses[a:b].astype(np.float64) for a, b in pairwise(edges)]
    kept = [(b, one[np.isfinite(one)]) for b, one in zip(edges[1:], stretches, strict=True)]
    found = [(int(step), one.mean(), one.min(), one.max()) for step, one in kept if len(one)]
    if not found:
        return "<p>No loss is finite.</p>"
    # One spike at the start must not press all the rest flat.
    highest = float(np.quantile([one[3] for one in found], 0.99))
    lowest = min(0.0, min(one[2] for one in found))
    frame = _Frame(len(losses), lowest, highest if highest > lowest else lowest + 1)
    line = " ".join(frame.point(step, mean) for step, mean, _, _ in found)
    band = [frame.point(step, high) for step, _, _, high in found]
    band += [frame.point(step, low) for step, _, low, _ in reversed(found)]
    inside = f'<polygon class="band" points="{" ".join(band)}"/><polyline class="line" points="{line}"/>'
    return frame.svg(inside, "loss by step")


def accuracy_curve(measured: Sequence[Accuracy]) -> str:
    """The share of test images that are right, where it was measured."""
    shares = [(one.step, one.correct / one.total) for one in measured if one.total]
    if not shares:
        return ""
    frame = _Frame(shares[-1][0], 0.0, 1.0)
    points = [frame.point(step, share) for step, share in shares]
    dots = "".join(f'<circle class="dot" r="2.5" cx="{x}" cy="{y}"/>' for x, y in (one.split(",") for one in points))
    return frame.svg(f'<polyline class="line" points="{" ".join(points)}"/>{dots}', "test accuracy by step")


class _Frame:
    """Axes from step 0 to the last, and from `low` to `high`."""

    def __init__(self, steps: int, low: float, high: float) -> None:
        self.steps, self.low, self.high = max(steps, 1), low, high

    def point(self, step: float, value: float) -> str:
        inside = min(max(value, self.low), self.high)
        x = LEFT + step / self.steps * (WIDTH - LEFT - RIGHT)
        y = TOP + (self.high - inside) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    def svg(self, inside: str, label: str) -> str:
        lines = []
        for value in _ticks(self.low, self.high):
            x, y = self.point(0, value).split(",")
            lines.append(f'<path class="axis" d="M{x} {y}H{WIDTH - RIGHT}"/>')
            lines.append(f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{value:g}</text>')
        for step in _ticks(0, self.steps):
            x = self.point(step, self.low).split(",")[0]
            lines.append(f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="middle">{step:,.0f}</text>')
        size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        return f'<svg {size} role="img" aria-label="{label}">{"".join(lines)}{inside}</svg>'


def _ticks(low: float, high: float) -> list[float]:
    """Four or five round numbers between the two."""
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    each = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    first = math.ceil(low / each)
    return [round(each * at, 12) for at in range(first, math.floor(high / each) + 1)]
