"""A linear layer, y = x Wᵀ + b. Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html"""

from __future__ import annotations

import numpy as np

from lenet_gui.engine.why.call import Call, CannotTakeApart, Cell, Kind, signature
from lenet_gui.engine.why.terms import Part, Source, Terms, cells


def forward(call: Call, cell: Cell) -> tuple[Part, ...]:
    """Input [..., in], weight [out, in], bias [out]."""
    x, w, b = call.source("input"), call.source("weight"), call.maybe("bias")
    inputs, outputs = w.shape[-1], _outputs(w)
    row, o = divmod(call.output.flat(cell), outputs)
    every = np.arange(inputs)
    groups = [Terms(cells(x, row * inputs + every), cells(w, o * inputs + every))]
    if b is not None:
        groups.append(Terms(cells(b, o)))
    formula = f"y[n, o] = {'b[o] + ' if b is not None else ''}Σi w[o, i] · x[n, i]"
    return (Part(call.operation.name, formula, tuple(groups), call.where(y=call.output, x=x, w=w, b=b)),)


def backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    x, w, b = call.source("input"), call.source("weight"), call.maybe("bias")
    inputs, outputs = w.shape[-1], _outputs(w)
    rows = np.arange(len(gradient.numbers) // outputs)
    if of == "bias":
        terms = Terms(cells(gradient, rows * outputs + (b.flat(cell) if b else 0)))
        formula = "∂L/∂b[o] = Σn ∂L/∂y[n, o]"
    elif of == "weight":
        o, i = divmod(w.flat(cell), inputs)
        terms = Terms(cells(gradient, rows * outputs + o), cells(x, rows * inputs + i))
        formula = "∂L/∂w[o, i] = Σn ∂L/∂y[n, o] · x[n, i]"
    elif of == "input":
        row, i = divmod(x.flat(cell), inputs)
        every = np.arange(outputs)
        terms = Terms(cells(gradient, row * outputs + every), cells(w, every * inputs + i))
        formula = "∂L/∂x[n, i] = Σo ∂L/∂y[n, o] · w[o, i]"
    else:
        raise CannotTakeApart(f"the gradient of {of}")
    return (Part(call.operation.name, formula, (terms,), call.where(y=call.output, x=x, w=w, b=b)),)


def _outputs(weight: Source) -> int:
    """A weight of one dimension has one output, without a dimension of its own."""
    return weight.shape[0] if len(weight.shape) == 2 else 1


KINDS = {"linear": Kind(signature("input weight bias", bias=None), forward, backward)}
