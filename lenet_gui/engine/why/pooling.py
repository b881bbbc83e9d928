"""Maximum and average pooling, the adaptive average too, in one, two or three dimensions.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html, AvgPool2d.html and
AdaptiveAvgPool2d.html there. Which of equal numbers wins a window is PyTorch's own choice: it is asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from lenet_gui.engine.why.call import Call, CannotTakeApart, Cell, Kind, each, signature
from lenet_gui.engine.why.terms import Flat, Part, Source, Terms, block, cells, number

_MAXIMUM = {1: torch.max_pool1d_with_indices, 2: torch.nn.functional.max_pool2d, 3: torch.nn.functional.max_pool3d}
_AXES = "i, j, k"


def _dimensions(call: Call) -> int:
    return int(call.operation.function[-2])


# ---------------------------------------------------------------------------------------------------- maximum


def maximum(call: Call, cell: Cell) -> tuple[Part, ...]:
    dimensions, x = _dimensions(call), call.source("input")
    plane, place = cell[:-dimensions], cell[-dimensions:]
    start = x.flat((*plane, *[0] * dimensions))
    winner = start + int(_winners(call, plane)[place])
    sizes = [each(call.arguments[name] or 0, dimensions) for name in ("kernel_size", "stride", "padding", "dilation")]
    kernel, stride, padding, dilation = sizes
    axes = []
    for d in range(dimensions):
        at = place[d] * (stride[d] or kernel[d]) - padding[d] + np.arange(kernel[d]) * dilation[d]
        axes.append(at[(at >= 0) & (at < x.shape[len(x.shape) - dimensions + d])])
    window = start + block(x.shape[-dimensions:], *axes)
    value = float(x.at(winner))
    candidates = Part("the window", "max of", (Terms(cells(x, window)),), outer="max({})", result=value, adds=False)
    names = ", ".join(_AXES.split(", ")[:dimensions])
    formula = f"y[n, c, {names}] = max of x over the window"
    groups = (Terms(cells(x, winner)),)
    return (Part(call.operation.name, formula, groups, call.where(y=call.output, x=x), inner=(candidates,)),)


def maximum_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    dimensions, x = _dimensions(call), call.source("input")
    plane = cell[:-dimensions]
    here = int(np.ravel_multi_index(cell[-dimensions:], x.shape[-dimensions:]))
    winners = _winners(call, plane)
    won = gradient.flat((*plane, *[0] * dimensions)) + np.flatnonzero(winners.reshape(-1) == here)
    formula = "∂L/∂x = Σ ∂L/∂y over the windows in which x is the largest"
    return (Part(call.operation.name, formula, (Terms(cells(gradient, won)),), call.where(y=call.output, x=x)),)


def _winners(call: Call, plane: Cell) -> Flat:
    """Of one plane: by place of the output, which number of the plane is its largest."""
    x, names = call.source("input"), ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    kernel, stride, padding, dilation, ceil_mode = (call.arguments[name] for name in names)
    dimensions = _dimensions(call)
    one = x.tensor[plane][None, None]
    do = _MAXIMUM[dimensions]
    more = {} if dimensions == 1 else {"return_indices": True}
    _, found = do(one, kernel, stride or kernel, padding, dilation, ceil_mode, **more)
    return found[0, 0].cpu().numpy()


# ---------------------------------------------------------------------------------------------------- average


def average(call: Call, cell: Cell) -> tuple[Part, ...]:
    dimensions, x = _dimensions(call), call.source("input")
    axes, divisor = _window(call, cell[-dimensions:])
    window = x.flat((*cell[:-dimensions], *[0] * dimensions)) + block(x.shape[-dimensions:], *axes)
    groups = (Terms(cells(x, window), number(1 / divisor, f"1/{divisor}")),)
    formula = "y = 1/size · Σ x over the window"
    return (Part(call.operation.name, formula, groups, call.where(y=call.output, x=x)),)


def average_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    """Over the windows that the number is in."""
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    dimensions, x = _dimensions(call), call.source("input")
    sizes = gradient.shape[-dimensions:]
    outs = [_windows_over(call, d, at, sizes[d]) for d, at in enumerate(cell[-dimensions:])]
    places = block(sizes, *outs)
    divisors = [_window(call, tuple(int(i) for i in np.unravel_index(at, sizes)))[1] for at in places]
    start = gradient.flat((*cell[:-dimensions], *[0] * dimensions))
    shares = 1 / np.array(divisors, np.float64)
    terms = Terms(cells(gradient, start + places), number(shares, "1/size"))
    formula = "∂L/∂x = Σ 1/size · ∂L/∂y over the windows that x is in"
    return (Part(call.operation.name, formula, (terms,), call.where(y=call.output, x=x)),)


def _window(call: Call, place: Sequence[int]) -> tuple[list[Flat], int]:
    """By dimension the places of the input in the window, and what their sum is divided by."""
    axes: list[Flat] = []
    counted = 1
    for d, at in enumerate(place):
        first, last, padded = _extent(call, d, at)
        size = _input_size(call, d)
        axes.append(np.arange(max(0, first), min(size, last)))
        counted *= padded if _counts_padding(call) else len(axes[-1])
    return axes, call.arguments.get("divisor_override") or counted


def _counts_padding(call: Call) -> bool:
    return bool(call.arguments.get("count_include_pad", False))


def _input_size(call: Call, d: int) -> int:
    dimensions = _dimensions(call)
    return call.source("input").shape[-dimensions:][d]


def _extent(call: Call, d: int, at: int) -> tuple[int, int, int]:
    """Of a window in one dimension: its first place, behind its last, its size with the padding in it."""
    size, dimensions = _input_size(call, d), _dimensions(call)
    if "output_size" in call.arguments:
        out = call.output.shape[-dimensions:][d]
        first, last = at * size // out, -(-(at + 1) * size // out)
        return first, last, last - first
    kernel = each(call.arguments["kernel_size"], dimensions)[d]
    stride = each(call.arguments["stride"] or call.arguments["kernel_size"], dimensions)[d]
    padding = each(call.arguments["padding"], dimensions)[d]
    first = at * stride - padding
    last = min(first + kernel, size + padding)
    return first, last, last - first


def _windows_over(call: Call, d: int, at: int, windows: int) -> Flat:
    extents = [_extent(call, d, out)[:2] for out in range(windows)]
    return np.array([out for out, (first, last) in enumerate(extents) if first <= at < last], np.int64)


_MAX = signature(
    "input kernel_size stride padding dilation ceil_mode return_indices",
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
)
_AVERAGE = signature(
    "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
)
_ADAPTIVE = signature("input output_size")
KINDS = {
    **{f"max_pool{d}d": Kind(_MAX, maximum, maximum_backward) for d in (1, 2, 3)},
    **{f"avg_pool{d}d": Kind(_AVERAGE, average, average_backward) for d in (1, 2, 3)},
    **{f"adaptive_avg_pool{d}d": Kind(_ADAPTIVE, average, average_backward) for d in (1, 2, 3)},
}
