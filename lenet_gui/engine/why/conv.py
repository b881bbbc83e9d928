"""Convolution: each number of its output is a sum over a patch of the input, and each gradient the same read backwards.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html, with stride s, padding p, dilation d and
groups; one, two or three dimensions. PyTorch's convolution is a cross-correlation: the kernel is not flipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lenet_gui.engine.why.call import Call, CannotTakeApart, Cell, Kind, each, signature
from lenet_gui.engine.why.terms import Flat, Numbers, Part, Source, Terms, block, cells

_AXES = ("i", "j", "k")
_TAPS = ("u", "v", "w")


class Patch(NamedTuple):
    """What a number of a convolution is made of: arrays [channels, *kernel], zeros where the patch reaches beyond.

    Where they are from is told as `PatchPicture` has it.
    """

    patch: Numbers
    kernel: Numbers
    product: Numbers
    patch_of: str
    patch_at: Cell
    steps: Cell
    patch_shape: Cell
    kernel_of: str
    kernel_at: Cell


class _Geometry:
    """Shapes with the dimension of the batch, also where the input has none; cells of that begin with 0."""

    def __init__(self, call: Call) -> None:
        self.input, self.weight = call.source("input"), call.source("weight")
        self.dimensions = len(self.weight.shape) - 2
        self.unbatched = len(self.input.shape) == self.dimensions + 1
        ones = (1,) if self.unbatched else ()
        self.x, self.y = ones + self.input.shape, ones + call.output.shape
        self.kernel = self.weight.shape[2:]
        self.stride, self.dilation = (each(call.arguments[name], self.dimensions) for name in ("stride", "dilation"))
        self.padding = self._padding(call.arguments["padding"])
        groups = call.arguments["groups"]
        self.channels, self.outputs = self.weight.shape[1], self.weight.shape[0] // groups
        """Input and output channels of a group."""

    def _padding(self, padding: object) -> tuple[int, ...]:
        if padding == "valid":
            return (0,) * self.dimensions
        if padding == "same":  # what is odd of it goes behind
            return tuple(d * (size - 1) // 2 for d, size in zip(self.dilation, self.kernel, strict=True))
        return each(padding, self.dimensions)

    def cell(self, cell: Cell) -> Cell:
        return (0, *cell) if self.unbatched else cell

    def taps_to(self, place: Cell) -> tuple[list[Flat], list[Flat]]:
        """By dimension: the taps of the kernel that meet the input for this place of the output, and where."""
        return self._inside([(np.arange(size), at) for size, at in zip(self.kernel, place, strict=True)])

    def outputs_at(self, tap: Cell) -> tuple[list[Flat], list[Flat]]:
        """By dimension: the places of the output for which this tap meets the input, and where."""
        pairs = [(np.full(size, at), np.arange(size)) for size, at in zip(self.y[2:], tap, strict=True)]
        return self._inside(pairs, outputs=True)

    def _inside(self, pairs: Sequence[tuple[Flat, Flat | int]], outputs: bool = False) -> tuple[list[Flat], list[Flat]]:
        """Of (tap, place of the output) the taps, or else the outputs, that meet the input, and where in it."""
        moving: list[Flat] = []
        places: list[Flat] = []
        for d, (tap, out) in enumerate(pairs):
            at = np.asarray(out * self.stride[d] - self.padding[d] + tap * self.dilation[d], np.int64)
            inside = (at >= 0) & (at < self.x[2 + d])
            moving.append(np.asarray(out if outputs else tap)[inside])
            places.append(at[inside])
        return moving, places

    def taps_from(self, pixel: Cell) -> tuple[list[Flat], list[Flat]]:
        """By dimension: the taps that carry this place of the input to a place of the output, and to which."""
        taps: list[Flat] = []
        outs: list[Flat] = []
        for d, at in enumerate(pixel):
            tap = np.arange(self.kernel[d])
            out, beside = np.divmod(at + self.padding[d] - tap * self.dilation[d], self.stride[d])
            met = (beside == 0) & (out >= 0) & (out < self.y[2 + d])
            taps.append(tap[met])
            outs.append(out[met])
        return taps, outs

    def symbols(self) -> tuple[str, str, str, str]:
        """Of places of the output, taps, the input below them, and the sums over taps."""
        axes, taps = _AXES[: self.dimensions], _TAPS[: self.dimensions]
        below = [
            f"{'' if s == 1 else f'{s}·'}{i} + {'' if d == 1 else f'{d}·'}{u}{f' − {p}' if p else ''}"
            for i, u, s, d, p in zip(axes, taps, self.stride, self.dilation, self.padding, strict=True)
        ]
        return ", ".join(axes), ", ".join(taps), ", ".join(below), "".join(f"Σ{u}" for u in taps)


def forward(call: Call, cell: Cell) -> tuple[Part, ...]:
    g = _Geometry(call)
    n, o, *place = g.cell(cell)
    taps, at = g.taps_to(tuple(place))
    channels = np.arange(g.channels)
    x = block(g.x, n, o // g.outputs * g.channels + channels, *at)
    w = block(g.weight.shape, o, channels, *taps)
    bias = call.maybe("bias")
    groups = [Terms(cells(g.input, x), cells(g.weight, w))]
    if bias is not None:
        groups.append(Terms(cells(bias, o)))
    axes, kernel, below, sums = g.symbols()
    constant = "b[o] + " if bias is not None else ""
    formula = f"y[n, o, {axes}] = {constant}Σc{sums} w[o, c, {kernel}] · x[n, c, {below}]"
    where = call.where(y=call.output, x=g.input, w=g.weight, b=bias)
    return (Part(call.operation.name, formula, tuple(groups), where),)


def backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    g = _Geometry(call)
    axes, kernel, below, sums = g.symbols()
    y = f"y[n, o, {axes}]"
    over = f"Σn{''.join(f'Σ{axis}' for axis in _AXES[: g.dimensions])}"
    if of == "bias":
        everywhere = [np.arange(size) for size in g.y[2:]]
        terms = Terms(cells(gradient, block(g.y, np.arange(g.y[0]), cell[0], *everywhere)))
        formula = f"∂L/∂b[o] = {over} ∂L/∂{y}"
    elif of == "weight":
        o, c, *tap = cell
        out, at = g.outputs_at(tuple(tap))
        batch = np.arange(g.y[0])
        x = block(g.x, batch, o // g.outputs * g.channels + c, *at)
        terms = Terms(cells(gradient, block(g.y, batch, o, *out)), cells(g.input, x))
        formula = f"∂L/∂w[o, c, {kernel}] = {over} ∂L/∂{y} · x[n, c, {below}]"
    elif of == "input":
        n, c, *pixel = g.cell(cell)
        taps, out = g.taps_from(tuple(pixel))
        outputs = c // g.channels * g.outputs + np.arange(g.outputs)
        w = block(g.weight.shape, outputs, c % g.channels, *taps)
        terms = Terms(cells(gradient, block(g.y, n, outputs, *out)), cells(g.weight, w))
        formula = f"∂L/∂x[n, c, {below}] = Σo{sums} ∂L/∂{y} · w[o, c, {kernel}]"
    else:
        raise CannotTakeApart(f"the gradient of {of}")
    where = call.where(y=call.output, x=g.input, w=g.weight, b=call.maybe("bias"))
    return (Part(call.operation.name, formula, (terms,), where),)


def patch(call: Call, cell: Cell) -> Patch:
    """What a cell of the output is made of, as arrays [channels of the group, *kernel]."""
    g = _Geometry(call)
    n, o, *place = g.cell(cell)
    taps, at = g.taps_to(tuple(place))
    channels = np.arange(g.channels)
    kernel = g.weight.at(block(g.weight.shape, o, channels, *map(np.arange, g.kernel)))
    kernel = kernel.reshape(g.channels, *g.kernel)
    there = np.zeros_like(kernel)
    sizes = [g.channels, *map(len, taps)]
    x = g.input.at(block(g.x, n, o // g.outputs * g.channels + channels, *at)).reshape(sizes)
    there[np.ix_(channels, *taps)] = x
    begin = [at * s - p for at, s, p in zip(place, g.stride, g.padding, strict=True)]
    where = (n, o // g.outputs * g.channels, *begin)[1 if g.unbatched else 0 :]
    steps, zeros = (1, *g.dilation), (0,) * (1 + g.dimensions)
    return Patch(there, kernel, there * kernel, g.input.name, where, steps, g.input.shape, g.weight.name, (o, *zeros))


_ARGUMENTS = signature(
    "input weight bias stride padding dilation groups", bias=None, stride=1, padding=0, dilation=1, groups=1
)
KINDS = {name: Kind(_ARGUMENTS, forward, backward) for name in ("conv1d", "conv2d", "conv3d")}
