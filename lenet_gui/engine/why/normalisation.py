"""Batch norm, with the batch's own statistics and with the running ones.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html; the backward in training as in
section 3 of Ioffe and Szegedy, https://arxiv.org/abs/1502.03167. The variance divides by m, the numbers of a channel.
"""

from __future__ import annotations

import numpy as np

from lenet_gui.engine.why.call import Call, CannotTakeApart, Cell, Kind, signature
from lenet_gui.engine.why.terms import Column, Flat, Part, Source, Terms, block, cells, made, number


class _Channel:
    """One channel of an input [N, C, ...], and how it is normalised."""

    def __init__(self, call: Call, channel: int) -> None:
        self.input = call.source("input")
        self.shape = self.input.shape
        self.channel = channel
        self.of_batch = bool(call.arguments["training"])
        self.flat: Flat = block(self.shape, np.arange(self.shape[0]), channel, *map(np.arange, self.shape[2:]))
        self.x = self.input.at(self.flat)
        self.eps = float(call.arguments["eps"])
        self.weight, self.bias = call.maybe("weight"), call.maybe("bias")
        self.mean, self.inverse = self._of_batch() if self.of_batch else self._running(call)
        self.normalised = (self.x - self.mean.values) * self.inverse.values

    def _of_batch(self) -> tuple[Column, Column]:
        share = number(1 / len(self.x), f"1/{len(self.x):,}")
        mean = Part("μ", "μ = 1/m · Σ x", (Terms(cells(self.input, self.flat), share),))
        away = self.x - mean.value
        squares = Terms(cells(self.input, self.flat, "(· − μ)²", away * away), share)
        outer = f"1 / √({{}} + {self.eps:g})"
        inverse = (squares.values.sum() + self.eps) ** -0.5
        return made(mean), made(
            Part("1/σ", "1/σ = 1 / √(σ² + ε), σ² = 1/m · Σ (x − μ)²", (squares,), outer=outer, result=float(inverse))
        )

    def _running(self, call: Call) -> tuple[Column, Column]:
        mean, variance = call.maybe("running_mean"), call.maybe("running_var")
        if mean is None or variance is None:
            raise CannotTakeApart("running statistics that are not there")
        inverse = (variance.at(self.channel) + self.eps) ** -0.5
        form = f"1 / √(· + {self.eps:g})"
        return cells(mean, self.channel), cells(variance, self.channel, form, inverse)

    def gamma(self) -> list[Column]:
        return [] if self.weight is None else [cells(self.weight, self.channel)]

    def hats(self) -> Column:
        """x̂ of all of the channel, each a factor with its own formula."""
        form = "(· − μ) · 1/σ"
        return Column(self.normalised, self.input, self.flat, form, self._hat)

    def hat(self, at: int) -> Column:
        """That of one."""
        formula = self._hat(at)
        return Column(self.normalised[at], self.input, np.asarray(self.flat[at]), "(· − μ) · 1/σ", lambda _: formula)

    def _hat(self, at: int) -> Part:
        x = Terms(cells(self.input, self.flat[at]), self.inverse)
        mean = Terms(self.mean, self.inverse, number(-1.0, "−1"))
        return Part("x̂", "x̂ = (x − μ) · 1/σ", (x, mean))


def forward(call: Call, cell: Cell) -> tuple[Part, ...]:
    c = _Channel(call, cell[1])
    x = call.source("input")
    groups = [
        Terms(cells(x, x.flat(cell)), c.inverse, *c.gamma()),
        Terms(c.mean, c.inverse, *c.gamma(), number(-1.0, "−1")),
    ]
    if c.bias is not None:
        groups.append(Terms(cells(c.bias, c.channel)))
    formula = "y = γ·x/σ − γ·μ/σ + β"
    of = "the batch" if c.of_batch else "the running statistics"
    where = call.where(y=call.output, x=x, γ=c.weight, β=c.bias)
    return (Part(call.operation.name, f"{formula}, with μ and σ of {of}", tuple(groups), where),)


def backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    name = call.operation.name
    c = _Channel(call, cell[0] if of in ("weight", "bias") else cell[1])
    where = call.where(y=call.output, x=c.input, γ=c.weight, β=c.bias)
    every = cells(gradient, c.flat)
    if of == "bias":
        return (Part(name, "∂L/∂β = Σ ∂L/∂y", (Terms(every),), where),)
    if of == "weight":
        return (Part(name, "∂L/∂γ = Σ ∂L/∂y · x̂", (Terms(every, c.hats()),), where),)
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    flat = c.input.flat(cell)
    direct = Terms(cells(gradient, flat), c.inverse, *c.gamma())
    if not c.of_batch:
        return (Part(name, "∂L/∂x = ∂L/∂y · γ/σ", (direct,), where),)
    share = number(-1 / len(c.x), f"−1/{len(c.x):,}")
    here = int(np.searchsorted(c.flat, flat))
    through_mean = Terms(every, share, c.inverse, *c.gamma())
    through_variance = Terms(every, c.hats(), c.hat(here), share, c.inverse, *c.gamma())
    return (
        Part(f"{name}, directly", "∂L/∂y · γ/σ", (direct,), where),
        Part(f"{name}, through the mean", "−γ/(σm) · Σ ∂L/∂y", (through_mean,), where),
        Part(f"{name}, through the variance", "−γ/(σm) · x̂ · Σ ∂L/∂y · x̂", (through_variance,), where),
    )


_ARGUMENTS = signature(
    "input running_mean running_var weight bias training momentum eps",
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
)
KINDS = {"batch_norm": Kind(_ARGUMENTS, forward, backward)}
