"""Answers about one number as a worker would send them, made by hand. No tests here."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lenet_gui.protocol.moved import Arithmetic, ArithmeticLine, CheckReply, LineReply, MovedReply, SampleShares

LINES = (
    ArithmeticLine("what the backward left", "gradient", "grad", "-0.5", -0.5, "-0.5"),
    ArithmeticLine("the step", "weight", "weight - lr * gradient", "0.25 - 0.5 * -0.5", 0.5, "0.5"),
)


def doubles(*numbers: float) -> NDArray[np.float64]:
    array = np.array(numbers, np.float64)
    array.setflags(write=False)
    return array


def moved(id: int, name: str = "conv1.weight", index: int = 0, *, mixed: str = "", same: bool = True) -> MovedReply:
    """A number with an earlier gradient, four samples of which the second counts most, and a step to come."""
    shares = SampleShares(-0.25, -0.25, -0.5, doubles(0.1, -0.5, 0.05, 0.1), -0.25000001, (3, 1, 4, 1), mixed)
    return MovedReply(id, name, index, shares, Arithmetic(False, 21, "SGD(lr=0.5)", LINES, "", 0.25, 0.5, same), "")


def check(id: int, switches: tuple[str, ...] = (), words: str = "") -> CheckReply:
    return CheckReply(id, "conv1.weight", 0, 2.0**-17, 0.125, 0.1250000001, 0.12500001, switches, words)


def line(id: int, known: int = 26, rate: float = 0.05, exact: tuple[float, float] | None = None) -> LineReply:
    """A valley whose deepest place is at a tenth; the first `known` points of it."""
    rates = np.array([0.0, *np.logspace(math.log10(rate / 100), math.log10(rate * 100), 25)])
    losses = 2.3 - 0.5 * rates + 2.5 * rates**2
    losses[known:] = np.nan
    return LineReply(id, 1, rate, doubles(*rates), doubles(*losses), known >= 26, exact)
