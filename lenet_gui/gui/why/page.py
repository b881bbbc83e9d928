"""An answer as a page: formulas in symbols and in numbers, the largest terms, what the rest sums to. Links are text.

`why:` before a cell leads to why that number is what it is, `fold:` opens and closes a formula within another.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from html import escape

from lenet_gui.gui import theme
from lenet_gui.gui.address import Address
from lenet_gui.protocol.why import Factor, Formula, Term, WhyReply

WHY, FOLD = "why:", "fold:"
Path = tuple[int, ...]
"""A formula within others: which part, then by turns which term and factor, or which one beside it."""


def number(value: float) -> str:
    """To seven digits: more than a float32 has would be made up."""
    return f"{value:.7g}".replace("-", "−")


def page(reply: WhyReply, opened: Set[str]) -> str:
    """The HTML of an answer; `opened` are the formulas within others that a person has opened or closed by hand."""
    return "".join(_Page(opened).of(reply))


class _Page:
    def __init__(self, opened: Set[str]) -> None:
        self._opened = opened
        self._muted = theme.colour("muted").name()
        self._link = theme.colour("accent").name()
        self._bar = theme.colour("selection").name()

    def of(self, reply: WhyReply) -> Iterator[str]:
        if reply.note:
            yield f"<p>{escape(reply.note)}</p>"
        for at, part in enumerate(reply.parts):
            if len(reply.parts) > 1:
                yield f"<h4>{escape(part.label)}: {number(part.sum)}</h4>"
            yield from self._formula(part, (at,))

    def _formula(self, formula: Formula, path: Path) -> Iterator[str]:
        yield f'<p style="margin: 4px 0"><code>{escape(formula.formula)}</code><br>'
        yield f"<code>{escape(formula.numbers)}</code>"
        if formula.where:
            stands = ", ".join(f"{symbol} is {name}" for symbol, name in formula.where)
            yield f'<br><span style="color: {self._muted}">{escape(stands)}</span>'
        yield "</p>"
        yield from self._terms(formula, path)
        for at, inner in enumerate(formula.inner):
            yield from self._folded(inner, (*path, at))

    def _terms(self, formula: Formula, path: Path) -> Iterator[str]:
        yield '<table cellspacing="0" cellpadding="1" style="margin-top: 4px">'
        for at, term in enumerate(formula.terms):
            yield from self._term(term, formula, (*path, at))
        if formula.rest:
            rest = f"the rest: {formula.rest:,} terms" if formula.adds else f"{formula.rest:,} more"
            yield self._row(number(formula.rest_sum) if formula.adds else "", "", escape(rest), self._muted)
        if formula.adds and formula.count > 1:
            yield self._row(f"<b>{number(formula.sum)}</b>", "", f"sum of all {formula.count:,} terms")
        yield "</table>"

    def _term(self, term: Term, formula: Formula, path: Path) -> Iterator[str]:
        share = abs(term.value) / formula.magnitude if formula.adds and formula.magnitude else 0.0
        said = " · ".join(self._factor(one, (*path, at)) for at, one in enumerate(term.factors))
        yield self._row(number(term.value), f"{100 * share:.1f} %" if share else "", said)
        for at, one in enumerate(term.factors):
            if one.formula is not None and self._is_open((*path, at)):
                yield '<tr><td></td><td colspan="2" style="padding-left: 24px">'
                yield from self._formula(one.formula, (*path, at))
                yield "</td></tr>"

    def _factor(self, factor: Factor, path: Path) -> str:
        value, form = number(factor.value), escape(factor.form)
        if factor.name:
            address = escape(str(Address(factor.name, factor.index)))
            said = form.replace("·", address) if "·" in form else f"{address} {form}".strip()
            said = f'<a href="{WHY}{address}" style="color: {self._link}">{said}</a>'
        else:
            said = form
        fold = f"{self._fold(path)} " if factor.formula is not None else ""
        return f"{fold}{said} = {value}" if said else f"{fold}{value}"

    def _folded(self, formula: Formula, path: Path) -> Iterator[str]:
        yield f'<p style="margin: 4px 0">{self._fold(path)} {escape(formula.label)} = {number(formula.value)}</p>'
        if self._is_open(path):
            yield '<table><tr><td style="padding-left: 24px">'
            yield from self._formula(formula, path)
            yield "</td></tr></table>"

    def _fold(self, path: Path) -> str:
        sign = "▾" if self._is_open(path) else "▸"
        return f'<a href="{FOLD}{_written(path)}" style="color: {self._link}; text-decoration: none">{sign}</a>'

    def _is_open(self, path: Path) -> bool:
        # Of each list the first is open: one sees what there is to see. By hand it is the other way round.
        first = not any(path[1:])
        return first != (_written(path) in self._opened)

    def _row(self, value: str, share: str, said: str, colour: str = "") -> str:
        style = f' style="color: {colour}"' if colour else ""
        muted = f'style="color: {self._muted}; padding-right: 12px"'
        return (
            f'<tr{style}><td align="right" style="padding-right: 8px"><code>{value}</code></td>'
            f'<td align="right" {muted}>{share}</td><td{style}>{said}</td></tr>'
        )


def _written(path: Path) -> str:
    return ".".join(map(str, path))
