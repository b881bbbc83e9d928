"""Why a number is what it is: the question, and the formulas that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer, NewestOnly

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    from lenet_gui.protocol.travel import Place

    Exact = NDArray[float64]

# ------------------------------------------------------------------------------------------------- into the worker


@dataclass(frozen=True, slots=True)
class WhyRequest:
    """Why a number is what it is: a cell of a tensor by the name that expressions have for it (`conv1.bias.grad`).

    `index` is one number a dimension, or a single one that counts the cells as `flatten()` has them; below 0 it is
    counted from the end. Of each formula at most `limit` terms come back one by one, the largest.
    """

    id: int
    name: str
    index: int | tuple[int, ...]
    limit: int = 20


# ----------------------------------------------------------------------------------------------- out of the worker


@dataclass(frozen=True, slots=True)
class Factor:
    """The cell `index` of the tensor `name`, or where `form` is not empty what that makes of it: `exp(·)`. A weight
    that has moved since is told `as it was then`.

    With a name it is a link: why that number is what it is can be asked next. Without one it is a number of the
    formula, and `form` says which. `formula` is how it comes about, where it has a formula of its own.
    """

    name: str
    index: tuple[int, ...]
    value: float
    form: str
    formula: Formula | None


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors."""

    value: float
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A sum of terms, and what is made of it.

    `formula` is in symbols, `where` says what tensor each stands for, and `numbers` is the same with its numbers.
    `terms` are the largest, the rest is `rest` terms that sum to `rest_sum`; all `count` of them sum to `sum`, and
    their absolute values to `magnitude`. `value` is what the formula gives: the sum, or what it makes of that. Where
    `adds` is false it is no sum: the candidates of a maximum, or derivatives. `inner` are formulas beside it.
    """

    label: str
    formula: str
    numbers: str
    where: tuple[tuple[str, str], ...]
    terms: tuple[Term, ...]
    rest: int
    rest_sum: float
    count: int
    sum: float
    magnitude: float
    value: float
    adds: bool
    inner: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class SourceCells:
    """Cells of a tensor that a number comes from: by dimension the first, behind the last, and the step between."""

    name: str
    ranges: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class PatchPicture:
    """A number of a convolution: arrays [channels, *kernel], zeros where the patch reaches into the padding.

    Their `product` sums to the number, but for the bias. The first cell of the patch is at `patch_at` in the tensor
    `patch_of` and each next one `steps` behind it, by dimension; one that is beyond the tensor is padding. The same for
    the kernel, which has no steps in between. A name is empty where there is none.
    """

    patch: Exact
    kernel: Exact
    product: Exact
    patch_of: str = ""
    patch_at: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    patch_shape: tuple[int, ...] = ()
    kernel_of: str = ""
    kernel_at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyReply(Answer, NewestOnly):
    """The answer: `value` is PyTorch's, `parts` sum to it (what was there earlier, each use of a weight in this pass).

    All `count` terms of all parts sum to `sum`, in double precision, their absolute values to `magnitude`;
    `difference` is `sum - value`. Where `adds` is false they are not meant to: `note` says why, and is else about what
    a person has to know. Where `problem` is not empty there is no answer at this place, and it says why in a sentence.
    """

    id: int
    place: Place
    name: str
    index: tuple[int, ...]
    shape: tuple[int, ...]
    value: float
    parts: tuple[Formula, ...]
    count: int
    sum: float
    difference: float
    magnitude: float
    adds: bool
    regions: tuple[SourceCells, ...]
    patch: PatchPicture | None
    note: str
    problem: str = ""
