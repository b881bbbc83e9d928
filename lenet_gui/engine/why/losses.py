"""Softmax and log-softmax, and the losses: mean squared error, negative log-likelihood, cross-entropy.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html (class weights, label smoothing,
ignored classes and targets that are probabilities too), and NLLLoss.html, MSELoss.html, Softmax.html there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from lenet_gui.engine.why.call import Call, CannotTakeApart, Cell, Kind, signature
from lenet_gui.engine.why.terms import Column, Flat, Numbers, Part, Source, Terms, block, cells, made, number

# ---------------------------------------------------------------------------------------------------- softmax


class _Line:
    """The numbers that a softmax is taken over, as cells of `source`."""

    def __init__(self, source: Source, flat: Flat) -> None:
        self.source, self.flat = source, flat
        self.z = source.at(flat)
        self.most = float(self.z.max())
        self.exp = np.exp(self.z - self.most)

    @property
    def _powers(self) -> tuple[Terms, ...]:
        return (Terms(cells(self.source, self.flat, "exp(· − max z)", self.exp)),)

    def log_sum(self) -> Part:
        value = self.most + float(np.log(self.exp.sum()))
        outer = f"{self.most:.6g} + log({{}})"
        return Part("log Σ exp z", "log Σj exp(zj) = max z + log Σj exp(zj − max z)", self._powers, (), outer, value)

    def probability(self, which: int) -> Part:
        inverse = 1 / float(self.exp.sum())
        sum_ = Part("1 / Σ exp z", "1 / Σj exp(zj − max z)", self._powers, (), "1 / ({})", inverse)
        power = cells(self.source, self.flat[which], "exp(· − max z)", self.exp[which])
        return Part("softmax", "p = exp(z − max z) / Σj exp(zj − max z)", (Terms(power, made(sum_)),))

    def probabilities(self) -> Numbers:
        return self.exp / self.exp.sum()


def _line(shape: tuple[int, ...], dim: int, cell: Cell) -> tuple[Flat, int]:
    """The cells along a dimension through one cell, and where in them that is."""
    if not shape:
        return np.zeros(1, np.int64), 0
    dim %= len(shape)
    axes = [np.arange(size) if d == dim else at for d, (size, at) in enumerate(zip(shape, cell, strict=True))]
    return block(shape, *axes), cell[dim]


def _dim(call: Call) -> int:
    dim = call.arguments["dim"]
    if dim is None:  # as torch.nn.functional.softmax chooses it, with a warning
        return 0 if len(call.output.shape) in (0, 1, 3) else 1
    return dim


def softmax(call: Call, cell: Cell) -> tuple[Part, ...]:
    flat, which = _line(call.output.shape, _dim(call), cell)
    z = call.source("input")
    p = _Line(z, flat).probability(which)
    return (Part(call.operation.name, p.formula, p.groups, call.where(p=call.output, z=z)),)


def softmax_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    flat, which = _line(call.output.shape, _dim(call), cell)
    p = call.output
    direct = Terms(cells(gradient, flat[which]), cells(p, flat[which]))
    others = Terms(cells(gradient, flat), cells(p, flat), cells(p, flat[which]), number(-1.0, "−1"))
    where = call.where(p=p, z=call.source("input"))
    return (Part(call.operation.name, "∂L/∂zi = pi · ∂L/∂pi − pi · Σj pj · ∂L/∂pj", (direct, others), where),)


def log_softmax(call: Call, cell: Cell) -> tuple[Part, ...]:
    z = call.source("input")
    flat, which = _line(z.shape, _dim(call), cell)
    groups = Terms(cells(z, flat[which])), Terms(made(_Line(z, flat).log_sum()), number(-1.0, "−1"))
    return (Part(call.operation.name, "yi = zi − log Σj exp(zj)", groups, call.where(y=call.output, z=z)),)


def log_softmax_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    y = call.output
    flat, which = _line(y.shape, _dim(call), cell)
    p = cells(y, flat[which], "p = exp(·)", np.exp(y.at(flat[which : which + 1])[0]))
    groups = Terms(cells(gradient, flat[which])), Terms(cells(gradient, flat), p, number(-1.0, "−1"))
    formula = "∂L/∂zi = ∂L/∂yi − pi · Σj ∂L/∂yj"
    return (Part(call.operation.name, formula, groups, call.where(y=y, z=call.source("input"))),)


# ------------------------------------------------------------------------- cross-entropy, negative log-likelihood


class _Classes:
    """The samples of a loss over scores [N, C, ...] (or [C]), and the shares of the sample's classes in it.

    The loss of a sample is −Σc share[n, c] · log p[n, c]; what a mean divides by is in the shares.
    """

    def __init__(self, call: Call) -> None:
        call.refuse(size_average=(None,), reduce=(None,), reduction=("mean", "sum", "none"))
        self.call = call
        self.scores, target = call.source("input"), call.source("target")
        shape = self.scores.shape
        self.samples, self.classes = (1, shape[0]) if len(shape) == 1 else shape[:2]
        self.beside = int(np.prod(shape[2:], dtype=np.int64))
        smoothing = float(call.arguments.get("label_smoothing", 0.0))
        weight = call.maybe("weight")
        weights = np.ones(self.classes) if weight is None else weight.at(np.arange(self.classes))
        size = (self.samples, self.classes, self.beside)
        self.by_label = not target.kept.is_floating_point()
        if not self.by_label:
            wanted = target.at(np.arange(len(target.numbers))).reshape(size)
            divisor = float(self.samples * self.beside)
            self.there = np.ones((self.samples, self.beside), bool)
        else:
            labels = target.numbers.reshape(self.samples, self.beside)
            self.there = labels != call.arguments["ignore_index"]
            kept = np.where(self.there, labels, 0)
            wanted = (np.arange(self.classes)[None, :, None] == kept[:, None, :]).astype(np.float64)
            divisor = float((weights[kept] * self.there).sum())
        wanted = wanted * (1 - smoothing) + smoothing / self.classes
        self.shares: Numbers = wanted * weights[None, :, None] * self.there[:, None, :]
        self.mean = call.arguments["reduction"] == "mean"
        self.one = call.arguments["reduction"] == "none"
        if self.mean:
            self.shares = self.shares / divisor
        self.divisor = divisor

    @property
    def log_sums(self) -> Numbers:
        """log Σ exp of the scores of all samples, [samples, beside]."""
        z = self.scores.at(np.arange(len(self.scores.numbers))).reshape(self.samples, self.classes, self.beside)
        most = z.max(1)
        return most + np.log(np.exp(z - most[:, None]).sum(1))

    def flat(self, n: Any, c: Any, d: Any) -> Any:
        return (n * self.classes + c) * self.beside + d

    def chosen(self, cell: Cell) -> tuple[Flat, Flat]:
        """The samples that a cell of the loss is of: all of them, or one of an unreduced loss."""
        if self.one and cell:
            n, *place = cell
            sizes = self.scores.shape[2:]
            return np.array([n]), np.array([int(np.ravel_multi_index(place, sizes)) if place else 0])
        n, d = np.nonzero(self.there)
        return n, d

    def sample_of(self, n: int, d: int) -> int:
        """The cell of an unreduced loss that a sample has."""
        return n * self.beside + d if self.one else 0

    def of(self) -> str:
        return f"1/{self.divisor:g} · " if self.mean else ""

    def where(self, loss: Source) -> tuple[tuple[str, str], ...]:
        return self.call.where(L=loss, z=self.scores, t=self.call.maybe("target"), w=self.call.maybe("weight"))


def _scores(k: _Classes, n: Flat, d: Flat) -> tuple[Flat, Numbers]:
    """Cells of the scores with a share in the loss of these samples, and their shares."""
    shares = k.shares[n, :, d]
    at, c = np.nonzero(shares)
    return k.flat(n[at], c, d[at]), shares[at, c]


def nll(call: Call, cell: Cell) -> tuple[Part, ...]:
    k = _Classes(call)
    flat, shares = _scores(k, *k.chosen(cell))
    terms = Terms(cells(k.scores, flat), number(-shares, f"−{k.of()}w[t]"))
    return (Part(call.operation.name, f"L = −{k.of()}Σn w[t[n]] · z[n, t[n]]", (terms,), k.where(call.output)),)


def nll_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    k = _Classes(call)
    n, c, d = _place(k, of, cell)
    terms = Terms(cells(gradient, k.sample_of(n, d)), number(-float(k.shares[n, c, d]), f"−{k.of()}w[t] where t = c"))
    return (Part(call.operation.name, f"∂L/∂z[n, c] = −{k.of()}w[t] · [c = t[n]]", (terms,), k.where(call.output)),)


def cross_entropy(call: Call, cell: Cell) -> tuple[Part, ...]:
    k = _Classes(call)
    n, d = k.chosen(cell)
    flat, shares = _scores(k, n, d)
    wholes = k.shares[n, :, d].sum(-1)

    @cache
    def log_sum(sample: int) -> Part:
        return _sample(k, int(n[sample]), int(d[sample])).log_sum()

    logs = Column(k.log_sums[n, d], form="log Σ exp z", formula=log_sum)
    groups = Terms(logs, number(wholes, f"{k.of()}w")), Terms(cells(k.scores, flat), number(-shares, f"−{k.of()}q"))
    formula = f"L = {k.of()}Σn (log Σj exp(z[n, j]) − z[n, t[n]])"
    if call.arguments["label_smoothing"] or call.maybe("weight") is not None or not k.by_label:
        formula = f"L = {k.of()}Σn Σc q[n, c] · (log Σj exp(z[n, j]) − z[n, c])"
    return (Part(call.operation.name, formula, groups, k.where(call.output)),)


def cross_entropy_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    k = _Classes(call)
    n, c, d = _place(k, of, cell)
    p = _sample(k, n, d).probability(c)
    whole, share = float(k.shares[n, :, d].sum()), float(k.shares[n, c, d])
    from_ = cells(gradient, k.sample_of(n, d))
    groups = [Terms(from_, made(p), number(whole, f"{k.of()}w"))]
    if share:
        groups.append(Terms(from_, number(-share, f"−{k.of()}q[n, c]")))
    formula = f"∂L/∂z[n, c] = {k.of()}(p[n, c] − q[n, c]), with q = 1 at the target, else 0"
    return (Part(call.operation.name, formula, tuple(groups), k.where(call.output)),)


def _sample(k: _Classes, n: int, d: int) -> _Line:
    return _Line(k.scores, k.flat(n, np.arange(k.classes), d))


def _place(k: _Classes, of: str, cell: Cell) -> tuple[int, int, int]:
    if of != "input":
        raise CannotTakeApart(f"the gradient of {of}")
    n, c, d = np.unravel_index(k.scores.flat(cell), (k.samples, k.classes, k.beside))
    return int(n), int(c), int(d)


# ---------------------------------------------------------------------------------------- mean squared error


def squared(call: Call, cell: Cell) -> tuple[Part, ...]:
    x, t, share, form = _squares(call)
    flat = np.arange(len(x.numbers)) if call.arguments["reduction"] != "none" else np.array([x.flat(cell)])
    away, away_too = _difference(x, t, flat, x), _difference(x, t, flat, t)
    formula = f"L = {'' if share == 1 else form + ' · '}Σ (x − t)²"
    terms = Terms(away, away_too, number(share, form))
    return (Part(call.operation.name, formula, (terms,), call.where(L=call.output, x=x, t=t)),)


def squared_backward(call: Call, of: str, cell: Cell, gradient: Source) -> tuple[Part, ...]:
    x, t, share, form = _squares(call)
    sign = {"input": 2.0, "target": -2.0}[of]
    flat = np.array([x.flat(cell)])
    away = _difference(x, t, flat, x)
    from_ = cells(gradient, flat if gradient.shape else np.zeros(1, np.int64))
    terms = Terms(from_, away, number(sign * share, f"{sign:g} · {form}"))
    formula = f"∂L/∂{'x' if of == 'input' else 't'} = {sign:g} · {form} · (x − t)"
    return (Part(call.operation.name, formula, (terms,), call.where(L=call.output, x=x, t=t)),)


def _squares(call: Call) -> tuple[Source, Source, float, str]:
    call.refuse(size_average=(None,), reduce=(None,), reduction=("mean", "sum", "none"), weight=(None,))
    x, t = call.source("input"), call.source("target")
    if x.shape != t.shape:
        raise CannotTakeApart("input and target of different shapes")
    mean = call.arguments["reduction"] == "mean"
    return x, t, 1 / len(x.numbers) if mean else 1.0, f"1/{len(x.numbers):,}" if mean else "1"


def _difference(x: Source, t: Source, flat: Flat, of: Source) -> Column:
    """x − t, as a factor that leads to one of them."""

    def formula(term: int) -> Part:
        at = flat[term]
        return Part("x − t", "x − t", (Terms(cells(x, at)), Terms(cells(t, at), number(-1.0, "−1"))))

    return Column(x.at(flat) - t.at(flat), of, flat, "x − t", formula)


_SOFTMAX = signature("input dim dtype", dim=None, dtype=None)
_NLL = signature(
    "input target weight size_average ignore_index reduce reduction",
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
)
_SQUARED = signature(
    "input target size_average reduce reduction weight", size_average=None, reduce=None, reduction="mean", weight=None
)
KINDS = {
    "softmax": Kind(_SOFTMAX, softmax, softmax_backward),
    "log_softmax": Kind(_SOFTMAX, log_softmax, log_softmax_backward),
    "nll_loss": Kind(_NLL, nll, nll_backward),
    "cross_entropy": Kind(_NLL | {"label_smoothing": 0.0}, cross_entropy, cross_entropy_backward),
    "mse_loss": Kind(_SQUARED, squared, squared_backward),
}
