"""Why a weight moved, what a finite difference says of it, and what a step would do: questions and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet_gui.protocol.kinds import Answer, NewestOnly

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Doubles = NDArray[float64]

# ------------------------------------------------------------------------------------------------- into the worker


@dataclass(frozen=True, slots=True)
class MovedRequest:
    """Why does number `index` (flat; below 0 from the end) of the parameter `name` move as it does?"""

    id: int
    name: str
    index: int


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What does a finite difference of the loss say of one number of a parameter, or of an operation's output?"""

    id: int
    name: str
    index: int


@dataclass(frozen=True, slots=True)
class LineRequest:
    """The loss of this batch behind a step, over the learning rate. A slice of it: ask again until it is `done`.

    With a `rate` it is the loss at that one, and nothing else is taken.
    """

    id: int
    rate: float | None = None


# ----------------------------------------------------------------------------------------------- out of the worker


@dataclass(frozen=True, slots=True)
class SampleShares:
    """Where one number of a gradient comes from.

    `earlier` is what was in it before the newest backward (`None`: no gradient), `added` what that backward added,
    `now` what is in it (an edit may have come in between); `None` where there is no gradient. `shares` [N] are those
    of the batch's samples in `added`, in the order of the batch: d loss_i / d w, where the loss is their sum. `double`
    is their sum where all is computed in double precision, `None` where the model cannot be. `targets` are the
    samples' labels, empty where they have none. `mixed` says in words that the samples are not independent, or is
    empty.
    """

    earlier: float | None
    added: float | None
    now: float | None
    shares: Doubles
    double: float | None
    targets: tuple[int, ...]
    mixed: str


@dataclass(frozen=True, slots=True)
class ArithmeticLine:
    """One operation of the optimizer: what it is for, `name` = `formula` in names, the same with its numbers, result.

    `digits` is the result with the digits that tell it from every other number of its type.
    """

    about: str
    name: str
    formula: str
    numbers: str
    result: float
    digits: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How the optimizer comes from one number to its new one.

    `taken` says whether that step was taken, or comes next. `step` counts it from 1. `lines` are empty where PyTorch
    leaves the number alone, and `words` then says why. `after` is PyTorch's own new value; the lines end in the same
    bits if `same`.
    """

    taken: bool
    step: int
    rule: str
    lines: tuple[ArithmeticLine, ...]
    words: str
    before: float
    after: float
    same: bool


@dataclass(frozen=True, slots=True)
class MovedReply(Answer, NewestOnly):
    """Both parts of the answer for one number; `None` for a part that there is not, and `words` then say why."""

    id: int
    name: str
    index: int
    shares: SampleShares | None
    arithmetic: Arithmetic | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class CheckReply(Answer, NewestOnly):
    """A central finite difference of the loss, in double precision, beside the gradient.

    `difference` is (loss(v + h) - loss(v - h)) / 2h with `h` the `step`; `double` the gradient by autograd in double
    precision; `shown` PyTorch's own in this run, of the newest backward alone (`None`: there is none). `switches` name
    what a ReLU or a maximum changed between the two: `relu_1: 2 of 4,704`. Where it cannot be checked, `words` say why
    and the numbers are NaN.
    """

    id: int
    name: str
    index: int
    step: float
    difference: float
    double: float
    shown: float | None
    switches: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class LineReply(Answer, NewestOnly):
    """How the loss of this batch depends on the learning rate of the step that comes next, as far as it is known.

    `rates` [n] ascend, 0 among them; `losses` [n] are NaN where not taken yet or not a number. `rate` is the current
    one. `exact` is the rate that was asked for, and the loss there. `batch` names the place that it is about: another
    number, another line. Where there is none, `words` say why.
    """

    id: int
    batch: int
    rate: float
    rates: Doubles
    losses: Doubles
    done: bool
    exact: tuple[float, float] | None
    words: str = ""


MovedQuestion = MovedRequest | CheckRequest | LineRequest
MovedAnswer = MovedReply | CheckReply | LineReply
