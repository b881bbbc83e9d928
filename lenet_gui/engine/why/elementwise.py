"""What is done number by number: relu, sums and products (broadcast too), dropout.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html, torch.add, torch.mul and
torch.nn.Dropout there; how shapes are matched is in https://docs.pytorch.org/docs/stable/notes/broadcasting.html
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from lenet_gui.engine.why.call import GAVE, Call, CannotTakeApart, Cell, Kind, signature
from lenet_gui.engine.why.terms import Column, Flat, Part, Source, Terms, block, cells, number

# ------------------------------------------------------------------------------------------------------- relu


def relu(call: Call, cell: Cell) -> tuple[Part, ...]:
    x = call.source("input")
    at = x.flat(cell)
    kept = not float(x.at(at)) <= 0
    terms = Terms(cells(x, at), number(float(kept), "1 where x > 0" if kept else "0 where x ≤ 0"))
    return (Part(call.operation.name, "y = max(0, x)", (terms,), call.where(y=call.output, x=x)),)


def relu_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    """At x = 0 PyTorch takes 0."""
    x = call.source(of)
    at = x.flat(cell)
    kept = not float(x.at(at)) <= 0
    terms = Terms(cells(gradient, at), cells(x, at, "1 where x > 0, else 0", np.asarray(kept, np.float64)))
    return (Part(call.operation.name, "∂L/∂x = ∂L/∂y · [x > 0]", (terms,), call.where(y=call.output, x=x)),)


# ---------------------------------------------------------------------------------------------------- dropout


def dropout(call: Call, cell: Cell) -> tuple[Part, ...]:
    """y = m · x / (1 − p); the mask is read off what came out. Of a whole channel in `dropout2d` and its like."""
    x = call.source("input")
    at = x.flat(cell)
    if not call.arguments["training"]:
        terms = Terms(cells(x, at))
        return (Part(call.operation.name, "y = x, when not training", (terms,), call.where(y=call.output, x=x)),)
    dropped = not float(call.output.at(at))
    terms = Terms(cells(x, at), number(*_mask(call, dropped)))
    return (Part(call.operation.name, "y = m · x / (1 − p)", (terms,), call.where(y=call.output, x=x)),)


def dropout_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    """The mask is the forward's. Where the input was 0 that cannot be seen in the output, but in what it was given on.

    Its gradient is 0 where neither tells: then nothing hangs on the mask.
    """
    x = call.source(of)
    at = x.flat(cell)
    if not call.arguments["training"]:
        terms = Terms(cells(gradient, at))
        return (Part(call.operation.name, "∂L/∂x = ∂L/∂y, when not training", (terms,), call.where(x=x)),)
    gave = call.arguments.get(GAVE)
    told = call.output if float(x.at(at)) or not isinstance(gave, Source) else gave
    terms = Terms(cells(gradient, at), number(*_mask(call, not float(told.at(at)))))
    return (Part(call.operation.name, "∂L/∂x = m · ∂L/∂y / (1 − p)", (terms,), call.where(y=call.output, x=x)),)


def _mask(call: Call, dropped: bool) -> tuple[float, str]:
    p = call.arguments["p"]
    return (0.0, "m = 0, dropped") if dropped else (1 / (1 - p), f"m / (1 − p), kept, p = {p:g}")


# ----------------------------------------------------------------------------------------- sums and products


def add(call: Call, cell: Cell) -> tuple[Part, ...]:
    """input + alpha · other, minus for a difference, and the other way round for one that begins with a number."""
    groups = []
    for name, sign in _signs(call).items():
        factors = [_operand(call, name, cell)]
        if sign != 1:
            factors.append(number(sign, f"{sign:g}"))
        groups.append(Terms(*factors))
    where = call.where(y=call.output, a=call.maybe("input"), b=call.maybe("other"))
    return (Part(call.operation.name, "y = " + _sum(call), tuple(groups), where),)


def add_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    sign = _signs(call)[of]
    factors = [cells(gradient, _outputs(call.source(of).shape, gradient.shape, cell))]
    if sign != 1:
        factors.append(number(sign, f"{sign:g}"))
    symbol = "a" if of == "input" else "b"
    formula = f"∂L/∂{symbol} = {'' if sign == 1 else f'{sign:g} · '}∂L/∂y, summed where {symbol} was spread"
    return (Part(call.operation.name, formula, (Terms(*factors),), call.where(y=call.output)),)


def _signs(call: Call) -> dict[str, float]:
    """What each of the two is multiplied by."""
    function, alpha = call.operation.function.strip("_"), call.arguments["alpha"]
    first, second = (1.0, 1.0) if function == "add" else (1.0, -1.0) if function == "sub" else (-1.0, 1.0)
    return {"input": first, "other": second * alpha} if function != "rsub" else {"input": -alpha, "other": 1.0}


def _sum(call: Call) -> str:
    function, alpha = call.operation.function.strip("_"), call.arguments["alpha"]
    times = "" if alpha == 1 else f"{alpha:g} · "
    return {"add": f"a + {times}b", "sub": f"a − {times}b", "rsub": f"b − {times}a"}[function]


def multiply(call: Call, cell: Cell) -> tuple[Part, ...]:
    terms = Terms(_operand(call, "input", cell), _operand(call, "other", cell))
    where = call.where(y=call.output, a=call.maybe("input"), b=call.maybe("other"))
    return (Part(call.operation.name, "y = a · b", (terms,), where),)


def multiply_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    other = "other" if of == "input" else "input"
    outputs = _outputs(call.source(of).shape, gradient.shape, cell)
    terms = Terms(cells(gradient, outputs), _operand_at(call, other, gradient.shape, outputs))
    symbols = ("a", "b") if of == "input" else ("b", "a")
    formula = f"∂L/∂{symbols[0]} = ∂L/∂y · {symbols[1]}, summed where {symbols[0]} was spread"
    where = call.where(y=call.output, a=call.maybe("input"), b=call.maybe("other"))
    return (Part(call.operation.name, formula, (terms,), where),)


def divide(call: Call, cell: Cell) -> tuple[Part, ...]:
    call.refuse(rounding_mode=(None,))
    terms = Terms(_operand(call, "input", cell), _inverse(_operand(call, "other", cell), 1))
    where = call.where(y=call.output, a=call.maybe("input"), b=call.maybe("other"))
    return (Part(call.operation.name, "y = a / b", (terms,), where),)


def divide_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    call.refuse(rounding_mode=(None,))
    outputs = _outputs(call.source(of).shape, gradient.shape, cell)
    divisor = _operand_at(call, "other", gradient.shape, outputs)
    where = call.where(y=call.output, a=call.maybe("input"), b=call.maybe("other"))
    if of == "input":
        terms = Terms(cells(gradient, outputs), _inverse(divisor, 1))
        return (Part(call.operation.name, "∂L/∂a = ∂L/∂y / b, summed where a was spread", (terms,), where),)
    dividend = _operand_at(call, "input", gradient.shape, outputs)
    terms = Terms(cells(gradient, outputs), dividend, _inverse(divisor, 2), number(-1.0, "−1"))
    return (Part(call.operation.name, "∂L/∂b = −∂L/∂y · a / b², summed where b was spread", (terms,), where),)


def _inverse(column: Column, power: int) -> Column:
    form = "1/·" if power == 1 else "1/·²"
    return Column(column.values**-power, column.source, column.flat, form)


def negative(call: Call, cell: Cell) -> tuple[Part, ...]:
    x = call.source("input")
    terms = Terms(cells(x, x.flat(cell)), number(-1.0, "−1"))
    return (Part(call.operation.name, "y = −x", (terms,), call.where(y=call.output, x=x)),)


def negative_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    terms = Terms(cells(gradient, call.source(of).flat(cell)), number(-1.0, "−1"))
    return (Part(call.operation.name, "∂L/∂x = −∂L/∂y", (terms,), call.where(y=call.output)),)


# ---------------------------------------------------------------------------------------------- broadcasting


def _operand(call: Call, name: str, cell: Cell) -> Column:
    output = call.output.shape
    return _operand_at(call, name, output, np.array([call.output.flat(cell)]))


def _operand_at(call: Call, name: str, output: Sequence[int], outputs: Flat) -> Column:
    """What of it goes into these cells of the output; a plain number as it is."""
    operand = call.arguments[name]
    if not isinstance(operand, Source):
        if isinstance(operand, Tensor) or not isinstance(operand, int | float):
            raise CannotTakeApart(f"{name}={operand!r}")
        return number(np.full(len(outputs), float(operand)), f"{operand:g}")
    axes = np.unravel_index(outputs, output)[len(output) - len(operand.shape) :] if output else ()
    flat = np.zeros(len(outputs), np.int64)
    for size, axis in zip(operand.shape, axes, strict=True):
        flat = flat * size + (axis if size > 1 else 0)
    return cells(operand, flat)


def _outputs(shape: Sequence[int], output: Sequence[int], cell: Cell) -> Flat:
    """The cells of the output that one of an operand of this shape is spread to."""
    beside = len(output) - len(shape)
    axes: list[Flat | int] = [np.arange(size) for size in output[:beside]]
    for size, of_output, at in zip(shape, output[beside:], cell, strict=True):
        axes.append(np.arange(of_output) if size == 1 else at)
    return block(output, *axes)


_TWO = signature("input other alpha out", alpha=1, out=None)
_PRODUCT = signature("input other out", out=None)
_QUOTIENT = signature("input other rounding_mode out", rounding_mode=None, out=None)
_DROPOUT = signature("input p training inplace", p=0.5, training=True, inplace=False)
KINDS = {
    **{name: Kind(signature("input inplace", inplace=False), relu, relu_backward) for name in ("relu", "relu_")},
    **{name: Kind(_TWO, add, add_backward) for name in ("add", "add_", "sub", "sub_", "rsub")},
    **{name: Kind(_PRODUCT, multiply, multiply_backward) for name in ("mul", "mul_")},
    **{name: Kind(_QUOTIENT, divide, divide_backward) for name in ("div", "div_")},
    "neg": Kind(signature("input out", out=None), negative, negative_backward),
    **{
        name: Kind(_DROPOUT, dropout, dropout_backward)
        for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "dropout_")
    },
}
