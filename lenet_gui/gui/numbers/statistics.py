"""A tensor in one line of words."""

from __future__ import annotations

import math

from lenet_gui.protocol.tensors import TensorSummary


def statistics_text(figures: TensorSummary) -> str:
    """How many numbers, the range, mean, standard deviation and norm of the finite ones, the share of zeros, and how
    many are not finite.
    """
    words = [f"{figures.count:,} number{'' if figures.count == 1 else 's'}"]
    if figures.count and figures.zeros == figures.count:
        return f"{words[0]} · all of them 0"
    if not math.isnan(figures.low):
        words += [f"from {figures.low:.4g} to {figures.high:.4g}", f"mean {figures.mean:.4g}"]
        words += [] if math.isnan(figures.std) else [f"std {figures.std:.4g}"]
        words += [f"norm {figures.norm:.4g}"]
    if figures.zeros:
        words.append(f"{share_text(figures.zeros / figures.count)} zeros")
    if figures.nans:
        words.append(f"{figures.nans:,} NaN")
    if figures.infs:
        words.append(f"{figures.infs:,} Inf")
    return " · ".join(words)


def share_text(share: float) -> str:
    """In percent; neither 0 nor 100 unless it is."""
    percent = f"{100 * share:.1f}"
    if percent == "0.0" and share > 0:
        return "<0.1 %"
    return ">99.9 %" if percent == "100.0" and share < 1 else f"{percent} %"
