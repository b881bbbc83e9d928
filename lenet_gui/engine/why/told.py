"""What a window is told of an answer: the largest terms of each formula one by one, and what the rest sums to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lenet_gui.engine.view import place_of
from lenet_gui.engine.why.terms import Contribution, Numbers, Part
from lenet_gui.engine.why.why import Why, why
from lenet_gui.protocol.why import Factor, Formula, PatchPicture, SourceCells, Term, WhyReply, WhyRequest

if TYPE_CHECKING:
    from lenet_gui.engine.session import Session

DEPTH = 3
"""Formulas within formulas."""
INNER = 5
"""Terms of one within another."""
IN_WORDS = 3
"""Terms that a formula is written out with."""
MOST_PARTS = 64
"""More uses of one tensor than that are not told one by one."""
MOST_OF_A_PATCH = 65_536


@np.errstate(all="ignore")  # of what is not finite the terms are not either
def reply(session: Session, request: WhyRequest) -> WhyReply:
    """What there is not, or not here, is said in its `problem`. Raises ValueError for a limit out of bounds."""
    place = place_of(session)
    if not isinstance(request.limit, int) or not 1 <= request.limit <= 1000:
        raise ValueError(f"from 1 to 1,000 terms can be shown, not {request.limit!r}")
    try:
        found = why(session, request.name, request.index)
    except ValueError as problem:
        nan, words = math.nan, str(problem)
        return WhyReply(request.id, place, request.name, (), (), nan, (), 0, nan, nan, nan, False, (), None, "", words)
    told = _Told(request.limit)
    shown, note = found.parts[:MOST_PARTS], found.note
    if len(found.parts) > len(shown):
        note = f"{note} {len(found.parts) - len(shown):,} more parts are in the sum, and not shown.".strip()
    return WhyReply(
        request.id,
        place,
        found.name,
        found.index,
        found.shape,
        found.value,
        tuple(told.formula(part, request.limit, DEPTH) for part in shown),
        len(found.contributions),
        found.sum,
        found.difference,
        found.magnitude,
        found.adds,
        tuple(SourceCells(name, ranges) for name, ranges in found.regions),
        _picture(found),
        note,
    )


class _Told:
    """Of one answer: a formula that many terms have in common is told once."""

    def __init__(self, limit: int) -> None:
        self._inner = min(limit, INNER)
        self._known: dict[tuple[int, int], tuple[Part, Formula]] = {}

    def formula(self, part: Part, limit: int, depth: int) -> Formula:
        known = self._known.get((id(part), depth))
        if known is None:
            known = self._known[id(part), depth] = part, self._made(part, limit, depth)
        return known[1]

    def _made(self, part: Part, limit: int, depth: int) -> Formula:
        largest = part.contributions.largest(limit)
        count = len(part.contributions)
        terms = tuple(self._term(one, depth) for one in largest)
        shown = sum(one.value for one in largest)
        rest = count - len(largest)
        return Formula(
            part.label,
            part.formula,
            _numbers(part, largest[:IN_WORDS], count),
            part.where,
            terms,
            rest,
            part.sum - shown if rest else 0.0,
            count,
            part.sum,
            part.magnitude,
            part.value,
            part.adds,
            tuple(self.formula(one, self._inner, depth - 1) for one in part.inner) if depth else (),
        )

    def _term(self, one: Contribution, depth: int) -> Term:
        factors = (
            Factor(
                factor.name,
                factor.index,
                factor.value,
                factor.form,
                self.formula(factor.formula, self._inner, depth - 1) if factor.formula and depth else None,
            )
            for factor in one.factors
        )
        return Term(one.value, tuple(factors))


def _numbers(part: Part, largest: list[Contribution], count: int) -> str:
    """The formula with its numbers: its largest terms, and how many more."""
    if not part.adds and part.outer == "{}":
        return ""
    separator = ", " if not part.adds else " + "
    words = [_product(one) for one in largest]
    more = count - len(words)
    if more:
        words.append(f"… ({more:,} more)")
    sum_ = separator.join(words).replace("+ −", "− ") or "0"
    return f"{part.outer.format(sum_)} = {_number(part.value)}"


def _product(term: Contribution) -> str:
    words = [_number(factor.value) for factor in term.factors]
    return " · ".join(words[:1] + [f"({one})" if one.startswith("−") else one for one in words[1:]])


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−") if math.isfinite(value) else str(value)


def _picture(found: Why) -> PatchPicture | None:
    if found.patch is None or found.patch.patch.size > MOST_OF_A_PATCH:
        return None
    one = found.patch
    return PatchPicture(
        _read_only(one.patch),
        _read_only(one.kernel),
        _read_only(one.product),
        one.patch_of,
        one.patch_at,
        one.steps,
        one.patch_shape,
        one.kernel_of,
        one.kernel_at,
    )


def _read_only(array: Numbers) -> Numbers:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
